"""Restricting the processing of a plan or an element, for its citizen and its coordinator (GDPR art. 18)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from hub.api.answers import json_response, when
from hub.api.asking import AChooser, CorrelationId, TheBody, TheHub
from hub.api.models import Strict, Why, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import restrict
from hub.store.restrictions import Restriction

router = APIRouter(tags=["rights"])


class Restricting(Strict):
    """What is to be restricted, and why; without an element the whole plan."""

    reason: Words = Field(repr=False)
    element: UUID | None = None


@router.post("/plans/{plan}/restrictions", status_code=CREATED, openapi_extra=schema_of(Restricting))
def restrict_plan(plan: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Restrict a plan, or one element of it: kept, and used for nothing but what a duty or an emergency demands."""
    wanted: Restricting = read(Restricting, body)
    made = restrict.restrict(
        plan, wanted.element, wanted.reason, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(restriction_answer(made), CREATED)


@router.get("/plans/{plan}/restrictions")
def restrictions_of(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Read what is and was restricted, by whose word, when and why."""
    found = restrict.show_restrictions(
        plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response({"plan": plan, "restrictions": [restriction_answer(one) for one in found]})


@router.post("/restrictions/{id}/announce")
def announce(id: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Have the citizen told by letter that a restriction will be lifted."""
    told = restrict.announce(id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(restriction_answer(told))


@router.post("/restrictions/{id}/lift", openapi_extra=schema_of(Why))
def lift(id: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Lift a restriction, once the citizen has been told that it will be."""
    wanted: Why = read(Why, body)
    lifted = restrict.lift(
        id, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(restriction_answer(lifted))


def restriction_answer(one: Restriction) -> dict[str, Any]:
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
