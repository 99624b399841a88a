"""Replays: dead letters that were chosen to be brought back, each with what became of it, in one transaction.

    unit.replays.add(replay, chosen)        # a draft: the selection is frozen, nothing is due
    taken = unit.replays.take(replay.id)    # nobody else does a step of it until the transaction ends
    unit.replays.begin(item, at)            # in the transaction that makes its row due

An item waits, is under way, or has exactly one outcome. Whoever locks the replay's row does its next step, so that any
number of processes share the work, and a crash loses one step that did not happen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.authority import ReceiptStatus
from hub.crypto.envelope import Keyring
from hub.store.attempt_order import OLDEST_FIRST
from hub.store.dead_letters import Letter
from hub.store.replay_rows import Item, Outcome, Replay, Standing, State
from hub.store.replay_tables import replay_items, replays
from hub.store.tables import attempts, outbox

_ROW, _ITEM = replays.c, replay_items.c
_WAITS = sa.and_(_ITEM.begun_at.is_(None), _ITEM.outcome.is_(None))
_IS_UNDER_WAY = sa.and_(_ITEM.begun_at.is_not(None), _ITEM.outcome.is_(None))
_KNOWN_STATES = ("waiting", "under-way")


class Replays:
    """Replays, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring, municipality: str) -> None:
        self._connection = connection
        self._keyring = keyring
        self._municipality = municipality

    def add(self, replay: Replay, chosen: Sequence[tuple[Letter, str]]) -> None:
        """Remember a draft, and what was chosen: each with the id of its group."""
        sealed = self._keyring.seal_alone(replay.reason.encode(), reason_place(replay.id))
        self._connection.execute(
            replays.insert().values(
                id=replay.id, municipality=self._municipality, state=replay.state, created_at=replay.created_at,
                created_by=replay.created_by, correlation_id=replay.correlation_id, reason=sealed,
                selection=orjson.dumps(replay.selection, default=str).decode(), cutoff=replay.cutoff,
                canary=replay.canary, per_minute=replay.per_minute, stop_percent=replay.stop_percent,
            )
        )  # fmt: skip
        rows = [
            {
                "replay_id": replay.id, "outbox_id": one.id, "position": position, "recipient": one.recipient,
                "dead_at": one.dead_at, "kind": one.code, "dead_group": group,
            }
            for position, (one, group) in enumerate(chosen, 1)
        ]  # fmt: skip
        self._connection.execute(replay_items.insert(), rows)

    def get(self, wanted: UUID) -> Replay | None:
        """Return a replay."""
        return self._one(self._ours().where(_ROW.id == wanted))

    def take(self, wanted: UUID, *, wait: bool = False) -> Replay | None:
        """Take a replay for this transaction alone; None: there is none, or without ``wait``, another has it."""
        return self._one(self._ours().where(_ROW.id == wanted).with_for_update(skip_locked=not wait))

    def all(self, most: int) -> Sequence[Replay]:
        """Return replays, the newest first."""
        rows = self._connection.execute(self._ours().order_by(_ROW.created_at.desc(), _ROW.id).limit(most))
        return [self._read(row) for row in rows]

    def active(self) -> Sequence[UUID]:
        """Return the replays of which items begin, or are under way."""
        is_under_way = sa.exists().where(_ITEM.replay_id == _ROW.id, _IS_UNDER_WAY)
        begins = _ROW.state.in_((State.CANARY, State.RUNNING))
        query = sa.select(_ROW.id).where(_ROW.municipality == self._municipality, sa.or_(begins, is_under_way))
        return self._connection.execute(query.order_by(_ROW.created_at)).scalars().all()

    def counts(self, wanted: UUID) -> Mapping[str, int]:
        """Count the items that wait, that are under way, and that have each outcome."""
        state = sa.case((_WAITS, "waiting"), (_IS_UNDER_WAY, "under-way"), else_=_ITEM.outcome)
        rows = self._connection.execute(
            sa.select(state, sa.func.count()).where(_ITEM.replay_id == wanted).group_by(state)
        )
        found = {row[0]: row[1] for row in rows}
        return {str(name): found.get(name, 0) for name in (*_KNOWN_STATES, *Outcome)}

    def items(self, wanted: UUID, most: int) -> Sequence[Item]:
        """Return the items of a replay, in the order in which they begin."""
        return self._items(_ITEM.replay_id == wanted, most)

    def under_way(self, wanted: UUID, most: int) -> Sequence[Item]:
        """Return the items that are under way, those that began first."""
        return self._items(sa.and_(_ITEM.replay_id == wanted, _IS_UNDER_WAY), most)

    def next(self, wanted: UUID) -> Item | None:
        """Return the next item that waits."""
        return next(iter(self._items(sa.and_(_ITEM.replay_id == wanted, _WAITS), 1)), None)

    def latest(self, wanted: UUID, among: Collection[Outcome], most: int) -> Sequence[Outcome]:
        """Return the latest outcomes that are among some, the last first."""
        query = sa.select(_ITEM.outcome).where(_ITEM.replay_id == wanted, _ITEM.outcome.in_(among))
        rows = self._connection.execute(query.order_by(_ITEM.ended_at.desc(), _ITEM.position.desc()).limit(most))
        return [Outcome(row.outcome) for row in rows]

    def is_still_dead(self, item: Item) -> bool:
        """Tell whether an item is the dead letter that was chosen; holds its row until the transaction ends."""
        query = sa.select(outbox.c.dead_at).where(outbox.c.id == item.row).with_for_update()
        return bool(self._connection.execute(query).scalar_one() == item.dead_at)

    def begin(self, item: Item, at: datetime) -> None:
        """Remember that an item's row has been made due, in the transaction that did it."""
        mark = sa.select(outbox.c.mark).where(outbox.c.id == item.row).scalar_subquery()
        self._change_item(item, begun_at=at, mark=mark)

    def end(self, item: Item, outcome: Outcome, at: datetime, kind_again: str | None = None) -> None:
        """Remember what became of an item."""
        self._change_item(item, ended_at=at, outcome=outcome, kind_again=kind_again)

    def leave(self, wanted: UUID, at: datetime) -> None:
        """Let what waits stay the dead letters that they are."""
        waiting = replay_items.update().where(_ITEM.replay_id == wanted, _WAITS)
        self._connection.execute(waiting.values(ended_at=at, outcome=Outcome.UNTOUCHED))

    def standing(self, item: Item) -> Standing:
        """Return how the row of an item under way stands."""
        row = self._connection.execute(sa.select(outbox).where(outbox.c.id == item.row)).one()
        answered = (
            sa.select(attempts.c.leaving)
            .where(attempts.c.outbox_id == item.row, attempts.c.mark >= item.mark)
            .where(sa.not_(attempts.c.is_open), attempts.c.outcome.in_(list(ReceiptStatus)))
            .order_by(*OLDEST_FIRST)
            .limit(1)
        )
        leaving = self._connection.execute(answered).scalar_one_or_none()
        died_of = (row.dead_cause or "") if row.dead_at is not None else None
        return Standing(row.plan_id, row.due_at is not None, died_of, orjson.loads(leaving) if leaving else None)

    def change(self, wanted: UUID, **values: Any) -> None:
        """Change how a replay stands."""
        self._connection.execute(replays.update().where(_ROW.id == wanted).values(**values))

    def before(self, rows: Collection[UUID]) -> Mapping[UUID, UUID]:
        """Return of dead letters the latest replay that brought them back before they died again."""
        found = self._connection.execute(
            sa.select(_ITEM.outbox_id, _ITEM.replay_id)
            .join(outbox, outbox.c.id == _ITEM.outbox_id)
            .where(_ITEM.outbox_id.in_(list(rows)), _ITEM.begun_at <= outbox.c.dead_at)
            .order_by(_ITEM.begun_at)
        )
        return {row.outbox_id: row.replay_id for row in found}

    def clear(self, before: datetime, most: int) -> int:
        """Forget replays that ended, and drafts that were made, before an instant; return how many rows that were."""
        is_old = sa.or_(_ROW.ended_at < before, sa.and_(_ROW.state == State.DRAFT, _ROW.created_at < before))
        is_open = sa.exists().where(_ITEM.replay_id == _ROW.id, _IS_UNDER_WAY)
        query = sa.select(_ROW.id).where(_ROW.municipality == self._municipality, is_old, sa.not_(is_open)).limit(most)
        left = most
        for replay in self._connection.execute(query).scalars().all():
            some = sa.select(_ITEM.outbox_id).where(_ITEM.replay_id == replay).limit(left)
            gone = replay_items.delete().where(_ITEM.replay_id == replay, _ITEM.outbox_id.in_(some.scalar_subquery()))
            left -= self._connection.execute(gone).rowcount
            if left <= 0:
                break
            self._connection.execute(replays.delete().where(_ROW.id == replay))
            left -= 1
        return most - left

    def _ours(self) -> sa.Select[Any]:
        return sa.select(replays).where(_ROW.municipality == self._municipality)

    def _one(self, query: sa.Select[Any]) -> Replay | None:
        row = self._connection.execute(query).one_or_none()
        return self._read(row) if row else None

    def _read(self, row: sa.Row[Any]) -> Replay:
        reason = self._keyring.unseal_alone(row.reason, reason_place(row.id)).decode()
        return Replay(
            row.id, State(row.state), row.created_at, row.created_by, row.correlation_id, reason,
            orjson.loads(row.selection), row.cutoff, row.canary, row.per_minute, row.stop_percent, row.started_at,
            row.next_at, row.ended_at, row.ended_by, row.ended_why,
        )  # fmt: skip

    def _items(self, which: sa.ColumnElement[bool], most: int) -> Sequence[Item]:
        rows = self._connection.execute(sa.select(replay_items).where(which).order_by(_ITEM.position).limit(most))
        return [
            Item(
                row.replay_id, row.outbox_id, row.recipient, row.dead_at, row.kind, row.dead_group, row.mark,
                row.begun_at, row.ended_at, Outcome(row.outcome) if row.outcome else None, row.kind_again,
            )
            for row in rows
        ]  # fmt: skip

    def _change_item(self, item: Item, **values: Any) -> None:
        one = replay_items.update().where(_ITEM.replay_id == item.replay, _ITEM.outbox_id == item.row)
        self._connection.execute(one.values(**values))


def reason_place(replay: UUID) -> str:
    """Return what a replay's sealed reason is bound to."""
    return f"replays|{replay}|reason"
