"""Holding back what a family sees of a plan, for those who work with it; the family is told nothing here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AStaffMember, CorrelationId, TheBody, TheHub
from hub.api.models import Why, read, schema_of
from hub.api.problems import CREATED
from hub.flow import hold
from hub.store.holds import PlanHold

router = APIRouter(tags=["holds"])


class HoldAnswer(TypedDict):
    """A plan that is or was held back from its family, by which client's word, and why; in force until it is lifted."""

    hold: UUID
    plan: UUID
    organisation: str
    held_by: str
    held_at: datetime
    reason: str
    lifted_by: str | None
    lifted_at: datetime | None
    lift_reason: str


class HoldsAnswer(TypedDict):
    """When a plan was held back from its family, oldest first."""

    plan: UUID
    holds: list[HoldAnswer]


@router.post("/plans/{plan}/hold", status_code=CREATED, openapi_extra=schema_of(Why))
def hold_plan(
    plan: UUID, body: TheBody, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Json[HoldAnswer]:
    """Hold a plan back from the family and partners, because a conflict about honour is feared."""
    wanted: Why = read(Why, body)
    held = hold.hold_back(
        plan, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(held), CREATED)


@router.post("/plans/{plan}/hold/lift", openapi_extra=schema_of(Why))
def lift_hold(
    plan: UUID, body: TheBody, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Json[HoldAnswer]:
    """Let go of a plan that was held back."""
    wanted: Why = read(Why, body)
    lifted = hold.lift(
        plan, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(lifted))


@router.get("/plans/{plan}/holds")
def holds_of(plan: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Json[HoldsAnswer]:
    """Read who has held a plan back, when and why."""
    found = hold.show_holds(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "holds": [_answer(one) for one in found]})


def _answer(held: PlanHold) -> HoldAnswer:
    return {
        "hold": held.id,
        "plan": held.plan,
        "organisation": held.organisation,
        "held_by": held.held_by,
        "held_at": when(held.held_at),
        "reason": held.reason,
        "lifted_by": held.lifted_by,
        "lifted_at": when(held.lifted_at),
        "lift_reason": held.lift_reason,
    }
