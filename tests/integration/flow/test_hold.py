"""A plan held back for fear of a conflict about honour: who is shown and sent nothing, and who is not told why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import Conflict, InvalidRequest, NotAllowed, NotFound
from hub.flow.choices import show_choices
from hub.flow.hold import hold_back, is_silent, lift, may_be_told, show_holds
from hub.plan.element import Draft, Kind, Period, Sensitivity
from hub.plan.person import Role
from hub.store.holds import PlanHold
from hub.store.occasion_tables import plan_holds
from hub.testing.builders import a_consent, a_contribution, a_draft, an_id
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import CASEWORKER, at_ten, by_the_danish_rules, everything_read
from tests.integration.world import COORDINATOR, SOMEBODY, System, World, citizen_of

pytestmark = pytest.mark.integration
WHY = "Søsteren har fortalt om trusler"
MEETING, LATER = an_id("children", "m1"), an_id("children", "m2")
HOUR = timedelta(hours=1)


@dataclass
class Partner(System):
    """A school's system."""

    role: Role = Role.PARTNER


def a_shared_plan(world: World) -> UUID:
    """A meeting that the school and social services hold."""
    by_the_danish_rules(world)
    world.systems["school"] = Partner("school")
    (plan,) = world.opens_plan(circle=("children", "social", "school")).plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    has_a_meeting(world, "m1", 1)
    world.drains()
    assert world.systems["school"].holds(plan) == world.systems["social"].holds(plan) == {MEETING}
    return plan


def has_a_meeting(world: World, source_id: str, version: int) -> None:
    start = now() + timedelta(days=1)
    meeting = a_contribution("children").version(version)
    world.accepts(meeting.with_draft(source_id, Kind.APPOINTMENT, valid=Period(start, start + HOUR)).build())


def holds(world: World, plan: UUID, reader: Reader = CASEWORKER, why: str = WHY) -> PlanHold:
    return hold_back(plan, why, reader, world.store, actor="me", correlation_id="c")


def lifts(world: World, plan: UUID, reader: Reader = CASEWORKER, why: str = WHY) -> PlanHold:
    return lift(plan, why, reader, world.store, actor="me too", correlation_id="c")


# --- the family and partners --------------------------------------------------------------------------------------


def test_the_citizen_and_partners_are_shown_nothing_until_it_is_lifted(world: World) -> None:
    plan = a_shared_plan(world)
    citizen, school = citizen_of(world, plan), Reader("school", Role.CASEWORKER)
    before = [everything_read(world, plan, reader) for reader in (citizen, school)]
    assert all(world.shows(plan, reader).view.seen for reader in (citizen, school))
    holds(world, plan)
    assert not any(world.shows(plan, reader).view.seen for reader in (citizen, school))
    lifts(world, plan)
    assert [everything_read(world, plan, reader) for reader in (citizen, school)] == before


def test_whoever_works_with_the_plan_reads_on(world: World) -> None:
    plan = a_shared_plan(world)
    readers = (COORDINATOR, CASEWORKER, Reader("social", Role.AUTHORITY_SYSTEM))
    before = [everything_read(world, plan, reader) for reader in readers]
    holds(world, plan)
    assert [everything_read(world, plan, reader) for reader in readers] == before


drafts = st.lists(
    st.builds(
        a_draft,
        st.sampled_from(("d1", "d2", "d3")),
        st.sampled_from((Kind.GOAL, Kind.NOTE, Kind.APPOINTMENT, Kind.HOUSEHOLD_MEMBER)),
        title=st.sampled_from(("Et", "Andet")),
        category=st.sampled_from(("goals", "health", None)),
        label=st.none() | st.sampled_from(Sensitivity),
    ),
    max_size=3,
    unique_by=lambda draft: draft.source_id,
)


