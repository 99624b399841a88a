"""Who speaks for a child: by age, by custody, and together; and what a birthday or a moved custody does to that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.clock import now
from hub.consent.consent import Capacity, Consent
from hub.consent.reader import Reader
from hub.consent.standing import Lack, Occasion
from hub.errors import NotAllowed, NotFound
from hub.flow.choices import Choice, show_choices, show_renewals
from hub.flow.hold import hold_back
from hub.flow.revise import Revised, give, open_plan, withdraw
from hub.flow.versions import Giver
from hub.plan.contribution import PersonFacts
from hub.plan.danish_time import LOCAL
from hub.plan.element import Kind, Period
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.testing.builders import ConsentBuilder, a_consent, a_consent_to_one_plan, a_contribution, an_id, own_word
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.flow.test_decided_after_the_wait import overtaken
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration
#: The first of September 2026: Alma is 11, Bo 16 and Cleo turns 18 tomorrow.
AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
ALMA, BO, CLEO = "0505155992", "0503104996", "0209084990"
MOTHER, FATHER, AUNT = "1106849994", "0503829995", "0101709996"
GOAL = an_id("children", "g1")


@pytest.fixture(autouse=True)
def by_the_clock(world: World) -> object:
    with frozen(AT):
        by_the_danish_rules(world)
        yield


def custody(*cprs: str) -> tuple[Giver, ...]:
    return tuple(said_by(cpr, Capacity.CUSTODY) for cpr in cprs)


def said_by(cpr: str, capacity: Capacity) -> Giver:
    return Giver(capacity, PersonFacts((cpr_identifier(cpr, "hub"),), "Test"))


def dated(consent: ConsentBuilder) -> Consent:
    return replace(consent.build(), grants=own_word(SOMEBODY, now()))


def opens(world: World, child: str, *givers: Giver) -> Revised:
    return open_plan(
        PersonFacts((cpr_identifier(child, "hub"),), "Test"), dated(a_consent_to_one_plan(SOMEBODY)),
        ("children", "social"), COORDINATOR, world.store, world.authorities,
        coordinator="coordination", actor="test", correlation_id="c", givers=givers,
    )  # fmt: skip


def says(
    world: World, plan: UUID, *givers: Giver, reader: Reader = COORDINATOR, until: datetime | None = None
) -> Revised:
    yes = a_consent(SOMEBODY).to("social")
    consent = dated(yes.until(until) if until else yes)
    return give(plan, consent, reader, world.store, actor="test", correlation_id="c", givers=givers)


def has_a_home(world: World, child: str, *holders: str, version: int = 1, until: datetime | None = None) -> None:
    """Let children and family services tell of the child's goal and of who holds custody."""
    told = a_contribution("children", f"case of {child}").about(child).version(version).with_draft("g1", Kind.GOAL)
    for cpr in (MOTHER, FATHER):
        told = told.with_relative(f"r{cpr}", cpr)
    built = told.build()
    drafts = [
        replace(
            draft,
            details={"custody": "yes" if draft.source_id[1:] in holders else "no"},
            valid=Period(None, until),
        )
        if draft.kind is Kind.HOUSEHOLD_MEMBER
        else draft
        for draft in built.drafts
    ]
    world.accepts(replace(built, drafts=tuple(drafts)))


def goal(child: str) -> UUID:
    return an_id("children", "g1", f"case of {child}")


def choices(world: World, plan: UUID, reader: Reader = COORDINATOR) -> list[Choice]:
    return list(show_choices(plan, reader, world.store, world.settings, actor="test", correlation_id="c"))


def a_parent(world: World, cpr: str) -> Reader:
    with world.store.begin(read_only=True) as unit:
        person = unit.people.find([cpr_identifier(cpr, "hub")])
    assert person is not None
    return Reader("citizen", Role.CITIZEN, "citizen-access", person=person)


def socials(world: World, plan: UUID) -> set[UUID]:
    world.drains()
    return world.systems["social"].holds(plan)


def test_a_childs_own_yes_opens_a_plan_that_shares_nothing_until_custody_has_said_so(world: World) -> None:
    opened = opens(world, ALMA)
    assert opened.lacking == {Lack.CUSTODY}
    has_a_home(world, ALMA, MOTHER)
    assert says(world, opened.plan, *custody(MOTHER)).lacking == frozenset()
    assert socials(world, opened.plan) == set(), "there is no yes to one plan yet that counts"
    assert opens(world, ALMA, *custody(MOTHER)).lacking == frozenset()
    assert socials(world, opened.plan) == {goal(ALMA)}


