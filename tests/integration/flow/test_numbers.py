"""A number changes: two numbers are one person's, whoever says so, whenever."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import now
from hub.errors import Conflict, HubError, UnknownPerson
from hub.flow.link import link_numbers
from hub.flow.show import find_plan
from hub.plan.contribution import Contribution
from hub.plan.element import Element
from hub.plan.identifier import cpr_identifier
from hub.store.jobs import UNKNOWN_PERSON
from hub.store.tables import audit, elements, identifiers, metadata, people, plans
from hub.testing.builders import TEST_CPR, ContributionBuilder, a_consent, a_contribution, an_id
from tests.integration.databases import a_store
from tests.integration.flow.test_accept import at_once
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration

OLD, NEW = TEST_CPR, "0201609996"
A_CHILD, ANOTHER = "2509479989", "0101625638"


def tells_of_the_change(authority: str = "children", case: str = "link") -> ContributionBuilder:
    return a_contribution(authority, case).about(NEW, OLD)


MISTYPED = "0301609995"  # a day later than OLD: somebody else


def links(world: World, *cprs: str) -> None:
    numbers = [cpr_identifier(cpr, "hub") for cpr in cprs]
    link_numbers(numbers, world.store, actor="operator", correlation_id="c")


def person_of(world: World, cpr: str) -> UUID | None:
    with world.store.begin(read_only=True) as unit:
        return unit.people.find([cpr_identifier(cpr, "hub")])


def searched(world: World, cpr: str) -> UUID:
    numbers = [cpr_identifier(cpr, "hub")]
    return find_plan(numbers, COORDINATOR, world.store, actor="test", correlation_id="c")


def elements_of(world: World, plan: UUID) -> Mapping[UUID, Element]:
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        return dict(stored.plan.elements)


def without_audit(world: World) -> dict[str, list[Any]]:
    with world.store.begin(read_only=True) as unit:
        tables = [table for table in metadata.sorted_tables if table is not audit]
        return {table.name: list(unit.connection.execute(sa.select(table)).all()) for table in tables}


# --- one number more for a person -------------------------------------------------------------------------------


def test_either_number_finds_the_plan_once_an_authority_has_named_both(world: World) -> None:
    (plan,) = world.opens_plan(OLD).plans
    with pytest.raises(HubError):
        searched(world, NEW)
    world.accepts(tells_of_the_change().build())
    assert searched(world, NEW) == searched(world, OLD) == plan
    assert person_of(world, NEW) == person_of(world, OLD)


def test_a_link_leaves_an_audit_row_of_ids(world: World) -> None:
    (plan,) = world.opens_plan(OLD).plans
    world.accepts(tells_of_the_change().build())
    (row,) = world.audited("number-linked")
    assert (row["plan_id"], row["actor"]) == (plan, "children")
    assert row["details"] == f'{{"person":"{person_of(world, OLD)}"}}'
    world.accepts(tells_of_the_change().version(2).build())
    assert len(world.audited("number-linked")) == 1, "what is no news is not written down"


def test_authorities_that_use_either_number_write_into_one_plan(world: World) -> None:
    (plan,) = world.opens_plan(OLD).plans
    world.accepts(tells_of_the_change().with_draft("a").build())
    world.accepts(a_contribution("social").about(OLD).with_draft("b").build())
    world.accepts(a_contribution("employment").about(NEW).with_draft("c").build())
    assert {element.provenance.authority for element in elements_of(world, plan).values()} == {
        "children", "social", "employment",
    }  # fmt: skip
    assert (world.count(plans), world.count(people), world.count(identifiers)) == (1, 1, 2)


def test_the_new_number_alone_is_refused_until_somebody_has_named_both(world: World) -> None:
    world.opens_plan(OLD)
    early = a_contribution("social").about(NEW).with_draft("b").build()
    with pytest.raises(UnknownPerson):
        world.accepts(early)
    world.accepts(tells_of_the_change().build())
    assert world.accepts(early).outcome["taken_in"] == 1


def test_a_fetch_that_waits_for_the_person_of_a_new_number_is_tried_again(world: World) -> None:
    world.opens_plan(OLD)
    with world.store.begin() as unit:
        unit.jobs.add_fetches("social", ["r1"], now(), "c")
    with world.store.begin() as unit:
        job = unit.jobs.lease(now(), 60, ["social"])
        assert job is not None
        unit.jobs.park(job, now(), UNKNOWN_PERSON)
    world.accepts(tells_of_the_change().build())
    with world.store.begin() as unit:
        assert unit.jobs.lease(now(), 60, ["social"]) is not None


def test_a_relatives_numbers_are_linked_as_well(world: World) -> None:
    (own,) = world.opens_plan(OLD).plans
    world.opens_plan(A_CHILD)
    world.accepts(a_contribution("children").about(A_CHILD).with_relative("h", NEW, OLD).build())
    assert searched(world, NEW) == own
    (row,) = world.audited("number-linked")
    assert row["plan_id"] == own


def test_a_stranger_named_by_two_numbers_is_one_person(world: World) -> None:
    world.opens_plan(A_CHILD)
    world.accepts(a_contribution("children").about(A_CHILD).with_relative("h", NEW, OLD).build())
    assert person_of(world, NEW) == person_of(world, OLD) is not None
    assert world.count(people) == 2


def test_a_part_of_a_bulk_may_use_the_number_that_another_part_links(world: World) -> None:
    (plan,) = world.opens_plan(OLD).plans
    uses, links = a_contribution("children", "C1").about(NEW).with_draft("a").build(), tells_of_the_change().build()
    assert world.accepts(uses, links, message_id="bulk").outcome == {"taken_in": 2, "skipped": []}
    assert set(elements_of(world, plan)) == {an_id("children", "a", "C1")}


def test_numbers_of_a_person_without_a_plan_are_not_kept(world: World) -> None:
    world.opens_plan(A_CHILD)
    skipped = tells_of_the_change().with_relative("h", ANOTHER).build()
    world.accepts(a_contribution("children").about(A_CHILD).build(), skipped, message_id="bulk")
    assert world.count(identifiers) == 1


# --- what each authority is told --------------------------------------------------------------------------------


def a_changed_number(world: World) -> UUID:
    """Let social services know the person by the old number, children and family services by the new one."""
    (plan,) = world.opens_plan(OLD).plans
    world.says(a_consent(SOMEBODY).to("children", "social", "employment").build(), plan)
    world.accepts(a_contribution("social").about(OLD).with_draft("s").build())
    world.accepts(tells_of_the_change().with_draft("c").build())
    return plan


def addressed(world: World, authority: str) -> str:
    return world.systems[authority].heard[-1].person.value


def test_each_authority_hears_of_the_person_under_the_number_it_uses_itself(world: World) -> None:
    a_changed_number(world)
    world.drains()
    assert [addressed(world, name) for name in ("social", "children", "employment")] == [OLD, NEW, NEW]


def test_a_late_message_with_the_old_number_turns_nothing_back(world: World) -> None:
    a_changed_number(world)
    world.accepts(a_contribution("children", "link").version(0).about(OLD).with_draft("late").build())
    world.drains()
    world.accepts(a_contribution("social").version(2).about(OLD).with_draft("s2").build())
    world.drains()
    assert [addressed(world, name) for name in ("children", "employment")] == [NEW, NEW]


def test_an_authority_that_has_heard_of_the_change_is_told_under_the_new_number_from_then_on(world: World) -> None:
    a_changed_number(world)
    world.accepts(a_contribution("social").version(2).about(NEW).with_draft("s").build())
    world.drains()
    assert addressed(world, "social") == NEW


def test_a_changed_number_alone_is_news_for_no_recipient(world: World) -> None:
    (plan,) = world.opens_plan(OLD).plans
    world.says(a_consent(SOMEBODY).to("children", "social", "employment").build(), plan)
    world.accepts(a_contribution("children", "link").version(0).about(OLD).with_draft("c").build())
    world.drains()
    heard = {name: len(system.heard) for name, system in world.systems.items()}
    assert heard["social"] == 1
    world.accepts(tells_of_the_change().with_draft("c").build())
    world.drains()
    assert {name: len(system.heard) for name, system in world.systems.items()} == heard


def test_the_coordinator_sees_the_newest_number_alone(world: World) -> None:
    plan = a_changed_number(world)
    assert [number.value for number in world.shows(plan).person.numbers_for("coordination")] == [NEW]


# --- two records of one person ----------------------------------------------------------------------------------


def a_relative_under_the_new_number(world: World) -> tuple[UUID, UUID]:
    """Let a child's case name the person by the new number before anyone has told that it is new."""
    (own,), (childs,) = world.opens_plan(OLD).plans, world.opens_plan(A_CHILD).plans
    world.says(a_consent(SOMEBODY).to("social").build(), childs)
    world.accepts(a_contribution("children").about(A_CHILD).with_relative("h", NEW).with_draft("g").build())
    world.drains()
    assert world.systems["social"].holds(childs) == {an_id("children", "g")}, "who is named has not said yes"
    return own, childs


