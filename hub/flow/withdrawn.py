"""What became of a withdrawal, as a state of a closed list and one plain sentence.

A receipt is the recipient's own word that it has deleted; the acknowledgement of a channel that only tells is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from hub.authority import Receipt, ReceiptStatus
from hub.authority.legal_holds import LegalHold, legal_hold
from hub.consent.decision import Sentence
from hub.errors import RecipientDown
from hub.store.revocations import Owed
from hub.store.transaction import Unit
from hub.store.withdrawals import LAPSED, Answer


class State(StrEnum):
    """How a withdrawal stands."""

    NOT_SENT = "not-sent"
    UNANSWERED = "unanswered"  # it was tried, and the recipient's system did not answer
    SENT = "sent"  # it left, or may have; there is no receipt
    RECEIPT = "receipt"  # the recipient says that it has deleted
    LEGAL_HOLD = "legal-hold"  # the recipient says that it must keep some of it
    TOLD = "told"  # it was told by a channel that gives no receipt of deletion
    LAPSED = "lapsed"  # the recipient may see it again


#: Nothing more is awaited in these.
SETTLED = (State.RECEIPT, State.LEGAL_HOLD, State.TOLD, State.LAPSED)
_BY_ENDING = {
    ReceiptStatus.TAKEN_IN: State.RECEIPT,
    ReceiptStatus.ALREADY_HELD: State.RECEIPT,
    ReceiptStatus.LEGAL_HOLD: State.LEGAL_HOLD,
    ReceiptStatus.TOLD: State.TOLD,
    LAPSED: State.LAPSED,
}
_SENTENCES = {
    State.NOT_SENT: Sentence(
        "Beskeden om at slette er ikke sendt endnu.", "The message to delete has not been sent yet."
    ),
    State.UNANSWERED: Sentence(
        "Beskeden om at slette er sendt, men modtagerens system svarer ikke. Den sendes igen af sig selv.",
        "The message to delete was sent, and the recipient's system does not answer. It is sent again by itself.",
    ),
    State.SENT: Sentence(
        "Beskeden om at slette er sendt. Modtageren har ikke kvitteret endnu.",
        "The message to delete was sent. The recipient has given no receipt yet.",
    ),
    State.RECEIPT: Sentence(
        "Modtageren har kvitteret for, at det er slettet.", "The recipient has confirmed that it is deleted."
    ),
    State.TOLD: Sentence(
        "Modtageren har fået at vide, at planen er ændret. Ad den vej gives der ingen kvittering for sletning.",
        "The recipient was told that the plan has changed. By this channel no receipt of deletion is given.",
    ),
    State.LAPSED: Sentence(
        "Modtageren må se det igen, så det skal ikke længere slettes.",
        "The recipient may see it again, so it need not be deleted any more.",
    ),
}
_HOLDS = {
    LegalHold.ARCHIVES: Sentence("arkivloven", "the Archives Act"),
    LegalHold.BOOKKEEPING: Sentence("bogføringsloven", "the Bookkeeping Act"),
    LegalHold.RECORDS: Sentence("pligten til at notere og journalisere", "the duty to keep records"),
    LegalHold.CASE: Sentence("det indgår i en sag eller en afgørelse", "it is part of a case or a decision"),
    LegalHold.OTHER: Sentence("en anden grund, som modtageren har oplyst", "another reason that the recipient gave"),
}
_MISSING = Sentence(
    "Fristen for at kvittere er overskredet, og kommunen kan se det.",
    "The deadline for the receipt has passed, and the municipality can see it.",
)


class Withdrawing(Protocol):
    """What left, as far as an answer to what it withdraws is about it."""

    @property
    def recipient(self) -> str:
        """To whom."""
        ...

    @property
    def plan(self) -> UUID:
        """Of which plan."""
        ...

    @property
    def sequence(self) -> int:
        """Which number it has."""
        ...

    @property
    def withdrawn(self) -> tuple[UUID, ...]:
        """What the recipient must delete."""
        ...


def said_of(unit: Unit, receipt: Receipt, update: Withdrawing, at: datetime) -> Answer:
    """Return what a recipient says of the elements that an update withdrew.

    Each has a keyed digest over recipient, plan, sequence, element, status and time: without the hub's key nobody can
    write a receipt into the database, or change one.
    """
    around = f"{update.recipient}|{update.plan}|{update.sequence}|{receipt.status}|{at.isoformat()}"
    return Answer(
        status=receipt.status,
        hold_code=legal_hold(receipt.reason) if receipt.status is ReceiptStatus.LEGAL_HOLD else "",
        digests={
            one: unit.keyring.digest("withdrawal-receipt", f"{around}|{one}".encode()).hex() for one in update.withdrawn
        },
    )


def state_of(owed: Owed) -> State:
    """Return how a withdrawal stands."""
    if owed.ending:
        return _BY_ENDING[owed.ending]
    if owed.sent_at is None:
        return State.NOT_SENT
    return State.UNANSWERED if owed.last_result == RecipientDown.code else State.SENT


def is_missing(owed: Owed, at: datetime, deadline: timedelta) -> bool:
    """Tell whether its receipt is missing after the deadline."""
    return not owed.ending and owed.owed_at + deadline <= at


def sentence_of(state: State, hold_code: str, *, missing: bool) -> Sentence:
    """Say what became of a withdrawal."""
    said = _by_law(LegalHold(hold_code)) if state is State.LEGAL_HOLD else _SENTENCES[state]
    return Sentence(f"{said.da} {_MISSING.da}", f"{said.en} {_MISSING.en}") if missing else said


def _by_law(hold: LegalHold) -> Sentence:
    why = _HOLDS[hold]
    return Sentence(
        f"Modtageren har kvitteret, men oplyser, at noget af det skal beholdes: {why.da}.",
        f"The recipient has answered, and says that some of it must be kept: {why.en}.",
    )
