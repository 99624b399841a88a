from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.errors import HubError, IdReused, UnknownPerson, WrongSender
from hub.flow.accept import accept
from hub.plan.contribution import PersonFacts
from hub.plan.element import Code, Kind
from hub.plan.identifier import cpr_identifier
from hub.store.jobs import JobKind
from hub.store.tables import case_plans, elements, identifiers, inbox, jobs, metadata, people, plans
from hub.testing.builders import TEST_CPR, a_contribution, an_id
from tests.integration.world import World

pytestmark = pytest.mark.integration

ANOTHER_CPR = "0101625638"
A_CHILD = "2509479989"


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at the same time; return what each gave, or the error it ended in."""
    barrier = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return deed()
        except HubError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def rows(world: World) -> dict[str, int]:
    return {table.name: world.count(table) for table in metadata.sorted_tables}


def test_a_message_changes_the_plan_and_makes_the_others_due(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.drains()
    receipt = world.accepts(a_contribution("children").with_draft("g1").build())
    assert receipt.outcome == {"taken_in": 1, "skipped": []}
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        assert set(stored.plan.elements) == {an_id("children", "g1")}
    assert {world.row(plan, name).due_at is not None for name in ("employment", "social")} == {True}
    assert world.row(plan, "children").due_at is None, "the sender need not hear itself"


def test_a_repeat_gets_the_same_receipt_and_changes_nothing(world: World) -> None:
    world.opens_plan()
    letter = world.parcel(a_contribution("children").with_draft("g1").build())
    first = accept(letter, world.store, world.authorities)
    before = rows(world)
    again = accept(letter, world.store, world.authorities)
    assert (again.id, again.received_at, again.outcome) == (first.id, first.received_at, first.outcome)
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert rows(world) == before


def test_the_same_message_id_with_another_body_is_refused_and_audited(world: World) -> None:
    world.opens_plan()
    world.accepts(a_contribution("children").with_draft("g1").build(), body=b"one")
    before = rows(world)
    with pytest.raises(IdReused):
        world.accepts(a_contribution("children").with_draft("g2").build(), body=b"two")
    assert rows(world) == {**before, "audit": before["audit"] + 1}
    assert world.audited("refused")[-1]["details"] == '{"code":"id-reused"}'


def test_two_authorities_may_use_the_same_message_id(world: World) -> None:
    world.opens_plan()
    world.accepts(a_contribution("children").message("m").build())
    assert not world.accepts(a_contribution("social").message("m").build()).is_repeat


def test_a_message_about_an_unknown_person_leaves_an_audit_row_and_nothing_else(world: World) -> None:
    before = rows(world)
    with pytest.raises(UnknownPerson) as caught:
        world.accepts(a_contribution("children").with_draft("g1").build())
    assert rows(world) == {**before, "audit": before["audit"] + 1}
    assert "0201609995" not in caught.value.diagnostics()


def test_a_message_refused_for_its_person_may_come_again_once_the_plan_is_open(world: World) -> None:
    letter = world.parcel(a_contribution("children").with_draft("g1").build())
    with pytest.raises(UnknownPerson):
        accept(letter, world.store, world.authorities)
    world.opens_plan()
    assert not accept(letter, world.store, world.authorities).is_repeat


def test_a_bulk_delivery_names_the_positions_of_people_without_a_plan(world: World) -> None:
    world.opens_plan()
    receipt = world.accepts(
        a_contribution("children", "C0").about(ANOTHER_CPR).with_draft("g0").build(),
        a_contribution("children", "C1").with_draft("g1").build(),
        a_contribution("children", "C2").about(A_CHILD).with_draft("g2").build(),
    )
    unknown = [{"position": 1, "code": "unknown-person"}, {"position": 3, "code": "unknown-person"}]
    assert receipt.outcome == {"taken_in": 1, "skipped": unknown}
    assert world.count(elements) == 1
    assert world.count(people) == 1, "nobody is remembered who has no plan"


def test_a_document_that_speaks_for_another_authority_is_refused(world: World) -> None:
    world.opens_plan()
    letter = world.parcel(a_contribution("children").with_draft("g1").build())
    forged = a_contribution("social").with_draft("g1").build()
    world.systems["children"].letters[letter.body] = ("m", (forged,))
    with pytest.raises(WrongSender):
        accept(letter, world.store, world.authorities)
    assert world.count(elements) == 0


def test_an_authority_joins_with_its_first_message_and_hears_what_is_there(world: World) -> None:
    (plan,) = world.opens_plan(circle=["children"]).plans
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.accepts(a_contribution("social").with_draft("g2").build())
    assert world.row(plan, "social").due_at is not None


def test_a_member_hears_even_when_its_way_was_configured_after_it_joined(world: World) -> None:
    world.systems["social"].delivers = False
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("s1").build())
    world.systems["social"].delivers = True
    world.accepts(a_contribution("social").version(2).with_draft("s1").build())
    assert world.row(plan, "social").due_at is not None


def test_a_case_corrected_to_another_person_leaves_nothing_behind(world: World) -> None:
    (first,) = world.opens_plan().plans
    (second,) = world.opens_plan(ANOTHER_CPR).plans
    world.accepts(a_contribution("children").with_draft("g1").build())
    corrected = a_contribution("children").version(2).about(ANOTHER_CPR).with_draft("g1").build()
    world.accepts(corrected)
    assert elements_of(world, first) == set()
    assert elements_of(world, second) == {an_id("children", "g1")}
    assert {entry["plan_id"] for entry in world.audited("accepted")[1:]} == {first, second}


def test_a_late_message_of_a_case_that_has_moved_on_changes_nothing(world: World) -> None:
    (first,) = world.opens_plan().plans
    (second,) = world.opens_plan(ANOTHER_CPR).plans
    world.accepts(a_contribution("children").version(2).about(ANOTHER_CPR).with_draft("g1").build())
    world.accepts(a_contribution("children").version(1).with_draft("g1").build())
    assert (elements_of(world, first), elements_of(world, second)) == (set(), {an_id("children", "g1")})


def test_every_part_of_a_case_moves_though_one_message_brings_them_apart(world: World) -> None:
    (first,) = world.opens_plan().plans
    (second,) = world.opens_plan(ANOTHER_CPR).plans
    world.accepts(a_contribution("children").with_draft("g1").with_draft("g2").build())
    corrected = a_contribution("children").version(2).about(ANOTHER_CPR)
    world.accepts(corrected.with_draft("g1").build(), corrected.with_draft("g2").build())
    assert elements_of(world, first) == set()
    assert elements_of(world, second) == {an_id("children", "g1"), an_id("children", "g2")}


def test_a_case_may_come_back(world: World) -> None:
    (first,) = world.opens_plan().plans
    (second,) = world.opens_plan(ANOTHER_CPR).plans
    case = a_contribution("children").with_draft("g1")
    for message in (case.version(1), case.version(2).about(ANOTHER_CPR), case.version(3)):
        world.accepts(message.build())
    assert (elements_of(world, first), elements_of(world, second)) == ({an_id("children", "g1")}, set())


def test_a_fetch_is_done_in_the_transaction_that_takes_its_document_in(world: World) -> None:
    world.opens_plan()
    letter = world.parcel(a_contribution("children").with_draft("g1").build())
    with world.store.begin() as unit:
        unit.jobs.add_fetches("children", ["r1"], now(), "c")
    with world.store.begin() as unit:
        job = unit.jobs.lease(now(), 60, ["children"])
    assert job is not None
    assert job.kind is JobKind.FETCH
    accept(letter, world.store, world.authorities, job)
    with world.store.begin(read_only=True) as unit:
        row = unit.connection.execute(sa.select(jobs)).one()
    assert (row.due_at, row.lease) == (None, None)


def test_a_fetch_announced_again_while_under_way_stays_due(world: World) -> None:
    world.opens_plan()
    letter = world.parcel(a_contribution("children").with_draft("g1").build())
    with world.store.begin() as unit:
        unit.jobs.add_fetches("children", ["r1"], now(), "c")
    with world.store.begin() as unit:
        job = unit.jobs.lease(now(), 60, ["children"])
    with world.store.begin() as unit:
        unit.jobs.add_fetches("children", ["r1"], now(), "c")
    accept(letter, world.store, world.authorities, job)
    with world.store.begin() as unit:
        again = unit.jobs.lease(now(), 60, ["children"])
    assert again is not None
    assert job is not None
    assert (again.id, again.token != job.token) == (job.id, True)


# --- two at once --------------------------------------------------------------------------------------------------


def test_twenty_copies_of_one_message_at_once_have_one_effect_and_one_answer(world: World) -> None:
    world.opens_plan()
    letter = world.parcel(a_contribution("children").with_draft("g1").build())
    answers = at_once(*[lambda: accept(letter, world.store, world.authorities)] * 20)
    assert len({(answer.id, answer.received_at, str(answer.outcome)) for answer in answers}) == 1
    assert sum(not answer.is_repeat for answer in answers) == 1
    assert (world.count(inbox), world.count(elements), len(world.audited("accepted"))) == (1, 1, 1)


def test_messages_of_several_authorities_at_once_are_all_in_the_plan(world: World) -> None:
    (plan,) = world.opens_plan().plans
    messages = [
        a_contribution(authority, f"C{n}").with_draft("g").build()
        for authority in ("children", "employment", "social")
        for n in range(6)
    ]
    answers = at_once(*[lambda message=message: world.accepts(message) for message in messages])
    assert not [answer for answer in answers if isinstance(answer, HubError)]
    assert len(elements_of(world, plan)) == len(messages)


def test_a_relative_named_in_two_plans_at_once_is_one_person(world: World) -> None:
    cprs = ["0201609995", ANOTHER_CPR, A_CHILD]
    for cpr in cprs:
        world.opens_plan(cpr)
    relative = cpr_identifier("1502779995", "children")

    def says(cpr: str) -> Callable[[], Any]:
        case = a_contribution("children", f"C-{cpr}").about(cpr)
        named = case.with_draft("h", Kind.HOUSEHOLD_MEMBER, concerns=(relative,)).build()
        return partial(world.accepts, replace(named, others=(PersonFacts((relative,)),)))

    answers = at_once(*map(says, cprs))
    assert not [answer for answer in answers if isinstance(answer, HubError)], answers
    assert (world.count(people), world.count(identifiers)) == (4, 4)


def test_two_that_open_the_same_plan_at_once_open_one(world: World) -> None:
    answers = at_once(*[world.opens_plan] * 6)
    assert not [answer for answer in answers if isinstance(answer, HubError)], answers
    assert (world.count(plans), world.count(people)) == (1, 1)


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_two_that_say_differently_whose_case_it_is_leave_it_in_one_plan(world: World, order: tuple[int, int]) -> None:
    """The newest word wins, whoever comes first; without a lock on the case both plans would keep it."""
    for round_ in range(8):
        cprs = ("0201609995", ANOTHER_CPR)
        (first,), (second,) = (world.opens_plan(cpr).plans for cpr in cprs)
        case = a_contribution("children", f"C{round_}").with_draft("g1")
        if round_ % 2:
            world.accepts(case.version(1).build())
        newer, older = case.version(order[0]).about(ANOTHER_CPR).build(), case.version(order[1]).build()
        answers = at_once(partial(world.accepts, newer), partial(world.accepts, older))
        assert not [answer for answer in answers if isinstance(answer, HubError)], answers
        wanted = an_id("children", "g1", f"C{round_}")
        homes = [plan for plan in (first, second) if wanted in elements_of(world, plan)]
        assert homes == [second if order[0] > order[1] else first]
        assert world.count(case_plans) == round_ + 1


def elements_of(world: World, plan: Any) -> set[Any]:
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        return set(stored.plan.elements)


def test_a_code_that_no_table_has_is_in_the_plan_and_on_the_operators_list_once(world: World) -> None:
    kle = "https://data.gov.dk/id/classification/KLE"
    odd = Code(kle, "27.24.09", "Et lukket nummer")
    plan = world.opens_plan(TEST_CPR).plans[0]
    said = a_contribution("children", "C9").about(TEST_CPR).with_draft("g", codes=(odd, Code(kle, "34.10.10"))).build()
    world.accepts(said)
    world.accepts(said)  # a repeat
    with world.store.begin(read_only=True) as unit:
        rows = unit.unknown_codes.all()
        stored = unit.plans.get(plan)
        assert stored is not None
        assert odd in [code for element in stored.plan.elements.values() for code in element.codes]
    assert [(row["authority"], row["system"], row["code"], row["times"]) for row in rows] == [
        ("children", kle, "27.24.09", 1)
    ]
