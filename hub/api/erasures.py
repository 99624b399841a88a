"""Erasing a plan: asked for, approved by a second person, and certified; and the legal holds that stop it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from hub.api.answers import Json, json_response, when
from hub.api.asking import AChooser, AStaffMember, CorrelationId, TheBody, TheHub
from hub.api.erasure_shapes import ErasureAnswer, ErasureCertificateAnswer, LegalHoldAnswer, LegalHoldsAnswer
from hub.api.models import Strict, Words, read, schema_of
from hub.api.problems import CREATED
from hub.authority.legal_holds import LegalHold
from hub.flow import erase, legal_hold
from hub.flow.shred import ShownErasure
from hub.store.erasures import LegalHoldRow

router = APIRouter(tags=["rights"])


class Holding(Strict):
    """By which law a plan may not be erased, and why."""

    code: LegalHold
    reason: Words = Field(repr=False)


@router.post("/plans/{plan}/erasure", status_code=CREATED)
def ask(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[ErasureAnswer]:
    """Ask that a plan is erased: nothing is done yet, and the answer says who holds something of it."""
    asked = erase.ask(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_answer(asked), CREATED)


@router.post("/plans/{plan}/erasure/approve")
def approve(plan: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Json[ErasureAnswer]:
    """Approve what somebody else has asked for: every recipient is told to delete, and then the hub does."""
    approved = erase.approve(
        plan,
        caller.reader,
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
        own=hub.access.are_one_person,
    )
    return json_response(_answer(approved))


@router.get("/plans/{plan}/erasure")
def erasure_of(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[ErasureAnswer]:
    """Read how an erasure stands, and whom it waits for; also once the plan is gone."""
    shown = erase.show(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_answer(shown))


@router.get("/plans/{plan}/erasure/certificate")
def certificate(
    plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[ErasureCertificateAnswer]:
    """Get the signed certificate of an erasure: keep the bytes as they come."""
    document = erase.certificate(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return Json(document)


@router.post("/plans/{plan}/legal-holds", status_code=CREATED, openapi_extra=schema_of(Holding))
def hold(
    plan: UUID, body: TheBody, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Json[LegalHoldAnswer]:
    """Say that a law keeps a plan from being erased."""
    wanted: Holding = read(Holding, body)
    made = legal_hold.hold(
        plan, wanted.code, wanted.reason, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_hold_answer(made), CREATED)


@router.get("/plans/{plan}/legal-holds")
def legal_holds_of(
    plan: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId
) -> Json[LegalHoldsAnswer]:
    """Read which laws keep a plan from being erased."""
    found = legal_hold.show_holds(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "legal_holds": [_hold_answer(one) for one in found]})


@router.post("/legal-holds/{id}/lift")
def lift(id: UUID, hub: TheHub, caller: AStaffMember, correlation_id: CorrelationId) -> Json[LegalHoldAnswer]:
    """Say that a legal hold counts no more."""
    lifted = legal_hold.lift_hold(id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_hold_answer(lifted))


def _answer(shown: ShownErasure) -> ErasureAnswer:
    one = shown.erasure
    return {
        "erasure": one.id,
        "plan": one.plan,
        "cause": one.cause,
        "asked_at": when(one.asked_at),
        "approved_at": when(one.approved_at),
        "done_at": when(one.done_at),
        "is_held": shown.is_held,
        "waits_for": list(shown.waits_for),
        "recipients": [
            {
                "recipient": each.name,
                "holds": each.holds,
                "legal_holds": list(each.hold_codes),
            }
            for each in shown.recipients
        ],
    }


def _hold_answer(one: LegalHoldRow) -> LegalHoldAnswer:
    return {
        "legal_hold": one.id,
        "plan": one.plan,
        "code": one.code,
        "organisation": one.organisation,
        "set_at": when(one.set_at),
        "reason": one.reason,
        "lifted_at": when(one.lifted_at),
    }
