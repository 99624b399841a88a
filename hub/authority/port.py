"""Who stands at the port: the two halves of an authority, and what an adapter may do besides."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from hub.authority.documents import (
    Acknowledgement,
    Announcement,
    DeliveryKey,
    Document,
    LedgerEntry,
    Page,
    Parcel,
    PlanUpdate,
    Receipt,
    Refusal,
    Reply,
)
from hub.errors import HubError
from hub.plan.contribution import Contribution
from hub.plan.person import Role


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


@runtime_checkable
class Named(Protocol):
    """An adapter that may stand under any name: several recipients use it, each with settings of its own.

    Its mapping takes the recipient's name from the update, and its recipients send no cases.
    """

    def named(self, name: str, settings: Dict[str, Any]) -> Adapter:
        """Make one under a name. A class method. :raises SettingsRefused: naming every setting that is wrong."""
        ...


@runtime_checkable
class Limited(Protocol):
    """A recipient that is no authority, and reads as what it is: the policy has rules of its own for it."""

    role: Role


@runtime_checkable
class Announces(Protocol):
    """An authority that tells of changes by a thin event."""

    def announcement(self, parcel: Parcel) -> Announcement:
        """Read a thin event. :raises ContractViolation: naming each field."""
        ...


@runtime_checkable
class Hears(Protocol):
    """Events that wait in a queue at somebody else's broker."""

    #: The authority whose documents the events name; "" when no queue is configured.
    announces: str

    def hear(self, seconds: float) -> AbstractContextManager[Parcel | None]:
        """Take the next event; None when none has come in some seconds.

        Left well, it is off the queue. Left by a Refused, it goes where the queue sends what nobody can read; left by
        any other error, it waits on.

        :raises SourceDown: the broker does not answer.
        """
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

    def taken_in(self, receipt: Acknowledgement) -> None:
        """Tell the sender, and delete the file, which the hub now has, sealed.

        Until it is deleted a crash leaves it to be claimed again, and the sender is told the same.

        :raises SourceDown: the folder cannot be written; the file waits on.
        """
        ...

    def refused(self, error: HubError, sealed: bytes, correlation_id: str) -> None:
        """Put it, as sealed by the caller, in the refused place beside an error report without personal data.

        :param sealed: the body encrypted under the hub's key; the clear file is deleted, and the sender told.
        :raises SourceDown: the folder cannot be written; the file waits on.
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

    def waiting(self) -> int:
        """Count the files that wait and are not claimed. :raises SourceDown: the folder cannot be read."""
        ...


@runtime_checkable
class Serves(Protocol):
    """An authority whose system calls a service of the hub, and awaits the answer in the service's own protocol."""

    def acknowledge(self, parcel: Parcel, acknowledgement: Acknowledgement) -> Reply:
        """Answer a call whose document the hub has safe."""
        ...

    def refuse(self, parcel: Parcel, refusal: Refusal) -> Reply:
        """Answer a call that is refused.

        :param parcel: the call, whatever it says: its content type tells which version of the protocol the caller
            speaks. The body is empty where the call was refused before it was read.
        """
        ...

    def describe(self, which: str, address: str) -> Reply:
        """Return the service's public description, ``wsdl`` or ``xsd``.

        :param address: the URL by which the caller reaches the service.
        :raises NotFound: there is no such description.
        """
        ...
