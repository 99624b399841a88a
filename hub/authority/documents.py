"""What passes through the port: what comes in, what goes out, what is answered, and thin events that only announce."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.authority.tracing import HEADER, TraceContext
from hub.errors import Fault
from hub.plan.element import Element, Period
from hub.plan.identifier import Identifier


@dataclass(frozen=True, slots=True)
class Parcel:
    """What arrived at a door, untouched. ``headers`` have lower-case names.

    :ivar trace: the trace that its sender goes on with; None: there is none, and the hub begins one.
    """

    authority: str
    body: bytes = field(repr=False)
    content_type: str = ""
    headers: Dict[str, str] = field(default_factory=dict, repr=False)
    correlation_id: str = ""
    trace: TraceContext | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document in an authority's own words: parsed and valid against its contract.

    :ivar kind: the contract's name for it, such as the root element.
    :ivar message_id: the sender's id of the message; the same id means the same message.
    :ivar content: the parsed form that the authority's mapping understands (an lxml element, a dict).
    :ivar essence: what a repeat has in common with the first, where the bytes around it differ each time (a signature
        and its timestamp); empty: the body as it came.
    :ivar on_behalf_of: the organisation that the sender says it acts for, as a code; written into the audit. Never a
        person: whoever did it stands in the sealed body.
    """

    authority: str
    contract: str
    kind: str
    message_id: str
    content: Any = field(repr=False)
    essence: bytes = field(default=b"", repr=False)
    on_behalf_of: str = ""


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
class ProposedTime:
    """Another time that a coordinator proposes for one of the recipient's own appointments: a task for its staff.

    It names nothing but what the recipient wrote itself, and the other time: never what the appointment collides with.

    :ivar id: of the proposal; the same one is the same proposal, however often it comes.
    :ivar case: the recipient's own case.
    :ivar element: the appointment, by the hub's id; the same for the same case and appointment, always.
    :ivar stands: when the appointment is now; with the case it says which.
    """

    id: UUID
    case: str = field(repr=False)
    element: UUID
    stands: Period
    proposed: Period


@dataclass(frozen=True, slots=True)
class PlanUpdate:
    """The difference between what a recipient holds and what it may see now.

    :ivar person: the identifier by which the recipient knows the plan's person.
    :ivar withdrawn: elements that the recipient must delete.
    :ivar sequence: rises with each change of the recipient's lawful view; a recipient drops lower ones.
    :ivar has_protected_address: whether the person's address is protected (CPR-lov § 28); never told to a partner.
    :ivar proposals: all that stand now for the recipient's own appointments; one that is named no more is off.
    """

    plan: UUID
    recipient: str
    person: Identifier
    sequence: int
    correlation_id: str
    made_at: datetime
    disclosed: tuple[Disclosed, ...] = ()
    withdrawn: tuple[UUID, ...] = ()
    has_protected_address: bool = False
    proposals: tuple[ProposedTime, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """The stable name of a delivery: a repeat carries the same key, so that the recipient can drop it.

    :ivar trace: the hub's own trace and the span of this attempt, for a ``traceparent``; no part of the name.
    """

    recipient: str
    plan: UUID
    sequence: int
    trace: TraceContext | None = field(default=None, compare=False)

    @property
    def traced(self) -> Dict[str, str]:
        """Return the header that tells of the trace; none where there is none."""
        return {HEADER: str(self.trace)} if self.trace else {}

    def __str__(self) -> str:
        return f"{self.recipient}:{self.plan}:{self.sequence}"


class ReceiptStatus(StrEnum):
    """What a recipient says of a delivery it has answered."""

    TAKEN_IN = "taken-in"
    #: It has arrived; whether it is taken in, the recipient says later (``POST /receipts``).
    RECEIVED = "received"
    #: It had this sequence, or a later one, already.
    ALREADY_HELD = "already-held"
    #: It took the update in but must keep something withdrawn, and says why.
    LEGAL_HOLD = "legal-hold"
    #: It was told that there is something to ask for; no word of what it then keeps or deletes.
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A recipient's own answer to a delivery."""

    status: ReceiptStatus
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A thin event: something changed, fetch it by its reference. Says nothing about a person.

    :ivar authority: whose document it is, where that is another than who told of it.
    """

    event_id: str
    reference: str
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a poll found: references to fetch, and the cursor to go on from."""

    references: tuple[str, ...]
    cursor: str
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the hub tells the sender of a document that it has safe; a repeat is told the same.

    :ivar outcome: how many parts were ``taken_in``, and of those ``skipped`` the ``position`` and the ``code``.
    """

    receipt: UUID
    received_at: datetime
    correlation_id: str
    is_repeat: bool = False
    outcome: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the hub tells a caller whom it refuses; nothing of it comes from what the caller sent.

    :ivar is_callers: the caller must change something; else the hub failed, or cannot now.
    """

    code: str
    sentence: str
    next_step: str
    correlation_id: str
    faults: tuple[Fault, ...] = ()
    is_callers: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in a service's own protocol over HTTP."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
