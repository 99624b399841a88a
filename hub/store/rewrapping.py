"""What the master keys have wrapped: how much of each version there is, and wrapping it anew by the one in use.

Every wrapped key begins with the version of the master key that wrapped it. What is sealed under a plan's or a person's
own key needs nothing: its key is wrapped anew, and stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.crypto.envelope import VERSION_BYTES, Keyring, version_of
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
        return self._first_but(self._keyring.versions)

    def is_any_left(self) -> bool:
        """Tell whether there is a row of another version than the one in use."""
        return self._first_but({self._keyring.in_use}) is not None

    def _first_but(self, these: Iterable[int]) -> int | None:
        known = [version.to_bytes(VERSION_BYTES) for version in sorted(these)]
        for one in WRAPPED:
            query = sa.select(_version(one.column)).where(_version(one.column).not_in(known)).limit(1)
            written = self._connection.execute(query).scalar_one_or_none()
            if written is not None:
                return version_of(written)
        return None

    def step(self, position: str, most: int) -> Step:
        """Wrap the next rows behind a position anew; rows that somebody holds just now are left for the next round."""
        index, last = orjson.loads(position) if position else (0, str(UUID(int=0)))
        one = WRAPPED[index]
        id_, in_use = one.column.table.c.id, self._keyring.in_use.to_bytes(VERSION_BYTES)
        rows = self._connection.execute(
            sa.select(id_, one.column)
            .where(id_ > UUID(last), _version(one.column) != in_use)
            .order_by(id_)
            .limit(most)
            # It waits for nobody, so it is in nobody's way: whoever holds a row goes on.
            .with_for_update(skip_locked=True, key_share=True)
        ).all()
        for row in rows:
            anew = self._keyring.rewrap(row[1], one.place(row.id))
            self._connection.execute(one.column.table.update().where(id_ == row.id).values({one.column: anew}))
        if len(rows) == most:
            return Step(len(rows), orjson.dumps([index, str(rows[-1].id)]).decode())
        is_last = index + 1 == len(WRAPPED)
        return Step(len(rows), None if is_last else orjson.dumps([index + 1, str(UUID(int=0))]).decode())


def _version(column: _Sealed) -> sa.ColumnElement[bytes]:
    return sa.func.substr(column, 1, VERSION_BYTES, type_=sa.LargeBinary())
