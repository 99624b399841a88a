"""The shapes in which a revocation is told, and signed as a proof; a proof is kept for years: a member may only come.

The API answers them as they are (``/openapi.json``), but they stand here with the flow that has them signed.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from hub.authority.legal_holds import LegalHold
from hub.consent.consent import ConsentKind, Effect
from hub.flow.withdrawn import State


class ToldSentence(TypedDict):
    """A sentence of a statement, in both languages."""

    da: str
    en: str


class ToldPartial(ToldSentence):
    """Whether there may be elements of which the reader may not know, and what to know of it."""

    value: bool


class WithdrawnConsent(TypedDict):
    """The version of a consent that was withdrawn, and what it was about."""

    id: UUID
    version: int
    kind: ConsentKind
    effect: Effect
    sources: list[str]
    recipients: list[str]
    purposes: list[str]
    categories: list[str]
    label: str


class ToldDelivery(TypedDict):
    """A delivery that was under way when a consent was withdrawn; ``outcome`` is null as long as it is.

    ``outcome`` is a receipt's status, an error's code, or ``lost``.
    """

    recipient: str
    started_at: datetime
    settled_at: datetime | None
    outcome: str | None


class WithdrawnElement(TypedDict):
    """An element that a recipient had to give up; ``digest`` is of what the recipient has said of it."""

    element: UUID
    category: str | None
    digest: str | None


class ToldWithdrawal(TypedDict):
    """What a recipient had to give up that has fared alike."""

    state: State
    is_missing: bool
    sentence: ToldSentence
    owed_at: datetime
    due_by: datetime
    sent_at: datetime | None
    last_attempt_at: datetime | None
    last_result: str | None
    ended_at: datetime | None
    legal_hold: LegalHold | None
    elements: list[WithdrawnElement]


class ToldRecipient(TypedDict):
    """What became of what one recipient had; ``is_missing``: a receipt is overdue."""

    recipient: str
    is_missing: bool
    withdrawals: list[ToldWithdrawal]


class RevocationStatement(TypedDict):
    """What became of a withdrawn consent: deliveries under way then, and who has deleted what since."""

    revocation: UUID
    plan: UUID
    consent: WithdrawnConsent
    withdrawn_at: datetime
    as_of: datetime
    deliveries_under_way: int
    deliveries: list[ToldDelivery]
    recipients: list[ToldRecipient]
    may_be_partial: ToldPartial


class ProofStatement(RevocationStatement):
    """What a proof states: of which kind it is, which municipality's hub says it, and the revocation."""

    kind: str
    municipality: str
