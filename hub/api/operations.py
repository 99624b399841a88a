"""What an operator sees and may do: numbers, times and causes; no plan, no person, no content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api.answers import json_response
from hub.api.asking import ANYONE, AnOperator, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import Directions, Hold, NumberLink, read, schema_of
from hub.api.problems import TAKEN
from hub.clock import now
from hub.errors import Unavailable
from hub.flow.housekeeping import rounds
from hub.flow.link import link_numbers
from hub.flow.lookups import stopped
from hub.flow.readiness import readiness
from hub.flow.replay import replay
from hub.flow.standing import Asked, called, hold, probe, release, standings
from hub.identity.tokens import Caller
from hub.plan.identifier import cpr_identifier
from hub.store.circuits import Direction

router = APIRouter(tags=["operations"])
_GONE_SECONDS = 30.0  # until it has ended, or another has taken its place
_JOB = (
    "id", "kind", "authority", "due_at", "attempts", "last_attempt_at", "last_success_at", "last_result",
    "correlation_id",
)  # fmt: skip
_DELIVERIES = ("recipient", "channel", "due", "under_way", "dead_letters", "oldest_due_at")
_BREAKER = ("failures", "open_until", "since", "reason", "last_attempt_at", "last_success_at")
_DEED = ("row", "at", "actor", "action", "correlation_id")
_TOLD = (
    "recipient", "delivery", "sequence", "receipt", "code", "cause", "authority", "direction", "reason", "emergency",
    "is_red", "cleared", "rows",
)  # fmt: skip
_COUNTED = {"shown": "elements", "withdrawn": "withdrawn"}
_ROWS, _LAST_ROW = 200, 2**63 - 1


@router.get("/ops/queues")
def queues(hub: TheHub, operator: AnOperator) -> Response:
    """Say what is due to whom, which recipients are paused, and how jobs and notices stand."""
    with hub.store.begin(read_only=True) as unit:
        return json_response(
            {
                "deliveries": _only(unit.outbox.counts(now()), _DELIVERIES),
                "breakers": [
                    {"recipient": one.authority, **{column: getattr(one, column) for column in _BREAKER}}
                    for one in unit.breakers.all()
                    if one.direction is Direction.RECIPIENT
                ],
                "jobs": _only(unit.jobs.all(), _JOB),
                "notices": unit.notices.counts(),
            }
        )


@router.get("/ops/authorities")
def authorities(hub: TheHub, operator: AnOperator) -> Response:
    """Say how each authority stands: its breaker, its calls, what waits, and when data last got through."""
    return json_response({"authorities": standings(hub.authorities, hub.store, hub.settings)})


@router.post("/ops/authorities/{authority}/hold", status_code=TAKEN, openapi_extra=schema_of(Hold))
def hold_authority(
    authority: str, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Response:
    """Let no call to an authority through until it is released; nothing is lost, and withdrawals wait too."""
    wanted: Hold = read(Hold, body)
    hold(_asked(authority, wanted, hub, operator, correlation_id), wanted.reason, hub.store)
    return _stands(authority, hub, correlation_id)


@router.post("/ops/authorities/{authority}/release", status_code=TAKEN, openapi_extra=schema_of(Directions))
def release_authority(
    authority: str, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Response:
    """Let calls to an authority through again."""
    release(_asked(authority, read(Directions, body), hub, operator, correlation_id), hub.store, hub.settings)
    return _stands(authority, hub, correlation_id)


@router.post("/ops/authorities/{authority}/probe", status_code=TAKEN, openapi_extra=schema_of(Directions))
def probe_authority(
    authority: str, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Response:
    """End a pause now: the next call goes through as a probe."""
    asked = _asked(authority, read(Directions, body), hub, operator, correlation_id)
    return _stands(authority, hub, correlation_id, probes=probe(asked, hub.store, hub.settings))


@router.post("/ops/number-links", status_code=TAKEN, openapi_extra=schema_of(NumberLink))
def link_person_numbers(body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Response:
    """Link numbers that an authority says are one person's and the hub refuses to link by that word alone."""
    wanted: NumberLink = read(NumberLink, body)
    numbers = [cpr_identifier(number, wanted.issuer) for number in wanted.numbers]
    link_numbers(numbers, hub.store, actor=operator.client, correlation_id=correlation_id)
    return json_response({"correlation_id": correlation_id}, TAKEN)