def test_a_held_plan_answers_its_citizen_byte_for_byte_the_same_whatever_comes_into_it(world: World) -> None:
    with frozen(at_ten()):
        plan = a_shared_plan(world)
        citizen = citizen_of(world, plan)
        holds(world, plan)
        first, versions = everything_read(world, plan, citizen), iter(range(2, 1000))

        @settings(max_examples=15, database=None, suppress_health_check=list(HealthCheck))
        @given(contents=drafts, is_protected=st.booleans(), authority=st.sampled_from(("children", "social")))
        def whatever_comes(contents: list[Draft], is_protected: bool, authority: str) -> None:
            message = a_contribution(authority, "C2").version(next(versions)).snapshot()
            message = message.with_protected_address() if is_protected else message
            world.accepts(replace(message.build(), drafts=tuple(contents)))
            world.drains()
            assert everything_read(world, plan, citizen) == first

        whatever_comes()
        lifts(world, plan)
        assert everything_read(world, plan, citizen) != first, "else nothing could have shown"


def test_the_consents_of_a_held_plan_are_shown_as_ever(world: World) -> None:
    plan = a_shared_plan(world)
    citizen, told = citizen_of(world, plan), {"actor": "anna", "correlation_id": "c"}
    before = show_choices(plan, citizen, world.store, world.settings, **told)
    holds(world, plan)
    assert show_choices(plan, citizen, world.store, world.settings, **told) == before


# --- what is sent -------------------------------------------------------------------------------------------------


def test_nothing_new_is_sent_to_a_partner_and_nothing_taken_back_because_of_the_hold(world: World) -> None:
    plan = a_shared_plan(world)
    school = world.systems["school"]
    heard = len(school.heard)
    holds(world, plan)
    world.drains()
    has_a_meeting(world, "m2", 2)
    world.drains()
    assert len(school.heard) == heard, "neither the hold nor what comes while it lasts is heard of"
    assert world.systems["social"].holds(plan) == {MEETING, LATER}, "authorities work on"
    lifts(world, plan)
    world.drains()
    assert school.holds(plan) == {MEETING, LATER}


def test_what_the_citizen_withdraws_is_taken_back_from_a_partner_all_the_same(world: World) -> None:
    plan = a_shared_plan(world)
    school = world.systems["school"]
    holds(world, plan)
    has_a_meeting(world, "m2", 2)
    world.says(a_consent(SOMEBODY).to("school").denying().build(), plan)
    world.drains()
    assert school.holds(plan) == set()
    assert (school.heard[-1].disclosed, school.heard[-1].withdrawn) == ((), (MEETING,))


def test_a_hold_owes_no_recipient_a_withdrawal(world: World) -> None:
    plan = a_shared_plan(world)
    holds(world, plan)
    said = world.says(a_consent(SOMEBODY).to("nobody-else").build(), plan)
    world.takes_back(said.id)  # writes down what every holder must give up
    world.drains()
    with world.store.begin(read_only=True) as unit:
        assert unit.withdrawals.counts(now(), HOUR) == {}


def test_held_and_lifted_in_between_a_partner_hears_nothing_of_it(world: World) -> None:
    plan = a_shared_plan(world)
    heard = len(world.systems["school"].heard)
    for _ in range(3):
        holds(world, plan)
        world.drains()
        lifts(world, plan)
        world.drains()
    assert len(world.systems["school"].heard) == heard


def test_while_it_is_held_nothing_stays_due_for_ever(world: World) -> None:
    plan = a_shared_plan(world)
    holds(world, plan)
    has_a_meeting(world, "m2", 2)
    world.drains()
    assert world.due() == []
    assert world.sweeps() == 0
    lifts(world, plan)
    assert len(world.due()) == len(("children", "social", "school"))


def test_nobody_is_notified_of_a_held_plan(world: World) -> None:
    plan = a_shared_plan(world)
    silences = []
    for change in (holds, lifts):
        change(world, plan)
        with world.store.begin(read_only=True) as unit:
            silences.append(is_silent(unit, plan))
    assert silences == [True, False]


# --- who may, and what is written down ----------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [COORDINATOR, CASEWORKER, Reader("social", Role.CASEWORKER)], ids=str)
def test_whoever_works_with_the_plan_may_hold_it_and_let_go(world: World, reader: Reader) -> None:
    plan = a_shared_plan(world)
    held = holds(world, plan, reader)
    lifted = lifts(world, plan, reader, "Risikoen er vurderet")
    assert (lifted.id, lifted.reason, lifted.lift_reason) == (held.id, WHY, "Risikoen er vurderet")
    assert list(show_holds(plan, reader, world.store, actor="me", correlation_id="c")) == [lifted]


