"""Emergency access to a plan: opened with a reason, judged by a second person, shown to the citizen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from hub.api.answers import json_response, when
from hub.api.asking import AnOperator, AStaffMember, AStaffMemberOrCitizen, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import Strict, Words, read, schema_of
from hub.api.problems import CREATED
from hub.clock import now
from hub.flow.emergency import ShownEmergency, break_glass, review, show_emergencies
from hub.identity.tokens import Caller
from hub.store.emergencies import EmergencyAccess, Outcome, Review

router = APIRouter(tags=["emergencies"])
_LONGEST_MINUTES = 60  # what any policy lets it last


class OpenEmergency(Strict):
    """Why, in words that the citizen will read, and for how long."""

    reason: Words = Field(repr=False)
    minutes: Annotated[int, Field(strict=True, ge=1, le=_LONGEST_MINUTES)]


@router.post("/plans/{plan}/emergency", status_code=CREATED, openapi_extra=schema_of(OpenEmergency))
def open_emergency(
    plan: UUID, body: TheBody, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Response:
    """Open emergency access to one plan, for the caller alone, from now on; a second person judges it."""
    wanted: OpenEmergency = read(OpenEmergency, body)
    opened = break_glass(
        plan,
        wanted.reason,
        wanted.minutes,
        caller.reader,
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
    )
    return json_response(_answer(opened), CREATED)


@router.post("/emergencies/{id}/approve")
def approve(id: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Response:
    """Approve somebody else's emergency access."""
    return _reviewed(id, Outcome.APPROVED, hub, caller, correlation_id)


@router.post("/emergencies/{id}/reject")
def reject(id: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Response:
    """Reject somebody else's emergency access: it ends at once."""
    return _reviewed(id, Outcome.REJECTED, hub, caller, correlation_id)


@router.get("/plans/{plan}/emergencies")
def emergencies_of(plan: UUID, hub: TheHub, caller: AStaffMemberOrCitizen, correlation_id: CorrelationId) -> Response:
    """Read who has opened emergency access to a plan, when, why, and what they were shown by it."""
    found = show_emergencies(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "emergencies": [_answer(one) for one in found]})


@router.get("/ops/emergencies", tags=["operations"])
def emergencies(hub: TheHub, operator: AnOperator) -> Response:
    """Say of all emergency access how it stands, what nobody has reviewed first; no plan, no reason, no content."""
    with hub.store.begin(read_only=True) as unit:
        found = unit.emergencies.latest()
    return json_response({"emergencies": emergencies_for_operators(found, now())})


def emergencies_for_operators(found: Sequence[EmergencyAccess], at: datetime) -> list[dict[str, Any]]:
    """Return what operators may know of emergency access."""
    return [
        {
            "emergency": access.id,
            "client": access.client,
            "organisation": access.organisation,
            **_standing(access, at),
            "is_red": access.review(at) is Review.OVERDUE,
        }
        for access in found
    ]


def _reviewed(id: UUID, outcome: Outcome, hub: Hub, caller: Caller, correlation_id: str) -> Response:
    found = review(
        id,
        outcome,
        caller.reader,
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
        own=hub.access.are_one_person,
    )
    return json_response(_answer(found))


def _answer(shown: ShownEmergency) -> dict[str, Any]:
    access = shown.access
    by = {} if shown.client is None else {"client": shown.client}
    return {
        "emergency": access.id,
        "plan": access.plan,
        "organisation": access.organisation,
        **by,
        "reason": shown.reason,
        **_standing(access, shown.at),
        "categories": None if shown.categories is None else list(shown.categories),
    }


def _standing(access: EmergencyAccess, at: datetime) -> dict[str, Any]:
    return {
        "role": access.role,
        "opened_at": when(access.opened_at),
        "until": when(access.ended_at),
        "is_open": access.is_open(at),
        "review": access.review(at),
        "approve_by": when(access.approve_by),
        "reviewed_at": when(access.reviewed_at),
        # No letter is sent yet; the citizen reads of it where this is read.
        "informed_at": when(access.informed_at),
    }
