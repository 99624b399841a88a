"""Replays of many dead letters: drafted, tried, started, watched and cancelled; ids, codes and counts, no content."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import AnOperator, CorrelationId, TheBody, TheHub
from hub.api.models import Instant, OneName, Strict, read, schema_of
from hub.api.problems import CREATED, OK
from hub.flow.dead_causes import Cause
from hub.flow.replay_forecast import Forecast, Would, forecast
from hub.flow.replays import (
    MOST_CANARIES,
    MOST_PER_MINUTE,
    Asker,
    Choice,
    Manner,
    ShownReplay,
    cancel,
    freeze,
    show,
    show_all,
    start,
)
from hub.store.replay_rows import Outcome, ReplaySelection, State

router = APIRouter(tags=["operations"])
_MOST_IDS = 2_000


class WantedReplay(Strict):
    """Dead letters to bring back: all that fit everything that is given.

    ``dry_run``: only say what would become of them; then no reason is needed.
    """

    ids: list[UUID] = Field(default=[], max_length=_MOST_IDS)
    group: Annotated[str, Field(pattern="^[0-9a-f]{12}$")] | None = None
    cause: Cause | None = None
    recipient: OneName | None = None
    until: Instant | None = None
    reason: str = Field(default="", max_length=500, repr=False)
    canary: int = Field(default=1, ge=1, le=MOST_CANARIES)
    per_minute: int = Field(default=60, ge=1, le=MOST_PER_MINUTE)
    stop_percent: int = Field(default=20, ge=1, le=100)
    dry_run: bool = False

    @property
    def choice(self) -> Choice:
        """Return which. :raises InvalidRequest: nothing is chosen."""
        return Choice(tuple(self.ids), self.group, self.cause, self.recipient, self.until).named()


ReplayCountsAnswer = TypedDict(
    "ReplayCountsAnswer",
    {
        "waiting": int,
        "under-way": int,
        "delivered": int,
        "nothing-to-say": int,
        "consent-withdrawn": int,
        "failed-again": int,
        "no-dead-letter": int,
        "untouched": int,
    },
)
ReplayCountsAnswer.__doc__ = "How many items wait, are under way, and have each outcome."


class ReplayAnswer(TypedDict):
    """A replay of dead letters: what was chosen, how it is brought back, and how many of its items stand how."""

    id: UUID
    state: State
    created_at: datetime
    created_by: str
    reason: str
    selection: ReplaySelection
    cutoff: datetime
    canary: int
    per_minute: int
    stop_percent: int
    started_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_why: str | None
    correlation_id: str
    counts: ReplayCountsAnswer


class ReplaysAnswer(TypedDict):
    """Replays, the newest first."""

    replays: list[ReplayAnswer]


class ReplayItemAnswer(TypedDict):
    """A dead letter that was chosen; without an outcome it waits, or is under way."""

    id: UUID
    recipient: str
    group: str
    type: str
    dead_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    type_again: str | None


class ShownReplayAnswer(ReplayAnswer):
    """A replay with its first 500 items, in the order in which they begin."""

    items: list[ReplayItemAnswer]


WouldAnswer = TypedDict(
    "WouldAnswer", {"would-leave": int, "nothing-to-say": int, "consent-withdrawn": int, "would-die-again": int}
)
WouldAnswer.__doc__ = "How many dead letters would become what, were they replayed now."


class ForecastGroupAnswer(TypedDict):
    """What would become of dead letters that have ended alike."""

    group: str
    recipient: str
    type: str
    would: WouldAnswer


class ForecastAnswer(TypedDict):
    """What a replay would do, by the consents and the policy of now."""

    as_of: datetime
    would: WouldAnswer
    groups: list[ForecastGroupAnswer]


@router.post("/ops/replays", status_code=CREATED, openapi_extra=schema_of(WantedReplay))
def draft_replay(
    body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[ForecastAnswer] | Json[ReplayAnswer]:
    """Freeze a choice of dead letters as a draft, or with ``dry_run`` say what would become of them."""
    wanted: WantedReplay = read(WantedReplay, body)
    asker = Asker(operator.client, correlation_id)
    if wanted.dry_run:
        return json_response(forecast_told(forecast(wanted.choice, hub.store, hub.authorities, asker)), OK)
    manner = Manner(wanted.canary, wanted.per_minute, wanted.stop_percent)
    return json_response(replay_told(freeze(wanted.choice, manner, wanted.reason, hub.store, asker)), CREATED)


@router.get("/ops/replays")
def replays(hub: TheHub, operator: AnOperator) -> Json[ReplaysAnswer]:
    """List replays, the newest first, with how many of their items stand how."""
    return json_response({"replays": [replay_told(one) for one in show_all(hub.store)]})


@router.get("/ops/replays/{id}")
def replay(id: UUID, hub: TheHub, operator: AnOperator) -> Json[ShownReplayAnswer]:
    """Say how a replay stands, with its first 500 items and what became of each."""
    found = show(id, hub.store)
    return json_response({**replay_told(found), "items": items_told(found)})


@router.post("/ops/replays/{id}/start")
def start_replay(id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Json[ReplayAnswer]:
    """Let a draft begin, with its canary."""
    return json_response(replay_told(start(id, hub.store, Asker(operator.client, correlation_id))))


@router.post("/ops/replays/{id}/cancel")
def cancel_replay(id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Json[ReplayAnswer]:
    """End a replay: what has not begun stays a dead letter; what is under way keeps its outcome."""
    return json_response(replay_told(cancel(id, hub.store, Asker(operator.client, correlation_id))))


def replay_told(shown: ShownReplay) -> ReplayAnswer:
    """Return a replay as an operator is told of it."""
    replay = shown.replay
    return {
        "id": replay.id,
        "state": replay.state,
        "created_at": replay.created_at,
        "created_by": replay.created_by,
        "reason": replay.reason,
        "selection": replay.selection,
        "cutoff": replay.cutoff,
        "canary": replay.canary,
        "per_minute": replay.per_minute,
        "stop_percent": replay.stop_percent,
        "started_at": replay.started_at,
        "ended_at": replay.ended_at,
        "ended_by": replay.ended_by,
        "ended_why": replay.ended_why,
        "correlation_id": replay.correlation_id,
        "counts": _counts(shown.counts),
    }


def items_told(shown: ShownReplay) -> list[ReplayItemAnswer]:
    """Return the items of a replay as an operator is told of them."""
    return [
        {
            "id": item.row,
            "recipient": item.recipient,
            "group": item.group,
            "type": item.kind,
            "dead_at": item.dead_at,
            "begun_at": item.begun_at,
            "ended_at": item.ended_at,
            "outcome": item.outcome,
            "type_again": item.kind_again,
        }
        for item in shown.items
    ]


def forecast_told(told: Forecast) -> ForecastAnswer:
    """Return a forecast as an operator is told of it."""
    groups: list[ForecastGroupAnswer] = [
        {"group": part.group, "recipient": part.recipient, "type": part.kind, "would": _would(part.would)}
        for part in told.parts
    ]
    return {"as_of": told.at, "would": _would(told.total), "groups": groups}


def _would(counted: Mapping[str, int]) -> WouldAnswer:
    return {
        "would-leave": counted[Would.LEAVE],
        "nothing-to-say": counted[Would.NOTHING_TO_SAY],
        "consent-withdrawn": counted[Would.CONSENT_WITHDRAWN],
        "would-die-again": counted[Would.DIE_AGAIN],
    }


def _counts(counted: Mapping[str, int]) -> ReplayCountsAnswer:
    return {
        "waiting": counted["waiting"],
        "under-way": counted["under-way"],
        "delivered": counted[Outcome.DELIVERED],
        "nothing-to-say": counted[Outcome.NOTHING_TO_SAY],
        "consent-withdrawn": counted[Outcome.CONSENT_WITHDRAWN],
        "failed-again": counted[Outcome.FAILED_AGAIN],
        "no-dead-letter": counted[Outcome.NO_DEAD_LETTER],
        "untouched": counted[Outcome.UNTOUCHED],
    }