def test_two_records_of_one_person_are_united_where_one_has_no_plan(world: World) -> None:
    own, childs = a_relative_under_the_new_number(world)
    gone = person_of(world, NEW)
    assert gone is not None
    world.accepts(tells_of_the_change("employment").build())
    stays = person_of(world, NEW)
    assert stays is not None
    assert stays == person_of(world, OLD) != gone
    assert elements_of(world, childs)[an_id("children", "h")].concerns == {stays}
    assert searched(world, NEW) == own
    with world.store.begin(read_only=True) as unit:
        assert set(unit.plans.concerning(stays)) == {own, childs}
        assert unit.plans.concerning(gone) == []
        assert unit.people.get(gone) == unit.people.get(stays), "who was named in an old version is still somebody"
    assert {row["plan_id"] for row in world.audited("people-united")} == {own, childs}


def test_what_an_element_said_before_two_were_united_stays_on_record(world: World) -> None:
    a_relative_under_the_new_number(world)
    world.accepts(tells_of_the_change("employment").build())
    with world.store.begin(read_only=True) as unit:
        query = sa.select(elements).where(elements.c.id == an_id("children", "h")).order_by(elements.c.row)
        before, after = unit.connection.execute(query).all()
    assert (before.superseded_at, after.superseded_at) == (after.registered_at, None)


