"""The feed of a recipient that fetches: thin events, the documents they tell of, receipts, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AnOperator, CorrelationId, Hub, TheBody, TheCaller, TheHub, refuse
from hub.api.declared import FETCHER, stands_for
from hub.api.models import Strict, Text, read, schema_of
from hub.api.problems import NOTHING, OK
from hub.api.waiting import WaitingRoom
from hub.authority import Authorities
from hub.authority.feeding import Topic
from hub.clock import now
from hub.errors import NotAllowed
from hub.flow import feed
from hub.flow.feed import Fetcher
from hub.flow.fetch import Said, fetch, take_receipt
from hub.flow.settle import Settled
from hub.flow.subscriptions import reads_less
from hub.flow.thin_events import cloud_event
from hub.store.feeds import Head
from hub.store.transaction import Store

router = APIRouter(tags=["feed"])
BATCH = "application/cloudevents-batch+json"
_LAST_POSITION = 2**31 - 1
Ended = Literal["settled", "refused", "superseded"]
ReceiptWord = Literal["taken-in", "already-held", "legal-hold", "refused"]
_SETTLED: Mapping[Settled, Ended] = {
    Settled.DELIVERED: "settled",
    Settled.DEAD: "refused",
    Settled.LATER: "refused",
}

Position = Annotated[int, Field(ge=0, le=_LAST_POSITION)]


class Acknowledged(Strict):
    """What a recipient has read and needs no more."""

    position: Position


class ReceiptGiven(Strict):
    """What became of a document that was fetched. A reason names a law or a rule and never a person."""

    receipt: UUID
    status: ReceiptWord
    reference: Text = ""
    reason: Text = Field("", repr=False)


class FetchReceiptAnswer(TypedDict):
    """A receipt is taken down: ``superseded`` when something has left since that awaits a receipt of its own."""

    receipt: UUID
    status: ReceiptWord
    delivery: Ended
    correlation_id: str


class CursorAnswer(TypedDict):
    """How far a recipient needs nothing any more, and how far its feed goes."""

    acknowledged: int
    last_position: int


class WebhookAnswer(TypedDict):
    """How far a subscriber has come, and what its last call came to; no position before its first event."""

    position: int | None
    lag: int
    failures: int
    paused_until: datetime | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_result: str


class FeedAnswer(CursorAnswer):
    """How the feed of a recipient stands; without a webhook for one that has no subscriber."""

    recipient: str
    is_configured: bool
    unacknowledged: int
    without_receipt: int
    oldest_unacknowledged_at: datetime | None
    oldest_without_receipt_at: datetime | None
    acknowledged_at: datetime | None
    read_at: datetime | None
    webhook: WebhookAnswer | None


class FeedsAnswer(TypedDict):
    """How each feed stands."""

    feeds: list[FeedAnswer]


def open_waiting_room(app: FastAPI, hub: Hub) -> None:
    """Let readers of feeds wait."""

    def newest() -> Any:
        with hub.store.begin(read_only=True) as unit:
            return unit.feeds.newest()

    app.state.waiting = WaitingRoom(newest)


def close_waiting_room(app: FastAPI) -> None:
    """Answer those who wait as if their time were up; whoever asks from now on is answered at once."""
    room: WaitingRoom = app.state.waiting
    room.close()


@stands_for(FETCHER)
def _fetcher(hub: TheHub, caller: TheCaller, correlation: CorrelationId) -> Fetcher:
    """Only a recipient's own system reads its feed, and all of it.

    :raises NotAllowed: it is none, or it is sent what is due to it, or it is limited to less.
    """
    reader = caller.reader
    authority = hub.authorities.get(reader.organisation)
    if authority is None or authority.feed is None or reader.role is not authority.role:
        step = 'The settings give a recipient a feed: delivery = "feed" of its authority.'
        refuse(
            hub, caller, correlation, NotAllowed("Only the own system of a recipient that has a feed reads it.", step)
        )
    if reads_less(reader.kle, reader.purpose):
        step = "Fetch with a client that is not limited (kle, purpose), and let it pass on what others may see."
        sentence = "Your client may read less than what is due to your organisation."
        refuse(hub, caller, correlation, NotAllowed(sentence, step))
    return Fetcher(reader.organisation, caller.client, correlation)


AFetcher = Annotated[Fetcher, Depends(_fetcher)]


@router.get("/feed")
async def read_feed(
    request: Request,
    hub: TheHub,
    fetcher: AFetcher,
    after: Annotated[int | None, Query(ge=0, le=_LAST_POSITION)] = None,
    wait: Annotated[float, Query(ge=0, le=3_600)] = 0,
    most: Annotated[int, Query(ge=1, le=500)] = 100,
    topic: Topic | None = None,
) -> Response:
    """Read the events after a position, or wait a while for one; each comes again until it is acknowledged."""
    wanted = (fetcher, after, most, topic, hub.store)
    events, head = await run_in_threadpool(feed.read, *wanted)
    seconds = min(wait, hub.settings.feed_wait_seconds)
    if not events and seconds > 0:
        room: WaitingRoom = request.app.state.waiting
        most_waiting = hub.settings.feed_waiting_callers
        if await room.beyond(fetcher.recipient, head.last_position, seconds, most_waiting, request.is_disconnected):
            events, head = await run_in_threadpool(feed.read, *wanted)
    return _events(events, head, hub.settings.municipality)


@router.get("/feed/documents/{delivery}")
def fetch_document(delivery: UUID, hub: TheHub, fetcher: AFetcher) -> Response:
    """Fetch what is due of a delivery now, in the recipient's own words; nothing when there is nothing any more."""
    found = fetch(delivery, fetcher, hub.store, hub.authorities, hub.settings)
    if found is None:
        return Response(status_code=NOTHING)
    headers = {"Feed-Receipt": str(found.attempt), "Feed-Sequence": str(found.sequence), **found.traced}
    return Response(found.written.body, OK, {**headers, "Content-Type": found.written.content_type})


