"""The laws of merge, for any messages.

A world is what could really happen: each authority keeps a few cases, and each case sends a few messages, no two with
the same order key. They reach the hub in any order, any of them several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.plan.contribution import Contribution, Coverage, PersonFacts, Removal
from hub.plan.element import Category, Draft, Kind, OrderKey, Period, Sensitivity, Status, element_id
from hub.plan.identifier import Identifier
from hub.plan.merge import NOT_IN_SNAPSHOT, merge
from hub.plan.plan import CaseRef, Plan

PLAN, PERSON, CHILD, PARENT = (UUID(int=number) for number in range(1, 5))
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEOPLE = {Identifier("urn:test", "child"): CHILD, Identifier("urn:test", "parent"): PARENT}
AUTHORITIES = ("children", "social", "employment")
CASES = ("C1", "C2")
SOURCE_IDS = ("a", "b", "c")
EMPTY = Plan(PLAN, PERSON)

moments = st.integers(0, 2).map(lambda hours: AT - timedelta(hours=hours))
periods = st.builds(Period, st.none() | moments)
# Few values in every field, so that two messages often collide in one and differ in another.
drafts = st.builds(
    Draft,
    source_id=st.sampled_from(SOURCE_IDS),
    kind=st.sampled_from((Kind.GOAL, Kind.NOTE)),
    category=st.sampled_from((Category.GOALS, None)),
    label=st.sampled_from((Sensitivity.FORTROLIGE_PERSONOPLYSNINGER, None)),
    status=st.sampled_from((Status.ACTIVE, Status.COMPLETED)),
    title=st.sampled_from(("one", "two")),
    valid=periods,
    part_of=st.none() | st.sampled_from(SOURCE_IDS),
    concerns=st.lists(st.sampled_from(sorted(PEOPLE)), unique=True).map(tuple),
    details=st.dictionaries(st.just("place"), st.sampled_from(("here", "there"))),
)
removals = st.builds(Removal, st.sampled_from(SOURCE_IDS), st.sampled_from(("closed", "moved")))


@st.composite
def messages_of_a_case(draw: st.DrawFn, authority: str, case: str) -> list[Contribution]:
    # Versions repeat, so that changed-at and then the message id must decide.
    keys = draw(st.lists(st.tuples(st.integers(0, 2), moments), max_size=5))
    return [
        Contribution(
            authority=authority,
            source_system=draw(st.sampled_from(("old system", "new system"))),
            contract=f"{authority}/v1",
            case=case,
            message_id=f"m{place}",
            order=OrderKey(version, changed_at, f"m{place}"),
            coverage=draw(st.sampled_from(Coverage)),
            person=PersonFacts((), has_protected_address=draw(st.booleans())),
            drafts=tuple(draw(st.lists(drafts, max_size=3))),
            removals=tuple(draw(st.lists(removals, max_size=2))),
        )
        for place, (version, changed_at) in enumerate(keys)
    ]


@st.composite
def worlds(draw: st.DrawFn) -> list[Contribution]:
    every_case = [(authority, case) for authority in AUTHORITIES for case in CASES]
    cases = draw(st.lists(st.sampled_from(every_case), min_size=1, max_size=3, unique=True))
    return [message for authority, case in cases for message in draw(messages_of_a_case(authority, case))]


@st.composite
def worlds_as_they_arrive(draw: st.DrawFn) -> tuple[list[Contribution], list[Contribution]]:
    """Draw a world and one way its messages may reach the hub: any order, some of them again."""
    world = draw(worlds())
    again = draw(st.lists(st.sampled_from(world), max_size=4)) if world else []
    return world, draw(st.permutations(world + again))


def after(messages: Sequence[Contribution], plan: Plan = EMPTY) -> Plan:
    return reduce(lambda plan, message: merge(plan, message, PEOPLE, AT), messages, plan)


def newest_first(messages: Sequence[Contribution]) -> list[Contribution]:
    return sorted(messages, key=lambda message: message.order, reverse=True)


@given(worlds_as_they_arrive())
@settings(max_examples=300)
def test_the_same_messages_in_any_order_and_number_give_the_same_plan(
    arrival: tuple[list[Contribution], list[Contribution]],
) -> None:
    world, arrived = arrival
    assert after(arrived) == after(world)


@given(worlds())
def test_a_message_taken_in_twice_changes_nothing_the_second_time(world: list[Contribution]) -> None:
    plan = after(world)
    for message in world:
        assert merge(plan, message, PEOPLE, AT + timedelta(days=1)) is plan


@given(worlds(), st.sampled_from(AUTHORITIES))
def test_an_authoritys_messages_never_change_anothers_part(world: list[Contribution], authority: str) -> None:
    others = [message for message in world if message.authority != authority]
    plan, without = after(world), after(others)
    assert {key: own for key, own in plan.elements.items() if own.authority != authority} == without.elements
    assert {k: own for k, own in plan.tombstones.items() if own.case.authority != authority} == without.tombstones
    assert {key: own for key, own in plan.cases.items() if key.authority != authority} == without.cases


@given(worlds())
def test_every_source_thing_is_either_there_or_gone_and_nothing_else_is(world: list[Contribution]) -> None:
    plan = after(world)
    named = {
        element_id(message.authority, message.case, thing)
        for message in world
        for thing in [draft.source_id for draft in message.drafts] + [gone.source_id for gone in message.removals]
    }
    assert not plan.elements.keys() & plan.tombstones.keys()
    assert plan.elements.keys() | plan.tombstones.keys() == named


@given(worlds())
def test_what_the_newest_message_to_speak_of_a_thing_says_is_what_stands(world: list[Contribution]) -> None:
    plan = after(world)
    for gone_or_there in plan.elements.keys() | plan.tombstones.keys():
        title = _said_last(world, gone_or_there)
        element = plan.elements.get(gone_or_there)
        assert (element.title if element else None) == title


def _said_last(world: Sequence[Contribution], wanted: UUID) -> str | None:
    """Return the title that stands, None for gone: the slow way, from the newest message back."""
    for message in newest_first(world):
        for draft in message.drafts:
            if element_id(message.authority, message.case, draft.source_id) == wanted:
                return draft.title
        removed = {element_id(message.authority, message.case, removal.source_id) for removal in message.removals}
        owns = any(element_id(message.authority, message.case, source) == wanted for source in SOURCE_IDS)
        if wanted in removed or (owns and message.coverage is Coverage.SNAPSHOT):
            return None
    raise AssertionError("Nothing ever spoke of it.")


@given(worlds())
def test_a_message_older_than_what_it_speaks_of_changes_nothing_of_it(world: list[Contribution]) -> None:
    for message in world:
        newer = [other for other in world if other.order > message.order and other.authority == message.authority]
        before = after(newer)
        late = merge(before, message, PEOPLE, AT)
        for key, element in before.elements.items():
            if element.provenance.case == message.case:
                assert late.elements[key] == element


@given(worlds())
def test_a_snapshots_silence_buries_all_that_is_older_in_its_case(world: list[Contribution]) -> None:
    plan = after(world)
    for case in {CaseRef(message.authority, message.case) for message in world}:
        newest = plan.cases[case].newest_snapshot
        snapshots = [
            message.order
            for message in world
            if (message.authority, message.case) == case and message.coverage is Coverage.SNAPSHOT
        ]
        assert newest == max(snapshots, default=None)
        if newest is not None:
            alive = [own.order for own in plan.elements.values() if (own.authority, own.provenance.case) == case]
            buried = [own.order for own in plan.tombstones.values() if own.case == case]
            assert all(order >= newest for order in alive + buried)


@given(worlds())
def test_the_protected_address_of_a_case_follows_its_newest_message(world: list[Contribution]) -> None:
    plan = after(world)
    newest = {CaseRef(message.authority, message.case): message for message in reversed(newest_first(world))}
    said = {case: message.person.has_protected_address for case, message in newest.items()}
    assert {case: state.has_protected_address for case, state in plan.cases.items()} == said
    assert plan.has_protected_address == any(said.values())


@given(worlds())
def test_a_tombstone_keeps_the_reason_and_no_content(world: list[Contribution]) -> None:
    plan = after(world)
    for tombstone in plan.tombstones.values():
        assert tombstone.reason in {"closed", "moved", NOT_IN_SNAPSHOT}
        assert set(type(tombstone).__slots__) == {"case", "order", "reason", "registered_at"}


@given(worlds())
def test_merge_leaves_the_plan_it_was_given_as_it_was(world: list[Contribution]) -> None:
    plan = EMPTY
    for message in world:
        before = replace(plan, elements=dict(plan.elements), tombstones=dict(plan.tombstones), cases=dict(plan.cases))
        merged = merge(plan, message, PEOPLE, AT)
        assert plan == before
        plan = merged
