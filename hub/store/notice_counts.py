"""How many letters to citizens ought to have left, for whoever watches the hub."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from hub.store.notice_tables import notices
from hub.store.notices import HELD, NOT_SHOWN, State

_ROW = notices.c


def stuck(connection: sa.Connection, municipality: str, at: datetime) -> Mapping[State, int]:
    """Count letters that ought to have left, by state: due, put off for a failure or want of a post, or dead.

    One that waits for its own time, or until the citizen may be told of it, is none.
    """
    is_put_off = sa.and_(_ROW.state == State.WAITING, _ROW.cause.not_in(("", HELD, NOT_SHOWN)))
    query = (
        sa.select(_ROW.state, sa.func.count())
        .where(_ROW.municipality == municipality, sa.or_(_ROW.due_at <= at, is_put_off, _ROW.state == State.DEAD))
        .group_by(_ROW.state)
    )
    return {State(state): count for state, count in connection.execute(query)}