def test_only_the_organisation_that_holds_it_and_the_coordinator_let_go(world: World) -> None:
    plan = a_shared_plan(world)
    holds(world, plan)
    with pytest.raises(NotAllowed):
        lifts(world, plan, Reader("social", Role.CASEWORKER))
    assert not world.shows(plan, citizen_of(world, plan)).view.seen
    lifts(world, plan, COORDINATOR)


def refusal(world: World, plan: UUID, reader: Reader) -> list[str]:
    said = []
    for deed in (holds, lifts):
        with pytest.raises(NotFound) as refused:
            deed(world, plan, reader)
        said.append(refused.value.diagnostics())
    with pytest.raises(NotFound) as refused:
        show_holds(plan, reader, world.store, actor="me", correlation_id="c")
    return [*said, refused.value.diagnostics()]


def test_nobody_else_may_and_they_are_told_the_same_whether_it_is_held(world: World) -> None:
    plan = a_shared_plan(world)
    others = [
        citizen_of(world, plan),
        Reader("school", Role.CASEWORKER),  # a partner, whatever its client calls itself
        Reader("children", Role.AUTHORITY_SYSTEM),
        Reader("children", Role.OPERATOR),
        Reader("elsewhere", Role.CASEWORKER),
        Reader("elsewhere", Role.COORDINATOR),
    ]
    before = [refusal(world, plan, reader) for reader in others]
    holds(world, plan)
    assert [refusal(world, plan, reader) for reader in others] == before
    assert len({told for refused in before for told in refused}) == 1


def test_held_twice_or_let_go_twice_is_a_conflict(world: World) -> None:
    plan = a_shared_plan(world)
    with pytest.raises(Conflict):
        lifts(world, plan)
    holds(world, plan)
    with pytest.raises(Conflict):
        holds(world, plan, COORDINATOR)
    lifts(world, plan)
    with pytest.raises(Conflict):
        lifts(world, plan)


@pytest.mark.parametrize("why", ["", "    ", "aaaaaaaaaaaaaaa", "frygt"])
def test_a_reason_is_asked_for_to_hold_and_to_let_go(world: World, why: str) -> None:
    plan = a_shared_plan(world)
    with pytest.raises(InvalidRequest):
        holds(world, plan, why=why)
    holds(world, plan)
    with pytest.raises(InvalidRequest):
        lifts(world, plan, why=why)
    assert not world.shows(plan, citizen_of(world, plan)).view.seen


def test_the_reasons_lie_sealed_and_both_deeds_are_written_down(world: World) -> None:
    plan = a_shared_plan(world)
    held = holds(world, plan)
    lifts(world, plan, why="Risikoen er vurderet")
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(plan_holds))
        audited = unit.audit.of_plan(plan)
    assert WHY.encode() not in bytes(row.reason)
    assert b"Risikoen" not in bytes(row.lift_reason)
    for action in ("plan-held", "hold-lifted"):
        (deed,) = world.audited(action)
        assert orjson.loads(deed["details"]) == {"hold": str(held.id), "organisation": "children"}
    assert not any("trusler" in str(one) for one in audited)


def test_the_citizens_ledger_tells_of_the_hold_once_it_is_lifted(world: World) -> None:
    plan = a_shared_plan(world)
    told = []
    for change in (holds, lifts):
        change(world, plan)
        with world.store.begin(read_only=True) as unit:
            rows, is_held = unit.audit.of_plan(plan), is_silent(unit, plan)
        told.append({row["action"] for row in rows if may_be_told(row["action"], is_held=is_held)})
    assert told[0] == {"plan-opened", "consent-given"}
    assert {"plan-held", "hold-lifted"} <= told[1]


def test_a_plan_that_changes_while_it_is_held_stays_held(world: World) -> None:
    plan = a_shared_plan(world)
    holds(world, plan)
    has_a_meeting(world, "m2", 2)
    world.opens_plan()  # once more, by somebody who does not know
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    assert stored.plan.is_held
    assert not world.shows(plan, citizen_of(world, plan)).view.seen


def test_another_plan_is_not_held(world: World) -> None:
    plan = a_shared_plan(world)
    (other,) = world.opens_plan("0301609995").plans
    holds(world, other)
    assert world.shows(plan, citizen_of(world, plan)).view.seen
