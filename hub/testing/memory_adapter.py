"""An authority that lives in memory: the fake at the port, for tests of everything above the wires.

    social = MemoryAdapter("social")
    authorities = {"social": social.authority()}
    accept(social.message(Told(TEST_CPR, goals={"g1": "Ro om aftenen"})), store, authorities)
    social.fail_with(RecipientDown("…"))     # until fail_with(None)
    social.holds                             # element id → title, as a well-behaved recipient keeps it

Its words are JSON (contract ``memory/v1``): ``message_id, case, version, person, goals`` in, and out what it is told.
It keeps the recipient's side of the bargain: a sequence it has, or a later one, is not taken in again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from hub.authority import (
    Announcement,
    Authority,
    DeliveryKey,
    Document,
    Fate,
    LedgerEntry,
    Page,
    Parcel,
    PlanUpdate,
    Receipt,
    ReceiptStatus,
)
from hub.authority.feeding import Feed, Written
from hub.errors import ContractViolation, Fault, HubError, NotFound
from hub.plan.contribution import Contribution, Coverage, PersonFacts, Removal
from hub.plan.element import Category, Draft, Kind, OrderKey, Sensitivity, Status
from hub.plan.identifier import cpr_identifier
from hub.testing.clock import THEN

CONTRACT = "memory/v1"


@dataclass(frozen=True, slots=True)
class Told:
    """One message in the words of ``memory/v1``."""

    person: str = field(repr=False)
    case: str = "C1"
    version: int = 1
    goals: Mapping[str, str] = field(default_factory=dict, repr=False)
    gone: tuple[str, ...] = ()
    message_id: str = ""

    def body(self) -> bytes:
        """Return it as it travels."""
        return orjson.dumps(
            {
                "message_id": self.message_id or f"{self.case}-{self.version}",
                "case": self.case,
                "version": self.version,
                "person": self.person,
                "goals": dict(self.goals),
                "gone": list(self.gone),
            }
        )


class MemoryAdapter:
    """Receives, sends, announces, is fetched from and polled, all within this process. Safe between threads."""

    contract = CONTRACT

    def __init__(self, name: str, *, poll_every: float = 0, channel: str = "rest") -> None:
        self.name = name
        self.channel = channel
        self.poll_every = poll_every
        self.delivers = True
        #: Set: it fetches what is due to it.
        self.feed: Feed | None = None
        #: Seconds that it takes to answer a delivery.
        self.takes_seconds = 0.0
        #: What has been sent to it, repeats included: the key, and the document's content.
        self.received: list[tuple[DeliveryKey, Mapping[str, Any]]] = []
        #: Element id → title, for all plans together.
        self.holds: dict[UUID, str] = {}
        #: What can be fetched, by reference.
        self.documents: dict[str, Told] = {}
        #: References in the order in which they changed; a poll's cursor is how many of them it has seen.
        self.changes: list[str] = []
        self.polled_from: list[str] = []
        self._sequences: dict[UUID, int] = {}
        self._failure: HubError | None = None
        self._source_failure: HubError | None = None
        self._lock = threading.Lock()

    def authority(self) -> Authority:
        """Join it with its words."""
        return Authority(self.name, self, MemoryMapping(self.name))

    def message(self, told: Told, correlation_id: str = "") -> Parcel:
        """Wrap a message as it would arrive at the door."""
        return Parcel(self.name, told.body(), "application/json", correlation_id=correlation_id)

    def fail_with(self, error: HubError | None) -> None:
        """Fail every delivery from now on; None: recover."""
        self._failure = error

    def source_fails_with(self, error: HubError | None) -> None:
        """Fail every fetch and poll from now on; None: recover."""
        self._source_failure = error

    def receive(self, parcel: Parcel) -> Document:
        """Read a message. :raises ContractViolation: it is none."""
        content = _read(parcel.body, {"message_id", "case", "version", "person", "goals", "gone"})
        return Document(self.name, CONTRACT, "Told", content["message_id"], content)

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        """Take an update in, or fail as told. :raises HubError: what ``fail_with`` was given."""
        time.sleep(self.takes_seconds)
        with self._lock:
            self.received.append((key, document.content))
            if self._failure is not None:
                raise self._failure
            if self._sequences.get(key.plan, 0) >= key.sequence:
                return Receipt(ReceiptStatus.ALREADY_HELD)
            self._sequences[key.plan] = key.sequence
            self.holds.update({UUID(item["id"]): item["title"] for item in document.content["disclosed"]})
            for element in document.content["withdrawn"]:
                self.holds.pop(UUID(element), None)
            return Receipt(ReceiptStatus.TAKEN_IN)

    def written(self, document: Document, key: DeliveryKey) -> Written:
        """Write an update for whoever fetches."""
        return Written("application/json", orjson.dumps(document.content))

    def announcement(self, parcel: Parcel) -> Announcement:
        """Read a thin event. :raises ContractViolation: it is none."""
        content = _read(parcel.body, {"event_id", "reference"})
        return Announcement(content["event_id"], content["reference"])

    def fetch(self, reference: str) -> Parcel:
        """Give a document. :raises HubError: what ``source_fails_with`` was given. :raises NotFound: none is there."""
        if self._source_failure is not None:
            raise self._source_failure
        if reference not in self.documents:
            raise NotFound("There is no document of this reference.")
        return self.message(self.documents[reference])

    def poll(self, cursor: str) -> Page:
        """Tell what has changed, two at a time. :raises HubError: what ``source_fails_with`` was given."""
        if self._source_failure is not None:
            raise self._source_failure
        self.polled_from.append(cursor)
        start = int(cursor or 0)
        found = self.changes[start : start + 2]
        return Page(tuple(found), str(start + len(found)), start + len(found) < len(self.changes))


class MemoryMapping:
    """The words of ``memory/v1``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a message: every goal is an active one."""
        told = document.content
        drafts = tuple(
            Draft(
                source_id=source_id,
                kind=Kind.GOAL,
                category=Category.GOALS,
                label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
                status=Status.ACTIVE,
                title=title,
            )
            for source_id, title in told["goals"].items()
        )
        contribution = Contribution(
            authority=self._name,
            source_system="memory",
            contract=CONTRACT,
            case=told["case"],
            message_id=document.message_id,
            order=OrderKey(told["version"], THEN, document.message_id),
            coverage=Coverage.CHANGE,
            person=PersonFacts((cpr_identifier(told["person"], self._name),)),
            drafts=drafts,
            removals=tuple(Removal(source_id, "gone") for source_id in told["gone"]),
        )
        return [contribution]

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update."""
        content = {
            "plan": str(update.plan),
            "sequence": update.sequence,
            "disclosed": [
                {"id": str(item.element.id), "title": item.element.title, "why": item.why} for item in update.disclosed
            ],
            "withdrawn": [str(element) for element in update.withdrawn],
        }
        return Document(self._name, CONTRACT, "PlanUpdate", f"{update.plan}:{update.sequence}", content)

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf."""
        mapped = {"message_id": "message id", "case": "case", "version": "order", "person": "person", "goals": "goals"}
        return [
            *(LedgerEntry(path, Fate.MAPPED, note) for path, note in mapped.items()),
            LedgerEntry("gone", Fate.MAPPED, "removals"),
        ]


def _read(body: bytes, fields: set[str]) -> dict[str, Any]:
    """Read a JSON object with exactly these fields."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ContractViolation("The body is no JSON.") from None
    if not isinstance(content, dict) or content.keys() != fields:
        raise ContractViolation("The body breaks the contract.", faults=[Fault("", "Has other fields than agreed.")])
    return content