def test_a_yes_of_the_real_person_counts_for_what_was_said_under_the_new_number(world: World) -> None:
    own, childs = a_relative_under_the_new_number(world)
    world.says(a_consent(SOMEBODY).to("social").build(), own)
    world.drains()
    assert an_id("children", "h") not in world.systems["social"].holds(childs), "nobody knows yet who it is about"
    world.accepts(tells_of_the_change("employment").build())
    world.drains()
    assert world.systems["social"].holds(childs) == {an_id("children", "g"), an_id("children", "h")}


def test_whoever_holds_what_two_who_are_one_are_named_in_is_looked_at_at_once(world: World) -> None:
    _own, childs = a_relative_under_the_new_number(world)
    world.accepts(tells_of_the_change("employment").build())
    assert [(row.is_urgent, row.due_at is not None) for row in [world.row(childs, "social")]] == [(True, True)]


@pytest.mark.parametrize("number", [OLD, NEW])
def test_a_no_given_after_the_change_counts_whichever_number_an_authority_uses(world: World, number: str) -> None:
    own, childs = a_relative_under_the_new_number(world)
    yes = world.says(a_consent(SOMEBODY).to("social").build(), own)
    world.accepts(tells_of_the_change("employment").build())
    world.accepts(a_contribution("children").version(2).about(A_CHILD).with_relative("h2", number).build())
    world.drains()
    named = {an_id("children", "h"), an_id("children", "h2")}
    assert named <= world.systems["social"].holds(childs)
    world.says(a_consent(SOMEBODY).to("social").denying().build(), searched(world, NEW))
    world.drains()
    assert world.systems["social"].holds(childs) == {an_id("children", "g")}
    assert yes.person == person_of(world, NEW)


def test_two_strangers_named_apart_and_then_together_are_one(world: World) -> None:
    (childs,) = world.opens_plan(A_CHILD).plans
    case = a_contribution("children").about(A_CHILD)
    world.accepts(case.with_relative("h", NEW).with_relative("k", OLD).build())
    world.accepts(a_contribution("social").about(A_CHILD).with_relative("h", NEW, OLD).build())
    concerned = {person for element in elements_of(world, childs).values() for person in element.concerns}
    assert concerned == {person_of(world, NEW)} == {person_of(world, OLD)}


def test_two_people_with_a_plan_each_are_never_united(world: World) -> None:
    world.opens_plan(OLD)
    world.opens_plan(NEW)
    before = without_audit(world)
    with pytest.raises(Conflict) as refused:
        world.accepts(tells_of_the_change().with_draft("g").build())
    assert OLD not in refused.value.diagnostics()
    assert NEW not in refused.value.diagnostics()
    assert without_audit(world) == before
    assert [row["details"] for row in world.audited("refused")] == ['{"code":"conflict"}']


def test_relatives_with_a_plan_each_are_never_united_either(world: World) -> None:
    for cpr in (OLD, NEW, A_CHILD):
        world.opens_plan(cpr)
    before = without_audit(world)
    with pytest.raises(Conflict):
        world.accepts(a_contribution("children").about(A_CHILD).with_relative("h", NEW, OLD).build())
    assert without_audit(world) == before


# --- in any order -----------------------------------------------------------------------------------------------

SAID = ((OLD,), (NEW,), (NEW, OLD))
messages = st.tuples(
    st.sampled_from(("own", "relative")), st.sampled_from(("children", "social")), st.sampled_from(SAID)
)


