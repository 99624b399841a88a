"""What of a plan's change cannot wait: an appointment that is about to begin, or is under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hub.plan.element import Element, Kind
from hub.plan.plan import Plan

#: Who has an appointment tomorrow plans for it today.
SOON = timedelta(hours=24)


def is_pressing(before: Plan, after: Plan, at: datetime) -> bool:
    """Tell whether a change adds, changes or takes away an appointment that begins within 24 hours, or is under way.

    One that was soon and is moved to next month counts, and so does one that is moved from there to tomorrow. What is
    over does not: it can wait as everything else.
    """
    ids = before.elements.keys() | after.elements.keys()
    pairs = [(before.elements.get(one), after.elements.get(one)) for one in ids]
    either = [element for pair in pairs for element in pair if element is not None and _differ(*pair)]
    return any(_is_soon(element, at) for element in either)


def _differ(was: Element | None, becomes: Element | None) -> bool:
    """Tell whether two versions say something else; a newer message that says the same is no change."""
    if was is None or becomes is None:
        return was is not becomes
    told = replace(becomes, provenance=was.provenance, order=was.order, registered_at=was.registered_at)
    return told != was


def _is_soon(element: Element, at: datetime) -> bool:
    start, end = element.valid.start, element.valid.end
    if element.kind is not Kind.APPOINTMENT or start is None or start > at + SOON:
        return False
    return start >= at or (end is not None and end > at)
