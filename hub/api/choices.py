"""What a citizen chooses with: who can see what of a plan, and what a change of that would do."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from hub.api.answers import Json, json_response
from hub.api.asking import AChooser, ATrier, CorrelationId, TheBody, TheHub
from hub.api.choice_answers import simulated_answer, tried_out_answer, who_can_see_answer
from hub.api.choice_shapes import SimulatedAnswer, TriedOutAnswer, WhoCanSeeAnswer
from hub.api.consent_models import Simulate
from hub.api.consents import to_give
from hub.api.models import read, schema_of
from hub.flow.simulate import simulate_choice
from hub.flow.simulate_policy import simulate_policy
from hub.flow.simulated import ToGive, ToWithdraw
from hub.flow.who_can_see import show_who_can_see

router = APIRouter(tags=["consents"])


@router.get("/plans/{plan}/who-can-see")
def who_can_see(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[WhoCanSeeAnswer]:
    """Tell the citizen and the coordinator who can see what of the plan, and why; whatever is in it."""
    found = show_who_can_see(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(who_can_see_answer(found))


@router.post("/consents/simulate", openapi_extra=schema_of(Simulate))
def simulate(
    body: TheBody, hub: TheHub, caller: ATrier, correlation_id: CorrelationId
) -> Json[SimulatedAnswer] | Json[TriedOutAnswer]:
    """Say what a consent given or withdrawn would do, or another policy, and do nothing.

    Elements are named, and counted, only as far as the caller sees them now; of everything else the answer says which
    categories open and close. A policy is tried out on synthetic citizens alone.
    """
    asked: Simulate = read(Simulate, body)
    if asked.policy is not None:
        tried = simulate_policy(
            asked.policy, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
        )
        return json_response(tried_out_answer(tried))
    wanted: ToGive | ToWithdraw
    if asked.withdraw is not None:
        wanted = ToWithdraw(asked.withdraw)
    elif asked.given is not None:
        wanted = to_give(asked.given, caller.reader.organisation, hub.settings.consent_months)
    else:
        raise AssertionError("it was read as one of three")
    found = simulate_choice(
        wanted, caller.reader, hub.store, hub.authorities, hub.settings, actor=caller.client,
        correlation_id=correlation_id, most=hub.settings.lookups_at_most(caller.client),
    )  # fmt: skip
    return json_response(simulated_answer(found))
