"""Link the numbers of one person where an authority's word alone is not enough (docs/adr/0011)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.flow.recognise import made_one, unite
from hub.flow.refusal import refusals_written
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import Identifier
from hub.store.transaction import Store, Unit


def link_numbers(numbers: Sequence[Identifier], store: Store, *, actor: str, correlation_id: str) -> None:
    """Remember that numbers are one person's, the newest first; it may be one nobody has named yet. It is for good.

    :raises Conflict: they are of two who have a plan or consents each.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        unit.people.hold_numbers(alone=True)
        _link(unit, numbers, actor, correlation_id, now())


def _link(unit: Unit, numbers: Sequence[Identifier], actor: str, correlation_id: str, at: datetime) -> None:
    known = unit.people.known(list(numbers))
    one = made_one(unit, known, [numbers])
    if not known:
        known = {numbers[0]: unit.people.find_or_add(PersonFacts((numbers[0],)))}
    stays = next(stays for person in known.values() if isinstance(stays := one.get(person, person), UUID))
    gone = sorted(set(known.values()) - {stays})
    unit.plans.lock({plan for person in gone for plan in unit.plans.concerning(person)})
    for other in gone:
        unite(unit, other, stays, actor, correlation_id, at)
    before = unit.people.get(stays, for_change=True)
    unit.people.learn(before, before.named(numbers, actor, at))
    unit.audit.record("number-linked", actor, at, correlation_id, unit.plans.of_person(stays), person=stays)
    unit.jobs.unpark_unknown_people(at)
