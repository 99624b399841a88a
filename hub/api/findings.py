"""What is worth a coordinator's look in a plan, and the coordinator's word on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from hub.api.answers import json_response, sentence_answer, when
from hub.api.asking import AChooser, ACoordinator, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import Why, read, schema_of
from hub.api.problems import CREATED
from hub.consent.explain_findings import finding as sentence_of
from hub.consent.explain_findings import rule_of
from hub.flow.findings import ShownFinding, accept_finding, reopen_finding, show_findings
from hub.plan.findings import KINDS
from hub.plan.person import Role
from hub.plan.severity import severity_of

router = APIRouter(tags=["plans"])


@router.get("/plans/{plan}/findings")
def read_findings(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Read what is worth a look in what the caller sees, by which rule, and what of it is accepted."""
    found = show_findings(
        plan, caller.reader, hub.store, _travel(hub), actor=caller.client, correlation_id=correlation_id
    )
    told = [_answer(one, _travel(hub), caller.reader.role) for one in found.findings]
    return json_response({"plan": plan, "findings": told, "as_of": when(found.shown.at)})


@router.post("/plans/{plan}/findings/{finding}/accept", status_code=CREATED, openapi_extra=schema_of(Why))
def accept(
    plan: UUID, finding: UUID, body: TheBody, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Say that a finding is all right as it stands, and why; once what it is about moves, it is another finding."""
    wanted: Why = read(Why, body)
    accepted = accept_finding(
        plan, finding, wanted.reason, caller.reader, hub.store, _travel(hub), actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(accepted, _travel(hub), caller.reader.role), CREATED)


@router.post("/plans/{plan}/findings/{finding}/reopen")
def reopen(plan: UUID, finding: UUID, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId) -> Response:
    """Take back that a finding is accepted."""
    opened = reopen_finding(
        plan, finding, caller.reader, hub.store, _travel(hub), actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(opened, _travel(hub), caller.reader.role))


def _travel(hub: Hub) -> timedelta:
    return timedelta(minutes=hub.settings.travel_minutes)


def _answer(one: ShownFinding, travel: timedelta, role: Role) -> dict[str, Any]:
    return {
        "finding": one.id,
        "kind": KINDS[type(one.finding)],
        "severity": severity_of(one.finding),
        "elements": list(one.finding.elements),
        "authorities": list(one.authorities),
        **sentence_answer(sentence_of(one.finding)),
        "rule": sentence_answer(rule_of(one.finding, travel)),
        "accepted": _accepted(one, role),
    }


def _accepted(one: ShownFinding, role: Role) -> dict[str, Any] | None:
    """Return the word on a finding: a citizen is told that it was said and when, and no member of staff."""
    word = one.accepted
    if word is None:
        return None
    told: dict[str, Any] = {"at": when(word.accepted_at), "organisation": word.organisation}
    return told if role is not Role.COORDINATOR else {**told, "by": word.accepted_by, "reason": word.reason}
