"""Other times that a coordinator proposes for appointments, and what their authorities answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, period_answer, when
from hub.api.asking import AChooser, ACoordinator, AWriter, CorrelationId, TheBody, TheHub
from hub.api.models import Instant, Strict, Why, read, schema_of
from hub.api.problems import CREATED
from hub.api.shapes import PeriodAnswer
from hub.flow import propose
from hub.flow.proposed import ShownProposal, State

router = APIRouter(tags=["plans"])


class Wanted(Strict):
    """Which appointment is to begin at another time, and when."""

    element: UUID
    start: Instant


class ProposalAnswer(TypedDict):
    """Another time for an appointment, who has proposed it to whom, and where it stands."""

    proposal: UUID
    plan: UUID
    element: UUID
    authority: str
    organisation: str
    state: State
    stands: PeriodAnswer
    proposed: PeriodAnswer
    proposed_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    answered_at: datetime | None
    answer: str
    cancelled_at: datetime | None


class ProposalsAnswer(TypedDict):
    """The other times that are proposed for appointments of an authority."""

    proposals: list[ProposalAnswer]


class PlanProposalsAnswer(ProposalsAnswer):
    """The other times that were proposed for what the caller sees of a plan."""

    plan: UUID


@router.post("/plans/{plan}/proposals", status_code=CREATED, openapi_extra=schema_of(Wanted))
def propose_time(
    plan: UUID, body: TheBody, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[ProposalAnswer]:
    """Propose another time for an appointment to the authority that has it: it is told over its own wire."""
    wanted: Wanted = read(Wanted, body)
    made = propose.propose(
        plan, wanted.element, wanted.start, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(made), CREATED)


@router.get("/plans/{plan}/proposals")
def of_plan(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[PlanProposalsAnswer]:
    """Read which other times were proposed for what the caller sees, and where each stands."""
    found = propose.of_plan(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "proposals": [_answer(one) for one in found]})


@router.post("/plans/{plan}/proposals/{id}/cancel")
def cancel(
    plan: UUID, id: UUID, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[ProposalAnswer]:
    """Take a proposal back."""
    ended = propose.cancel(plan, id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_answer(ended))


@router.get("/proposals")
def for_authority(hub: TheHub, caller: AWriter, correlation_id: CorrelationId) -> Json[ProposalsAnswer]:
    """List which other times are proposed for appointments of the caller's authority: move each, or say why not."""
    found = propose.for_authority(caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"proposals": [_answer(one) for one in found]})


@router.post("/proposals/{id}/accept")
def accept(id: UUID, hub: TheHub, caller: AWriter, correlation_id: CorrelationId) -> Json[ProposalAnswer]:
    """Say that an appointment will be moved; done it is once the case that has it says so."""
    said = propose.answer(id, None, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_answer(said))


@router.post("/proposals/{id}/reject", openapi_extra=schema_of(Why))
def reject(
    id: UUID, body: TheBody, hub: TheHub, caller: AWriter, correlation_id: CorrelationId
) -> Json[ProposalAnswer]:
    """Say that an appointment stays at its time, and why."""
    wanted: Why = read(Why, body)
    said = propose.answer(
        id, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(said))


def _answer(shown: ShownProposal) -> ProposalAnswer:
    """Return a proposal: organisations, and no member of staff."""
    one = shown.proposal
    return {
        "proposal": one.id,
        "plan": one.plan,
        "element": one.element,
        "authority": one.authority,
        "organisation": one.organisation,
        "state": shown.state,
        "stands": period_answer(one.stands),
        "proposed": period_answer(one.proposed),
        "proposed_at": when(one.proposed_at),
        "sent_at": when(one.left_at),
        "received_at": when(one.received_at),
        "answered_at": when(one.rejected_at or one.accepted_at),
        "answer": one.answer,
        "cancelled_at": when(one.cancelled_at),
    }
