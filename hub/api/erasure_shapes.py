"""The shapes of what the hub answers about erasures and legal holds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from hub.authority.legal_holds import LegalHold
from hub.crypto.signing import SignedDocument
from hub.flow.erasure_statement import ErasureStatement


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


class ErasureCertificateAnswer(SignedDocument):
    """The certificate of an erasure, signed (Ed25519) over all the rest by a key of ``/proof-keys``: keep the bytes.

    ``signature`` is in hexadecimal digits, over the canonical JSON (RFC 8785); ``key`` is the thumbprint of
    ``public_key``.
    """

    statement: ErasureStatement