def written(place: int, kind: str, authority: str, numbers: tuple[str, ...]) -> Contribution:
    """Return a message of a case of its own: of the person's own plan, or one that names the person in the child's."""
    case = a_contribution(authority, f"C{place}")
    if kind == "own":
        return case.about(*numbers).with_draft("g").build()
    return case.about(A_CHILD).with_relative("h", *numbers).build()


@st.composite
def told_in_any_order(draw: st.DrawFn) -> list[Contribution]:
    """Draw messages of two authorities, one of which at least links the numbers."""
    kind, authority, _ = draw(messages)
    said = [(kind, authority, (NEW, OLD)), *draw(st.lists(messages, max_size=5))]
    return draw(st.permutations([written(place, *one) for place, one in enumerate(said)]))


@contextmanager
def a_world_of_its_own(template: Path) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="hub-numbers-") as folder:
        shutil.copy(template, Path(folder) / "hub.db")
        world = World(a_store(f"sqlite:///{Path(folder) / 'hub.db'}")).begins()
        yield world
        world.store.close()


def refused_for_now(world: World, arrived: Sequence[Contribution]) -> list[Contribution]:
    """Send messages; return those refused because nobody had told yet whose the new number is."""
    refused = []
    for message in arrived:
        is_linked = person_of(world, NEW) is not None and person_of(world, NEW) == person_of(world, OLD)
        try:
            world.accepts(message)
        except UnknownPerson:
            assert not is_linked
            assert [number.value for number in message.person.identifiers] == [NEW]
            refused.append(message)
    return refused


@pytest.mark.slow
@given(told_in_any_order())
@settings(max_examples=60, deadline=None, database=None)
def test_the_order_in_which_numbers_are_told_does_not_matter(template: Path, arrived: list[Contribution]) -> None:
    with a_world_of_its_own(template) as world:
        (own,), (childs,) = world.opens_plan(OLD).plans, world.opens_plan(A_CHILD).plans
        for message in refused_for_now(world, arrived):
            world.accepts(message)
        person = person_of(world, OLD)
        assert person is not None
        assert person == person_of(world, NEW)
        assert (world.count(plans), world.count(identifiers)) == (2, 3)
        named = {an_id(one.authority, "h", one.case) for one in arrived if one.others}
        assert set(elements_of(world, childs)) == named
        assert set(elements_of(world, own)) == {
            an_id(one.authority, "g", one.case) for one in arrived if not one.others
        }
        assert {one.concerns for one in elements_of(world, childs).values()} <= {frozenset({person})}
        assert world.shows(own).person.numbers_for("coordination")[0].value == NEW


# --- at once ----------------------------------------------------------------------------------------------------


def test_two_authorities_that_tell_of_the_change_at_once_link_it_once(world: World) -> None:
    (plan,) = world.opens_plan(OLD).plans
    for round_ in range(6):
        links = [
            tells_of_the_change(name, f"L{round_}").with_draft("g").build()
            for name in ("children", "social", "employment")
        ]
        answers = at_once(*[partial(world.accepts, link) for link in links])
        assert not [answer for answer in answers if isinstance(answer, HubError)], answers
    assert (world.count(identifiers), len(world.audited("number-linked"))) == (2, 1)
    assert len(elements_of(world, plan)) == 18


def test_a_case_that_names_the_new_number_while_it_is_linked_concerns_the_one_person(world: World) -> None:
    """Whichever commits first, nothing may go on concerning a record that is nobody any more."""
    for round_, (old, new) in enumerate((("0201609995", "0201609996"), ("1502779995", "1502779996"))):
        world.opens_plan(old)
        (childs,) = world.opens_plan((A_CHILD, ANOTHER)[round_]).plans
        named = a_contribution("children", f"C{round_}").about((A_CHILD, ANOTHER)[round_]).with_relative("h", new)
        links = a_contribution("social", f"L{round_}").about(new, old)
        answers = at_once(
            partial(world.accepts, named.build()),
            partial(world.accepts, links.build()),
            partial(world.accepts, named.version(2).with_relative("k", old).build()),
        )
        assert not [answer for answer in answers if isinstance(answer, HubError)], answers
        concerned = {person for element in elements_of(world, childs).values() for person in element.concerns}
        assert concerned == {person_of(world, old)} == {person_of(world, new)}


