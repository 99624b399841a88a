"""THE PORT OF WITNESSES: who keeps the audit's checkpoints where the owner of the database does not write.

for witness in load_witnesses(["/mnt/witness", "https://witness.example/checkpoints"]):
    witness.take(48211, note)         # as often as it is told; a repeat changes nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Protocol

from hub.errors import Fault, SettingsRefused

WITNESSES = "hub.witnesses"
#: What an address without a scheme is.
FOLDER = "folder"


class Witness(Protocol):
    """Keeps checkpoints. Made with its address; raises ValueError on one that it cannot use."""

    #: Its address, as the settings have it.
    name: str

    def has(self) -> int | None:
        """Return the size of the last checkpoint it has, -1 for none; None when it cannot be asked.

        :raises RecipientDown: it does not answer.
        """
        ...

    def take(self, size: int, note: str) -> None:
        """Give it a checkpoint, a signed note over so many entries; total ≤ 10 s.

        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it answered with an error of its own.
        :raises RecipientRefused: it will not have it.
        :raises WitnessDiffers: it has another of this size.
        """
        ...


def load_witnesses(addresses: Sequence[str]) -> Sequence[Witness]:
    """Return the configured witnesses, by entry-point name: an address's scheme, or ``folder`` where it has none.

    :raises SettingsRefused: naming every address that cannot be used.
    """
    found = {point.name: point for point in entry_points(group=WITNESSES)} if addresses else {}
    witnesses: list[Witness] = []
    faults: list[Fault] = []
    for number, address in enumerate(addresses):
        scheme = address.partition("://")[0] if "://" in address else FOLDER
        try:
            if scheme not in found:
                raise ValueError(f"is of a kind that no installed package has in {WITNESSES}")
            witnesses.append(found[scheme].load()(address))
        except ValueError as error:
            faults.append(Fault(f"audit_witnesses.{number}", f"Such a one {error}."))
    if faults:
        raise SettingsRefused("A witness of the audit cannot be used.", faults=faults)
    return witnesses
