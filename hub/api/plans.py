"""Plans: found by a posted number, read as far as the reader may see, and explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, plan_answer, tagged, why_answer
from hub.api.asking import AMember, CorrelationId, TheBody, TheHub
from hub.api.choice_answers import recipient_answer
from hub.api.choice_shapes import RecipientAnswer
from hub.api.models import NAME, Search, read, schema_of
from hub.api.problems import UNCHANGED
from hub.api.shapes import ExplainedAnswer, PlanAnswer
from hub.flow import show
from hub.flow.family import show_family
from hub.flow.who_can_see import explain_recipient
from hub.plan.identifier import cpr_identifier

router = APIRouter(tags=["plans"])
Recipient = Annotated[str | None, Query(pattern=NAME)]


class FamilyAnswer(TypedDict):
    """The plans of one household, each as far as the caller may see it."""

    plans: list[PlanAnswer]


class FoundAnswer(TypedDict):
    """The plan of a person who was looked for."""

    plan: UUID


@router.get("/plans/{plan}", response_model=None)
def read_plan(
    plan: UUID, request: Request, hub: TheHub, caller: AMember, correlation_id: CorrelationId
) -> Json[PlanAnswer] | Response:
    """Read a plan as far as the caller may see it; ``If-None-Match`` spares an answer that has not changed."""
    shown = show.show_plan(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    body, tag = tagged(plan_answer(shown, timedelta(minutes=hub.settings.travel_minutes)))
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(status_code=UNCHANGED, headers={"ETag": tag})
    return Json(body, headers={"ETag": tag})


@router.get("/families/{plan}")
def read_family(plan: UUID, hub: TheHub, caller: AMember, correlation_id: CorrelationId) -> Json[FamilyAnswer]:
    """Read the plans of one household side by side, each as far as the caller may see it."""
    shown = show_family(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    travel = timedelta(minutes=hub.settings.travel_minutes)
    return json_response({"plans": [plan_answer(one, travel) for one in shown]})


@router.post("/plans/search", openapi_extra=schema_of(Search))
def search(body: TheBody, hub: TheHub, caller: AMember, correlation_id: CorrelationId) -> Json[FoundAnswer]:
    """Find a person's plan; the number is posted, for an address is written down in many places."""
    wanted: Search = read(Search, body)
    number = cpr_identifier(wanted.cpr, caller.reader.organisation)
    most = hub.settings.lookups_at_most(caller.client)
    found = show.find_plan(
        [number], caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id, most=most
    )
    return json_response({"plan": found})


@router.get("/explain/{plan}/{element}")
def explain(
    plan: UUID,
    element: UUID,
    hub: TheHub,
    caller: AMember,
    correlation_id: CorrelationId,
    recipient: Recipient = None,
) -> Json[ExplainedAnswer] | Json[RecipientAnswer]:
    """Say why the caller sees an element; what is withheld is answered as if it were not there.

    The citizen and the coordinator may ask of an element that they see why a recipient does or does not see it.
    """
    if recipient is not None:
        answers = explain_recipient(
            plan, element, recipient, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
        )
        return json_response(recipient_answer(plan, element, answers))
    seen = show.explain(plan, element, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(why_answer(plan, seen))
