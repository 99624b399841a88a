"""What the master keys have wrapped: how much of each version there is, and wrapping it anew by the one in use.

Every wrapped key begins with the version of the master key that wrapped it. What is sealed under a plan's or a person's
own key needs nothing: its key is wrapped anew, and stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.crypto.envelope import UNOPENED, VERSION_BYTES, Keyring, version_of
from hub.store.holdings import said_place
from hub.store.inbox import body_place
from hub.store.people import key_place as person_key_place
from hub.store.plans import key_place as plan_key_place
from hub.store.replay_tables import replays
from hub.store.replays import reason_place
from hub.store.retention import Step
from hub.store.subscription_tables import subscriptions
from hub.store.subscriptions import terms_place
from hub.store.tables import attempts, inbox, people, plans

_Sealed = sa.Column[Any]
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A column whose values begin with a wrapped key."""

    column: _Sealed
    place: Callable[[UUID], str]


#: In this order: what is read most comes first. tests/integration/store/test_rewrapping.py finds one that is missing.
WRAPPED: Sequence[Wrapped] = (
    Wrapped(people.c.wrapped_key, person_key_place),
    Wrapped(plans.c.wrapped_key, plan_key_place),
    Wrapped(attempts.c.said, said_place),
    Wrapped(replays.c.reason, reason_place),
    Wrapped(subscriptions.c.terms, terms_place),
    Wrapped(inbox.c.body, body_place),
)


@dataclass(frozen=True, slots=True)
class Rewrapped(Step):
    """What one step did.

    :ivar unreadable: how many rows, by the round until now, did not open: they stay as they are.
    """

    unreadable: int = 0


class Rewrapping:
    """What master keys have wrapped, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def counts(self) -> Mapping[int, int]:
        """Return how many rows there are of each version."""
        found: dict[int, int] = {}
        for one in WRAPPED:
            version = _version(one.column)
            query = sa.select(version, sa.func.count()).where(one.column.is_not(None)).group_by(version)
            for written, rows in self._connection.execute(query):
                found[version_of(written)] = found.get(version_of(written), 0) + rows
        return found

    def missing(self) -> int | None:
        """Return a version that some row needs and the keyring lacks."""
        known = [version.to_bytes(VERSION_BYTES) for version in sorted(self._keyring.versions)]
        for one in WRAPPED:
            query = sa.select(_version(one.column)).where(_version(one.column).not_in(known)).limit(1)
            written = self._connection.execute(query).scalar_one_or_none()
            if written is not None:
                return version_of(written)
        return None

    def left(self) -> int:
        """Return how many rows there are of another version than the one in use."""
        return sum(rows for version, rows in self.counts().items() if version != self._keyring.in_use)

    def step(self, position: str, most: int) -> Rewrapped:
        """Wrap the next rows behind a position anew; rows that somebody holds just now are left for the next round.

        One that does not open is counted and passed over: it keeps no other from being wrapped anew.
        """
        index, last, unreadable = _place(position)
        one = WRAPPED[index]
        id_, in_use = one.column.table.c.id, self._keyring.in_use.to_bytes(VERSION_BYTES)
        rows = self._connection.execute(
            sa.select(id_, one.column)
            .where(id_ > last, _version(one.column) != in_use)
            .order_by(id_)
            .limit(most)
            # It waits for nobody, so it is in nobody's way: whoever holds a row goes on.
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        done = sum(self._is_wrapped(one, row.id, row[1]) for row in rows)
        unreadable += len(rows) - done
        if len(rows) == most:
            return Rewrapped(done, _position(index, rows[-1].id, unreadable), unreadable)
        is_last = index + 1 == len(WRAPPED)
        return Rewrapped(done, None if is_last else _position(index + 1, _FIRST, unreadable), unreadable)

    def _is_wrapped(self, one: Wrapped, row: UUID, sealed: bytes) -> bool:
        """Wrap what a row has anew; tell whether it opened."""
        try:
            anew = self._keyring.rewrap(sealed, one.place(row))
        except UNOPENED:
            return False
        table = one.column.table
        self._connection.execute(table.update().where(table.c.id == row).values({one.column: anew}))
        return True


def _place(position: str) -> tuple[int, UUID, int]:
    """Return the column and row that a step begins behind, and how many rows did not open until there."""
    index, last, *unreadable = orjson.loads(position) if position else (0, str(_FIRST))
    return index, UUID(last), next(iter(unreadable), 0)  # a round that an older version began does not say


def _position(index: int, last: UUID, unreadable: int) -> str:
    return orjson.dumps([index, str(last), unreadable]).decode()


def _version(column: _Sealed) -> sa.ColumnElement[bytes]:
    return sa.func.substr(column, 1, VERSION_BYTES, type_=sa.LargeBinary())
