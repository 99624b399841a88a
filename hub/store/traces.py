"""What is known of a message from its door to each recipient's receipt, in one transaction: ids, times and codes.

    unit.traces.deeds(["5f35…"])               # what was done under a correlation id
    unit.traces.caused([plan], ["5f35…"])      # which deliveries it made due
    unit.traces.attempts([row])                # and what left

Nothing here is kept for this alone but which cause has made which delivery due (``trace_tables``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.store import trace_statements as sql
from hub.store.audit_rows import read
from hub.store.lease import Basis, Lease

#: Of each kind of row, how many one trace looks at.
MOST = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """Something made a delivery due.

    :ivar mark: what the row's mark became by it.
    :ivar nothing_because: what it rested on that there was nothing to say; None when it did not come to that.
    """

    outbox_id: UUID
    mark: int
    correlation_id: str
    at: datetime
    nothing_at: datetime | None
    nothing_because: Mapping[str, Any] | None

    @property
    def is_frozen(self) -> bool:
        """Tell whether there was nothing to say because the row is a dead letter: once replayed, there is."""
        return bool(self.nothing_because and self.nothing_because["is_dead"])


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt of a delivery.

    :ivar mark: it is for all causes of the row up to this one that were not settled before.
    """

    id: UUID
    outbox_id: UUID
    sequence: int
    mark: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was taken in.

    :ivar outcome: what was done: counts, positions and codes, nothing of a person.
    :ivar trace_id: the sender's trace, or the one that began here; None: it came before traces were kept.
    :ivar parent_id: the sender's span; None: it told of none.
    """

    receipt: UUID
    authority: str
    received_at: datetime
    correlation_id: str
    outcome: Mapping[str, Any]
    trace_id: UUID | None
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox."""

    id: UUID
    plan: UUID
    recipient: str
    not_before: datetime


class Traces:
    """What became of messages, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def caused_one(self, row: UUID, correlation_id: str, at: datetime) -> None:
        """Remember what has made one row due, once it is."""
        self._connection.execute(sql.REMEMBER_ONE, {"row": row, "cause": correlation_id, "at": at})

    def nothing_said(self, lease: Lease, rules: Sequence[str], basis: Basis, at: datetime) -> None:
        """Remember that there was nothing to say to a recipient, and by which rules anything is withheld from it."""
        because = {
            "rules": rules,
            "policy": basis.policy_version,
            "consents": basis.consent_version,
            "is_dead": lease.is_dead,
        }
        given = {"row": lease.id, "marked": lease.mark, "at": at, "because": orjson.dumps(because).decode()}
        self._connection.execute(sql.NOTHING_TO_SAY, given)

    def deeds(self, causes: Collection[str]) -> Sequence[dict[str, Any]]:
        """Return audit rows of correlation ids, oldest first; not those of single deliveries."""
        return [read(row) for row in self._ours(sql.DEEDS, causes=list(causes), most=MOST)]

    def of_deliveries(self, plans: Collection[UUID], since: datetime) -> Sequence[dict[str, Any]]:
        """Return audit rows of single deliveries of plans from an instant on, oldest first."""
        return [read(row) for row in self._ours(sql.OF_DELIVERIES, plans=list(plans), since=since)]

    def messages(self, receipts: Collection[UUID]) -> Sequence[Message]:
        """Return messages by their receipts: who sent them, when, and what they were answered."""
        return [_message(row) for row in self._ours(sql.MESSAGES_OF, receipts=list(receipts))]

    def messages_behind(self, causes: Collection[str]) -> Mapping[str, Message]:
        """Return the message that came in under each correlation id: the newest; none where none has."""
        accepted = self._ours(sql.ACCEPTED, causes=list(causes))
        receipts = {row.correlation_id: UUID(orjson.loads(row.details)["receipt"]) for row in accepted}
        found = {message.receipt: message for message in self.messages(set(receipts.values()))}
        return {cause: found[receipt] for cause, receipt in receipts.items() if receipt in found}

    def message_of_trace(self, trace: UUID) -> Sequence[Message]:
        """Return messages that came in a trace."""
        return [_message(row) for row in self._ours(sql.MESSAGE_OF_TRACE, trace=trace, most=MOST)]

    def rows(self, rows: Collection[UUID]) -> Sequence[Row]:
        """Return rows of the outbox."""
        return [Row(*row) for row in self._ours(sql.ROWS, rows=list(rows))]

    def rows_between(self, lowest: UUID, highest: UUID) -> Sequence[Row]:
        """Return rows of the outbox whose ids lie between two."""
        return [Row(*row) for row in self._ours(sql.ROWS_BETWEEN, lowest=lowest, highest=highest)]

    def caused(self, plans: Collection[UUID], causes: Collection[str]) -> Sequence[Cause]:
        """Return what correlation ids have made due in plans."""
        return [_cause(row) for row in self._ours(sql.CAUSED, plans=list(plans), causes=list(causes), most=MOST)]

    def causes(self, rows: Collection[UUID], since: datetime) -> Sequence[Cause]:
        """Return what has made rows due from an instant on, oldest first."""
        return [_cause(row) for row in self._execute(sql.CAUSES, rows=list(rows), since=since, most=MOST)]

    def newest_causes(self, row: UUID, mark: int, most: int) -> Sequence[Cause]:
        """Return what has made a row due up to a mark, newest first."""
        return [_cause(one) for one in self._execute(sql.NEWEST_CAUSES, row=row, marked=mark, most=most)]

    def attempts(self, rows: Collection[UUID], since: datetime) -> Sequence[Tried]:
        """Return the attempts of rows from an instant on, oldest first."""
        return [Tried(*row) for row in self._execute(sql.ATTEMPTS, rows=list(rows), since=since, most=MOST)]

    def sequences(self, row: UUID) -> Mapping[int, tuple[int, datetime]]:
        """Return the sequences that have left of a row: of each the highest mark, and when it was begun first."""
        return {one[0]: (one[1], one[2]) for one in self._execute(sql.SEQUENCES, row=row)}

    def clear(self, before: datetime, most: int) -> int:
        """Forget what made deliveries due before an instant, oldest first; return how many rows that were."""
        return self._ours(sql.CLEAR, before=before, most=most).rowcount

    def _ours(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._execute(statement, ours=self._municipality, **given)

    def _execute(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, given)


def _message(row: sa.Row[*tuple[Any, ...]]) -> Message:
    outcome = orjson.loads(row.outcome)
    return Message(row.id, row.authority, row.received_at, row.correlation_id, outcome, row.trace_id, row.parent_id)


def _cause(row: sa.Row[*tuple[Any, ...]]) -> Cause:
    because = orjson.loads(row.nothing_because) if row.nothing_because else None
    return Cause(row.outbox_id, row.mark, row.correlation_id, row.caused_at, row.nothing_at, because)
