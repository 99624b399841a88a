"""Meetings about one citizen that are counted: opened for a purpose, closed, and shown to the citizen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AStaffMember, AStaffMemberOrCitizen, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import OneName, Strict, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import meeting
from hub.plan.person import Role

router = APIRouter(tags=["meetings"])


class OpenMeeting(Strict):
    """What for, and who meets; a follow-up needs a reason."""

    purpose: OneName
    organisations: Annotated[list[OneName], Field(min_length=1, max_length=100)]
    reason: Words | None = Field(None, repr=False)


class MeetingAnswer(TypedDict):
    """A meeting: its number among those for its purpose, who meets, from when to when; a follow-up has a reason."""

    meeting: UUID
    plan: UUID
    purpose: str
    number: int
    organisations: list[str]
    opened_by: str
    opened_at: datetime
    until: datetime
    is_open: bool
    reason: str


class PlanMeetingsAnswer(TypedDict):
    """The meetings about a plan's citizen of which the caller may know."""

    plan: UUID
    meetings: list[MeetingAnswer]


@router.post("/plans/{plan}/meetings", status_code=CREATED, openapi_extra=schema_of(OpenMeeting))
def open_meeting(
    plan: UUID, body: TheBody, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Json[MeetingAnswer]:
    """Open a meeting about the plan's citizen, from now on; how many there may be, the policy says."""
    given: OpenMeeting = read(OpenMeeting, body)
    opened = meeting.open_meeting(
        meeting.Wanted(plan, given.purpose, given.organisations, given.reason or ""),
        caller.reader,
        _circle(hub),
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
    )
    return json_response(_answer(opened), CREATED)


@router.post("/meetings/{id}/close")
def close_meeting(id: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Json[MeetingAnswer]:
    """End a meeting now; it counts as one all the same."""
    closed = meeting.close_meeting(id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_answer(closed))


@router.get("/plans/{plan}/meetings")
def meetings_of(
    plan: UUID, hub: TheHub, caller: AStaffMemberOrCitizen, correlation_id: CorrelationId
) -> Json[PlanMeetingsAnswer]:
    """Read which meetings there have been about the plan's citizen, of whom, and why there was a follow-up."""
    found = meeting.show_meetings(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "meetings": [_answer(one) for one in found]})


def _circle(hub: Hub) -> Mapping[str, Role]:
    """Return the organisations that there are by the settings, and as what each asks."""
    return {hub.settings.coordinator: Role.COORDINATOR} | {name: one.role for name, one in hub.authorities.items()}


def _answer(shown: meeting.ShownMeeting) -> MeetingAnswer:
    found = shown.meeting
    return {
        "meeting": found.id,
        "plan": found.plan,
        "purpose": found.purpose,
        "number": found.number,
        "organisations": list(found.organisations),
        "opened_by": found.organisation,
        "opened_at": when(found.opened_at),
        "until": when(found.ended_at),
        "is_open": found.is_open(shown.at),
        "reason": shown.reason,
    }
