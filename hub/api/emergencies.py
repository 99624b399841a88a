"""Emergency access to a plan: opened with a reason, judged by a second person, shown to the citizen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AnOperator, AStaffMember, AStaffMemberOrCitizen, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import Strict, Words, read, schema_of
from hub.api.problems import CREATED
from hub.clock import now
from hub.flow.emergency import ShownEmergency, break_glass, review, show_emergencies
from hub.identity.tokens import Caller
from hub.plan.person import Role
from hub.store.emergencies import EmergencyAccess, Outcome, Review

router = APIRouter(tags=["emergencies"])
_LONGEST_MINUTES = 60  # what any policy lets it last


class OpenEmergency(Strict):
    """Why, in words that the citizen will read, and for how long."""

    reason: Words = Field(repr=False)
    minutes: Annotated[int, Field(strict=True, ge=1, le=_LONGEST_MINUTES)]


class EmergencyStandingAnswer(TypedDict):
    """How emergency access stands: from when to when it opens the plan, and what a second person made of it."""

    role: Role
    opened_at: datetime
    until: datetime
    is_open: bool
    review: Review
    approve_by: datetime
    reviewed_at: datetime | None
    informed_at: datetime | None


class OpenedByAnswer(TypedDict, total=False):
    """Who opened it; the citizen is told of the organisation alone."""

    client: str


class EmergencyAnswer(EmergencyStandingAnswer, OpenedByAnswer):
    """Emergency access, from when to when, why, and what was shown by it; null for a reader who may not know.

    Without ``client`` to the citizen, who is told of the organisation alone.
    """

    emergency: UUID
    plan: UUID
    organisation: str
    reason: str | None
    categories: list[str] | None


class EmergenciesAnswer(TypedDict):
    """All emergency access to a plan, the oldest first."""

    plan: UUID
    emergencies: list[EmergencyAnswer]


class OperatorsEmergencyAnswer(EmergencyStandingAnswer):
    """Emergency access from when to when, as operators may know of it; red: nobody has reviewed it in time."""

    emergency: UUID
    client: str
    organisation: str
    is_red: bool


class OperatorsEmergenciesAnswer(TypedDict):
    """The latest emergency access, what nobody has reviewed first; 500 at most."""

    emergencies: list[OperatorsEmergencyAnswer]


@router.post("/plans/{plan}/emergency", status_code=CREATED, openapi_extra=schema_of(OpenEmergency))
def open_emergency(
    plan: UUID, body: TheBody, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Json[EmergencyAnswer]:
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
def approve(id: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Json[EmergencyAnswer]:
    """Approve somebody else's emergency access."""
    return _reviewed(id, Outcome.APPROVED, hub, caller, correlation_id)


@router.post("/emergencies/{id}/reject")
def reject(id: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Json[EmergencyAnswer]:
    """Reject somebody else's emergency access: it ends at once."""
    return _reviewed(id, Outcome.REJECTED, hub, caller, correlation_id)


@router.get("/plans/{plan}/emergencies")
def emergencies_of(
    plan: UUID, hub: TheHub, caller: AStaffMemberOrCitizen, correlation_id: CorrelationId
) -> Json[EmergenciesAnswer]:
    """Read who has opened emergency access to a plan, when, why, and what they were shown by it."""
    found = show_emergencies(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "emergencies": [_answer(one) for one in found]})


@router.get("/ops/emergencies", tags=["operations"])
def emergencies(hub: TheHub, operator: AnOperator) -> Json[OperatorsEmergenciesAnswer]:
    """Say of all emergency access how it stands, what nobody has reviewed first; no plan, no reason, no content."""
    with hub.store.begin(read_only=True) as unit:
        found = unit.emergencies.latest()
    return json_response({"emergencies": emergencies_for_operators(found, now())})


def emergencies_for_operators(found: Sequence[EmergencyAccess], at: datetime) -> list[OperatorsEmergencyAnswer]:
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


def _reviewed(id: UUID, outcome: Outcome, hub: Hub, caller: Caller, correlation_id: str) -> Json[EmergencyAnswer]:
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


def _answer(shown: ShownEmergency) -> EmergencyAnswer:
    access = shown.access
    by: OpenedByAnswer = {} if shown.client is None else {"client": shown.client}
    return {
        "emergency": access.id,
        "plan": access.plan,
        "organisation": access.organisation,
        **by,
        "reason": shown.reason,
        **_standing(access, shown.at),
        "categories": None if shown.categories is None else list(shown.categories),
    }


def _standing(access: EmergencyAccess, at: datetime) -> EmergencyStandingAnswer:
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
