"""Feeds: thin events for recipients that fetch, in one transaction.

    position = unit.feeds.put("children", row, "plan.changed", at)
    events = unit.feeds.after("children", 41, 100)
    unit.feeds.acknowledge("children", 42, at)

Positions of a feed become visible in their order: whoever adds an event holds the feed's row until the
commit. A number of the database's own would be taken before the commit, and a reader's cursor could pass one by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.clock import new_id
from hub.store.feed_tables import feed_events, feed_fetches, feed_webhooks, feeds
from hub.store.fetches import Fetches
from hub.store.pushes import Pushes
from hub.store.tables import Instant, as_dict, attempts, outbox
from hub.store.upserts import insert_into

#: That a feed was read is written down no oftener than this.
_OFTEN_ENOUGH = timedelta(seconds=30)
#: Since when an event was fetched that a later one makes superfluous.
_LONG_AGO = timedelta(days=1)
_FEED, _EVENT, _FETCH = feeds.c, feed_events.c, feed_fetches.c
_OURS = _FEED.municipality == bindparam("ours")
_ONE = sa.and_(_OURS, _FEED.recipient == bindparam("whom"))
_NEXT = feeds.update().where(_ONE).values(last_position=_FEED.last_position + 1).returning(_FEED.last_position)
_NEWEST = sa.select(_FEED.recipient, _FEED.last_position).where(_OURS)
_ITS_FEED = sa.and_(_FEED.municipality == _EVENT.municipality, _FEED.recipient == _EVENT.recipient)
_WAS_HEARD = sa.exists().where(  # by a subscriber
    feed_webhooks.c.municipality == _EVENT.municipality,
    feed_webhooks.c.recipient == _EVENT.recipient,
    feed_webhooks.c.position >= _EVENT.position,
)
_STANDS = (
    sa.select(_EVENT.position)
    .join(feeds, _ITS_FEED)
    .where(
        _EVENT.outbox_id == bindparam("row"),
        _EVENT.recipient == bindparam("whom"),
        _EVENT.topic == bindparam("topic"),
        _EVENT.fetched_at.is_(None),
        _EVENT.position > _FEED.acknowledged,
        # Whoever has heard it long ago and fetched nothing may have lost it, and need not read the feed.
        sa.or_(_EVENT.at > bindparam("long_ago", type_=Instant()), sa.not_(_WAS_HEARD)),
    )
    .limit(1)
)
_WAS_FETCHED = (
    feed_events.update()
    .where(_EVENT.outbox_id == bindparam("row"), _EVENT.fetched_at.is_(None))
    .values(fetched_at=bindparam("when", type_=Instant()))
)
_ACKNOWLEDGED = sa.select(_FEED.acknowledged).where(_ITS_FEED).correlate(feed_events).scalar_subquery()
_SUPERSEDED = feed_events.delete().where(
    _EVENT.outbox_id == bindparam("row"),
    _EVENT.topic == bindparam("its_topic"),
    sa.or_(_EVENT.position <= _ACKNOWLEDGED, _EVENT.fetched_at < bindparam("long_ago", type_=Instant()), _WAS_HEARD),
)
_KEY = sa.tuple_(_EVENT.municipality, _EVENT.recipient, _EVENT.position)
_OVER = (
    sa.select(_EVENT.municipality, _EVENT.recipient, _EVENT.position)
    .join(feeds, _ITS_FEED)
    .where(
        _EVENT.municipality == bindparam("ours"),
        _EVENT.at < bindparam("before", type_=Instant()),
        sa.or_(_EVENT.position <= _FEED.acknowledged, _EVENT.fetched_at.is_not(None)),
    )
    .order_by(_EVENT.at)
    .limit(bindparam("most", type_=sa.Integer()))
)
_CLEAR_EVENTS = feed_events.delete().where(_KEY.in_(_OVER))
_IS_UNCERTAIN = sa.exists().where(attempts.c.id == _FETCH.attempt_id, attempts.c.is_open)
_SETTLED = (
    sa.select(_FETCH.attempt_id)
    .where(
        _FETCH.municipality == bindparam("ours"),
        _FETCH.fetched_at < bindparam("before", type_=Instant()),
        sa.not_(_IS_UNCERTAIN),
    )
    .order_by(_FETCH.fetched_at)
    .limit(bindparam("most", type_=sa.Integer()))
)
_CLEAR_FETCHES = feed_fetches.delete().where(_FETCH.attempt_id.in_(_SETTLED))


@dataclass(frozen=True, slots=True)
class ThinEvent:
    """Something is due to a recipient; nothing of what, and nothing of whom.

    :ivar delivery: id of the row of the outbox: what to fetch it by.
    """

    id: UUID
    position: int
    delivery: UUID
    topic: str
    is_urgent: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """How far a feed goes, and how far its recipient has come."""

    last_position: int = 0
    acknowledged: int = 0


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row of the outbox, as its recipient asks for it."""

    plan: UUID
    recipient: str
    is_due: bool


