"""Builders of plans, contributions, consents, readers and policies.

Each is immutable: a step returns a new builder, so that a test may branch from a shared start. ``build`` ends it.
Defaults are the least that is valid, and permissive only where a test would otherwise have to say so each time.

    plan = a_plan().with_goal("children", title="Ro om aftenen").with_appointment("employment", start=nine).build()
    consent = a_consent(plan.person).to("employment").for_categories("goals").until(new_year).build()
    reader = a_reader("employment", plan)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from hub.clock import new_id
from hub.plan.contribution import Contribution, Coverage, PersonFacts, Removal
from hub.plan.element import Category, Draft, Kind, OrderKey, Period, Sensitivity, Status, element_id
from hub.plan.identifier import Identifier, cpr_identifier
from hub.plan.merge import merge
from hub.plan.own import OwnWords, with_own, written
from hub.plan.plan import Plan
from hub.testing.clock import THEN
from hub.testing.permissions import (
    ConsentBuilder,
    a_citizen,
    a_consent,
    a_consent_to_one_plan,
    a_policy,
    a_reader,
    a_rule,
    own_word,
    the_danish_policy,
)

__all__ = [
    "TEST_CPR",
    "THEN",
    "ConsentBuilder",
    "ContributionBuilder",
    "PlanBuilder",
    "a_citizen",
    "a_consent",
    "a_consent_to_one_plan",
    "a_contribution",
    "a_draft",
    "a_plan",
    "a_policy",
    "a_reader",
    "a_rule",
    "an_id",
    "own_word",
    "the_danish_policy",
]

#: One of dk-core's own test numbers.
TEST_CPR = "0201609995"

_CATEGORY_OF = {
    Kind.CASE: Category.CASES,
    Kind.NEED: Category.NEEDS,
    Kind.GOAL: Category.GOALS,
    Kind.SUB_GOAL: Category.GOALS,
    Kind.ACTIVITY: Category.ACTIVITIES,
    Kind.APPOINTMENT: Category.APPOINTMENTS,
    Kind.CONTACT_PERSON: Category.CONTACTS,
    Kind.NOTE: Category.ASSESSMENTS,
    Kind.STATEMENT: Category.STATEMENTS,
    Kind.HOUSEHOLD_MEMBER: Category.HOUSEHOLD,
}
_FORTROLIGE = Sensitivity.FORTROLIGE_PERSONOPLYSNINGER


def a_draft(source_id: str, kind: Kind = Kind.GOAL, **facts: Any) -> Draft:
    """Return a draft: an active, confidential goal unless told otherwise; its category follows its kind."""
    given = {"category": _CATEGORY_OF[kind], "label": _FORTROLIGE, "status": Status.ACTIVE, "title": "A title"}
    return Draft(source_id=source_id, kind=kind, **{**given, **facts})


@dataclass(frozen=True, slots=True)
class ContributionBuilder:
    """Builds one message of one case."""

    contribution: Contribution

    def version(self, version: int) -> Self:
        """Give it the source's version; the message id follows, so that two versions are two messages."""
        message_id = f"{self.contribution.case}-{version}"
        order = replace(self.contribution.order, version=version, message_id=message_id)
        return self._with(order=order, message_id=message_id)

    def changed_at(self, at: datetime) -> Self:
        """Say when the source changed."""
        return self._with(order=replace(self.contribution.order, changed_at=at))

    def message(self, message_id: str) -> Self:
        """Give it a message id of its own."""
        return self._with(message_id=message_id, order=replace(self.contribution.order, message_id=message_id))

    def snapshot(self) -> Self:
        """Let it speak for the whole case: what it does not name is gone."""
        return self._with(coverage=Coverage.SNAPSHOT)

    def about(self, cpr: str, *earlier: str) -> Self:
        """Name the person whose plan it belongs to, by the number of now and by earlier ones."""
        return self._with(person=replace(self.contribution.person, identifiers=self._numbers(cpr, *earlier)))

    def with_protected_address(self) -> Self:
        """Say that the person's address is protected."""
        return self._with(person=replace(self.contribution.person, has_protected_address=True))

    def with_draft(self, source_id: str, kind: Kind = Kind.GOAL, **facts: Any) -> Self:
        """Add an element; ``facts`` are fields of Draft."""
        return self._with(drafts=(*self.contribution.drafts, a_draft(source_id, kind, **facts)))

    def with_relative(self, source_id: str, cpr: str, *earlier: str, name: str = "") -> Self:
        """Add one of the household, whom the message names by the number of now and by earlier ones."""
        numbers = self._numbers(cpr, *earlier)
        named = self._with(others=(*self.contribution.others, PersonFacts(numbers, name)))
        return named.with_draft(source_id, Kind.HOUSEHOLD_MEMBER, concerns=numbers[:1])

    def removing(self, source_id: str, reason: str = "closed") -> Self:
        """Delete an element."""
        return self._with(removals=(*self.contribution.removals, Removal(source_id, reason)))

    def build(self) -> Contribution:
        """Return the contribution."""
        return self.contribution

    def _numbers(self, *cprs: str) -> tuple[Identifier, ...]:
        return tuple(cpr_identifier(cpr, self.contribution.authority) for cpr in cprs)

    def _with(self, **facts: Any) -> Self:
        return replace(self, contribution=replace(self.contribution, **facts))


