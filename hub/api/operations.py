"""What an operator sees and may do: numbers, times and causes; no plan, no person, no content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request

from hub.api.answers import Json, json_response
from hub.api.asking import ANYONE, AnOperator, CorrelationId, Hub, TheBody, TheHub
from hub.api.models import Directions, Hold, NumberLink, read, schema_of
from hub.api.notices import counts_of
from hub.api.operations_shapes import (
    ActivityAnswer,
    AuthoritiesAnswer,
    AuthorityAskedAnswer,
    BreakerAnswer,
    BroughtBackAnswer,
    CorrelatedAnswer,
    DeedAnswer,
    HealthAnswer,
    HousekeepingAnswer,
    JobAnswer,
    LookupsAnswer,
    QueuesAnswer,
    RecipientQueueAnswer,
    SubscriptionStandingAnswer,
    SubscriptionStandingsAnswer,
    UnknownCodeAnswer,
    UnknownCodesAnswer,
)
from hub.api.problems import TAKEN
from hub.clock import now
from hub.errors import Unavailable
from hub.flow.housekeeping import rounds
from hub.flow.link import link_numbers
from hub.flow.lookups import stopped
from hub.flow.readiness import Readiness, readiness
from hub.flow.replay import replay
from hub.flow.standing import Asked, called, hold, probe, release, standings
from hub.identity.tokens import Caller
from hub.plan.identifier import cpr_identifier
from hub.store.circuits import Circuit, Direction

router = APIRouter(tags=["operations"])
_GONE_SECONDS = 30.0  # until it has ended, or another has taken its place
_Told = Literal[
    "recipient", "delivery", "sequence", "receipt", "code", "cause", "authority", "direction", "reason", "emergency",
    "is_red", "cleared", "rows",
]  # fmt: skip
#: Of all that an audit row says of a deed, in this order.
_TOLD: tuple[_Told, ...] = get_args(_Told)
_ROWS, _LAST_ROW = 200, 2**63 - 1


@router.get("/ops/queues")
def queues(hub: TheHub, operator: AnOperator) -> Json[QueuesAnswer]:
    """Say what is due to whom, which recipients are paused, and how jobs and notices stand."""
    with hub.store.begin(read_only=True) as unit:
        return json_response(
            {
                "deliveries": [_queue(row) for row in unit.outbox.counts(now())],
                "breakers": [_breaker(one) for one in unit.breakers.all() if one.direction is Direction.RECIPIENT],
                "jobs": [_job(row) for row in unit.jobs.all()],
                "notices": counts_of(unit.notices),
            }
        )


@router.get("/ops/authorities")
def authorities(hub: TheHub, operator: AnOperator) -> Json[AuthoritiesAnswer]:
    """Say how each authority stands: its breaker, its calls, what waits, and when data last got through."""
    return json_response({"authorities": standings(hub.authorities, hub.store, hub.settings)})


@router.post("/ops/authorities/{authority}/hold", status_code=TAKEN, openapi_extra=schema_of(Hold))
def hold_authority(
    authority: str, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[AuthorityAskedAnswer]:
    """Let no call to an authority through until it is released; nothing is lost, and withdrawals wait too."""
    wanted: Hold = read(Hold, body)
    hold(_asked(authority, wanted, hub, operator, correlation_id), wanted.reason, hub.store)
    return _stands(authority, hub, correlation_id)


@router.post("/ops/authorities/{authority}/release", status_code=TAKEN, openapi_extra=schema_of(Directions))
def release_authority(
    authority: str, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[AuthorityAskedAnswer]:
    """Let calls to an authority through again."""
    release(_asked(authority, read(Directions, body), hub, operator, correlation_id), hub.store, hub.settings)
    return _stands(authority, hub, correlation_id)


@router.post("/ops/authorities/{authority}/probe", status_code=TAKEN, openapi_extra=schema_of(Directions))
def probe_authority(
    authority: str, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[AuthorityAskedAnswer]:
    """End a pause now: the next call goes through as a probe."""
    asked = _asked(authority, read(Directions, body), hub, operator, correlation_id)
    return _stands(authority, hub, correlation_id, probes=probe(asked, hub.store, hub.settings))


@router.post("/ops/number-links", status_code=TAKEN, openapi_extra=schema_of(NumberLink))
def link_person_numbers(
    body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[CorrelatedAnswer]:
    """Link numbers that an authority says are one person's and the hub refuses to link by that word alone."""
    wanted: NumberLink = read(NumberLink, body)
    numbers = [cpr_identifier(number, wanted.issuer) for number in wanted.numbers]
    link_numbers(numbers, hub.store, actor=operator.client, correlation_id=correlation_id)
    return json_response({"correlation_id": correlation_id}, TAKEN)


