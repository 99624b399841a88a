"""The elements of a plan as they stand: a row of each, and all once more, sealed together in the plan's own row.

The rows are the record: every version, and what is looked for by kind or time. A read opens one value instead of one of
each element (docs/adr/0052).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.plan.canonical import canonical, own_content
from hub.plan.element import Element
from hub.plan.plan import Plan
from hub.store.sealed_elements import Current, ElementPlace, seal_element, unseal_current, unseal_element
from hub.store.tables import elements

_IS_CURRENT = elements.c.superseded_at.is_(None)
_CURRENT = sa.select(elements.c.id, elements.c.registered_at, elements.c.content).where(
    elements.c.plan_id == sa.bindparam("plan"), _IS_CURRENT
)
_TOUCH = (
    elements.update()
    .where(elements.c.plan_id == sa.bindparam("of"), elements.c.id == sa.bindparam("one"), _IS_CURRENT)
    .values(content=sa.bindparam("sealed"))
)
_SUPERSEDE = (
    elements.update()
    .where(
        elements.c.plan_id == sa.bindparam("of"), elements.c.id.in_(sa.bindparam("these", expanding=True)), _IS_CURRENT
    )
    .values(superseded_at=sa.bindparam("at"))
)


def read_current(connection: sa.Connection, row: sa.Row[*tuple[Any, ...]], key: bytes) -> Current:
    """Return the elements of a plan by its row.

    What the row has of them is of a version of the plan. A process of an earlier hub raises the version and leaves that
    as it was; then each element is opened.

    :raises Tampered: something does not open.
    """
    if row.content_version == row.version:
        return unseal_current(row.content, row.id, row.version, key)
    return [
        (unseal_element(one.content, ElementPlace(one.id, row.id, one.registered_at), key), one.registered_at)
        for one in connection.execute(_CURRENT, {"plan": row.id}).all()
    ]


def write_changed(connection: sa.Connection, was: Current, after: Plan, key: bytes, at: datetime) -> Current:
    """Write a row of each element that has changed, and return the elements as they stand now.

    Superseded versions stay, unless only order or message id moved.
    """
    before = {element.id: (element, written) for element, written in was}
    kept, touched, fresh = Current(), Current(), Current()
    for element in after.elements.values():
        older, written = before.get(element.id, (None, element.registered_at))
        if older is None:
            fresh.append((element, written))
        elif older == element:
            kept.append((element, written))
        elif canonical(older) == canonical(element):
            touched.append((_registered_as(older, element), written))
        else:
            is_news = own_content(older) != own_content(element)
            fresh.append((element if is_news else _registered_as(older, element), element.registered_at))
    gone = before.keys() - {element.id for element, _ in (*kept, *touched)}
    if gone:
        connection.execute(_SUPERSEDE, {"of": after.id, "these": list(gone), "at": at})
    if fresh:
        connection.execute(elements.insert(), [_row(*one, after.id, key) for one in fresh])
    if touched:
        connection.execute(_TOUCH, [_content(*one, after.id, key) for one in touched])
    return [*kept, *touched, *fresh]


def _row(element: Element, written: datetime, plan: UUID, key: bytes) -> dict[str, Any]:
    return {
        "id": element.id,
        "plan_id": plan,
        "kind": element.kind,
        "category": element.category,
        "label": element.label,
        "authority": element.authority,
        "status": element.status,
        "valid_from": element.valid.start,
        "valid_to": element.valid.end,
        "registered_at": written,
        "content": seal_element(element, ElementPlace(element.id, plan, written), key),
    }


def _content(element: Element, written: datetime, plan: UUID, key: bytes) -> dict[str, Any]:
    sealed = seal_element(element, ElementPlace(element.id, plan, written), key)
    return {"of": plan, "one": element.id, "sealed": sealed}


def _registered_as(before: Element, after: Element) -> Element:
    """Keep the registration time that readers are told: content sent again, or linked anew, is no newer than it was."""
    return replace(after, registered_at=before.registered_at)
