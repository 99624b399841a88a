"""Revocations: what became of a consent that was withdrawn, and the proof of it that a citizen can keep."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import ANYONE, AChooser, AnOperator, CorrelationId, Hub, TheHub
from hub.authority.legal_holds import LegalHold
from hub.clock import now
from hub.crypto.signing import ProofKeyAnswer, SignedDocument
from hub.flow.proof import prove_revocation, statement_of
from hub.flow.proof_shapes import ProofStatement, RevocationStatement
from hub.flow.revocation import show_revocation

router = APIRouter(tags=["consents"])


class ProofAnswer(SignedDocument):
    """A signed statement: Ed25519 over the canonical JSON (RFC 8785) of all the rest, in hexadecimal digits.

    ``key`` is the thumbprint of ``public_key``; whose key that is, ``/proof-keys`` tells.
    """

    statement: ProofStatement


class OwingAnswer(TypedDict):
    """How many elements a recipient has given no receipt for, how many of these wait to be sent, how many are overdue.

    ``undecided`` counts plans that are due for longer than the deadline: what of them must be given up is found out
    once something can be sent.
    """

    recipient: str
    open: int
    not_sent: int
    missing: int
    oldest_owed_at: datetime | None
    undecided: int


class MissingReceiptAnswer(TypedDict):
    """How many elements of a plan a recipient's receipt is overdue for, since when, and how the last try ended."""

    recipient: str
    plan: UUID
    delivery: UUID
    elements: int
    owed_at: datetime
    last_attempt_at: datetime | None
    last_result: str | None


class KeptByLawAnswer(TypedDict):
    """How many elements a recipient keeps, and by what law."""

    recipient: str
    hold_code: LegalHold
    elements: int


class WithdrawalsAnswer(TypedDict):
    """Who has not confirmed yet that it has deleted; of what is overdue the oldest 500."""

    deadline_hours: int
    recipients: list[OwingAnswer]
    missing: list[MissingReceiptAnswer]
    legal_holds: list[KeptByLawAnswer]


class ProofKeysAnswer(TypedDict):
    """A JWK set (RFC 7517): the key that signs now, then those that signed before."""

    keys: list[ProofKeyAnswer]


@router.get("/consents/{consent}/revocation")
def revocation(
    consent: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[RevocationStatement]:
    """Read what became of a withdrawn consent: deliveries under way then, and who has deleted what since."""
    shown = show_revocation(
        consent, caller.reader, hub.store, _deadline(hub), actor=caller.client, correlation_id=correlation_id
    )
    return json_response(statement_of(shown))


@router.get("/consents/{consent}/proof")
def proof(consent: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[ProofAnswer]:
    """Read the same, signed: keep the bytes as they come, and anybody can check them without the hub."""
    _, document = prove_revocation(
        consent, caller.reader, hub.store, _deadline(hub), actor=caller.client, correlation_id=correlation_id
    )
    return Json(document)


@router.get("/proof-keys", dependencies=[ANYONE])
def proof_keys(hub: TheHub) -> Json[ProofKeysAnswer]:
    """Read the public keys that proofs are checked with, the present one first, as a JWK set (RFC 7517)."""
    return json_response({"keys": [key.jwk() for key in hub.store.keyring.public_keys]})


@router.get("/ops/withdrawals", tags=["operations"])
def withdrawals(hub: TheHub, operator: AnOperator) -> Json[WithdrawalsAnswer]:
    """Say who has not confirmed yet that it has deleted, since when, and which receipts are missing."""
    at, deadline = now(), _deadline(hub)
    with hub.store.begin(read_only=True) as unit:
        found = unit.withdrawals.counts(at, deadline)
        return json_response(
            {
                "deadline_hours": hub.settings.withdrawal_hours,
                "recipients": [_owing(found[name]) for name in sorted(found)],
                "missing": [_missing(row) for row in unit.withdrawals.missing(at, deadline)],
                "legal_holds": [
                    {"recipient": row["recipient"], "hold_code": row["hold_code"], "elements": row["elements"]}
                    for row in unit.withdrawals.holds()
                ],
            }
        )


def _owing(row: Mapping[str, Any]) -> OwingAnswer:
    return {
        "recipient": row["recipient"],
        "open": row["open"],
        "not_sent": row["not_sent"],
        "missing": row["missing"],
        "oldest_owed_at": row["oldest_owed_at"],
        "undecided": row["undecided"],
    }


def _missing(row: Mapping[str, Any]) -> MissingReceiptAnswer:
    return {
        "recipient": row["recipient"],
        "plan": row["plan"],
        "delivery": row["delivery"],
        "elements": row["elements"],
        "owed_at": row["owed_at"],
        "last_attempt_at": row["last_attempt_at"],
        "last_result": row["last_result"],
    }


def _deadline(hub: Hub) -> timedelta:
    return timedelta(hours=hub.settings.withdrawal_hours)
