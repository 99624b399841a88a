"""What is asked about: the facts of an element that a decision may rest on, and nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hub.consent.subjects import kle_of
from hub.plan.element import Detail, Element, Kind, Period, Sensitivity
from hub.plan.plan import Plan

#: What an unlabelled element counts as: the top of the ladder, so that only who may see all may see it.
RESTRICTED = Sensitivity.VIP_SAGER


@dataclass(frozen=True, slots=True)
class Subject:
    """The facts of an element that a decision may rest on.

    :ivar category: None when its source gave none; then no permission covers it.
    :ivar concerned: everyone whose consents count: the plan's person and all whom the element names.
    :ivar valid: of which time the element is; open where no consent asks.
    :ivar is_held: whether the family's view of the plan is held back (``Plan.is_held``).
    :ivar is_restricted: whether its processing is restricted (GDPR art. 18).
    :ivar kle: subjects of KLE that it is about; for readers whose work is limited by them.
    """

    plan: UUID
    person: UUID
    authority: str
    category: str | None
    label: Sensitivity
    concerned: frozenset[UUID]
    element: UUID | None = None
    has_protected_address: bool = False
    is_labelled: bool = True
    valid: Period = Period()
    is_held: bool = False
    is_restricted: bool = False
    kle: frozenset[str] = frozenset()

    @property
    def kind(self) -> tuple[object, ...]:
        """Return all of it but which element it is, and of which time."""
        return (
            self.plan,
            self.person,
            self.authority,
            self.category,
            self.label,
            self.concerned,
            self.has_protected_address,
            self.is_labelled,
            self.is_held,
            self.is_restricted,
        )


def subject_of(plan: Plan, element: Element) -> Subject:
    """Return what a decision about the element may rest on."""
    return Subject(
        plan=plan.id,
        person=plan.person,
        authority=element.authority,
        category=element.category,
        label=element.label or RESTRICTED,
        concerned=element.concerns | {plan.person},
        element=element.id,
        has_protected_address=_has_protected_address(plan, element),
        is_labelled=element.label is not None,
        valid=element.valid,
        is_held=plan.is_held,
        is_restricted=plan.is_restricted or element.id in plan.restricted,
        kle=kle_of(element),
    )


def likeness(plan: Plan, element: Element) -> tuple[object, ...]:
    """Return all that differs between elements of a plan in what a decision may rest on, but as ``Subject.kind`` does.

    So two of the same likeness have subjects of the same kind, and codes of KLE that may differ.
    """
    return (
        element.authority,
        element.category,
        element.label,
        element.concerns,
        _has_protected_address(plan, element),
        element.id in plan.restricted,
    )


def _has_protected_address(plan: Plan, element: Element) -> bool:
    return element.details.get(Detail.PROTECTED_ADDRESS) == "yes" or _tells_where(plan, element)


def _tells_where(plan: Plan, element: Element) -> bool:
    """Tell whether an element may tell where somebody else lives whose address the person register protects."""
    if not plan.protected:
        return False
    others = element.concerns - {plan.person}
    may_tell = element.kind is Kind.HOUSEHOLD_MEMBER or Detail.PLACE in element.details
    return may_tell and not others.isdisjoint(plan.protected)
