"""What is cleared once it has been kept for long enough: one step at a time, each of so many rows at most.

    step = Retention(unit.connection, unit.municipality).attempts(before, position="", most=500)
    # ... in the next transaction, unless step.position is None:
    step = Retention(...).attempts(before, step.position, 500)

What goes as soon as it is old enough is cleared oldest first, and a call says how many rows it cleared. What may have
to stay is walked through in the order of its time: a step looks at so many rows at most, whether they go or stay, and
the next one begins behind them. So no step grows with what is kept. Both go by an index (``retention_tables``). What is
never cleared here is told in docs/reference/retention.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.store import retention_statements as sql

#: Where a walk begins; nothing of the hub is older.
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
#: Plans that have ended, looked at in one step.
_PLANS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did.

    :ivar rows: how many it cleared.
    :ivar position: where the next one goes on; None when there is nothing left.
    """

    rows: int
    position: str | None


class Retention:
    """What has been kept for long enough, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def bodies(self, before: datetime, most: int) -> int:
        """Clear the bodies of messages taken in before an instant; digests and answers stay."""
        is_postgresql = self._connection.dialect.name == "postgresql"
        return self._clear(sql.CLEAR_BODIES if is_postgresql else sql.REWRITE_WITHOUT_BODY, before, most)

    def messages(self, before: datetime, position: str, most: int) -> Step:
        """Forget messages all of whose plans ended, and that came, before an instant."""
        plans = self._walk(sql.ENDED_PLANS, before, position, _PLANS)
        ids = [row.id for row in plans]
        receipts = self._execute(sql.FORGOTTEN, plans=ids, before=before, most=most).scalars().all() if ids else ()
        if receipts:
            self._execute(sql.DELETE_LINKS, wanted=receipts)
            self._execute(sql.DELETE_MESSAGES, wanted=receipts)
        if len(receipts) >= most:  # the same plans have more
            return Step(len(receipts), position)
        return Step(len(receipts), _behind(plans, _PLANS))

    def attempts(self, before: datetime, position: str, most: int) -> Step:
        """Forget deliveries that started before an instant and are settled; what a proof rests on stays."""
        seen = self._walk(sql.CLOSED_ATTEMPTS, before, position, most)
        gone = self._execute(sql.DELETE_ATTEMPTS, wanted=[row.id for row in seen]).all() if seen else ()
        if gone:
            rows = sorted({row.outbox_id for row in gone})
            self._execute(sql.DELETE_LATER_RECEIPTS, rows=rows, wanted=[row.id for row in gone])
        return Step(len(gone), _behind(seen, most))

    def versions(self, before: datetime, position: str, most: int) -> Step:
        """Forget versions of elements that were superseded before an instant; what a proof rests on stays."""
        seen = self._walk(sql.SUPERSEDED, before, position, most, numbered=True)
        # First those that are followed by another: afterwards that other may be gone.
        rows = self._delete(sql.DELETE_FOLLOWED, seen) + self._delete(sql.DELETE_LAST, seen)
        return Step(rows, _behind(seen, most))

    def sessions(self, before: datetime, most: int) -> int:
        """Forget sessions that began before an instant."""
        return self._clear(sql.CLEAR_SESSIONS, before, most)

    def unknown_people(self, before: datetime, most: int) -> int:
        """Forget what was to be fetched of people without a plan, last tried before an instant."""
        return self._clear(sql.CLEAR_UNKNOWN, before, most)

    def drafts(self, before: datetime, most: int) -> int:
        """Forget drafts of the policy that were discarded before an instant."""
        return self._clear(sql.CLEAR_DRAFTS, before, most)

    def _walk(
        self, statement: Any, before: datetime, position: str, most: int, *, numbered: bool = False
    ) -> Sequence[sa.Row[Any]]:
        """Return the next rows behind a position, in the order of their time and id."""
        at, last = orjson.loads(position) if position else (_FIRST.isoformat(), None)
        if numbered:
            behind: int | UUID = int(last or 0)
        else:
            behind = UUID(last) if last else UUID(int=0)
        given = {"since": datetime.fromisoformat(at), "behind": behind, "before": before, "most": most}
        return self._execute(statement, ours=self._municipality, **given).all()

    def _clear(self, statement: Any, before: datetime, most: int) -> int:
        return len(self._execute(statement, ours=self._municipality, before=before, most=most).all())

    def _delete(self, statement: Any, seen: Sequence[sa.Row[Any]]) -> int:
        return self._execute(statement, wanted=[row.id for row in seen]).rowcount if seen else 0

    def _execute(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, given)


def _behind(seen: Sequence[sa.Row[Any]], most: int) -> str | None:
    """Return the position behind rows that were looked at; None when there were no more."""
    if len(seen) < most:
        return None
    return orjson.dumps([seen[-1].at.isoformat(), str(seen[-1].id)]).decode()
