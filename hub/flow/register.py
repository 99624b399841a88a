"""What the person register says of somebody, and what follows: a death, a new number, a protected address.

Each is one transaction with its audit and its outbox. The facts are whole, so what follows is the difference to what
was known; said twice, nothing follows (docs/adr/0026).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import REGISTER, RegisterFacts
from hub.clock import now
from hub.errors import NotFound
from hub.flow.owing import decide_anew, write_down_what_is_owed
from hub.flow.passing_over import passed_over
from hub.plan.person import Person
from hub.plan.plan import Plan
from hub.store.followed import Followed, State
from hub.store.register_tasks import TaskKind
from hub.store.transaction import Store, Unit

#: How long until a plan that did not open is told once more whether an address is protected.
_AGAIN = timedelta(minutes=10)


def learn(unit: Unit, followed: Followed, facts: RegisterFacts, correlation_id: str) -> None:
    """Remember what the register says of a person who is followed, and let it have its effect.

    An answer that is no newer than what was said before changes nothing, so a late one does no harm.
    """
    is_news = facts.current not in unit.people.known([facts.current])
    unit.people.hold_numbers(alone=is_news)  # before plans and people, as whoever takes a message in does
    plans = unit.plans.lock_concerning(followed.person)
    row, own = unit.register.people.get(followed.subscription, for_change=True), unit.plans.of_person(followed.person)
    if row is None or own is None:  # the plan went meanwhile: the next look lets go
        return
    at = now()
    if facts.version <= row.version:
        unit.register.people.heard(row.subscription, State.FOLLOWED, at)
        return
    before = unit.people.get(followed.person, for_change=True)
    after = replace(
        _with_number(unit, before, own, facts, correlation_id, at), died=facts.died, protections=facts.protections
    )
    if after != before:
        unit.people.learn(before, after)
    _audit_what_is_new(unit, before, after, own, correlation_id, at)
    if after.died != before.died:
        _consents_change(unit, plans, correlation_id, at)
    next_look = _protect(unit, after, plans, correlation_id, at)
    unit.register.people.heard(row.subscription, State.FOLLOWED, at, facts.version, next_look)


def recheck(store: Store) -> None:
    """Let protections end that end by the calendar; what recipients may see is then decided anew."""
    with store.begin(read_only=True) as unit:
        due = unit.register.people.due(now())
    for followed in due:
        with store.begin() as unit:
            plans = unit.plans.lock_concerning(followed.person)
            at = now()
            unit.register.people.recheck(followed.subscription, at + _AGAIN)  # who does not open is in nobody's way
            with passed_over():
                unit.register.people.recheck(followed.subscription, _look_again(unit, followed.person, plans, at))


def _look_again(unit: Unit, person: UUID, plans: Sequence[UUID], at: datetime) -> datetime | None:
    try:
        return _protect(unit, unit.people.get(person), plans, "", at)
    except NotFound:  # erased meanwhile: the next look lets go
        return None


def with_newcomers(unit: Unit, before: Plan, after: Plan, at: datetime) -> Plan:
    """Return a plan that has been merged, with what the register says of whom it has come to concern."""
    newcomers = after.people() - before.people()
    return after.protecting(unit.people.protected(newcomers, at) if newcomers else newcomers)


def _with_number(
    unit: Unit, person: Person, own: UUID, facts: RegisterFacts, correlation_id: str, at: datetime
) -> Person:
    """Return the person with the number that holds now, and its place among those known; others are not wanted.

    A number that is another's here is never taken from them by the register's word alone: their plans and consents
    would be joined without anybody having looked. A person settles it (``POST /ops/number-links``).
    """
    whose = unit.people.known(facts.numbers)
    if set(whose.values()) - {person.id}:
        unit.register.tasks.add(own, TaskKind.NUMBER_TAKEN, at)
        unit.audit.record("register-number-taken", REGISTER, at, correlation_id, own, person=person.id)
        return person
    named = person.named([facts.current, *(one for one in facts.earlier if one in whose)], REGISTER, at)
    if set(named.identifiers) != set(person.identifiers):
        unit.audit.record("number-linked", REGISTER, at, correlation_id, own, person=person.id)
        unit.jobs.unpark_unknown_people(at)  # what came under the new number, before anybody knew it
    return named


def _audit_what_is_new(unit: Unit, before: Person, after: Person, own: UUID, correlation_id: str, at: datetime) -> None:
    """Write down what has changed, and tell the coordinator what wants a person."""
    if (before.died is None) != (after.died is None):
        kind = TaskKind.DEATH_TAKEN_BACK if after.died is None else TaskKind.DEATH
        unit.register.tasks.add(own, kind, at)
        unit.audit.record(f"register-{kind}", REGISTER, at, correlation_id, own)
    elif before.died != after.died:
        unit.audit.record("register-death-moved", REGISTER, at, correlation_id, own)
    if before.is_protected(at) != after.is_protected(at):
        is_on = after.is_protected(at)
        unit.audit.record("register-protection", REGISTER, at, correlation_id, own, is_on=is_on)


def _consents_change(unit: Unit, plans: Sequence[UUID], correlation_id: str, at: datetime) -> None:
    """What the person has consented to is judged anew (``circumstances``), as after a withdrawal."""
    unit.plans.consents_changed(plans)
    decide_anew(unit, plans, at, correlation_id)


def _protect(unit: Unit, person: Person, plans: Sequence[UUID], correlation_id: str, at: datetime) -> datetime | None:
    """Have every plan that concerns the person know whether the address is protected; urgently where it is now.

    Return when to do so next (None: the register says): at a protection's end, and soon for a plan that does not open.
    The others do not wait for that one, of which nothing leaves meanwhile.
    """
    is_protected, known = person.is_protected(at), 0
    changed: list[UUID] = []
    for plan in plans:
        with passed_over():
            changed += [plan] if _is_news(unit, plan, person.id, at, is_protected=is_protected) else []
            known += 1
    if changed:
        unit.outbox.mark_due(changed, at, correlation_id, urgent=is_protected)
        write_down_what_is_owed(unit, changed, at)
    ends = _next_end(person, at)
    return ends if known == len(plans) else min(ends or at + _AGAIN, at + _AGAIN)


def _is_news(unit: Unit, plan: UUID, person: UUID, at: datetime, *, is_protected: bool) -> bool:
    """Have a plan know whether a person's address is protected; tell whether it did not."""
    stored = unit.plans.get(plan)
    if stored is None:
        return False
    before = stored.plan
    after = before.protecting(frozenset({person})) if is_protected else before.protecting_no_more(person)
    if after is not before:
        unit.plans.save(stored, after, at)
    return after is not before


def _next_end(person: Person, at: datetime) -> datetime | None:
    """Return when the next of the person's protections ends."""
    return min((one.end for one in person.protections if one.end is not None and one.end > at), default=None)