def test_of_two_holders_of_custody_both_must_say_yes_whenever_each_does(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER, FATHER))
    has_a_home(world, ALMA, MOTHER, FATHER)
    first = says(world, opened.plan, *custody(MOTHER))
    assert first.lacking == {Lack.CUSTODY}
    assert socials(world, opened.plan) == set()
    second = says(world, opened.plan, *custody(FATHER))
    assert (second.consent.id, second.consent.version, second.lacking) == (first.consent.id, 2, frozenset())
    assert socials(world, opened.plan) == {goal(ALMA)}


def test_what_two_have_said_holds_as_long_as_both_have(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER, FATHER))
    has_a_home(world, ALMA, MOTHER, FATHER)
    says(world, opened.plan, *custody(MOTHER), until=AT + timedelta(days=30))
    both = says(world, opened.plan, *custody(FATHER), until=AT + timedelta(days=365))
    assert both.consent.period.end == AT + timedelta(days=30)
    again = says(world, opened.plan, *custody(MOTHER), until=AT + timedelta(days=300))
    assert again.consent.period.end == AT + timedelta(days=300), "the father has said it for longer"


def test_somebody_who_holds_no_custody_by_the_authorities_cannot_say_yes(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER))
    has_a_home(world, ALMA, MOTHER)
    assert says(world, opened.plan, *custody(FATHER)).lacking == {Lack.CUSTODY}
    assert says(world, opened.plan, *custody(AUNT)).lacking == {Lack.CUSTODY}
    assert socials(world, opened.plan) == set()


def test_custody_that_moves_takes_back_what_was_shared_and_is_asked_anew(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER))
    has_a_home(world, ALMA, MOTHER)
    says(world, opened.plan, *custody(MOTHER))
    assert socials(world, opened.plan) == {goal(ALMA)}
    has_a_home(world, ALMA, FATHER, version=2)
    assert socials(world, opened.plan) == set()
    assert {one.occasion for choice in choices(world, opened.plan) for one in choice.renewals} == {Occasion.CUSTODY}


def test_from_sixteen_the_young_person_is_asked_beside_the_parent(world: World) -> None:
    opened = opens(world, BO, *custody(MOTHER))
    assert opened.lacking == {Lack.OWN}
    has_a_home(world, BO, MOTHER)
    assert opens(world, BO).lacking == frozenset(), "the parent's word stands beside"
    assert says(world, opened.plan).lacking == {Lack.CUSTODY}
    assert says(world, opened.plan, *custody(MOTHER)).lacking == frozenset()
    assert socials(world, opened.plan) == {goal(BO)}


def test_coming_of_age_ends_what_the_parents_have_said_at_danish_midnight(world: World) -> None:
    opened = opens(world, CLEO, *custody(MOTHER), said_by(CLEO, Capacity.SELF))
    has_a_home(world, CLEO, MOTHER)
    only_mother = says(world, opened.plan, *custody(MOTHER))
    assert only_mother.lacking == {Lack.OWN}
    both = says(world, opened.plan, said_by(CLEO, Capacity.SELF))
    assert both.lacking == frozenset()
    assert socials(world, opened.plan) == {goal(CLEO)}
    midnight = datetime(2026, 9, 2, tzinfo=LOCAL)
    with frozen(midnight):
        assert socials(world, opened.plan) == {goal(CLEO)}, "Cleo has said yes too, and now it is Cleo's alone"


def test_a_parents_yes_alone_stops_counting_on_the_sixteenth_birthday_and_the_coordinator_is_told_before(
    world: World,
) -> None:
    fifteen = "0209104995"  # sixteen tomorrow
    opened = opens(world, fifteen, *custody(MOTHER))
    has_a_home(world, fifteen, MOTHER)
    says(world, opened.plan, *custody(MOTHER))
    assert socials(world, opened.plan) == {goal(fifteen)}
    midnight = datetime(2026, 9, 2, tzinfo=LOCAL)
    due = {(one.occasion, one.due) for choice in choices(world, opened.plan) for one in choice.renewals}
    assert due == {(Occasion.OWN_WORD, midnight)}
    listed, after = show_renewals(COORDINATOR, world.store, world.settings, None, actor="t", correlation_id="c")
    assert (set(listed), len(listed[opened.plan]), after) == ({opened.plan}, 2, None)
    with frozen(midnight - timedelta(seconds=1)):
        assert socials(world, opened.plan) == {goal(fifteen)}
    with frozen(midnight):
        assert socials(world, opened.plan) == set(), "the birthday needs no message"
        assert not any(choice.counts(midnight) for choice in choices(world, opened.plan))


