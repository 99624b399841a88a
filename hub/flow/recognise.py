"""Recognise the people whom a message names, by their numbers (docs/adr/0011).

A message that names someone by several numbers says that they are one person's. Numbers nobody has are linked to the
person who has the others; were they of two people, the two are united.

    recognised = recognise(unit, contributions)               # reads and decides; nobody can change it from now on
    ...                                                       # cases and plans are taken
    people = remember(unit, recognised, contributions, ...)   # writes

Reading comes first, for it tells which plans to take. Writing comes last, for whoever revises a consent takes plans
before people: in another order the two would wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from hub.errors import Conflict, UnknownPerson
from hub.flow.owing import decide_anew
from hub.plan.contribution import Contribution, PersonFacts
from hub.plan.identifier import Identifier
from hub.plan.person import Person, joined
from hub.store.transaction import Unit

#: A person the hub knows, or a number nobody has: it stands for the person who will be remembered by it.
Somebody = UUID | Identifier

#: Someone as one contribution names them.
_Naming = tuple[Contribution, PersonFacts]


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who has the numbers of a message.

    :ivar known: who has which of them, as remembered until now.
    :ivar one: for each of several who are one person, the one who stays.
    """

    known: Mapping[Identifier, UUID]
    one: Mapping[Somebody, Somebody]

    def who(self, facts: PersonFacts) -> Somebody:
        """Return whom a message speaks of: its numbers are one person's, so the first tells."""
        found = self.known.get(facts.identifiers[0], facts.identifiers[0])
        return self.one.get(found, found)

    def gone(self, contributions: Iterable[Contribution]) -> Sequence[tuple[UUID, UUID]]:
        """Return those who turn out to be someone else, each with who it is; named by these contributions."""
        named = {self.who(facts) for facts in _named(contributions)}
        return [
            (gone, stays)
            for gone, stays in self.one.items()
            if isinstance(gone, UUID) and isinstance(stays, UUID) and gone != stays and stays in named
        ]


def recognise(unit: Unit, contributions: Sequence[Contribution]) -> Recognised:
    """Find out who is named; until this transaction ends, nobody else changes whose number is whose.

    :raises Conflict: numbers said to be one person's are of two who have a plan or consents each, or are of two
        birthdays and no operator has linked them.
    :raises UnknownPerson: the message links numbers, but nobody it is about has a plan: nothing of it is remembered.
    """
    named = list(_named(contributions))
    several = [facts.identifiers for facts in named if len(facts.identifiers) > 1]
    if is_news := bool(_unlinked(unit.people.known(list(chain(*several))), several)):
        _check_is_wanted(unit, contributions)  # or strangers would have everyone wait for a lock that comes to nothing
    unit.people.hold_numbers(alone=is_news)  # what is no news now is none later: numbers are linked for good
    known = unit.people.known([number for facts in named for number in facts.identifiers])
    _check_birthdays(_unlinked(known, several))
    return Recognised(known, made_one(unit, known, several))


def made_one(
    unit: Unit, known: Mapping[Identifier, UUID], several: Iterable[Sequence[Identifier]]
) -> Mapping[Somebody, Somebody]:
    """Return, for each of several who are one person, the one who stays."""
    groups = joined({known.get(number, number) for number in numbers} for numbers in several)
    return {member: stays for group in groups for stays in [_who_stays(unit, group)] for member in group}


def _unlinked(
    known: Mapping[Identifier, UUID], several: Iterable[Sequence[Identifier]]
) -> Sequence[Sequence[Identifier]]:
    """Return the numbers that a message says are one person's, and that the hub does not know to be."""
    return [numbers for numbers in several if len({known.get(number, number) for number in numbers}) > 1]


def _check_is_wanted(unit: Unit, contributions: Sequence[Contribution]) -> None:
    known = unit.people.known([number for one in contributions for number in one.person.identifiers])
    if not any(unit.plans.of_person(person) for person in known.values()):
        raise UnknownPerson("No plan is open for the person this document is about.")


def _check_birthdays(unlinked: Iterable[Sequence[Identifier]]) -> None:
    if any(len({number.birthday for number in numbers}) > 1 for numbers in unlinked):
        raise Conflict(
            "Numbers that the document says are one person's are of two birthdays.",
            "Check the numbers. If they are right, ask the hub's operator to link them, and send the document again.",
        )


