"""Every version of one element that is kept: what it said, in the order in which the hub took it in.

Only ``flow`` may ask: nobody goes round the consent layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from hub.plan.element import Element
from hub.store.plans import StoredPlan
from hub.store.sealed_elements import ElementPlace, unseal_element
from hub.store.tables import elements

_VERSIONS = (
    sa.select(elements.c.registered_at, elements.c.content)
    .where(elements.c.plan_id == sa.bindparam("plan"), elements.c.id == sa.bindparam("one"))
    .order_by(elements.c.row)
)


def element_versions(connection: sa.Connection, stored: StoredPlan, element: UUID) -> Sequence[Element]:
    """Return the versions of an element in a plan, oldest first; the last is how it reads now, if it is still there."""
    rows = connection.execute(_VERSIONS, {"plan": stored.plan.id, "one": element})
    return [
        unseal_element(row.content, ElementPlace(element, stored.plan.id, row.registered_at), stored.key)
        for row in rows
    ]
