"""The shapes of what the hub answers about erasures, the signed certificate included, and about legal holds."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired
from uuid import UUID

from typing_extensions import TypedDict

from hub.authority.legal_holds import LegalHold


class ErasingRecipientAnswer(TypedDict):
    """A recipient that is told to delete: whether it holds something still, or may, and by which laws it keeps some."""

    recipient: str
    holds: bool
    legal_holds: list[LegalHold]


class ErasureAnswer(TypedDict):
    """How an erasure stands (its cause is ``request`` or ``retention``); once done it waits for and names nobody."""

    erasure: UUID
    plan: UUID
    cause: str
    asked_at: datetime
    approved_at: datetime | None
    done_at: datetime | None
    is_held: bool
    waits_for: list[str]
    recipients: list[ErasingRecipientAnswer]


class LegalHoldAnswer(TypedDict):
    """A law that keeps a plan from being erased, until it is lifted."""

    legal_hold: UUID
    plan: UUID
    code: LegalHold
    organisation: str
    set_at: datetime
    reason: str
    lifted_at: datetime | None


class LegalHoldsAnswer(TypedDict):
    """Which laws keep a plan from being erased, or did, oldest first."""

    plan: UUID
    legal_holds: list[LegalHoldAnswer]


class ToldRecipientAnswer(TypedDict):
    """A recipient that was told to delete: whether it said so, and by which laws it keeps some."""

    recipient: str
    confirmed: bool
    legal_holds: list[LegalHold]


class ToldCitizenAnswer(TypedDict):
    """What the citizen is told of recipients, by what the citizen may see."""

    recipients: list[ToldRecipientAnswer]


class BackupsAnswer(TypedDict):
    """By which master key older copies of the database open; without it the plan in them is gone, too."""

    master_key_version: int


class ErasedAnswer(TypedDict):
    """What a certificate states. The citizen's has no ``rows``, and ``recipients`` are as the citizen may know them."""

    kind: str
    municipality: str
    erasure: UUID
    plan: UUID
    cause: str
    asked_at: datetime
    approved_at: datetime
    erased_at: datetime
    #: How many were deleted, by table.
    rows: NotRequired[dict[str, int]]
    person_too: bool
    #: Missing in the citizen's of an erasure by a release that did not write down what the citizen may know.
    recipients: NotRequired[list[ToldRecipientAnswer]]
    told_to_citizen: NotRequired[ToldCitizenAnswer]
    backups: BackupsAnswer
    kept: list[str]


class ErasureCertificateAnswer(TypedDict):
    """The certificate of an erasure, signed (Ed25519) over all the rest by a key of ``/proof-keys``: keep the bytes."""

    algorithm: str
    key: str
    public_key: str
    signature: str
    statement: ErasedAnswer
