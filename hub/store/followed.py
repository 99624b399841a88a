"""Whom the hub follows in the person register: one row for each person who has a plan, and how far it stands.

A row is one subscription. Its id is all that the register's changes name, and says nothing of the person to anybody
else. ``catch_up`` compares the rows with the plans that are there, so that a plan opened, or deleted, at any time and
by any way is followed, or is not any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.store.register_tables import followed
from hub.store.tables import plans

_ROW = followed.c
_AT_ONCE = 200


class State(StrEnum):
    """How a subscription stands."""

    WANTED = "wanted"  # the register is to be asked for it
    FOLLOWED = "followed"
    NO_NUMBER = "no-number"  # the person is known by no CPR number yet
    UNKNOWN = "unknown"  # the register knows nobody by the number
    LEAVING = "leaving"  # the person has no plan any more; the register is to be told


@dataclass(frozen=True, slots=True)
class Followed:
    """One person who is followed.

    :ivar version: of what the register said last; 0: nothing yet.
    """

    subscription: UUID
    person: UUID
    state: State
    version: int


class FollowedPeople:
    """Whom the hub follows, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def get(self, subscription: UUID, *, for_change: bool = False) -> Followed | None:
        """Return a subscription of ours, or None."""
        query = sa.select(followed).where(_ROW.id == subscription, self._is_ours())
        row = self._connection.execute(query.with_for_update() if for_change else query).one_or_none()
        return Followed(row.id, row.person_id, State(row.state), row.version) if row is not None else None

    def ours(self, subscriptions: Collection[UUID]) -> Sequence[UUID]:
        """Return those subscriptions that are ours, in order; of others nothing is kept."""
        query = sa.select(_ROW.id).where(_ROW.id.in_(list(subscriptions)), self._is_ours()).order_by(_ROW.id)
        return self._connection.execute(query).scalars().all()

    def catch_up(self, at: datetime, again_after: timedelta) -> Sequence[UUID]:
        """Begin to follow who has come to have a plan, let go of who has none; return whom to ask the register about.

        Those of whom it knew nobody, or who had no CPR number, are asked about again after a time.
        """
        return [*self._newcomers(), *self._leavers(), *self._once_more(at, again_after)]

    def heard(
        self,
        subscription: UUID,
        state: State,
        at: datetime,
        version: int | None = None,
        recheck: datetime | None = None,
    ) -> None:
        """Remember what came of asking.

        :param version: of what was said; without it nothing was.
        :param recheck: when what was said changes by the calendar.
        """
        said = {} if version is None else {"version": version, "recheck_at": recheck}
        self._connection.execute(
            followed.update().where(_ROW.id == subscription).values(state=state, asked_at=at, **said)
        )

    def let_go(self, subscription: UUID) -> None:
        """Forget a subscription that the register has let go of."""
        self._connection.execute(followed.delete().where(_ROW.id == subscription))

    def forget_leavers(self) -> None:
        """Forget who has no plan any more: where no register is asked any more, there is none to let go of them."""
        self._connection.execute(followed.delete().where(self._is_ours(), self._has_no_plan()))

    def due(self, at: datetime) -> Sequence[Followed]:
        """Return those for whom something that the register said has ended by the calendar."""
        query = sa.select(followed).where(self._is_ours(), _ROW.recheck_at <= at).order_by(_ROW.recheck_at)
        rows = self._connection.execute(query.limit(_AT_ONCE))
        return [Followed(row.id, row.person_id, State(row.state), row.version) for row in rows]

    def recheck(self, subscription: UUID, recheck: datetime | None) -> None:
        """Remember when to look next."""
        self._connection.execute(followed.update().where(_ROW.id == subscription).values(recheck_at=recheck))

    def _newcomers(self) -> Sequence[UUID]:
        is_followed = sa.exists().where(_ROW.person_id == plans.c.person_id)
        ours = plans.c.municipality == self._municipality
        query = sa.select(plans.c.person_id).where(ours, sa.not_(is_followed)).order_by(plans.c.person_id)
        found = self._connection.execute(query.limit(_AT_ONCE)).scalars().all()
        rows = [
            {"id": new_id(), "municipality": self._municipality, "person_id": one, "state": State.WANTED, "version": 0}
            for one in found
        ]
        if rows:
            self._connection.execute(followed.insert(), rows)
        return [row["id"] for row in rows]

    def _leavers(self) -> Sequence[UUID]:
        query = sa.select(_ROW.id).where(self._is_ours(), _ROW.state != State.LEAVING, self._has_no_plan())
        found = self._connection.execute(query.order_by(_ROW.id).limit(_AT_ONCE)).scalars().all()
        self._connection.execute(followed.update().where(_ROW.id.in_(found)).values(state=State.LEAVING))
        return found

    def _once_more(self, at: datetime, after: timedelta) -> Sequence[UUID]:
        query = sa.select(_ROW.id).where(
            self._is_ours(), _ROW.state.in_([State.NO_NUMBER, State.UNKNOWN]), _ROW.asked_at <= at - after
        )
        found = self._connection.execute(query.order_by(_ROW.asked_at).limit(_AT_ONCE)).scalars().all()
        self._connection.execute(followed.update().where(_ROW.id.in_(found)).values(asked_at=at))
        return found

    @staticmethod
    def _has_no_plan() -> sa.ColumnElement[bool]:
        return sa.not_(sa.exists().where(plans.c.person_id == _ROW.person_id))

    def _is_ours(self) -> sa.ColumnElement[bool]:
        return _ROW.municipality == self._municipality
