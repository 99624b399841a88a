"""People, the households they form, and who belongs to a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from hub.plan.element import Detail, Element, Kind, Period, Status
from hub.plan.identifier import CPR, REPLACEMENT, Identifier


@dataclass(frozen=True, slots=True)
class Person:
    """A person the hub knows. The name stays out of repr, so that no log or traceback can show it."""

    id: UUID
    identifiers: tuple[Identifier, ...]
    name: str = field(default="", repr=False)

    def identifier_for(self, authority: str) -> Identifier | None:
        """Return the number by which an authority knows the person: CPR, else a replacement number of its own."""
        by_system = {known.system: known for known in reversed(self.identifiers)}
        return by_system.get(CPR) or by_system.get(f"{REPLACEMENT}{authority}")


class Role(StrEnum):
    """What someone is to a plan or to the hub."""

    COORDINATOR = "coordinator"
    CASEWORKER = "caseworker"
    AUTHORITY_SYSTEM = "authority-system"
    PARTNER = "partner"
    CITIZEN = "citizen"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Membership:
    """Who belongs to a plan, as what, from when to when. ``member`` is an authority's or a client's name."""

    plan: UUID
    member: str
    role: Role
    period: Period


@dataclass(frozen=True, slots=True)
class HouseholdMember:
    """One of a household, as one authority sees it."""

    person: UUID
    relation: str  # mother, father, child, sibling, partner, other
    has_custody: bool
    period: Period


@dataclass(frozen=True, slots=True)
class Household:
    """The people around a plan's person, read from its household-member elements (docs/adr/0006)."""

    members: tuple[HouseholdMember, ...]

    def custody_holders(self, at: datetime) -> frozenset[UUID]:
        """Return who holds custody of the plan's person at the instant; custody that has ended gives no say."""
        return frozenset(member.person for member in self.members if member.has_custody and member.period.covers(at))


def household_of(elements: Iterable[Element]) -> Household:
    """Read the household from elements; given a reader's view, it is the household that reader may know of."""
    return Household(
        tuple(
            HouseholdMember(
                person,
                element.details.get(Detail.RELATION, "other"),
                element.details.get(Detail.CUSTODY) == "yes",
                element.valid,
            )
            for element in sorted(elements, key=lambda element: element.id)
            if element.kind is Kind.HOUSEHOLD_MEMBER and element.status is not Status.ENTERED_IN_ERROR
            for person in sorted(element.concerns)
        )
    )


def age_at(born: date, day: date) -> int:
    """Return the age in whole years; who is born on 29 February comes of age on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
