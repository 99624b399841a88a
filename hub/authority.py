"""THE PORT: what the hub asks of an authority's adapter and mapping, and how it finds them.

An authority joins with one adapter (its wire), one mapping (its words) and one contract folder, registered under one
name in two entry-point groups, ``hub.adapters`` and ``hub.mappings``. Nothing in the hub is edited.

    class PigeonAdapter:
        name, contract, channel = "pigeon", "pigeon/v1", "rest"
        def __init__(self, settings: Mapping[str, Any]) -> None: ...
        def receive(self, parcel: Parcel) -> Document: ...          # bytes → a valid document, or Refused
        def send(self, document: Document, key: DeliveryKey) -> Receipt: ...   # or Refused, or Unavailable

An adapter may do more, each by a small protocol of its own: announce (a thin event that says *something changed*),
fetch, poll, and claim files from a folder. The flow asks ``isinstance(adapter, Fetches)`` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from hub.errors import Fault, HubError, SettingsRefused
from hub.plan.contribution import Contribution
from hub.plan.element import Element
from hub.plan.identifier import Identifier

ADAPTERS, MAPPINGS = "hub.adapters", "hub.mappings"


# --- what comes in ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parcel:
    """What arrived at a door, untouched. ``headers`` have lower-case names."""

    authority: str
    body: bytes = field(repr=False)
    content_type: str = ""
    headers: Dict[str, str] = field(default_factory=dict, repr=False)
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document in an authority's own words: parsed and valid against its contract.

    :ivar kind: the contract's name for it, such as the root element.
    :ivar message_id: the sender's id of the message; the same id means the same message.
    :ivar content: the parsed form that the authority's mapping understands (an lxml element, a dict).
    """

    authority: str
    contract: str
    kind: str
    message_id: str
    content: Any = field(repr=False)


class Fate(StrEnum):
    """What becomes of a source field."""

    MAPPED = "mapped"
    WITHHELD = "withheld"  # the contract says that it may not leave the authority
    DROPPED = "dropped"  # it has no meaning in a plan


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One leaf of a contract and its fate: ``note`` is the plan field, or the reason."""

    path: str
    fate: Fate
    note: str


# --- what goes out ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disclosed:
    """An element that a recipient may see, with the digest of what it sees and the sentence that says why.

    :ivar digest: keyed digest of the visible content; equal digests mean equal content. Opaque to recipients.
    :ivar why: one plain sentence in the recipient's language.
    """

    element: Element
    digest: str
    why: str


@dataclass(frozen=True, slots=True)
class PlanUpdate:
    """The difference between what a recipient holds and what it may see now.

    :ivar person: the identifier by which the recipient knows the plan's person.
    :ivar withdrawn: elements that the recipient must delete.
    :ivar sequence: rises with each change of the recipient's lawful view; a recipient drops lower ones.
    """

    plan: UUID
    recipient: str
    person: Identifier
    sequence: int
    correlation_id: str
    made_at: datetime
    disclosed: tuple[Disclosed, ...] = ()
    withdrawn: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """The stable name of a delivery: a repeat carries the same key, so that the recipient can drop it."""

    recipient: str
    plan: UUID
    sequence: int

    def __str__(self) -> str:
        return f"{self.recipient}:{self.plan}:{self.sequence}"


class ReceiptStatus(StrEnum):
    """What a recipient says of a delivery it has answered."""

    TAKEN_IN = "taken-in"
    #: It had this sequence, or a later one, already.
    ALREADY_HELD = "already-held"
    #: It took the update in but must keep something withdrawn, and says why.
    LEGAL_HOLD = "legal-hold"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recipient's own answer to a delivery."""

    status: ReceiptStatus
    reference: str = ""
    reason: str = ""


# --- the two halves of an authority -------------------------------------------------------------------------------


