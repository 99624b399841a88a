"""Restricting the processing of a plan or an element, for its citizen and its coordinator (GDPR art. 18)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AChooser, CorrelationId, TheBody, TheHub
from hub.api.models import Strict, Why, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import restrict
from hub.plan.person import Role
from hub.store.restrictions import Restriction

router = APIRouter(tags=["rights"])


class Restricting(Strict):
    """What is to be restricted, and why; without an element the whole plan."""

    reason: Words = Field(repr=False)
    element: UUID | None = None


class RestrictionAnswer(TypedDict):
    """A restriction, in force until it is lifted; without an element it is of the whole plan."""

    restriction: UUID
    plan: UUID
    element: UUID | None
    organisation: str
    role: Role
    set_at: datetime
    reason: str
    announced_at: datetime | None
    lifted_at: datetime | None
    lift_reason: str


class RestrictionsAnswer(TypedDict):
    """What is and was restricted of a plan, oldest first."""

    plan: UUID
    restrictions: list[RestrictionAnswer]


@router.post("/plans/{plan}/restrictions", status_code=CREATED, openapi_extra=schema_of(Restricting))
def restrict_plan(
    plan: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[RestrictionAnswer]:
    """Restrict a plan, or one element of it: kept, and used for nothing but what a duty or an emergency demands."""
    wanted: Restricting = read(Restricting, body)
    made = restrict.restrict(
        plan, wanted.element, wanted.reason, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(restriction_answer(made), CREATED)


@router.get("/plans/{plan}/restrictions")
def restrictions_of(
    plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[RestrictionsAnswer]:
    """Read what is and was restricted, by whose word, when and why."""
    found = restrict.show_restrictions(
        plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response({"plan": plan, "restrictions": [restriction_answer(one) for one in found]})


@router.post("/restrictions/{id}/announce")
def announce(id: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[RestrictionAnswer]:
    """Have the citizen told by letter that a restriction will be lifted."""
    told = restrict.announce(id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(restriction_answer(told))


@router.post("/restrictions/{id}/lift", openapi_extra=schema_of(Why))
def lift(
    id: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[RestrictionAnswer]:
    """Lift a restriction, once the citizen has been told that it will be."""
    wanted: Why = read(Why, body)
    lifted = restrict.lift(
        id, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(restriction_answer(lifted))


def restriction_answer(one: Restriction) -> RestrictionAnswer:
    """Return a restriction: an organisation, and no member of staff."""
    return {
        "restriction": one.id,
        "plan": one.plan,
        "element": one.element,
        "organisation": one.organisation,
        "role": one.role,
        "set_at": when(one.set_at),
        "reason": one.reason,
        "announced_at": when(one.announced_at),
        "lifted_at": when(one.lifted_at),
        "lift_reason": one.lift_reason,
    }