class Feeds:
    """Feeds, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    @cached_property
    def fetches(self) -> Fetches:
        """What was fetched."""
        return Fetches(self._connection, self._municipality)

    @cached_property
    def pushes(self) -> Pushes:
        """What subscribers were told."""
        return Pushes(self._connection, self._municipality)

    def put(self, recipient: str, row: UUID, topic: str, at: datetime, *, urgent: bool = False) -> int:
        """Add an event; return its position. Others that add one to this feed wait until this commits.

        Older ones that say the same and are over go: whoever never fetches must not fill the table.
        """
        given = {"row": row, "its_topic": topic, "long_ago": at - _LONG_AGO}
        self._connection.execute(_SUPERSEDED, given)
        position = self._execute(_NEXT, whom=recipient).scalar_one_or_none()
        if position is None:
            self._ensure(recipient)
            position = self._execute(_NEXT, whom=recipient).scalar_one()
        self._connection.execute(
            feed_events.insert().values(
                municipality=self._municipality, recipient=recipient, position=position, id=new_id(), outbox_id=row,
                topic=topic, is_urgent=urgent, at=at,
            )
        )  # fmt: skip
        return int(position)

    def stands(self, recipient: str, row: UUID, topic: str, long_ago: datetime) -> bool:
        """Tell whether an event says this already: neither fetched since, nor acknowledged, nor heard long ago.

        :param long_ago: before it, a subscriber that has heard an event has had time enough to fetch.
        """
        given = {"whom": recipient, "row": row, "topic": topic, "long_ago": long_ago}
        return self._connection.execute(_STANDS, given).first() is not None

    def was_fetched(self, row: UUID, at: datetime) -> None:
        """What is due of a row was fetched: what comes up from now on is a new event."""
        self._connection.execute(_WAS_FETCHED, {"row": row, "when": at})

    def after(self, recipient: str, position: int, most: int, topic: str | None = None) -> Sequence[ThinEvent]:
        """Return the events of a feed that come after a position, in order."""
        query = sa.select(
            _EVENT.id, _EVENT.position, _EVENT.outbox_id, _EVENT.topic, _EVENT.is_urgent, _EVENT.at
        ).where(_EVENT.municipality == self._municipality, _EVENT.recipient == recipient, _EVENT.position > position)
        if topic is not None:
            query = query.where(_EVENT.topic == topic)
        return [ThinEvent(*row) for row in self._connection.execute(query.order_by(_EVENT.position).limit(most))]

    def head(self, recipient: str) -> Head:
        """Return how far a feed goes."""
        query = sa.select(_FEED.last_position, _FEED.acknowledged).where(_ONE)
        row = self._execute(query, whom=recipient).one_or_none()
        return Head(*row) if row is not None else Head()

    def newest(self) -> Mapping[str, int]:
        """Return the newest position of every feed."""
        return {row[0]: row[1] for row in self._execute(_NEWEST)}

    def was_read(self, recipient: str, at: datetime) -> None:
        """Remember that a recipient has asked."""
        is_news = sa.or_(_FEED.read_at.is_(None), _FEED.read_at < at - _OFTEN_ENOUGH)
        if not self._execute(feeds.update().where(_ONE, is_news).values(read_at=at), whom=recipient).rowcount:
            self._ensure(recipient, read_at=at)

    def acknowledge(self, recipient: str, position: int, at: datetime) -> bool:
        """Remember that a recipient needs nothing up to a position; tell whether there is such a one.

        A position before one that was acknowledged changes nothing.
        """
        further = sa.case((_FEED.acknowledged > position, _FEED.acknowledged), else_=position)
        there = feeds.update().where(_ONE, _FEED.last_position >= position)
        return bool(
            self._execute(there.values(acknowledged=further, acknowledged_at=at, read_at=at), whom=recipient).rowcount
        )

    def row(self, wanted: UUID, *, lock: bool = False) -> DueRow | None:
        """Return a row of the outbox.

        :param lock: hold off whoever changes it until this commits.
        """
        query = sa.select(outbox.c.plan_id, outbox.c.recipient, outbox.c.due_at.is_not(None)).where(
            outbox.c.id == wanted, outbox.c.municipality == self._municipality
        )
        found = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return DueRow(*found) if found is not None else None

    def standings(self) -> Sequence[dict[str, Any]]:
        """Return how each feed stands, for operators: positions, counts and times; no plan, no person."""
        is_its = sa.and_(_EVENT.municipality == _FEED.municipality, _EVENT.recipient == _FEED.recipient)
        waits = sa.and_(is_its, _EVENT.position > _FEED.acknowledged)
        owes = sa.and_(_FETCH.municipality == _FEED.municipality, _FETCH.recipient == _FEED.recipient,
                       _FETCH.answered_at.is_(None), _IS_UNCERTAIN)  # fmt: skip
        hook = feed_webhooks.c
        hooks = sa.and_(hook.municipality == _FEED.municipality, hook.recipient == _FEED.recipient)
        rows = self._execute(
            sa.select(
                *(column for column in feeds.columns if column is not _FEED.municipality),
                _scalar(sa.func.count(), waits).label("unacknowledged"),
                _scalar(sa.func.min(_EVENT.at), waits).label("oldest_unacknowledged_at"),
                _scalar(sa.func.count(), owes).label("without_receipt"),
                _scalar(sa.func.min(_FETCH.fetched_at), owes).label("oldest_without_receipt_at"),
                *(hook[name].label(f"webhook_{name}") for name in _TOLD_OF_A_WEBHOOK),
            )
            .outerjoin(feed_webhooks, hooks)
            .where(_OURS)
            .order_by(_FEED.recipient)
        )
        return [as_dict(row) for row in rows]

    def clear_acknowledged(self, before: datetime, most: int) -> int:
        """Delete what is older than an instant and over: events, and fetches that leave nothing uncertain.

        :param most: at most so many of each.
        :return: how many rows of both.
        """
        given = {"ours": self._municipality, "before": before, "most": most}
        return sum(self._connection.execute(one, given).rowcount for one in (_CLEAR_EVENTS, _CLEAR_FETCHES))

    def _ensure(self, recipient: str, **besides: Any) -> None:
        first = {"municipality": self._municipality, "recipient": recipient, "last_position": 0, "acknowledged": 0}
        self._connection.execute(
            insert_into(feeds, self._connection).values({**first, **besides}).on_conflict_do_nothing()
        )

    def _execute(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, {"ours": self._municipality, **given})


_TOLD_OF_A_WEBHOOK = ("position", "failures", "not_before", "last_attempt_at", "last_success_at", "last_result")


def _scalar(what: Any, where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(what).where(where).correlate(feeds).scalar_subquery()
