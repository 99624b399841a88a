"""What a recipient has fetched, and what it has said of that, in one transaction.

A fetch is an attempt that the recipient itself has begun: it counts as possibly held until there is a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.store.attempt_order import NEWEST_FIRST
from hub.store.feed_tables import feed_fetches
from hub.store.lease import Basis
from hub.store.tables import attempts

_ROW = feed_fetches.c


@dataclass(frozen=True, slots=True)
class Fetch:
    """What was fetched, and all that settling it needs.

    :ivar attempt: names the fetch; its recipient gives its receipt by it.
    :ivar row: of the outbox.
    :ivar mark: of the row when it was fetched; a higher one at settling means that more became due meanwhile.
    :ivar holds_then: what the recipient holds once it has taken the document in.
    :ivar disclosure: what left, as the audit tells it.
    :ivar said: the word of its receipt; empty when there is none yet.
    """

    attempt: UUID
    recipient: str
    row: UUID
    plan: UUID
    sequence: int
    mark: int
    basis: Basis
    holds_then: Mapping[UUID, str]
    disclosure: Mapping[str, Any]
    correlation_id: str
    fetched_at: datetime
    said: str = ""

    @property
    def withdrawn(self) -> tuple[UUID, ...]:
        """Return the elements that the recipient was to delete."""
        return tuple(UUID(one) for one in self.disclosure["withdrawn"])


class Fetches:
    """Fetches, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def record(self, fetch: Fetch) -> None:
        """Remember what is being fetched."""
        basis = fetch.basis
        self._connection.execute(
            feed_fetches.insert().values(
                attempt_id=fetch.attempt, municipality=self._municipality, recipient=fetch.recipient,
                outbox_id=fetch.row, plan_id=fetch.plan, sequence=fetch.sequence, mark=fetch.mark,
                plan_version=basis.plan_version, consent_version=basis.consent_version,
                policy_version=basis.policy_version, recheck_at=basis.recheck_at,
                holds_then=orjson.dumps({str(one): digest for one, digest in fetch.holds_then.items()}).decode(),
                disclosure=orjson.dumps(dict(fetch.disclosure), default=str).decode(),
                correlation_id=fetch.correlation_id, fetched_at=fetch.fetched_at,
            )
        )  # fmt: skip

    def of(self, attempt: UUID, recipient: str) -> Fetch | None:
        """Return what a recipient has fetched; None when it has fetched nothing of this name."""
        query = sa.select(feed_fetches).where(
            _ROW.attempt_id == attempt, _ROW.recipient == recipient, _ROW.municipality == self._municipality
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return Fetch(
            row.attempt_id, row.recipient, row.outbox_id, row.plan_id, row.sequence, row.mark,
            Basis(row.plan_version, row.consent_version, row.policy_version, row.recheck_at),
            {UUID(one): digest for one, digest in orjson.loads(row.holds_then).items()},
            orjson.loads(row.disclosure), row.correlation_id, row.fetched_at, row.said or "",
        )  # fmt: skip

    def is_last(self, fetch: Fetch) -> bool:
        """Tell whether nothing has left of its row since, by whichever way, and it is not settled yet."""
        newest = (
            sa.select(attempts.c.id)
            .where(attempts.c.outbox_id == fetch.row, attempts.c.is_open)
            .order_by(*NEWEST_FIRST)
            .limit(1)
        )
        return bool(self._connection.execute(newest).scalar_one_or_none() == fetch.attempt)

    def answered(self, fetch: Fetch, said: str, at: datetime) -> None:
        """Remember a receipt."""
        this = feed_fetches.update().where(_ROW.attempt_id == fetch.attempt)
        self._connection.execute(this.values(said=said, answered_at=at))
