"""Replays of many dead letters: drafted, tried, started, watched and cancelled; ids, codes and counts, no content."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from hub.api.answers import json_response
from hub.api.asking import AnOperator, CorrelationId, TheBody, TheHub
from hub.api.models import Instant, OneName, Strict, read, schema_of
from hub.api.problems import CREATED, OK
from hub.flow.dead_causes import Cause
from hub.flow.replay_forecast import Forecast, forecast
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


@router.post("/ops/replays", status_code=CREATED, openapi_extra=schema_of(WantedReplay))
def draft_replay(body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Response:
    """Freeze a choice of dead letters as a draft, or with ``dry_run`` say what would become of them."""
    wanted: WantedReplay = read(WantedReplay, body)
    asker = Asker(operator.client, correlation_id)
    if wanted.dry_run:
        return json_response(forecast_told(forecast(wanted.choice, hub.store, hub.authorities, asker)), OK)
    manner = Manner(wanted.canary, wanted.per_minute, wanted.stop_percent)
    return json_response(replay_told(freeze(wanted.choice, manner, wanted.reason, hub.store, asker)), CREATED)


@router.get("/ops/replays")
def replays(hub: TheHub, operator: AnOperator) -> Response:
    """List replays, the newest first, with how many of their items stand how."""
    return json_response({"replays": [replay_told(one) for one in show_all(hub.store)]})


@router.get("/ops/replays/{id}")
def replay(id: UUID, hub: TheHub, operator: AnOperator) -> Response:
    """Say how a replay stands, with its first 500 items and what became of each."""
    found = show(id, hub.store)
    return json_response({**replay_told(found), "items": items_told(found)})


@router.post("/ops/replays/{id}/start")
def start_replay(id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Response:
    """Let a draft begin, with its canary."""
    return json_response(replay_told(start(id, hub.store, Asker(operator.client, correlation_id))))


@router.post("/ops/replays/{id}/cancel")
def cancel_replay(id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Response:
    """End a replay: what has not begun stays a dead letter; what is under way keeps its outcome."""
    return json_response(replay_told(cancel(id, hub.store, Asker(operator.client, correlation_id))))


_TOLD = (
    "id", "state", "created_at", "created_by", "reason", "selection", "cutoff", "canary", "per_minute",
    "stop_percent", "started_at", "ended_at", "ended_by", "ended_why", "correlation_id",
)  # fmt: skip


def replay_told(shown: ShownReplay) -> dict[str, Any]:
    """Return a replay as an operator is told of it."""
    return {name: getattr(shown.replay, name) for name in _TOLD} | {"counts": shown.counts}


def items_told(shown: ShownReplay) -> list[dict[str, Any]]:
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


def forecast_told(told: Forecast) -> dict[str, Any]:
    """Return a forecast as an operator is told of it."""
    groups = [
        {"group": part.group, "recipient": part.recipient, "type": part.kind, "would": _counted(part.would)}
        for part in told.parts
    ]
    return {"as_of": told.at, "would": _counted(told.total), "groups": groups}


def _counted(would: dict[str, int]) -> dict[str, int]:
    return {str(name): number for name, number in would.items()}
