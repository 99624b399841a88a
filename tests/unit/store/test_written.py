"""What is sealed reads as it was written, by this release and by the one before, which spelled it by pydantic."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter

from hub.consent.consent import Consent
from hub.plan.element import Code, Element, Kind, Period, Status
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Person
from hub.plan.plan import CaseRef, CaseState, Tombstone
from hub.store.plan_state import State
from hub.store.sealed_elements import Current
from hub.store.written import Written
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_plan, an_id

SOMEBODY, SISTER = an_id("children", "somebody"), an_id("children", "sister")
COPENHAGEN = datetime(2026, 2, 9, 8, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))


def elements() -> Current:
    plan = (
        a_plan()
        .with_element("children", Kind.GOAL, title="Ro om aftenen æøå \u2028 \"'\\", concerns={SOMEBODY, SISTER})
        .with_element("social", Kind.APPOINTMENT, valid=Period(COPENHAGEN, THEN), status=Status.PLANNED)
        .with_element("social", Kind.NOTE, codes=(Code("kle", "32.18.04", "x"),), details={"place": "Nykøbing"})
        .with_uncategorised("youth", valid=Period(None, datetime.max.replace(tzinfo=UTC)))
        .with_element("youth", Kind.ACTIVITY, label=None)
        .build()
    )
    return [(one, one.registered_at) for one in plan.elements.values()]


def a_state() -> State:
    (first, registered), *_ = elements()
    case = CaseRef("children", "S-1")
    gone = Tombstone(case, first.order, "deleted", registered)
    return State([(case, CaseState(first.order, None, True))], {first.id: gone}, frozenset({SISTER}))


WRITTEN: dict[str, tuple[Any, Any]] = {
    "elements": (Current, elements()),
    "an element": (Element, elements()[0][0]),
    "a consent to share": (Consent, a_consent(SOMEBODY).to("social", "*").for_categories("goals").build()),
    "a consent to one plan": (Consent, a_consent_to_one_plan(SOMEBODY).build()),
    "a person": (Person, Person(SOMEBODY, (cpr_identifier("0301609995", "hub"),), "Anna Ærø", died=date(2026, 2, 9))),
    "a plan's state": (State, a_state()),
}


@pytest.mark.parametrize("what", WRITTEN)
def test_it_reads_as_it_was_written(what: str) -> None:
    kind, value = WRITTEN[what]
    assert Written[Any](kind).read(Written[Any](kind).spell(value)) == value


@pytest.mark.parametrize("what", WRITTEN)
def test_the_release_before_reads_it_and_is_read(what: str) -> None:
    kind, value = WRITTEN[what]
    before, now = TypeAdapter(kind), Written[Any](kind)
    assert now.read(before.dump_json(value)) == value
    assert before.validate_json(now.spell(value)) == value


def test_what_was_written_without_a_field_gets_its_default_and_what_is_known_no_more_is_passed_over() -> None:
    of_before = Written[Any](list).spell([list(a_state().cases), {}])
    assert Written[State](State).read(of_before).protected == frozenset()
    with_more = Written[Person](Person).spell(Person(SOMEBODY, (), "Anna"))[:-1] + b',"shoe_size":38}'
    assert Written[Person](Person).read(with_more).name == "Anna"