class Adapter(Protocol):
    """Knows the wire. Made with the authority's own settings; raises SettingsRefused on bad ones."""

    name: str
    #: ``<authority>/<version>``: which contract it speaks.
    contract: str
    #: ``soap``, ``xml``, ``rest``, …: which queue its deliveries take.
    channel: str

    @property
    def delivers(self) -> bool:
        """Tell whether a way to the authority's system is configured."""
        ...

    def receive(self, parcel: Parcel) -> Document:
        """Turn bytes into a document that is valid against the contract.

        :raises ContractViolation: naming each field, never a value.
        """
        ...

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """Bring a document to the authority's system; connect ≤ 3 s, read ≤ 10 s, total ≤ 15 s.

        :raises RecipientRefused: it will not take this document.
        :raises RecipientDown: it does not answer.
        :raises RecipientFailed: it failed on this document.
        """
        ...


class Mapping(Protocol):
    """Knows the words. Pure: no clock, no network, no database."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a document; most give one contribution, a bulk delivery gives one per case."""
        ...

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update into a document that is valid against the authority's contract."""
        ...

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf of a contract."""
        ...


@dataclass(frozen=True, slots=True)
class Announcement:
    """A thin event: something changed, fetch it by its reference. Says nothing about a person."""

    event_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class Page:
    """What a poll found: references to fetch, and the cursor to go on from."""

    references: tuple[str, ...]
    cursor: str
    has_more: bool = False


@runtime_checkable
class Announces(Protocol):
    """An authority that tells of changes by a thin event."""

    def announcement(self, parcel: Parcel) -> Announcement:
        """Read a thin event. :raises ContractViolation: naming each field."""
        ...


@runtime_checkable
class Fetches(Protocol):
    """An authority whose documents are fetched by reference."""

    def fetch(self, reference: str) -> Parcel:
        """Fetch one document. :raises SourceDown: try later. :raises NotFound: it is gone there."""
        ...


@runtime_checkable
class Polls(Protocol):
    """An authority that is asked from time to time what has changed."""

    #: Seconds between two polls; 0 switches polling off.
    poll_every: float

    def poll(self, cursor: str) -> Page:
        """Ask for changes since the cursor ("" for the beginning). :raises SourceDown: try later."""
        ...


class ClaimedFile(Protocol):
    """A file that this process alone has claimed, by renaming it."""

    parcel: Parcel

    def taken_in(self) -> None:
        """Move the file to the taken-in place. Until then a crash leaves it to be claimed again."""
        ...

    def refused(self, error: HubError, sealed: bytes) -> None:
        """Put it, as sealed by the caller, in the refused place beside an error report without personal data.

        :param sealed: the body encrypted under the hub's key; the clear file is deleted.
        """
        ...


@runtime_checkable
class Drops(Protocol):
    """An authority that drops files into a folder."""

    #: The watched folder, or None when none is configured.
    folder: Path | None

    def claim(self) -> AbstractContextManager[ClaimedFile | None]:
        """Claim the oldest waiting file; None when there is none. On an error the file waits on, unharmed."""
        ...


# --- how they are found -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority: its name, its wire and its words."""

    name: str
    adapter: Adapter
    mapping: Mapping


Authorities = Dict[str, Authority]


def load(settings: Dict[str, Dict[str, Any]]) -> Authorities:
    """Join adapter and mapping of every configured authority by entry-point name.

    :param settings: authority name → its adapter's settings.
    :raises SettingsRefused: naming every authority that cannot be joined and why.
    """
    adapters, mappings = _by_name(ADAPTERS), _by_name(MAPPINGS)
    joined: dict[str, Authority] = {}
    faults: list[Fault] = []
    for name, own in settings.items():
        missing = [group for group, found in ((ADAPTERS, adapters), (MAPPINGS, mappings)) if name not in found]
        if missing:
            where = " and ".join(missing)
            faults.append(Fault(f"authorities.{name}", f"No installed package has an entry point {name!r} in {where}."))
            continue
        try:
            joined[name] = Authority(name, adapters[name].load()(own), mappings[name].load()())
        except SettingsRefused as error:
            faults.extend(error.faults)
    if faults:
        raise SettingsRefused("Some authorities cannot be joined.", faults=faults)
    return joined


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

    In a wheel they lie beside this file, in a checkout at the top level.
    """
    here = Path(__file__).parent
    shipped = here / "contracts"
    return (shipped if shipped.is_dir() else here.parent / "contracts") / contract