def a_contribution(authority: str, case: str = "C1") -> ContributionBuilder:
    """Start a message of a case: a change, version 1, about the holder of ``TEST_CPR``, naming nothing yet."""
    return ContributionBuilder(
        Contribution(
            authority=authority,
            source_system=f"{authority}-system",
            contract=f"{authority}/v1",
            case=case,
            message_id=f"{case}-1",
            order=OrderKey(1, THEN, f"{case}-1"),
            coverage=Coverage.CHANGE,
            person=PersonFacts((cpr_identifier(TEST_CPR, authority),)),
        )
    )


@dataclass(frozen=True, slots=True)
class PlanBuilder:
    """Builds a plan the way the hub does: by merging messages."""

    plan: Plan
    registered_at: datetime = THEN

    def with_element(
        self,
        authority: str,
        kind: Kind,
        category: str | None = None,
        label: Sensitivity | None = _FORTROLIGE,
        *,
        case: str = "C1",
        source_id: str = "",
        concerns: Iterable[UUID] = (),
        **facts: Any,
    ) -> Self:
        """Add an element. ``facts`` are fields of Draft; ``concerns`` are hub ids of further people.

        :param category: the usual one of the kind unless given; for none, use ``with_uncategorised``.
        """
        facts["category"] = category or _CATEGORY_OF[kind]
        return self._with_draft(authority, case, kind, source_id, concerns, {**facts, "label": label})

    def with_uncategorised(self, authority: str, kind: Kind = Kind.NOTE, *, source_id: str = "", **facts: Any) -> Self:
        """Add an element whose source did not say what it is about."""
        return self._with_draft(authority, "C1", kind, source_id, (), {**facts, "category": None})

    def with_goal(self, authority: str, title: str = "A goal", **facts: Any) -> Self:
        """Add a goal."""
        return self.with_element(authority, Kind.GOAL, title=title, **facts)

    def with_appointment(
        self,
        authority: str,
        title: str = "A meeting",
        start: datetime | None = None,
        end: datetime | None = None,
        **facts: Any,
    ) -> Self:
        """Add an appointment."""
        return self.with_element(authority, Kind.APPOINTMENT, title=title, valid=Period(start, end), **facts)

    def with_household_member(
        self, authority: str, person: UUID, relation: str = "other", has_custody: bool = False, **facts: Any
    ) -> Self:
        """Add one of the household."""
        details = {"relation": relation, "custody": "yes" if has_custody else "no"}
        return self.with_element(
            authority, Kind.HOUSEHOLD_MEMBER, concerns=(person,), **{"title": relation, "details": details, **facts}
        )

    def with_contribution(self, contribution: Contribution) -> Self:
        """Merge a message that concerns nobody but the plan's person."""
        return replace(self, plan=merge(self.plan, contribution, {}, self.registered_at))

    def with_written(self, author: str, words: OwnWords) -> Self:
        """Add what somebody has written at the hub: the citizen, or an organisation."""
        source = UUID(int=len(self.plan.elements) + 1)
        element = written(self.plan.id, author, source, words, self.registered_at)
        return replace(self, plan=with_own(self.plan, element))

    def build(self) -> Plan:
        """Return the plan."""
        return self.plan

    def _with_draft(
        self, authority: str, case: str, kind: Kind, source_id: str, concerns: Iterable[UUID], facts: dict[str, Any]
    ) -> Self:
        place = len(self.plan.elements) + len(self.plan.tombstones) + 1
        people = {Identifier("urn:one-plan-hub:person", str(person)): person for person in concerns}
        draft = a_draft(source_id or f"{kind}-{place}", kind, concerns=tuple(people), **facts)
        contribution = replace(a_contribution(authority, case).version(place).build(), drafts=(draft,))
        return replace(self, plan=merge(self.plan, contribution, people, self.registered_at))


def a_plan(person: UUID | None = None, plan: UUID | None = None) -> PlanBuilder:
    """Start an empty plan of a person."""
    return PlanBuilder(Plan(plan or new_id(), person or new_id()))


def an_id(authority: str, source_id: str, case: str = "C1") -> UUID:
    """Return the id of an element that a builder made."""
    return element_id(authority, case, source_id)
