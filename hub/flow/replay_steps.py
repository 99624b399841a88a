"""One step of a replay after the other: see what became of what is under way, judge, begin the next.

Each step is a transaction that has taken the replay's row, so two processes never do the same one, and one that is
killed did not do it. An item is written down as begun in the transaction that makes its row due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.flow.replay import bring_back
from hub.flow.replay_forecast import may_be_told
from hub.flow.replay_pace import JUDGED, WINDOW, fails_too_often, interval
from hub.flow.replays import end
from hub.store.replay_rows import Item, Outcome, Replay, Standing, State
from hub.store.transaction import Store, Unit

ACTOR = "replayer"
#: Items whose outcome is looked for in one step, and that may be under way at once.
_MOST_UNDER_WAY = 200
#: What was missed while nobody replayed is not made up for by a burst.
_SLACK = timedelta(seconds=1)


def active(store: Store) -> list[UUID]:
    """Return the replays that there is something to do for."""
    with store.begin(read_only=True) as unit:
        return list(unit.replays.active())


def step(wanted: UUID, store: Store, authorities: Authorities) -> bool:
    """Do one step of a replay; tell whether another may follow at once: one has begun."""
    with store.begin() as unit:
        replay = unit.replays.take(wanted)
        if replay is None:  # another process is at it
            return False
        at = now()
        left = [
            item for item in unit.replays.under_way(wanted, _MOST_UNDER_WAY) if not _settled(unit, item, authorities)
        ]
        if not replay.begins_items:
            return False
        judged = unit.replays.counts(wanted)
        failed = _why_stop(unit, replay, judged[Outcome.FAILED_AGAIN])
        if failed:
            end(unit, replay, State.STOPPED, ACTOR, failed)
            return False
        if replay.state is State.CANARY and judged[Outcome.DELIVERED] >= replay.canary:
            unit.replays.change(wanted, state=State.RUNNING)
            return True
        if not left and not judged["waiting"]:
            end(unit, replay, State.DONE, ACTOR, "all-ended")
            return False
        room = replay.canary - judged[Outcome.DELIVERED] if replay.state is State.CANARY else _MOST_UNDER_WAY
        if len(left) >= room or (replay.next_at or at) > at:
            return False
        return _begin_next(unit, replay, sum(judged[outcome] for outcome in JUDGED), at)


def _why_stop(unit: Unit, replay: Replay, failures: int) -> str:
    """Return why a replay must stop itself; "" when it need not."""
    if replay.state is State.CANARY:
        return "canary-failed" if failures else ""
    latest = unit.replays.latest(replay.id, JUDGED, WINDOW)
    return "failure-rate" if fails_too_often(latest, replay.stop_percent) else ""


def _begin_next(unit: Unit, replay: Replay, judged: int, at: datetime) -> bool:
    """Make the next item due; of one that is another dead letter by now, or none, say so."""
    item = unit.replays.next(replay.id)
    if item is None:
        return False
    if not unit.replays.is_still_dead(item):
        unit.replays.end(item, Outcome.NO_DEAD_LETTER, at)
        return True
    bring_back(unit, item.row, replay.created_by, replay.correlation_id, at, replay=replay.id)
    unit.replays.begin(item, at)
    unit.replays.change(replay.id, next_at=max(replay.next_at or at, at - _SLACK) + interval(replay.per_minute, judged))
    return True


def _settled(unit: Unit, item: Item, authorities: Authorities) -> bool:
    """Write down what became of an item that is under way; tell whether anything has."""
    standing = unit.replays.standing(item)
    outcome = _outcome(unit, item, standing, authorities)
    if outcome is None:
        return False
    again = standing.died_of if outcome is Outcome.FAILED_AGAIN else None
    unit.replays.end(item, outcome, now(), again)
    return True


def _outcome(unit: Unit, item: Item, standing: Standing, authorities: Authorities) -> Outcome | None:
    if standing.leaving is not None:
        brought = any(digest is not None for digest in standing.leaving.values())
        return Outcome.DELIVERED if brought else Outcome.CONSENT_WITHDRAWN  # all that left took something back
    if standing.died_of is not None:
        return Outcome.FAILED_AGAIN
    if standing.is_due:
        return None
    told = may_be_told(unit, standing.plan, item.recipient, authorities, now())
    return Outcome.NOTHING_TO_SAY if told else Outcome.CONSENT_WITHDRAWN
