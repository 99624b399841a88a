"""People and the numbers they are known by, the households they form, and who belongs to a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from hub.plan.element import Detail, Element, Kind, Period, Status
from hub.plan.identifier import CPR, REPLACEMENT, Identifier

_T = TypeVar("_T")
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Succession:
    """One number of a person has taken the place of another; ``since`` is when an authority first said so."""

    number: Identifier
    earlier: Identifier
    since: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A person the hub knows. The name stays out of repr, so that no log or traceback can show it.

    What is learned of a person's numbers only adds up, so that messages may come in any order (docs/adr/0011).

    :ivar known_as: for each authority, the numbers that it has itself named the person by.
    :ivar united_with: the person whom this one turned out to be; nothing else is left of this one.
    :ivar died: the day of death, by the person register; None while it tells of none.
    :ivar protections: when the register protects the person's name and address (CPR-lov § 28).
    """

    id: UUID
    identifiers: tuple[Identifier, ...]
    name: str = field(default="", repr=False)
    successions: tuple[Succession, ...] = ()
    known_as: Mapping[str, frozenset[Identifier]] = field(default_factory=dict)
    united_with: UUID | None = None
    died: date | None = field(default=None, repr=False)
    protections: tuple[Period, ...] = field(default=(), repr=False)

    def is_protected(self, at: datetime) -> bool:
        """Tell whether the register protects the address; it counts as soon as it is known, and until it has ended."""
        return any(one.end is None or at < one.end for one in self.protections)

    @property
    def born(self) -> date | None:
        """Return the day of birth, by the newest number that tells it."""
        return next((born for number in self._newest_first() if (born := number.born) is not None), None)

    def identifier_for(self, authority: str) -> Identifier | None:
        """Return the number by which an authority's system finds the person: the newest that it has used itself.

        One that has never named the person is given the newest CPR number; None where only others' replacement
        numbers are known.
        """
        numbers = self.numbers_for(authority)
        used = self.known_as.get(authority, frozenset())
        return next((number for number in numbers if number in used), numbers[0] if numbers else None)

    def numbers_for(self, organisation: str) -> tuple[Identifier, ...]:
        """Return what an organisation may read of the person's numbers: the newest, then those it has used itself.

        Of earlier numbers that others have used it is not told, for a change of number may tell of a change of legal
        gender. A replacement number is its issuer's alone.
        """
        own, used = f"{REPLACEMENT}{organisation}", self.known_as.get(organisation, frozenset())
        readable = [number for number in self._newest_first() if number.system in (CPR, own)]
        return tuple(number for place, number in enumerate(readable) if place == 0 or number in used)

    def named(self, numbers: Sequence[Identifier], authority: str, said_at: datetime) -> Person:
        """Return the person as known once an authority has named it: by the number it uses now, then earlier ones."""
        current, *earlier = dict.fromkeys(numbers)
        said = Person(
            self.id,
            tuple(numbers),
            successions=tuple(Succession(current, one, said_at) for one in earlier),
            known_as={authority: frozenset({current})},
        )
        return self.with_numbers_of(said)

    def with_numbers_of(self, other: Person) -> Person:
        """Return the person with all that is known of another's numbers, who is the same person."""
        nothing: frozenset[Identifier] = frozenset()
        return replace(
            self,
            identifiers=tuple(dict.fromkeys((*self.identifiers, *other.identifiers))),
            successions=_first_said((*self.successions, *other.successions)),
            known_as={
                authority: self.known_as.get(authority, nothing) | other.known_as.get(authority, nothing)
                for authority in {**self.known_as, **other.known_as}
            },
        )

    def _newest_first(self) -> Sequence[Identifier]:
        """Return the numbers in order: CPR before replacement numbers, and none before the one that replaced it."""
        return sorted(self.identifiers, key=self._rank, reverse=True)

    def _rank(self, number: Identifier) -> tuple[bool, bool, datetime, Identifier]:
        came = max((one.since for one in self.successions if one.number == number), default=_BEFORE_ALL)
        return number.system == CPR, not self._is_replaced(number), came, number

    def _is_replaced(self, number: Identifier) -> bool:
        """Tell whether another took its place and never gave it back; of two that took turns, the later came last."""
        turns = {(one.number, one.earlier) for one in self.successions}
        return any(earlier == number and (earlier, later) not in turns for later, earlier in turns)


def _first_said(successions: Iterable[Succession]) -> tuple[Succession, ...]:
    """Keep each succession once, as first said: who repeats it later has no news of it."""
    first: dict[tuple[Identifier, Identifier], datetime] = {}
    for one in successions:
        first[one.number, one.earlier] = min(one.since, first.get((one.number, one.earlier), one.since))
    return tuple(sorted(Succession(later, earlier, since) for (later, earlier), since in first.items()))


class Role(StrEnum):
    """What someone is to a plan or to the hub."""

    COORDINATOR = "coordinator"
    CASEWORKER = "caseworker"
    AUTHORITY_SYSTEM = "authority-system"
    PARTNER = "partner"
    CITIZEN = "citizen"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"  # changes the policy
    AUDITOR = "auditor"  # searches and verifies the audit
    SECURITY_ADMINISTRATOR = "security-administrator"  # looks after keys and clients


#: Who looks after the hub, and so belongs to no plan and is shown none, whatever a policy or a membership says.
OF_THE_HUB = frozenset({Role.OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.SECURITY_ADMINISTRATOR})


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


def joined(groups: Iterable[set[_T]]) -> Sequence[set[_T]]:
    """Join groups of people, or of their numbers, that have someone in common, until none have."""
    apart: list[set[_T]] = []
    for group in groups:
        touched = [other for other in apart if not other.isdisjoint(group)]
        apart = [other for other in apart if other.isdisjoint(group)] + [group.union(*touched)]
    return apart


def age_at(born: date, day: date) -> int:
    """Return the age in whole years; who is born on 29 February comes of age on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