@router.post("/ops/dead-letters/{id}/replay", status_code=TAKEN)
def replay_dead_letter(id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Response:
    """Bring a dead letter back once its cause is gone; what leaves is decided anew."""
    replay(id, hub.store, actor=operator.client, correlation_id=correlation_id)
    return json_response({"id": id, "correlation_id": correlation_id}, TAKEN)


@router.get("/ops/activity")
def activity(
    hub: TheHub, operator: AnOperator, after: Annotated[int | None, Query(ge=0, le=_LAST_ROW)] = None
) -> Response:
    """Say what the hub has done: the latest, or with ``after`` what came after a row; oldest first."""
    with hub.store.begin(read_only=True) as unit:
        found = unit.audit.recent(after, _ROWS)
    return json_response({"activity": [_deed(row) for row in found]})


@router.get("/ops/subscriptions")
def subscriptions(hub: TheHub, operator: AnOperator) -> Response:
    """Say how each FHIR subscription stands: how far it was told, and what its address answered last."""
    with hub.store.begin(read_only=True) as unit:
        return json_response({"subscriptions": unit.subscriptions.standings()})


@router.get("/ops/unknown-codes")
def unknown_codes(hub: TheHub, operator: AnOperator) -> Response:
    """Name the codes that authorities send and no code table has, the latest seen first."""
    with hub.store.begin(read_only=True) as unit:
        return json_response({"unknown_codes": unit.unknown_codes.all()})


@router.get("/ops/lookups")
def lookups(hub: TheHub, operator: AnOperator) -> Response:
    """Name the clients that were stopped because they looked up too many people; nothing of whom."""
    return json_response({"most": hub.settings.lookups_per_minute, "stopped": stopped(hub.store)})


@router.get("/ops/housekeeping")
def housekeeping(hub: TheHub, operator: AnOperator) -> Response:
    """Say of each kind of thing that is cleared how long it is kept, when it was cleared last, and how much it was."""
    return json_response({"housekeeping": rounds(hub.store, hub.settings)})


@router.get("/healthz", dependencies=[ANYONE])
def healthz() -> Response:
    """Say that the process answers."""
    return json_response({"status": "ok"})


@router.get("/readyz", dependencies=[ANYONE])
def readyz(hub: TheHub, request: Request) -> Response:
    """Say whether the hub can do its work: with the database it can; without the broker it takes in and waits."""
    if request.app.state.is_going:
        raise Unavailable("This process is about to end.", "Send to another one.", retry_after=_GONE_SECONDS)
    return json_response(readiness(hub.store, hub.broker_answers, hub.health))


def _asked(authority: str, wanted: Directions, hub: Hub, operator: Caller, correlation_id: str) -> Asked:
    configured = called(hub.authorities, hub.settings)
    return Asked(authority, wanted.named, configured, operator.client, correlation_id)


def _stands(authority: str, hub: Hub, correlation_id: str, **besides: bool) -> Response:
    rows = standings(hub.authorities, hub.store, hub.settings)
    own = [row for row in rows if row["authority"] == authority]
    return json_response({"authorities": own, "correlation_id": correlation_id, **besides}, TAKEN)


def _deed(row: dict[str, Any]) -> dict[str, Any]:
    """Return what an operator may know of an audit row: of plans and what is in them, how many alone."""
    details = row["details"]
    counts = {ours: len(details[theirs]) for ours, theirs in _COUNTED.items() if theirs in details}
    told = {name: details[name] for name in _TOLD if name in details}
    return {column: row[column] for column in _DEED} | told | counts


def _only(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[dict[str, Any]]:
    return [{column: row[column] for column in columns} for row in rows]