def test_a_yes_is_asked_for_anew_before_it_expires_and_not_after(world: World) -> None:
    opened = opens(world, MOTHER)
    end = AT + timedelta(days=40)
    says(world, opened.plan, until=end)

    def due_at(at: datetime) -> list[tuple[Occasion, datetime | None]]:
        with frozen(at):
            return [(one.occasion, one.due) for choice in choices(world, opened.plan) for one in choice.renewals]

    assert due_at(AT) == []
    assert due_at(end - timedelta(days=30)) == [(Occasion.EXPIRES, end)]
    assert due_at(end) == []


def test_only_a_coordinator_has_the_list_of_whom_to_ask_and_only_of_the_own_plans(world: World) -> None:
    opened = opens(world, BO, *custody(MOTHER))
    elsewhere = Reader("elsewhere", Role.COORDINATOR)
    asked = {"actor": "t", "correlation_id": "c"}
    assert show_renewals(elsewhere, world.store, world.settings, None, **asked) == ({}, None)
    assert set(show_renewals(COORDINATOR, world.store, world.settings, None, **asked)[0]) == {opened.plan}
    assert show_renewals(COORDINATOR, world.store, world.settings, opened.plan, **asked) == ({}, None)
    for role in set(Role) - {Role.COORDINATOR}:
        with pytest.raises(NotAllowed):
            show_renewals(Reader("children", role), world.store, world.settings, None, **asked)


# --- a parent who is signed in --------------------------------------------------------------------------------------


def test_a_parent_with_custody_says_yes_and_takes_it_back_and_reads_nothing_of_the_plan(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER))
    has_a_home(world, ALMA, MOTHER)
    mother = a_parent(world, MOTHER)
    given = says(world, opened.plan, reader=mother)
    assert given.lacking == frozenset()
    assert [grant.capacity for grant in given.consent.grants] == [Capacity.CUSTODY]
    assert socials(world, opened.plan) == {goal(ALMA)}
    for read in (lambda: world.shows(opened.plan, mother), lambda: choices(world, opened.plan, mother)):
        with pytest.raises(NotFound):
            read()
    withdraw(given.consent.id, mother, world.store, actor="test", correlation_id="c")
    assert socials(world, opened.plan) == set()


@pytest.mark.parametrize("why", ["no custody", "of age", "held", "ended"])
def test_a_parent_who_may_not_speak_is_answered_as_if_there_were_no_plan(world: World, why: str) -> None:
    child = {"of age": "0109084995"}.get(why, ALMA)
    opened = opens(world, child, *custody(MOTHER), said_by(child, Capacity.SELF))
    ended = AT - timedelta(days=1) if why == "ended" else None
    has_a_home(world, child, FATHER if why == "no custody" else MOTHER, until=ended)
    theirs = says(world, opened.plan, *custody(FATHER), said_by(child, Capacity.SELF))
    if why == "held":
        hold_back(opened.plan, "A sister has told of threats", COORDINATOR, world.store, actor="a", correlation_id="c")
    mother = a_parent(world, MOTHER)
    with pytest.raises(NotFound):
        says(world, opened.plan, reader=mother)
    with pytest.raises(NotFound):
        withdraw(theirs.consent.id, mother, world.store, actor="test", correlation_id="c")


@pytest.mark.parametrize("deed", ["says yes", "takes it back"])
def test_a_parent_whose_word_waited_while_the_plan_was_held_is_answered_so_too(world: World, deed: str) -> None:
    plan = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    mother = a_parent(world, MOTHER)
    given = says(world, plan, reader=mother).consent.id
    does = {
        "says yes": lambda: says(world, plan, reader=mother),
        "takes it back": lambda: withdraw(given, mother, world.store, actor="test", correlation_id="c"),
    }
    with pytest.raises(NotFound):
        overtaken(world, plan, does[deed], lambda unit: unit.plans.hold(plan, is_held=True))


def test_a_parent_does_not_take_back_what_only_somebody_else_has_said(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER, FATHER))
    has_a_home(world, ALMA, MOTHER, FATHER)
    fathers = says(world, opened.plan, *custody(FATHER))
    with pytest.raises(NotFound):
        withdraw(fathers.consent.id, a_parent(world, MOTHER), world.store, actor="test", correlation_id="c")


def test_a_citizen_writes_down_nobody_elses_word(world: World) -> None:
    opened = opens(world, MOTHER)
    with pytest.raises(NotAllowed):
        says(world, opened.plan, *custody(FATHER), reader=a_parent(world, MOTHER))
