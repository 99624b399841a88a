"""Bring many dead letters back, after their cause is gone: chosen once, tried first, seen to, and stopped in time.

    draft = freeze(choice, store, ...)           # chosen and written down; what dies later is no part of it
    start(draft.id, store, ...)                  # the replayer goes on by itself (flow.replay_steps)

What leaves of each is decided anew when it leaves (``flow.deliver``): nothing is sent that is not lawful then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import new_id, now
from hub.errors import Conflict, Fault, InvalidRequest, NotFound, TooLarge
from hub.flow.dead_causes import Cause, cause_of
from hub.flow.dead_letters import group_id
from hub.flow.reasons import stated_for_operators
from hub.flow.refusal import refusals_written
from hub.store.dead_letters import Letter
from hub.store.replay_rows import Item, Replay, ReplaySelection, State, selected
from hub.store.transaction import Store, Unit

#: Dead letters of one replay.
MOST = 10_000
#: Of the first to go, and of all that begin in a minute.
MOST_CANARIES, MOST_PER_MINUTE = 100, 6_000
_REASON_LETTERS = 10
_NO_REPLAY = "There is no replay of this id."


@dataclass(frozen=True, slots=True)
class Choice:
    """Which dead letters; all that fit everything that is given.

    :ivar until: what died later is not chosen; None: now.
    """

    ids: tuple[UUID, ...] = ()
    group: str | None = None
    cause: Cause | None = None
    recipient: str | None = None
    until: datetime | None = None

    def named(self) -> Choice:
        """Return it when it says anything. :raises InvalidRequest: it would be everything that is dead."""
        if not self.written():
            fault = Fault("group", "Nothing is chosen.", "Name ids, a group, a cause or a recipient.")
            raise InvalidRequest("The request has faults.", faults=[fault])
        return self

    def written(self) -> ReplaySelection:
        """Return it as it is kept and told."""
        return selected([str(one) for one in self.ids], self.group, self.cause, self.recipient)


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is to be done.

    :ivar canary: so many must arrive before the others begin.
    :ivar per_minute: items that begin, at full rate (``flow.replay_pace``).
    :ivar stop_percent: of the latest outcomes; when so many are failures, it stops itself.
    """

    canary: int = 1
    per_minute: int = 60
    stop_percent: int = 20


@dataclass(frozen=True, slots=True)
class Asker:
    """Who does it."""

    actor: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class ShownReplay:
    """A replay, and how many of its items wait, are under way, and have each outcome."""

    replay: Replay
    counts: dict[str, int]
    items: Sequence[Item] = field(default=())


def chosen(unit: Unit, choice: Choice, at: datetime) -> Sequence[tuple[Letter, str]]:
    """Return the dead letters that a choice means, each with its group, the longest dead first."""
    until = min(choice.until, at) if choice.until else at
    found = unit.dead_letters.died_until(until, recipient=choice.recipient, ids=choice.ids or None)
    grouped = ((one, group_id(one)) for one in found)
    return [
        (one, group)
        for one, group in grouped
        if choice.group in (None, group) and choice.cause in (None, cause_of(one.code))
    ]


def freeze(
    choice: Choice, manner: Manner, reason: str, store: Store, asker: Asker, wanted: UUID | None = None
) -> ShownReplay:
    """Write down what is to be replayed, and how; nothing is made due yet.

    :param wanted: id of the replay, of the asker's choosing: one that is there already is returned as it stands.
    :param reason: why, in at least ten letters; kept sealed, and in no audit row.
    :raises InvalidRequest: the reason says too little, or holds a number.
    :raises NotFound: no dead letter fits.
    :raises TooLarge: more than ``MOST`` do.
    """
    with refusals_written(store, asker.actor, asker.correlation_id), store.begin() as unit:
        at = now()
        if wanted is not None and (known := unit.replays.get(wanted)) is not None:
            return ShownReplay(known, dict(unit.replays.counts(wanted)))
        said = stated_for_operators(reason, _REASON_LETTERS)
        found = chosen(unit, choice, at)
        if not found:
            raise NotFound("No dead letter fits this choice.", "Look at the list: hub dlq list")
        if len(found) > MOST:
            raise TooLarge(f"More than {MOST:,} dead letters fit.", "Choose fewer: by group or recipient.")
        replay = Replay(
            wanted or new_id(), State.DRAFT, at, asker.actor, asker.correlation_id, said, choice.written(),
            min(choice.until, at) if choice.until else at, manner.canary, manner.per_minute, manner.stop_percent,
        )  # fmt: skip
        unit.replays.add(replay, found)
        write_down(unit, "replay-drafted", replay, asker.actor, at, items=len(found))
        return ShownReplay(replay, dict(unit.replays.counts(replay.id)))


