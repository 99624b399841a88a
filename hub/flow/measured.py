"""What the database says of how everything stands, as numbers for who watches the hub: counts, ages, states.

Read when it is asked for, so that each process tells the same; authorities, states and causes, and nothing of a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.authority.feeding import CHANNEL as FEED
from hub.clock import now
from hub.flow.dead_causes import Cause
from hub.flow.dead_letters import causes_counted
from hub.flow.standing import called, standings_by
from hub.flow.witness import witnessed
from hub.metrics import instruments as of
from hub.metrics.state import Sample
from hub.settings import Settings
from hub.store.circuits import Direction, State
from hub.store.notice_counts import stuck
from hub.store.notices import State as Letter
from hub.store.transaction import Store, Unit

_OWED = {
    of.WITHDRAWALS_WAITING: "withdrawals_waiting",
    of.DELETIONS_MISSING: "receipts_missing",
    of.WORDS_MISSING: "words_missing",
}


def measure(names: Iterable[str], store: Store, settings: Settings) -> Sequence[Sample]:
    """Look at how everything stands.

    :param names: authorities that are configured.
    :raises StoreBusy: the database does not tell.
    """
    with store.begin(read_only=True) as unit:
        at = now()
        counted = unit.outbox.counts(at)
        systems, configured = standings_by(unit, names, settings, counted, at), called(names, settings)
        return [
            *_queues(counted, at),
            *(sample for one in systems for sample in _system(one, at, is_called=one["authority"] in configured)),
            *_dead_letters(unit),
            *_audit(unit, settings, at),
            *_letters(unit, at),
        ]


def _queues(counted: Sequence[Mapping[str, Any]], at: datetime) -> Iterator[Sample]:
    for row in counted:
        recipient = (row["recipient"],)
        yield Sample(of.QUEUE_DEPTH, recipient, row["due"])
        yield Sample(of.QUEUE_UNDER_WAY, recipient, row["under_way"])
        # When a recipient comes to fetch is for it to say, so that what waits for it tells nothing of the hub.
        oldest = of.FEED_OLDEST if row["channel"] == FEED else of.QUEUE_OLDEST
        yield Sample(oldest, recipient, _age(row["oldest_due_at"], at))
    yield Sample(of.RELAY_LAG, (), max((_age(row["unrung_since"], at) for row in counted), default=0.0))


def _system(one: Mapping[str, Any], at: datetime, *, is_called: bool) -> Iterator[Sample]:
    """Yield how a system stands; of one that is in the settings no more, what it still owes alone."""
    name, direction = one["authority"], one["direction"]
    way = (name, direction)
    if is_called:
        for state in State:
            yield Sample(of.CIRCUIT_STATE, (*way, state.value), float(one["state"] == state))
        yield Sample(of.CALLS_UNDER_WAY, way, one["under_way"])
        if one["last_success_at"] is not None:
            yield Sample(of.LAST_SUCCESS, way, one["last_success_at"].timestamp())
    if direction == Direction.SOURCE:
        yield Sample(of.FETCHES_DUE, (name,), one["waiting"])
        return
    for instrument, owed in _OWED.items():
        yield Sample(instrument, (name,), one[owed])
    yield Sample(of.WITHDRAWALS_OLDEST, (name,), _age(one["withdrawals_since"], at))


def _dead_letters(unit: Unit) -> Iterator[Sample]:
    dead = causes_counted(unit)
    for cause in Cause:
        yield Sample(of.DEAD_LETTERS, (cause.value,), dead[cause])


def _letters(unit: Unit, at: datetime) -> Iterator[Sample]:
    letters = stuck(unit.connection, unit.municipality, at)
    yield Sample(of.LETTERS_DUE, (), letters.get(Letter.WAITING, 0))
    yield Sample(of.LETTERS_DEAD, (), letters.get(Letter.DEAD, 0))


def _audit(unit: Unit, settings: Settings, at: datetime) -> Iterator[Sample]:
    """Yield how the sealing stands; of what is not sealed only the recent rows, for all of it is long."""
    last, kept = unit.seals.last(), unit.seals.last_checkpoint()
    unsealed = unit.seals.unsealed(1, is_whole=False)
    sealed = last.position + 1 if last else 0
    yield Sample(of.AUDIT_SEALED, (), sealed)
    yield Sample(of.AUDIT_OLDEST, (), _age(unsealed[0]["at"] if unsealed else None, at))
    yield Sample(of.AUDIT_UNCOVERED, (), sealed - (kept.size if kept else 0))
    if kept:
        yield Sample(of.CHECKPOINT_AGE, (), _age(kept.at, at))
    witnesses = witnessed(unit, settings)
    yield Sample(of.WITNESSES_LATE, (), sum(one.is_late for one in witnesses))
    yield Sample(of.WITNESSES_DIFFERING, (), sum(one.differs for one in witnesses))


def _age(since: datetime | None, at: datetime) -> float:
    """Return seconds since an instant; 0 where there is none."""
    return max(0.0, (at - since).total_seconds()) if since else 0.0
