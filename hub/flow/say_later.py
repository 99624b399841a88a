"""A recipient that had only received a delivery says what became of it: it is taken in, or refused with a reason.

That a delivery arrived, and what its recipient made of it, are two things. Most contracts answer with both at once; who
answers ``received`` owes the second, and says it here. A refusal makes a dead letter, as one at once would have.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.authority import Receipt, ReceiptStatus
from hub.clock import now
from hub.errors import Conflict, NotFound, Unavailable
from hub.flow.refusal import refusals_written
from hub.flow.withdrawn import said_of
from hub.store.later_receipts import OwedReceipt
from hub.store.transaction import Store, Unit

BUSINESS_REFUSAL = "business-refusal"
_SECONDS = 5.0  # a worker has the row just now


class Fate(StrEnum):
    """What became of a delivery in its recipient's system."""

    TAKEN_IN = "taken-in"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a recipient refuses; a closed list, for it stands in the audit and on screens."""

    UNKNOWN_PERSON = "unknown-person"  # it knows nobody of the number
    NO_CASE = "no-case"  # it has no case to put it into
    NOT_UNDERSTOOD = "not-understood"  # its own rules refuse what the contract allows
    NOT_LAWFUL = "not-lawful"  # it may not keep it
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LaterWord:
    """What a recipient says of which delivery.

    :ivar outbox_id: the row, where the recipient names the delivery by it; else ``plan`` is given.
    :ivar reason: empty unless it is refused.
    """

    sequence: int
    fate: Fate
    outbox_id: UUID | None = None
    plan: UUID | None = None
    reason: str = ""


def say_later(word: LaterWord, recipient: str, store: Store, *, actor: str, correlation_id: str) -> OwedReceipt:
    """Take a recipient's word; the same word again changes nothing.

    :raises NotFound: no word is awaited of this recipient about such a delivery.
    :raises Conflict: it has said something else before.
    :raises Unavailable: a delivery of the same row is just under way.
    """
    with refusals_written(store, actor, correlation_id, sequence=word.sequence), store.begin() as unit:
        owed = unit.later_receipts.of(recipient, word.sequence, outbox_id=word.outbox_id, plan=word.plan)
        if owed is None:
            raise NotFound(
                "No receipt is awaited of you for such a delivery.",
                "Name a delivery that you have answered with received, by its correlation id or idempotency key.",
            )
        if owed.ending:
            if (owed.ending, owed.reason) != (word.fate, word.reason):
                raise Conflict("You have said something else of this delivery.", "What was said first stands.")
            return owed
        at = now()
        if owed.lease_until is not None and owed.lease_until > at:
            raise Unavailable("The next delivery to you is just under way.", "Say it again.", retry_after=_SECONDS)
        unit.later_receipts.end(owed, word.fate, word.reason, at)
        if word.fate is Fate.TAKEN_IN:
            _taken_in(unit, owed, at)
        else:
            _refused(unit, owed, word.reason, at)
        _write_down(unit, owed, word, actor, correlation_id, at)
        return owed


def _taken_in(unit: Unit, owed: OwedReceipt, at: datetime) -> None:
    """What the delivery withdrew is deleted: it was no receipt of deletion that it had arrived."""
    if owed.withdrawn:
        answer = said_of(unit, Receipt(ReceiptStatus.TAKEN_IN), owed, at)
        unit.withdrawals.answered(owed.outbox_id, owed.attempt, answer, at)


def _refused(unit: Unit, owed: OwedReceipt, reason: str, at: datetime) -> None:
    unit.later_receipts.refuse(owed, BUSINESS_REFUSAL, f"Its recipient refuses it: {reason}.", at)


def _write_down(unit: Unit, owed: OwedReceipt, word: LaterWord, actor: str, correlation_id: str, at: datetime) -> None:
    told = {"recipient": owed.recipient, "delivery": owed.outbox_id, "sequence": owed.sequence}
    unit.audit.record("receipt", actor, at, correlation_id, owed.plan, receipt=word.fate, **told)
    if word.fate is Fate.REFUSED:
        why = {"cause": BUSINESS_REFUSAL, "reason": word.reason}
        unit.audit.record("dead-letter", actor, at, correlation_id, owed.plan, **told, **why)
