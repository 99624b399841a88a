"""How far each subscriber was told of what came into its feed, in one transaction.

A subscriber has a cursor, and one worker at a time moves it, in order. An event that was not taken is not passed by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.store.feed_tables import feed_webhooks, feeds
from hub.store.tables import Instant
from hub.store.upserts import insert_into

_ROW, _FEED = feed_webhooks.c, feeds.c
_AT = bindparam("at", type_=Instant())
_ONE = sa.and_(_ROW.municipality == bindparam("ours"), _ROW.recipient == bindparam("whom"))
_ITS_FEED = sa.and_(_FEED.municipality == _ROW.municipality, _FEED.recipient == _ROW.recipient)
_MAY = sa.and_(_ROW.not_before <= _AT, sa.or_(_ROW.lease_until.is_(None), _ROW.lease_until <= _AT))
_BEHIND = (
    sa.select(_FEED.recipient)
    .outerjoin(feed_webhooks, _ITS_FEED)
    .where(
        _FEED.municipality == bindparam("ours"),
        _FEED.recipient.in_(bindparam("among", expanding=True)),
        sa.or_(_ROW.position.is_(None), sa.and_(_ROW.position < _FEED.last_position, _MAY)),
    )
    .order_by(sa.func.coalesce(_ROW.last_attempt_at, _FEED.acknowledged_at), _FEED.recipient)
)
_FREE: dict[str, Any] = {"lease": None, "lease_until": None}
_LEASE = (
    feed_webhooks.update()
    .where(_ONE, _MAY)
    .values(lease=bindparam("token"), lease_until=bindparam("until", type_=Instant()))
    .returning(_ROW.position, _ROW.failures)
)
_OWN = feed_webhooks.update().where(_ONE, _ROW.lease == bindparam("token"))


@dataclass(frozen=True, slots=True)
class Push:
    """A subscriber that one worker tells, until a time.

    :ivar position: of the last event that it was told of.
    :ivar failures: answers in a row that were none.
    """

    recipient: str
    token: UUID
    position: int
    failures: int


class Pushes:
    """Subscribers, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def behind(self, recipients: Iterable[str], at: datetime) -> Sequence[str]:
        """Return those of some subscribers for which something has come and which may be told, longest untold first."""
        return self._execute(_BEHIND, among=list(recipients), at=at).scalars().all()

    def lease(self, recipient: str, token: UUID, at: datetime, seconds: float) -> Push | None:
        """Take a subscriber for this worker alone; None when another has it, or it is left alone for now.

        A new one begins where its recipient has acknowledged.
        """
        begins = sa.select(_FEED.acknowledged).where(
            _FEED.municipality == self._municipality, _FEED.recipient == recipient
        )
        first = {
            "municipality": self._municipality, "recipient": recipient, "position": begins.scalar_subquery(),
            "not_before": at, "failures": 0, "last_result": "",
        }  # fmt: skip
        self._connection.execute(insert_into(feed_webhooks, self._connection).values(first).on_conflict_do_nothing())
        until = at + timedelta(seconds=seconds)
        row = self._execute(_LEASE, whom=recipient, token=token, at=at, until=until).one_or_none()
        return Push(recipient, token, row.position, row.failures) if row is not None else None

    def told(
        self, push: Push, position: int, at: datetime, result: str, *, failures: int = 0, until: datetime | None = None
    ) -> None:
        """Everything up to a position was told; what comes after it comes again.

        :param result: a word for operators: told, or an error's code.
        :param until: when the subscriber may be told again; at once when left out.
        """
        success = {"last_success_at": at} if position > push.position else {}
        self._own(
            push, position=position, failures=failures, not_before=until or at, last_attempt_at=at,
            last_result=result, **success,
        )  # fmt: skip

    def passes(self, push: Push, position: int) -> None:
        """There is nothing to tell up to a position; what is known of the subscriber stays as it is."""
        self._own(push, position=position)

    def start_afresh(self) -> None:
        """Forget leases: the one process that had them has just been started."""
        ours = feed_webhooks.update().where(_ROW.municipality == self._municipality, _ROW.lease.is_not(None))
        self._connection.execute(ours.values(**_FREE))

    def _own(self, push: Push, **values: Any) -> None:
        given = {"ours": self._municipality, "whom": push.recipient, "token": push.token}
        self._connection.execute(_OWN.values(**values, **_FREE), given)

    def _execute(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, {"ours": self._municipality, **given})
