"""What citizens have asked for by right, over all plans: of what kind, when, and how that stands.

Nothing sealed is read here: no words, no element and nobody's plan. So whether a correction stands is told by times: a
version of its element that came later is the answer to it, and so is that the element is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.store.correction_tables import corrections
from hub.store.erasures import REQUEST
from hub.store.rights_tables import erasures, restrictions
from hub.store.tables import audit, elements

_WRONG, _LIMIT, _ERASURE = corrections.c, restrictions.c, erasures.c


class Right(StrEnum):
    """What was asked for."""

    CORRECTION = "correction"
    RESTRICTION = "restriction"
    ERASURE = "erasure"
    REPORT = "report"  # of all that the hub holds


class Stands(StrEnum):
    """How it stands."""

    ASKED = "asked"  # nobody has answered
    UNDER_WAY = "under-way"  # an erasure: everybody is told to delete
    CHANGED = "changed"
    REFUSED = "refused"
    IN_FORCE = "in-force"
    TO_BE_LIFTED = "to-be-lifted"  # the citizen is being told
    LIFTED = "lifted"
    DONE = "done"
    GIVEN = "given"


#: Somebody has yet to do something.
OPEN = frozenset({Stands.ASKED, Stands.UNDER_WAY})


@dataclass(frozen=True, slots=True)
class RightAsked:
    """One request.

    :ivar id: of the request; None for a report, which is none: it is given at once.
    :ivar organisation: who answers; of a report who asked.
    :ivar ended_at: when it came to how it stands; None while it is open, or where that is not written down.
    :ivar plan: for who must look further; not to be told.
    """

    right: Right
    id: UUID | None
    organisation: str
    stands: Stands
    asked_at: datetime
    ended_at: datetime | None
    plan: UUID | None = field(default=None, repr=False)


class RightsAsked:
    """What was asked for by right, in one transaction; open ones are given oldest first, else the newest come first."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def corrections(self, most: int, *, only_open: bool) -> Sequence[RightAsked]:
        """Return corrections; whoever wrote the element answers them."""
        now_said = elements.c
        query = (
            sa.select(_WRONG.id, _WRONG.authority, _WRONG.asked_at, _WRONG.answered_at, now_said.registered_at)
            .outerjoin(elements, (now_said.id == _WRONG.element_id) & now_said.superseded_at.is_(None))
            .where(_WRONG.municipality == self._municipality)
        )
        if only_open:
            query = query.where(_WRONG.answered_at.is_(None), now_said.registered_at <= _WRONG.asked_at)
        return [
            RightAsked(Right.CORRECTION, row.id, row.authority, *_corrected(row))
            for row in self._connection.execute(_ordered(query, _WRONG.asked_at, only_open).limit(most))
        ]

    def restrictions(self, most: int) -> Sequence[RightAsked]:
        """Return restrictions: each holds from when it was asked for. That of a plan being erased is none."""
        is_erased = sa.exists().where(_ERASURE.plan_id == _LIMIT.plan_id, _ERASURE.approved_at.is_not(None))
        query = sa.select(_LIMIT.id, _LIMIT.organisation, _LIMIT.set_at, _LIMIT.announced_at, _LIMIT.lifted_at).where(
            _LIMIT.municipality == self._municipality, ~is_erased
        )
        return [
            RightAsked(Right.RESTRICTION, row.id, row.organisation, *_restricted(row))
            for row in self._connection.execute(_ordered(query, _LIMIT.set_at, oldest_first=False).limit(most))
        ]

    def erasures(self, most: int, *, only_open: bool) -> Sequence[RightAsked]:
        """Return erasures that somebody asked for; whose time has ended is no request."""
        query = sa.select(
            _ERASURE.id, _ERASURE.plan_id, _ERASURE.organisation, _ERASURE.asked_at, _ERASURE.approved_at,
            _ERASURE.done_at,
        ).where(_ERASURE.municipality == self._municipality, _ERASURE.cause == REQUEST)  # fmt: skip
        if only_open:
            query = query.where(_ERASURE.done_at.is_(None))
        return [
            RightAsked(Right.ERASURE, row.id, row.organisation, *_erased(row), plan=row.plan_id)
            for row in self._connection.execute(_ordered(query, _ERASURE.asked_at, only_open).limit(most))
        ]

    def reports(self, since: datetime, newest: int, most: int) -> Sequence[RightAsked]:
        """Return which reports were given since an instant, by the audit.

        :param newest: so many of its newest rows are looked through; it is long, and has no order but its own.
        """
        ours = audit.c.municipality == self._municipality
        last = self._connection.execute(sa.select(sa.func.max(audit.c.row)).where(ours)).scalar_one() or 0
        query = sa.select(audit.c.at, audit.c.details).where(
            ours, audit.c.row > last - newest, audit.c.at >= since, audit.c.action == "report-given"
        )
        return [
            RightAsked(Right.REPORT, None, orjson.loads(row.details)["organisation"], Stands.GIVEN, row.at, row.at)
            for row in self._connection.execute(query.order_by(audit.c.row.desc()).limit(most))
        ]


def _ordered(
    query: sa.Select[*tuple[object, ...]], at: sa.ColumnElement[datetime], oldest_first: bool
) -> sa.Select[*tuple[object, ...]]:
    return query.order_by(at if oldest_first else at.desc())


def _corrected(row: sa.Row[*tuple[object, ...]]) -> tuple[Stands, datetime, datetime | None]:
    if row.answered_at is not None:
        return Stands.REFUSED, row.asked_at, row.answered_at
    if row.registered_at is None or row.registered_at > row.asked_at:
        return Stands.CHANGED, row.asked_at, row.registered_at
    return Stands.ASKED, row.asked_at, None


def _restricted(row: sa.Row[*tuple[object, ...]]) -> tuple[Stands, datetime, datetime | None]:
    if row.lifted_at is not None:
        return Stands.LIFTED, row.set_at, row.lifted_at
    if row.announced_at is not None:
        return Stands.TO_BE_LIFTED, row.set_at, row.announced_at
    return Stands.IN_FORCE, row.set_at, row.set_at


def _erased(row: sa.Row[*tuple[object, ...]]) -> tuple[Stands, datetime, datetime | None]:
    if row.done_at is not None:
        return Stands.DONE, row.asked_at, row.done_at
    return (Stands.UNDER_WAY if row.approved_at is not None else Stands.ASKED), row.asked_at, None