@router.post("/feed/receipts", openapi_extra=schema_of(ReceiptGiven))
def give_receipt(body: TheBody, hub: TheHub, fetcher: AFetcher) -> Json[FetchReceiptAnswer]:
    """Take down what became of a document that was fetched: taken in, or refused; the same again changes nothing."""
    given: ReceiptGiven = read(ReceiptGiven, body)
    said = Said(given.status, given.reference, given.reason)
    settled = take_receipt(given.receipt, said, fetcher, hub.store, hub.settings)
    return json_response(
        {
            "receipt": given.receipt,
            "status": given.status,
            "delivery": _SETTLED.get(settled, "superseded"),
            "correlation_id": fetcher.correlation_id,
        }
    )


@router.post("/feed/ack", openapi_extra=schema_of(Acknowledged))
def acknowledge(body: TheBody, hub: TheHub, fetcher: AFetcher) -> Json[CursorAnswer]:
    """Move the cursor: nothing up to this position need come again. It is no receipt of anything."""
    given: Acknowledged = read(Acknowledged, body)
    head = feed.acknowledge(fetcher, given.position, hub.store)
    return json_response({"acknowledged": head.acknowledged, "last_position": head.last_position})


@router.get("/ops/feeds")
def feeds(hub: TheHub, operator: AnOperator) -> Json[FeedsAnswer]:
    """Say how each feed stands: how far it goes, how far its recipient and its subscriber have come, and since when."""
    return json_response({"feeds": standings(hub.store, hub.authorities)})


def standings(store: Store, authorities: Authorities) -> list[FeedAnswer]:
    """Return how feeds stand, of everyone who has one or had one: positions, counts and times; nothing of a person."""
    with store.begin(read_only=True) as unit:
        rows = {row["recipient"]: row for row in unit.feeds.standings()}
    subscribers = {name: one.feed.subscriber is not None for name, one in authorities.items() if one.feed is not None}
    names = sorted({*rows, *subscribers})
    return [_standing(name, rows.get(name, {}), subscribers.get(name)) for name in names]


def _events(events: Any, head: Head, municipality: str) -> Response:
    batch = [cloud_event(event, municipality) for event in events]
    headers = {"Feed-Last": str(head.last_position), "Feed-Acknowledged": str(head.acknowledged)}
    return Response(orjson.dumps(batch), OK, headers, BATCH)


def _standing(name: str, row: dict[str, Any], subscribes: bool | None) -> FeedAnswer:
    """Return how a feed stands; of one whose recipient is sent things by now, as it was left."""
    return {
        "recipient": name,
        "is_configured": subscribes is not None,
        "last_position": row.get("last_position", 0),
        "acknowledged": row.get("acknowledged", 0),
        "unacknowledged": row.get("unacknowledged", 0),
        "without_receipt": row.get("without_receipt", 0),
        "oldest_unacknowledged_at": when(row.get("oldest_unacknowledged_at")),
        "oldest_without_receipt_at": when(row.get("oldest_without_receipt_at")),
        "acknowledged_at": when(row.get("acknowledged_at")),
        "read_at": when(row.get("read_at")),
        "webhook": _webhook(row) if subscribes or row.get("webhook_position") is not None else None,
    }


def _webhook(row: dict[str, Any]) -> WebhookAnswer:
    position = row.get("webhook_position")
    until = row.get("webhook_not_before")
    return {
        "position": position,
        "lag": row.get("last_position", 0) - (position if position is not None else row.get("acknowledged", 0)),
        "failures": row.get("webhook_failures") or 0,
        "paused_until": when(until) if until and until > now() else None,
        "last_attempt_at": when(row.get("webhook_last_attempt_at")),
        "last_success_at": when(row.get("webhook_last_success_at")),
        "last_result": row.get("webhook_last_result") or "",
    }
