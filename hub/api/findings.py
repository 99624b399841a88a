"""What is worth a coordinator's look in a plan, and the coordinator's word on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NotRequired
from uuid import UUID

from fastapi import APIRouter
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, sentence_answer, when
from hub.api.asking import AChooser, ACoordinator, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import Why, read, schema_of
from hub.api.problems import CREATED
from hub.api.shapes import FindingAnswer, SentenceAnswer
from hub.consent.explain_findings import finding as sentence_of
from hub.consent.explain_findings import rule_of
from hub.flow.findings import ShownFinding, accept_finding, reopen_finding, show_findings
from hub.plan.findings import KINDS
from hub.plan.person import Role
from hub.plan.severity import Severity, severity_of

router = APIRouter(tags=["plans"])


class AcceptedAnswer(TypedDict):
    """The word on a finding; by which client and why, only a coordinator is told."""

    at: datetime
    organisation: str
    by: NotRequired[str]
    reason: NotRequired[str]


class WeighedFindingAnswer(FindingAnswer):
    """A finding by its identity, how pressing it is, by which rule, and the word on it; null while it is open."""

    finding: UUID
    severity: Severity
    authorities: list[str]
    rule: SentenceAnswer
    accepted: AcceptedAnswer | None


class FindingsAnswer(TypedDict):
    """What is worth a look in what the caller sees of a plan."""

    plan: UUID
    findings: list[WeighedFindingAnswer]
    as_of: datetime


@router.get("/plans/{plan}/findings")
def read_findings(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[FindingsAnswer]:
    """Read what is worth a look in what the caller sees, by which rule, and what of it is accepted."""
    found = show_findings(
        plan, caller.reader, hub.store, _travel(hub), actor=caller.client, correlation_id=correlation_id
    )
    told = [_answer(one, _travel(hub), caller.reader.role) for one in found.findings]
    return json_response({"plan": plan, "findings": told, "as_of": when(found.shown.at)})


@router.post("/plans/{plan}/findings/{finding}/accept", status_code=CREATED, openapi_extra=schema_of(Why))
def accept(
    plan: UUID, finding: UUID, body: TheBody, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[WeighedFindingAnswer]:
    """Say that a finding is all right as it stands, and why; once what it is about moves, it is another finding."""
    wanted: Why = read(Why, body)
    accepted = accept_finding(
        plan, finding, wanted.reason, caller.reader, hub.store, _travel(hub), actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(accepted, _travel(hub), caller.reader.role), CREATED)


@router.post("/plans/{plan}/findings/{finding}/reopen")
def reopen(
    plan: UUID, finding: UUID, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[WeighedFindingAnswer]:
    """Take back that a finding is accepted."""
    opened = reopen_finding(
        plan, finding, caller.reader, hub.store, _travel(hub), actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(opened, _travel(hub), caller.reader.role))


def _travel(hub: Hub) -> timedelta:
    return timedelta(minutes=hub.settings.travel_minutes)


def _answer(one: ShownFinding, travel: timedelta, role: Role) -> WeighedFindingAnswer:
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


def _accepted(one: ShownFinding, role: Role) -> AcceptedAnswer | None:
    """Return the word on a finding: a citizen is told that it was said and when, and no member of staff."""
    word = one.accepted
    if word is None:
        return None
    told: AcceptedAnswer = {"at": when(word.accepted_at), "organisation": word.organisation}
    return told if role is not Role.COORDINATOR else {**told, "by": word.accepted_by, "reason": word.reason}
