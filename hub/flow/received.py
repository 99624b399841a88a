"""Whether what is asked of an authority has arrived there: it follows from what the authority holds.

Nothing is stored of it. A delivery that is settled makes a Task ``received`` for whoever reads it, and a Task that was
answered meanwhile stands where its owner has put it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.consent.view import Seen, View
from hub.plan.element import Detail
from hub.plan.task import Asked, TaskState, asked_of
from hub.store.transaction import Unit


def as_received(unit: Unit, view: View) -> View:
    """Return a view in which each Task that its owner's system has stands so, since it has it."""
    waiting = {one.element.id: asked.owner for one in view.seen if (asked := _waiting(one)) is not None}
    if not waiting:
        return view
    since = unit.holdings.since(view.plan, waiting)
    arrived = {element: since[owner, element] for element, owner in waiting.items() if (owner, element) in since}
    seen = tuple(_received(one, arrived[one.element.id]) if one.element.id in arrived else one for one in view.seen)
    return replace(view, seen=seen)


def _waiting(seen: Seen) -> Asked | None:
    asked = asked_of(seen.element)
    return asked if asked is not None and asked.state is TaskState.REQUESTED else None


def _received(seen: Seen, at: datetime) -> Seen:
    element = seen.element
    details = {**element.details, Detail.TASK_STATE: TaskState.RECEIVED}
    return replace(seen, element=replace(element, details=details, registered_at=max(at, element.registered_at)))