@router.post("/ops/dead-letters/{id}/replay", status_code=TAKEN)
def replay_dead_letter(
    id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[BroughtBackAnswer]:
    """Bring a dead letter back once its cause is gone; what leaves is decided anew."""
    replay(id, hub.store, actor=operator.client, correlation_id=correlation_id)
    return json_response({"id": id, "correlation_id": correlation_id}, TAKEN)


@router.get("/ops/activity")
def activity(
    hub: TheHub, operator: AnOperator, after: Annotated[int | None, Query(ge=0, le=_LAST_ROW)] = None
) -> Json[ActivityAnswer]:
    """Say what the hub has done: the latest, or with ``after`` what came after a row; oldest first."""
    with hub.store.begin(read_only=True) as unit:
        found = unit.audit.recent(after, _ROWS)
    return json_response({"activity": [_deed(row) for row in found]})


@router.get("/ops/subscriptions")
def subscriptions(hub: TheHub, operator: AnOperator) -> Json[SubscriptionStandingsAnswer]:
    """Say how each FHIR subscription stands: how far it was told, and what its address answered last."""
    with hub.store.begin(read_only=True) as unit:
        return json_response({"subscriptions": [_subscription(row) for row in unit.subscriptions.standings()]})


@router.get("/ops/unknown-codes")
def unknown_codes(hub: TheHub, operator: AnOperator) -> Json[UnknownCodesAnswer]:
    """Name the codes that authorities send and no code table has, the latest seen first."""
    with hub.store.begin(read_only=True) as unit:
        return json_response({"unknown_codes": [_unknown_code(row) for row in unit.unknown_codes.all()]})


@router.get("/ops/lookups")
def lookups(hub: TheHub, operator: AnOperator) -> Json[LookupsAnswer]:
    """Name the clients that were stopped because they looked up too many people; nothing of whom."""
    return json_response({"most": hub.settings.lookups_per_minute, "stopped": stopped(hub.store)})


@router.get("/ops/housekeeping")
def housekeeping(hub: TheHub, operator: AnOperator) -> Json[HousekeepingAnswer]:
    """Say of each kind of thing that is cleared how long it is kept, when it was cleared last, and how much it was."""
    return json_response({"housekeeping": rounds(hub.store, hub.settings)})


@router.get("/healthz", dependencies=[ANYONE])
def healthz() -> Json[HealthAnswer]:
    """Say that the process answers."""
    return json_response({"status": "ok"})


@router.get("/readyz", dependencies=[ANYONE])
def readyz(hub: TheHub, request: Request) -> Json[Readiness]:
    """Say whether the hub can do its work: with the database it can; without the broker it takes in and waits."""
    if request.app.state.is_going:
        raise Unavailable("This process is about to end.", "Send to another one.", retry_after=_GONE_SECONDS)
    return json_response(readiness(hub.store, hub.broker_answers, hub.health))


def _asked(authority: str, wanted: Directions, hub: Hub, operator: Caller, correlation_id: str) -> Asked:
    configured = called(hub.authorities, hub.settings)
    return Asked(authority, wanted.named, configured, operator.client, correlation_id)


def _stands(authority: str, hub: Hub, correlation_id: str, *, probes: bool | None = None) -> Json[AuthorityAskedAnswer]:
    rows = standings(hub.authorities, hub.store, hub.settings)
    own = [row for row in rows if row["authority"] == authority]
    answer: AuthorityAskedAnswer = {"authorities": own, "correlation_id": correlation_id}
    if probes is not None:
        answer["probes"] = probes
    return json_response(answer, TAKEN)


def _deed(row: Mapping[str, Any]) -> DeedAnswer:
    """Return what an operator may know of an audit row: of plans and what is in them, how many alone."""
    details = row["details"]
    deed: DeedAnswer = {
        "row": row["row"],
        "at": row["at"],
        "actor": row["actor"],
        "action": row["action"],
        "correlation_id": row["correlation_id"],
    }
    for name in _TOLD:
        if name in details:
            deed[name] = details[name]
    if isinstance(by_table := details.get("rows"), Mapping):  # of an erasure
        deed["rows"] = sum(by_table.values())
    if "elements" in details:
        deed["shown"] = len(details["elements"])
    if "withdrawn" in details:
        deed["withdrawn"] = len(details["withdrawn"])
    return deed


def _queue(row: Mapping[str, Any]) -> RecipientQueueAnswer:
    return {
        "recipient": row["recipient"],
        "channel": row["channel"],
        "due": row["due"],
        "under_way": row["under_way"],
        "dead_letters": row["dead_letters"],
        "oldest_due_at": row["oldest_due_at"],
    }


def _breaker(circuit: Circuit) -> BreakerAnswer:
    return {
        "recipient": circuit.authority,
        "failures": circuit.failures,
        "open_until": circuit.open_until,
        "since": circuit.since,
        "reason": circuit.reason,
        "last_attempt_at": circuit.last_attempt_at,
        "last_success_at": circuit.last_success_at,
    }


def _job(row: Mapping[str, Any]) -> JobAnswer:
    """Return a job without its reference, which names a case."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "authority": row["authority"],
        "due_at": row["due_at"],
        "attempts": row["attempts"],
        "last_attempt_at": row["last_attempt_at"],
        "last_success_at": row["last_success_at"],
        "last_result": row["last_result"],
        "correlation_id": row["correlation_id"],
    }


def _subscription(row: Mapping[str, Any]) -> SubscriptionStandingAnswer:
    return {
        "id": row["id"],
        "client": row["client"],
        "recipient": row["recipient"],
        "topic": row["topic"],
        "status": row["status"],
        "trouble": row["trouble"],
        "last_event": row["last_event"],
        "told": row["told"],
        "failures": row["failures"],
        "not_before": row["not_before"],
        "last_attempt_at": row["last_attempt_at"],
        "last_success_at": row["last_success_at"],
        "last_result": row["last_result"],
    }


def _unknown_code(row: Mapping[str, Any]) -> UnknownCodeAnswer:
    return {
        "authority": row["authority"],
        "system": row["system"],
        "code": row["code"],
        "times": row["times"],
        "first_seen_at": row["first_seen_at"],
        "last_seen_at": row["last_seen_at"],
    }
