"""Which finding it is, so that a word on it can be remembered: the same appointments at the same hours are the same.

An identity rests on what the finding is about and on nothing besides: neither on the order in which anything was sent,
nor on what else the plan holds. Whoever moves one side of it makes another finding, of which nothing was said yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid5

from hub.plan.deadlines import FollowUpDue
from hub.plan.element import Element
from hub.plan.findings import KINDS, Finding, OppositeDemands

#: Namespace of the ids of findings; any constant will do, but it may never change.
FINDINGS = UUID("6f6e6520-706c-5168-8562-202d2066696e")


def identity(found: Finding, elements: Iterable[Element]) -> UUID:
    """Return the id of a finding: of its kind, of its elements and when they are, and of what was counted or asked.

    :param elements: those of the view in which it was found, and any others.
    """
    about = set(found.elements)
    stands = sorted(_stands(element) for element in elements if element.id in about)
    return uuid5(FINDINGS, "\x1f".join((KINDS[type(found)], *_facts(found), *stands)))


def _stands(element: Element) -> str:
    return "|".join((str(element.id), _instant(element.valid.start), _instant(element.valid.end)))


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at else ""


def _facts(found: Finding) -> Iterator[str]:
    """Yield what it is besides its elements; that a day has passed by now makes it no other."""
    match found:
        case OppositeDemands():
            yield str(found.hours or "")
        case FollowUpDue():
            yield found.rule.id
