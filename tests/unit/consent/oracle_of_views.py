"""A second opinion on what a reader is shown of a plan: which elements, which parts of them, which links, which marker.

It shares no code with ``hub.consent.view``; what may be seen of each element it asks of the other second opinions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.consent.consent import Consent
from hub.consent.policy import Hidden, Policy
from hub.consent.reader import Reader
from hub.consent.standing import Circumstances
from hub.consent.subject import Subject
from hub.plan.element import Element, Period, Sensitivity
from hub.plan.plan import Plan
from tests.unit.consent.oracle import visible_parts
from tests.unit.consent.oracle_of_standing import those_that_count


@dataclass(frozen=True)
class Expected:
    """What the reader should be shown, in the order of ids, and whether the marker should be set."""

    elements: Sequence[Element]
    may_be_partial: bool


def expected_view(
    plan: Plan,
    reader: Reader,
    policy: Policy,
    consents: Iterable[Consent],
    known: Mapping[UUID, Circumstances],
    at: datetime,
) -> Expected:
    """Return what the reader should be shown. ``consents`` are all versions of everyone's, as they were given."""
    counting = those_that_count(consents, known, policy.ages, at)
    visible = {
        element.id: visible_parts(_asked_about(plan, element), reader, policy, counting, at)
        for element in plan.elements.values()
    }
    shown = []
    for element in sorted(plan.elements.values(), key=lambda element: str(element.id)):
        parts = visible[element.id]
        if parts:
            shown.append(
                replace(
                    element,
                    title=element.title if Hidden.TITLE in parts else "",
                    text=element.text if Hidden.TEXT in parts else "",
                    codes=element.codes if Hidden.CODES in parts else (),
                    details=element.details if Hidden.DETAILS in parts else {},
                    part_of=element.part_of if element.part_of and visible.get(element.part_of) else None,
                )
            )
    return Expected(shown, _marker(plan, reader, policy, counting, at))


def _marker(plan: Plan, reader: Reader, policy: Policy, counting: Sequence[Consent], at: datetime) -> bool:
    """Tell whether of some category and some label the reader would see nothing; whatever the plan holds."""
    for category in policy.categories:
        for label in Sensitivity:
            other = Subject(
                plan=plan.id,
                person=plan.person,
                authority="an authority that nobody belongs to",
                category=category,
                label=label,
                concerned=frozenset({plan.person}),
                is_held=plan.is_held,
                is_restricted=None in plan.restricted,
            )
            if not visible_parts(other, reader, policy, counting, at):
                return True
    return False


def _asked_about(plan: Plan, element: Element) -> Subject:
    return Subject(
        plan=plan.id,
        person=plan.person,
        authority=element.provenance.authority,
        category=element.category,
        label=Sensitivity.VIP_SAGER if element.label is None else element.label,
        concerned=frozenset({plan.person, *element.concerns}),
        element=element.id,
        has_protected_address=_gives_an_address_away(plan, element),
        is_labelled=element.label is not None,
        valid=Period(element.valid.start, element.valid.end),
        is_held=plan.is_held,
        is_restricted=bool(plan.restricted & {None, element.id}),
    )


def _gives_an_address_away(plan: Plan, element: Element) -> bool:
    """An authority says so; or it is a place, or somebody of the household, of another whom the register protects."""
    if element.details.get("protected-address", "no") == "yes":
        return True
    if element.kind.value != "household-member" and "place" not in element.details:
        return False
    return any(one in plan.protected for one in element.concerns if one != plan.person)
