"""Revocations: what became of a consent that was withdrawn, and the proof of it that a citizen can keep."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.api.answers import json_response
from hub.api.asking import ANYONE, AChooser, AnOperator, CorrelationId, Hub, TheHub
from hub.clock import now
from hub.flow.proof import prove_revocation, statement_of
from hub.flow.revocation import show_revocation

router = APIRouter(tags=["consents"])


@router.get("/consents/{consent}/revocation")
def revocation(consent: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Read what became of a withdrawn consent: deliveries under way then, and who has deleted what since."""
    shown = show_revocation(
        consent, caller.reader, hub.store, _deadline(hub), actor=caller.client, correlation_id=correlation_id
    )
    return json_response(statement_of(shown))


@router.get("/consents/{consent}/proof")
def proof(consent: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Read the same, signed: keep the bytes as they come, and anybody can check them without the hub."""
    _, document = prove_revocation(
        consent, caller.reader, hub.store, _deadline(hub), actor=caller.client, correlation_id=correlation_id
    )
    return Response(document, media_type="application/json")


@router.get("/proof-keys", dependencies=[ANYONE])
def proof_keys(hub: TheHub) -> Response:
    """Read the public keys that proofs are checked with, the present one first, as a JWK set (RFC 7517)."""
    return json_response({"keys": [key.jwk() for key in hub.store.keyring.public_keys]})


@router.get("/ops/withdrawals", tags=["operations"])
def withdrawals(hub: TheHub, operator: AnOperator) -> Response:
    """Say who has not confirmed yet that it has deleted, since when, and which receipts are missing."""
    at, deadline = now(), _deadline(hub)
    with hub.store.begin(read_only=True) as unit:
        found = unit.withdrawals.counts(at, deadline)
        return json_response(
            {
                "deadline_hours": hub.settings.withdrawal_hours,
                "recipients": [found[name] for name in sorted(found)],
                "missing": unit.withdrawals.missing(at, deadline),
                "legal_holds": unit.withdrawals.holds(),
            }
        )


def _deadline(hub: Hub) -> timedelta:
    return timedelta(hours=hub.settings.withdrawal_hours)
