"""The plan: one per person, owned in parts by the authorities that contribute to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from hub.plan.element import Element, OrderKey


class PlanStatus(StrEnum):
    """Where a plan stands."""

    ACTIVE = "active"
    #: No consent of the citizen to have one plan is in force: back to sector plans, nothing is shared under it. Read
    #: from the consents whenever a plan is shown and never stored, for a consent also ends by the calendar.
    DISSOLVED = "dissolved"
    COMPLETED = "completed"


class CaseRef(NamedTuple):
    """A case at an authority."""

    authority: str
    case: str


@dataclass(frozen=True, slots=True)
class CaseState:
    """What the plan remembers of a case, so that late messages meet the same end as punctual ones."""

    #: Order of the newest message of the case, whatever it said.
    newest: OrderKey
    #: Order of the newest snapshot: elements that are older and not named by it are gone.
    newest_snapshot: OrderKey | None = None
    has_protected_address: bool = False


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an element that its authority deleted: no content, only that and why it is gone."""

    case: CaseRef
    order: OrderKey
    reason: str = field(repr=False)
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """One person's plan.

    :ivar is_held: a conflict about honour is feared: the family is shown and told nothing until that is lifted
        (barnets lov § 18 stk. 3: the risk is assessed before parents or network are involved).
    :ivar restricted: elements whose processing is restricted (GDPR art. 18); None stands for all of them.
    :ivar protected: of those whom the plan concerns, whose address the person register protects now.
    """

    id: UUID
    person: UUID
    status: PlanStatus = PlanStatus.ACTIVE
    elements: Mapping[UUID, Element] = field(default_factory=dict)
    tombstones: Mapping[UUID, Tombstone] = field(default_factory=dict)
    cases: Mapping[CaseRef, CaseState] = field(default_factory=dict)
    is_held: bool = False
    protected: frozenset[UUID] = frozenset()
    restricted: frozenset[UUID | None] = frozenset()

    @property
    def is_restricted(self) -> bool:
        """Tell whether processing of the whole plan is restricted (GDPR art. 18)."""
        return None in self.restricted

    @property
    def has_protected_address(self) -> bool:
        """Tell whether the register or any authority says that the address is protected (CPR-lov § 28): one will do."""
        return self.person in self.protected or any(case.has_protected_address for case in self.cases.values())

    def protecting(self, people: frozenset[UUID]) -> Plan:
        """Return the plan with these people's addresses protected beside those that are; of whom it concerns alone."""
        protected = (self.protected | people) & self.people()
        return self if protected == self.protected else replace(self, protected=protected)

    def protecting_no_more(self, person: UUID) -> Plan:
        """Return the plan once the register has ceased to protect a person's address."""
        return replace(self, protected=self.protected - {person}) if person in self.protected else self

    def people(self) -> frozenset[UUID]:
        """Return everyone whom the plan concerns: its person and all whom an element names."""
        return frozenset({self.person}).union(*(element.concerns for element in self.elements.values()))

    def uniting(self, gone: UUID, stays: UUID, at: datetime) -> Plan:
        """Return the plan once two people whom it may concern have turned out to be one.

        :param at: registration time of every element that concerned the one who goes.
        """
        elements = {
            key: replace(element, concerns=element.concerns - {gone} | {stays}, registered_at=at)
            if gone in element.concerns
            else element
            for key, element in self.elements.items()
        }
        return replace(self, elements=elements)
