"""How authorities are found: by the name of their entry points.

An entry point serves one authority, its own name's. One whose adapter can stand under any name (``Named``) serves as
many recipients as are configured with ``kind`` set to it: a school, a housing masterplan and volunteers are partners.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from hub.authority.feeding import CHANNEL, Fed, Feed
from hub.authority.notifying import Endpoints, Notified
from hub.authority.port import Adapter, Limited, Mapping, Named
from hub.errors import Fault, SettingsRefused
from hub.plan.person import Role

ADAPTERS, MAPPINGS = "hub.adapters", "hub.mappings"
#: The setting that names the entry point, where it is not the authority's own name.
KIND = "kind"


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority or another recipient: its name, its wire and its words."""

    name: str
    adapter: Adapter
    mapping: Mapping

    @property
    def feed(self) -> Feed | None:
        """Return the feed of one that fetches what is due to it; None for one that is sent it."""
        return self.adapter.feed if isinstance(self.adapter, Fed) else None

    @property
    def endpoints(self) -> Endpoints | None:
        """Return where subscriptions of its own client may be told; None: nowhere."""
        return self.adapter.endpoints if isinstance(self.adapter, Notified) else None

    @property
    def channel(self) -> str:
        """Return by what it is reached, and so which queue its deliveries take."""
        return CHANNEL if self.feed is not None else self.adapter.channel

    @property
    def role(self) -> Role:
        """Return as what it belongs to plans."""
        return self.adapter.role if isinstance(self.adapter, Limited) else Role.AUTHORITY_SYSTEM


Authorities = Dict[str, Authority]


def load(settings: Dict[str, Dict[str, Any]]) -> Authorities:
    """Join adapter and mapping of every configured authority by entry-point name.

    :param settings: authority name → its adapter's settings, and ``kind``.
    :raises SettingsRefused: naming every authority that cannot be joined and why.
    """
    adapters, mappings = _by_name(ADAPTERS), _by_name(MAPPINGS)
    joined: dict[str, Authority] = {}
    faults: list[Fault] = []
    for name, given in settings.items():
        try:
            joined[name] = _joined(name, given, adapters, mappings)
        except SettingsRefused as error:
            faults.extend(error.faults)
    if faults:
        raise SettingsRefused("Some authorities cannot be joined.", faults=faults)
    return joined


def _joined(
    name: str, given: Dict[str, Any], adapters: Dict[str, EntryPoint], mappings: Dict[str, EntryPoint]
) -> Authority:
    kind, own = given.get(KIND, name), {field: value for field, value in given.items() if field != KIND}
    missing = [group for group, found in ((ADAPTERS, adapters), (MAPPINGS, mappings)) if kind not in found]
    if missing:
        field = f"authorities.{name}" + (f".{KIND}" if KIND in given else "")
        what = f"{kind!r}" if kind == name else "this name"  # a value of a setting is not repeated
        raise _refused(field, f"No installed package has an entry point {what} in {' and '.join(missing)}.")
    make, words = adapters[kind].load(), mappings[kind].load()()
    if kind == name:
        return Authority(name, make(own), words)
    if not isinstance(make, Named):
        raise _refused(f"authorities.{name}.{KIND}", f"It serves one authority alone. Call this one {kind!r}.")
    return Authority(name, make.named(name, own), words)


def _refused(field: str, sentence: str) -> SettingsRefused:
    return SettingsRefused("The authority cannot be joined.", faults=[Fault(field, sentence)])


def _by_name(group: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        if point.name in found and found[point.name].value != point.value:
            raise SettingsRefused(
                f"Two installed packages call themselves {point.name!r} in {group}.",
                "Uninstall one of them.",
            )
        found[point.name] = point
    return found


def contract_folder(contract: str) -> Path:
    """Return the folder of one of the hub's own contracts, such as ``children/v1``.

    In a wheel they lie inside the package, in a checkout at the top level.
    """
    here = Path(__file__).parents[1]
    shipped = here / "contracts"
    return (shipped if shipped.is_dir() else here.parent / "contracts") / contract
