"""What a citizen says is wrong, to its authority; and who has confirmed the corrected version (GDPR arts 16 and 19)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AChooser, AWriter, CorrelationId, TheBody, TheHub
from hub.api.models import Strict, Why, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import correct
from hub.flow.corrected import ShownCorrection, State
from hub.plan.person import Role

router = APIRouter(tags=["rights"])


class Claim(Strict):
    """Which element is wrong, and how."""

    element: UUID
    claim: Words = Field(repr=False)


class HolderAnswer(TypedDict):
    """A recipient that had the old version; it has confirmed once it surely holds that no more."""

    recipient: str
    has_confirmed: bool


class CorrectionAnswer(TypedDict):
    """What is called wrong, and where it stands; an answer, with its time, is a no: a yes is the corrected element."""

    correction: UUID
    plan: UUID
    element: UUID
    authority: str
    state: State
    asked_at: datetime
    role: Role
    claim: str
    answered_at: datetime | None
    answer: str
    recipients: list[HolderAnswer]


class CorrectionsAnswer(TypedDict):
    """What of a plan was called wrong, oldest first."""

    plan: UUID
    corrections: list[CorrectionAnswer]


class CorrectionTasksAnswer(TypedDict):
    """What of an authority's is called wrong and waits for it."""

    corrections: list[CorrectionAnswer]


@router.post("/plans/{plan}/corrections", status_code=CREATED, openapi_extra=schema_of(Claim))
def ask(
    plan: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[CorrectionAnswer]:
    """Say that an element is wrong: the authority that wrote it finds that on its list."""
    wanted: Claim = read(Claim, body)
    asked = correct.ask(
        plan, wanted.element, wanted.claim, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(asked), CREATED)


@router.get("/plans/{plan}/corrections")
def of_plan(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[CorrectionsAnswer]:
    """Read what was called wrong, where that stands, and which recipients have confirmed the corrected version."""
    found = correct.of_plan(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "corrections": [_answer(one) for one in found]})


@router.get("/corrections")
def for_authority(hub: TheHub, caller: AWriter, correlation_id: CorrelationId) -> Json[CorrectionTasksAnswer]:
    """List what of the caller's authority is called wrong: send the case anew, or say why it stays."""
    found = correct.for_authority(caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"corrections": [_answer(one) for one in found]})


@router.post("/corrections/{id}/refuse", openapi_extra=schema_of(Why))
def refuse(
    id: UUID, body: TheBody, hub: TheHub, caller: AWriter, correlation_id: CorrelationId
) -> Json[CorrectionAnswer]:
    """Say that an element stays as it is, and why; it stands beside the citizen's words."""
    wanted: Why = read(Why, body)
    refused = correct.refuse(
        id, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(refused))


def _answer(shown: ShownCorrection) -> CorrectionAnswer:
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
