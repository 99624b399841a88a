"""Clear what has been kept for long enough: one small step at a time, at night, whoever gets to it.

    while (done := step(store, settings)) is not None: ...

A round of a kind begins at ``housekeeping_hour``, or when an operator asks, and is many steps: each a transaction of at
most ``MOST`` rows, and the next of its kind no sooner than ``PAUSE`` later, however many processes there are. How far
it has come is committed with each step. When it ends, one audit row says how much it was. What is kept how long, and
why, is told in docs/reference/retention.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from typing_extensions import TypedDict

from hub.clock import new_id, now
from hub.flow.kept import KINDS, Kind
from hub.plan.danish_time import LOCAL
from hub.settings import Settings
from hub.store.rounds import Round, Rounds
from hub.store.sqlite_file import empty_log
from hub.store.transaction import Store, Unit

ACTOR = "housekeeping"
#: Rows that one transaction clears or looks at; deliveries wait for no more on SQLite.
MOST = 500
PAUSE = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one step did.

    :ivar has_ended: it was the last one of its round.
    """

    kind: str
    rows: int
    has_ended: bool


class HousekeepingRound(TypedDict):
    """How one kind of thing that is cleared stands: how long it is kept, and the rows that rounds have cleared."""

    kind: str
    kept_days: float
    is_under_way: bool
    is_due: bool
    cleared: int
    due_at: datetime | None
    last_ended_at: datetime | None
    last_cleared: int
    total: int


def step(store: Store, settings: Settings, *, pause: timedelta = PAUSE) -> Stepped | None:
    """Do one step of a kind that is due; None when none is, or others are at all that are."""
    kinds = {kind.name: kind for kind in KINDS}
    with store.begin() as unit:
        at = now()
        known = _rounds(unit)
        taken = known.take(kinds, at)
        if taken is None:
            return None
        kind = kinds[taken.kind]
        done = kind.clear(unit, (taken.began_at or at) - kind.kept(settings), taken.position, MOST)
        if done.position is not None:
            known.goes_on(taken, done, at, at + pause)
            return Stepped(kind.name, done.rows, has_ended=False)
        known.ended(taken, done, at, next_night(at, settings.housekeeping_hour))
        cleared = taken.cleared + done.rows
        _audit(unit, taken, cleared, at)
    if cleared:
        empty_log(store)
    return Stepped(kind.name, done.rows, has_ended=True)


def expect(store: Store, settings: Settings) -> None:
    """Have every kind wait for the next night, unless it is waiting already."""
    with store.begin() as unit:
        _rounds(unit).ensure([kind.name for kind in KINDS], next_night(now(), settings.housekeeping_hour))


def ask(store: Store, settings: Settings, actor: str) -> None:
    """Let a round of every kind begin now; one that is under way goes on."""
    expect(store, settings)
    with store.begin() as unit:
        _rounds(unit).ask([kind.name for kind in KINDS], actor, now())


def rounds(store: Store, settings: Settings) -> list[HousekeepingRound]:
    """Return how every kind stands: times and counts; nothing of a person."""
    with store.begin(read_only=True) as unit:
        at = now()
        known = {one.kind: one for one in _rounds(unit).all()}
    return [_told(kind, known.get(kind.name), kind.kept(settings), at) for kind in KINDS]


def next_night(at: datetime, hour: int) -> datetime:
    """Return when it is that hour next, in Denmark."""
    local = at.astimezone(LOCAL)
    then = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return (then if then > local else then + timedelta(days=1)).astimezone(UTC)


def _rounds(unit: Unit) -> Rounds:
    return Rounds(unit.connection, unit.municipality)


def _audit(unit: Unit, taken: Round, cleared: int, at: datetime) -> None:
    """Write down, once for a round, how much was cleared."""
    if cleared:
        unit.audit.record("cleared", taken.asked_by or ACTOR, at, str(new_id()), cleared=taken.kind, rows=cleared)


def _told(kind: Kind, known: Round | None, kept: timedelta, at: datetime) -> HousekeepingRound:
    is_under_way = known is not None and known.began_at is not None
    return {
        "kind": kind.name,
        "kept_days": kept / timedelta(days=1),
        "is_under_way": is_under_way,
        "is_due": is_under_way or (known is not None and known.due_at <= at),
        "cleared": known.cleared if known else 0,
        "due_at": known.due_at if known else None,
        "last_ended_at": known.last_ended_at if known else None,
        "last_cleared": known.last_cleared if known else 0,
        "total": known.total if known else 0,
    }
