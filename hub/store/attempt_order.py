"""Which attempts of a row came later.

Their sequences tell: they rise whatever clocks say. Clocks are set back, and differ between machines, so they tell only
among attempts of one sequence, which bring the same.
"""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables import attempts

OLDEST_FIRST = (attempts.c.sequence, attempts.c.started_at)
NEWEST_FIRST = (attempts.c.sequence.desc(), attempts.c.started_at.desc())


def is_later(one: sa.FromClause, than: sa.FromClause) -> sa.ColumnElement[bool]:
    """Tell whether one attempt of a row came after another of it."""
    return sa.tuple_(one.c.sequence, one.c.started_at) > sa.tuple_(than.c.sequence, than.c.started_at)
