"""What the hub itself puts into a plan: the citizen's own goals and words, joint goals, and what is written by FHIR.

They are elements as any other. Their source is the hub: of the citizen, or of the organisation that writes, in one case
of their own in each plan. So they are merged with nothing, and whoever wrote them alone changes them; what is asked of
an authority, which moves it on, too (``hub.plan.task``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from hub.plan.element import (
    Category,
    Code,
    Element,
    Kind,
    OrderKey,
    Period,
    Provenance,
    Sensitivity,
    Status,
    element_id,
)
from hub.plan.plan import CaseRef, CaseState, Plan

#: As whom the citizen is an author; no authority may be called so.
CITIZEN = "citizen"
SOURCE_SYSTEM = "Én plan"
CONTRACT = "hub/v1"
_PREFIX = "own-"
#: What may be written here, and what it is about.
CATEGORY_OF: Mapping[Kind, str] = {
    Kind.GOAL: Category.GOALS,
    Kind.ACTIVITY: Category.ACTIVITIES,
    Kind.APPOINTMENT: Category.APPOINTMENTS,
    Kind.STATEMENT: Category.STATEMENTS,
}


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What somebody writes into a plan.

    :ivar until: by when it is to be reached; None where nothing is said.
    :ivar part_of: the element of the same plan that it serves.
    :ivar is_sensitive: it tells of health or the like (GDPR art. 9), so fewer may see it.
    :ivar valid: of what time it is; None: from when it is written until ``until``.
    :ivar details: small facts, as an element has them.
    """

    kind: Kind
    title: str = field(repr=False)
    text: str = field(default="", repr=False)
    until: datetime | None = None
    part_of: UUID | None = None
    is_sensitive: bool = False
    valid: Period | None = None
    status: Status = Status.ACTIVE
    codes: tuple[Code, ...] = field(default=(), repr=False)
    details: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> Sensitivity:
        """Return its step on the ladder: what somebody tells an authority is confidential, what is of health more."""
        return (
            Sensitivity.FOELSOMME_PERSONOPLYSNINGER if self.is_sensitive else Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
        )


def own_id(plan: UUID, author: str, source: UUID) -> UUID:
    """Return the id of what somebody writes into a plan."""
    return element_id(author, _case_of(plan), str(source))


def written(plan: UUID, author: str, source: UUID, words: OwnWords, at: datetime) -> Element:
    """Return a new element of what somebody writes."""
    case = _case_of(plan)
    return Element(
        id=own_id(plan, author, source),
        kind=words.kind,
        category=CATEGORY_OF[words.kind],
        label=words.label,
        status=words.status,
        title=words.title,
        text=words.text,
        valid=words.valid or Period(at, words.until),
        codes=words.codes,
        part_of=words.part_of,
        concerns=frozenset(),
        details=dict(words.details),
        provenance=Provenance(author, SOURCE_SYSTEM, case, str(source), CONTRACT),
        order=OrderKey(1, at, str(source)),
        registered_at=at,
    )


def reworded(element: Element, words: OwnWords, at: datetime, message: UUID) -> Element:
    """Return the next version of an element: in other words, and of the same kind."""
    return replace(
        _next(element, at, message),
        title=words.title,
        text=words.text,
        valid=replace(element.valid, end=words.until),
        part_of=words.part_of,
        label=words.label,
    )


def rewritten(element: Element, words: OwnWords, at: datetime, message: UUID) -> Element:
    """Return the next version of an element, which says all that the words say and nothing besides."""
    return replace(
        reworded(element, words, at, message),
        status=words.status,
        valid=words.valid or Period(element.valid.start, words.until),
        codes=words.codes,
        details=dict(words.details),
    )


def ended(element: Element, status: Status, at: datetime, message: UUID) -> Element:
    """Return the next version of an element: reached, or given up."""
    return replace(_next(element, at, message), status=status)


def with_own(plan: Plan, element: Element) -> Plan:
    """Return a plan with an element that the hub wrote, new or in its next version."""
    case = CaseRef(element.authority, element.provenance.case)
    cases = {**plan.cases, case: CaseState(element.order)}
    return replace(plan, elements={**plan.elements, element.id: element}, cases=cases)


def is_own(element: Element) -> bool:
    """Tell whether an element was written at the hub, and in no authority's system."""
    return element.provenance.contract == CONTRACT and element.provenance.case.startswith(_PREFIX)


def _case_of(plan: UUID) -> str:
    return f"{_PREFIX}{plan}"


def _next(element: Element, at: datetime, message: UUID) -> Element:
    order = OrderKey(element.order.version + 1, at, str(message))
    provenance = replace(element.provenance, message_id=str(message))
    return replace(element, order=order, provenance=provenance, registered_at=at)
