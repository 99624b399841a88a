"""What the hub knows of people that decides who may speak for them, and their consents as those stand now.

Ages come from CPR numbers; custody and guardianship from what authorities say of a household (docs/adr/0006); a death
from the person register (docs/adr/0026).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.consent.ages import MOST, Ages, birthday
from hub.consent.consent import Capacity, Consent, ConsentsByPerson
from hub.consent.policy import Policy
from hub.consent.standing import Circumstances, CircumstancesByPerson, Representative, standing_at
from hub.plan.person import Household, HouseholdMember, Person, age_at, household_of
from hub.plan.plan import Plan
from hub.store.transaction import Unit

GUARDIAN = "guardian"  # a relation that an authority may name (mappings)


@dataclass(frozen=True, slots=True)
class Said:
    """Consents as they were given, and what decides who may have given them."""

    consents: tuple[Consent, ...]
    circumstances: CircumstancesByPerson

    def standing(self, ages: Ages, at: datetime) -> ConsentsByPerson:
        """Return them as they stand at the instant."""
        return standing_at(self.consents, self.circumstances, ages, at)


def consents_of(unit: Unit, plan: Plan, policy: Policy, at: datetime, owner: Person | None = None) -> ConsentsByPerson:
    """Return the consents of everyone whom a plan concerns, as they stand at the instant.

    :param owner: the plan's person, where that is at hand.
    """
    return said_by(unit, plan.people(), at, plan, owner).standing(policy.ages, at)


def said_by(
    unit: Unit, people: Iterable[UUID], at: datetime, plan: Plan | None = None, owner: Person | None = None
) -> Said:
    """Return the newest version of every consent about these people, and what is known of each.

    :param plan: one that is at hand, so that it need not be opened again; and so is its ``owner``.
    """
    return said_in(unit, unit.consents.of(people), at, plan, {owner.id: owner} if owner else {})


def said_in(
    unit: Unit, consents: Sequence[Consent], at: datetime, plan: Plan | None, at_hand: Mapping[UUID, Person]
) -> Said:
    """Return the same (:func:`said_by`) of consents that are at hand, as may be people they are about."""
    whose: dict[UUID, list[Consent]] = {}
    for consent in consents:
        whose.setdefault(consent.person, []).append(consent)
    known = {
        person: _circumstances(unit, at_hand.get(person) or unit.people.get(person), person, said, at, plan)
        for person, said in whose.items()
    }
    return Said(tuple(consents), known)


def circumstances_of(unit: Unit, person: UUID, plan: Plan | None = None, about: Person | None = None) -> Circumstances:
    """Return what the hub knows of a person: days of birth and death, and who holds custody or is guardian."""
    if plan is None or plan.person != person:
        own = unit.plans.of_person(person)
        stored = unit.plans.get(own) if own else None
        plan = stored.plan if stored else None
    home = household_of(plan.elements.values()) if plan else Household(())
    holders = [member for member in home.members if member.has_custody]
    guardians = [member for member in home.members if member.relation == GUARDIAN]
    known = about or unit.people.get(person)
    return Circumstances(
        born=known.born,
        custody=tuple(_while_alive(unit, one) for one in holders),
        guardians=tuple(_while_alive(unit, one) for one in guardians),
        without_custody=frozenset(one.person for one in home.members) - {one.person for one in holders},
        died=known.died,
    )


def _while_alive(unit: Unit, member: HouseholdMember) -> Representative:
    """Return one who speaks for another, until the day of death, by the register; authorities may tell of it later."""
    died, period = unit.people.get(member.person).died, member.period
    if died is None:
        return Representative(member.person, period)
    death = birthday(died, 0)
    return Representative(member.person, replace(period, end=death if period.end is None else min(period.end, death)))


def _circumstances(
    unit: Unit, about: Person, person: UUID, said: list[Consent], at: datetime, plan: Plan | None
) -> Circumstances:
    """Return what is known; a grown person's plan is opened only where somebody else has spoken for them."""
    speaks_alone = all(grant.capacity is Capacity.SELF for consent in said for grant in consent.grants)
    is_grown = about.born is None or age_at(about.born, at.date()) > MOST
    if speaks_alone and is_grown:
        return Circumstances(born=about.born, died=about.died)
    return circumstances_of(unit, person, plan, about)