def remember(
    unit: Unit, recognised: Recognised, contributions: Sequence[Contribution], correlation_id: str, at: datetime
) -> Mapping[Identifier, UUID]:
    """Write down what a message's contributions say of people; return who has which of its numbers.

    The plans that concern whoever is gone must have been taken for writing.
    """
    told: dict[Somebody, list[_Naming]] = {}
    for contribution in contributions:
        for facts in (contribution.person, *contribution.others):
            told.setdefault(recognised.who(facts), []).append((contribution, facts))
    gone = recognised.gone(contributions)
    for other, stays in gone:
        unite(unit, other, stays, contributions[0].authority, correlation_id, at)
    people = _met(unit, told)
    has_linked = [_learn(unit, person, told[one], correlation_id, at) for one, person in _in_order(people)]
    if gone or any(has_linked):  # what was refused under a number that nobody had is fetched again, and this one too
        unit.jobs.unpark_unknown_people(at)
    return {number: people[one] for one in told for _, facts in told[one] for number in facts.identifiers}


def _named(contributions: Iterable[Contribution]) -> Iterable[PersonFacts]:
    return (facts for contribution in contributions for facts in (contribution.person, *contribution.others))


def _who_stays(unit: Unit, group: set[Somebody]) -> Somebody:
    """Return who of several who are one person stays: whoever has a plan or consents, or else any."""
    people = sorted(one for one in group if isinstance(one, UUID))
    if not people:
        return min(one for one in group if isinstance(one, Identifier))
    settled = [one for one in people if unit.plans.of_person(one) or unit.consents.of([one])]
    if len(settled) > 1:
        raise Conflict(
            "Numbers that the document says are one person's are of two whose plans or consents are kept apart.",
            "Check the numbers. If they are right, let the coordinators of both plans and the hub's operator settle "
            "which plan goes on, and name one number at a time until then.",
        )
    return settled[0] if settled else people[0]


def unite(unit: Unit, gone: UUID, stays: UUID, actor: str, correlation_id: str, at: datetime) -> None:
    """Let whatever concerns the one who goes concern the one who stays, whose consents count for it from now on."""
    plans = unit.plans.concerning(gone)
    for concerning in plans:
        stored = unit.plans.get(concerning)
        if stored is not None:
            united = stored.plan.uniting(gone, stays, at)
            unit.plans.save(stored, united.protecting(unit.people.protected([stays], at)), at)
    unit.people.unite(gone, stays)
    decide_anew(unit, plans, at, correlation_id)  # it may be lawful no more where it has gone
    own = unit.plans.of_person(stays)
    touched: Sequence[UUID | None] = sorted({*plans, own} if own else plans) or [None]
    for plan in touched:
        unit.audit.record("people-united", actor, at, correlation_id, plan, gone=gone, stays=stays)


def _met(unit: Unit, told: Mapping[Somebody, Sequence[_Naming]]) -> Mapping[Somebody, UUID]:
    """Return everyone's hub id; whom nobody has named before is remembered.

    In one order for everyone: two messages that name the same strangers would otherwise wait for each other.
    """
    people: dict[Somebody, UUID] = {one: one for one in told if isinstance(one, UUID)}
    for one in sorted(one for one in told if isinstance(one, Identifier)):
        name = next((facts.name for _, facts in told[one] if facts.name), "")
        people[one] = unit.people.find_or_add(PersonFacts((one,), name))
    return people


def _in_order(people: Mapping[Somebody, UUID]) -> Sequence[tuple[Somebody, UUID]]:
    return sorted(people.items(), key=lambda item: item[1])


def _learn(unit: Unit, person: UUID, namings: Sequence[_Naming], correlation_id: str, at: datetime) -> bool:
    """Remember by which numbers an authority has named a person; tell whether one of them is new to us."""
    before = unit.people.get(person)
    if _after(before, namings) == before:  # as it is nearly always: then nobody has to wait for the person
        return False
    before = unit.people.get(person, for_change=True)
    after = _after(before, namings)
    unit.people.learn(before, after)
    has_linked = set(after.identifiers) != set(before.identifiers)
    if has_linked:
        plan, actor = unit.plans.of_person(person), namings[0][0].authority
        unit.audit.record("number-linked", actor, at, correlation_id, plan, person=person)
    return has_linked


def _after(person: Person, namings: Sequence[_Naming]) -> Person:
    for contribution, facts in namings:
        person = person.named(facts.identifiers, contribution.authority, contribution.order.changed_at)
    return person