def start(wanted: UUID, store: Store, asker: Asker) -> ShownReplay:
    """Let a draft begin with its canary; the replayer does the rest.

    :raises NotFound: there is no such replay.
    :raises Conflict: it has begun, or ended.
    """
    with refusals_written(store, asker.actor, asker.correlation_id, replay=wanted), store.begin() as unit:
        at = now()
        replay = _taken(unit, wanted)
        if replay.state is not State.DRAFT:
            raise Conflict(f"This replay is {replay.state} already.", "Look at it: hub dlq replays show ID")
        unit.replays.change(wanted, state=State.CANARY, started_at=at, next_at=at)
        write_down(unit, "replay-started", replay, asker.actor, at)
        return ShownReplay(replace(replay, state=State.CANARY, started_at=at), dict(unit.replays.counts(wanted)))


def cancel(wanted: UUID, store: Store, asker: Asker) -> ShownReplay:
    """End a replay: what has not begun stays a dead letter; what is under way goes on, and its outcome is kept.

    :raises NotFound: there is no such replay.
    :raises Conflict: it has ended.
    """
    with refusals_written(store, asker.actor, asker.correlation_id, replay=wanted), store.begin() as unit:
        replay = _taken(unit, wanted)
        if replay.ended_at is not None:
            raise Conflict(f"This replay is {replay.state} already.", "Nothing more of it begins.")
        ended = end(unit, replay, State.CANCELLED, asker.actor, "by-hand")
        return ShownReplay(ended, dict(unit.replays.counts(wanted)))


def end(unit: Unit, replay: Replay, state: State, actor: str, why: str) -> Replay:
    """End a replay that the transaction has taken: nothing more of it begins."""
    at = now()
    unit.replays.leave(replay.id, at)
    unit.replays.change(replay.id, state=state, ended_at=at, ended_by=actor, ended_why=why)
    counts = {name: number for name, number in unit.replays.counts(replay.id).items() if number}
    write_down(unit, f"replay-{state}", replay, actor, at, reason=why, counts=counts)
    return replace(replay, state=state, ended_at=at, ended_by=actor, ended_why=why)


def show(wanted: UUID, store: Store, most: int = 500) -> ShownReplay:
    """Return a replay with its first items. :raises NotFound: there is no such replay."""
    with store.begin(read_only=True) as unit:
        replay = unit.replays.get(wanted)
        if replay is None:
            raise NotFound(_NO_REPLAY, "Look at the list: hub dlq replays list")
        return ShownReplay(replay, dict(unit.replays.counts(wanted)), unit.replays.items(wanted, most))


def show_all(store: Store, most: int = 100) -> Sequence[ShownReplay]:
    """Return replays, the newest first."""
    with store.begin(read_only=True) as unit:
        return [ShownReplay(one, dict(unit.replays.counts(one.id))) for one in unit.replays.all(most)]


def write_down(unit: Unit, action: str, replay: Replay, actor: str, at: datetime, **details: Any) -> None:
    """Write a deed of a replay into the audit."""
    unit.audit.record(action, actor, at, replay.correlation_id, replay=replay.id, **details)


def _taken(unit: Unit, wanted: UUID) -> Replay:
    replay = unit.replays.take(wanted, wait=True)
    if replay is None:
        raise NotFound(_NO_REPLAY, "Look at the list: hub dlq replays list")
    return replay
