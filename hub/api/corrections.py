"""What a citizen says is wrong, to its authority; and who has confirmed the corrected version (GDPR arts 16 and 19)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from hub.api.answers import json_response, when
from hub.api.asking import AChooser, AWriter, CorrelationId, TheBody, TheHub
from hub.api.models import Strict, Why, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import correct
from hub.flow.corrected import ShownCorrection

router = APIRouter(tags=["rights"])


class Claim(Strict):
    """Which element is wrong, and how."""

    element: UUID
    claim: Words = Field(repr=False)


@router.post("/plans/{plan}/corrections", status_code=CREATED, openapi_extra=schema_of(Claim))
def ask(plan: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Say that an element is wrong: the authority that wrote it finds that on its list."""
    wanted: Claim = read(Claim, body)
    asked = correct.ask(
        plan, wanted.element, wanted.claim, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(asked), CREATED)


@router.get("/plans/{plan}/corrections")
def of_plan(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Read what was called wrong, where that stands, and which recipients have confirmed the corrected version."""
    found = correct.of_plan(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "corrections": [_answer(one) for one in found]})


@router.get("/corrections")
def for_authority(hub: TheHub, caller: AWriter, correlation_id: CorrelationId) -> Response:
    """List what of the caller's authority is called wrong: send the case anew, or say why it stays."""
    found = correct.for_authority(caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"corrections": [_answer(one) for one in found]})


@router.post("/corrections/{id}/refuse", openapi_extra=schema_of(Why))
def refuse(id: UUID, body: TheBody, hub: TheHub, caller: AWriter, correlation_id: CorrelationId) -> Response:
    """Say that an element stays as it is, and why; it stands beside the citizen's words."""
    wanted: Why = read(Why, body)
    refused = correct.refuse(
        id, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(refused))


def _answer(shown: ShownCorrection) -> dict[str, Any]:
    one = shown.correction
    return {
        "correction": one.id,
        "plan": one.plan,
        "element": one.element,
        "authority": one.authority,
        "state": shown.state,
        "asked_at": when(one.asked_at),
        "role": one.role,
        "claim": one.claim,
        "answered_at": when(one.answered_at),
        "answer": one.answer,
        "recipients": [{"recipient": each.recipient, "has_confirmed": each.has_confirmed} for each in shown.holders],
    }