def test_a_plan_opened_under_the_new_number_while_it_is_linked_is_the_persons_or_the_link_is_refused(
    world: World,
) -> None:
    world.opens_plan(OLD)
    world.opens_plan(A_CHILD)
    world.accepts(a_contribution("children").about(A_CHILD).with_relative("h", NEW).build())
    linked, opened = at_once(partial(world.accepts, tells_of_the_change().build()), partial(world.opens_plan, NEW))
    assert not isinstance(opened, HubError)
    if isinstance(linked, Conflict):
        assert world.count(plans) == 3
    else:
        assert not isinstance(linked, HubError)
        assert world.count(plans) == 2
        assert person_of(world, NEW) == person_of(world, OLD)


def test_who_uses_which_number_is_remembered_of_each_of_several_at_once(world: World) -> None:
    owners = {"children": OLD, "social": A_CHILD, "employment": ANOTHER}
    for cpr in owners.values():
        world.opens_plan(cpr)
    for round_ in range(8):
        relative = f"150277{round_:04d}"
        at_once(
            *(
                partial(
                    world.accepts,
                    a_contribution(name, f"C{round_}").about(owner).with_relative("h", relative).build(),
                )
                for name, owner in owners.items()
            )
        )
        person = person_of(world, relative)
        assert person is not None
        with world.store.begin(read_only=True) as unit:
            assert set(unit.people.get(person).known_as) == set(owners)


def names_them_all(world: World, authority: str, family: Sequence[str], numbers: Sequence[str]) -> None:
    for place, cpr in enumerate([*family] * 4):
        case = a_contribution(authority, f"R{place}").about(cpr)
        for n, number in enumerate(numbers):
            case = case.with_relative(f"h{n}", number)
        world.accepts(case.build())


def links_them_all(world: World, authority: str, changes: Sequence[tuple[str, str]]) -> None:
    for place, (new, old) in enumerate(changes):
        world.accepts(a_contribution(authority, f"L{place}").about(new, old).build())


def says_and_takes_back(world: World, plan: UUID) -> None:
    for _ in range(4):
        world.takes_back(world.says(a_consent(SOMEBODY).to("social").build(), plan).id)


def delivers_all(world: World, owned: Sequence[UUID]) -> None:
    for plan in [*owned] * 8:
        world.delivers(plan, "social")


def test_linking_accepting_revising_and_delivering_at_once_never_end_in_a_deadlock(world: World) -> None:
    family = [OLD, A_CHILD, ANOTHER]
    owned = [world.opens_plan(cpr).plans[0] for cpr in family]
    changes = [(f"{cpr[:6]}{n:04d}", cpr) for n, cpr in enumerate(family * 4)]
    news = [new for new, _old in changes]
    answers = at_once(
        partial(names_them_all, world, "children", family, news),
        partial(names_them_all, world, "social", family, news[::-1]),
        partial(links_them_all, world, "employment", changes),
        partial(links_them_all, world, "children", changes[::-1]),
        *(partial(says_and_takes_back, world, plan) for plan in owned),
        partial(delivers_all, world, owned),
    )
    assert not [answer for answer in answers if answer is not None], answers
    for new, old in changes:
        person = person_of(world, new)
        assert person is not None
        assert person == person_of(world, old)
        with world.store.begin(read_only=True) as unit:
            assert set(unit.plans.concerning(person)) == set(owned)


def test_numbers_of_two_birthdays_are_not_linked_by_an_authority_alone(world: World) -> None:
    world.opens_plan()
    case = a_contribution("children", "typing").about(OLD, MISTYPED)
    before = without_audit(world)
    with pytest.raises(Conflict, match="two birthdays"):
        world.accepts(case.build())
    assert without_audit(world) == before
    assert person_of(world, MISTYPED) is None, "whoever it is stays a person of their own"
    links(world, OLD, MISTYPED)
    world.accepts(case.build())
    assert person_of(world, MISTYPED) == person_of(world, OLD)


def test_numbers_that_an_operator_links_bring_two_records_together(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_relative("s", MISTYPED, name="Sofie").build())
    links(world, MISTYPED, OLD)
    assert person_of(world, MISTYPED) == person_of(world, OLD)
    assert searched(world, MISTYPED) == plan


def test_an_operator_links_the_numbers_of_somebody_not_named_yet(world: World) -> None:
    links(world, MISTYPED, A_CHILD)
    assert person_of(world, MISTYPED) == person_of(world, A_CHILD) is not None


def test_an_operator_links_no_two_who_have_plans(world: World) -> None:
    world.opens_plan()
    world.opens_plan(cpr=NEW)
    with pytest.raises(Conflict, match="kept apart"):
        links(world, OLD, NEW)


def test_a_message_that_links_the_numbers_of_strangers_has_nobody_wait(world: World) -> None:
    if world.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with world.store.begin() as accepting:
        accepting.people.hold_numbers(alone=False)
        with pytest.raises(UnknownPerson):
            world.accepts(tells_of_the_change().build())
