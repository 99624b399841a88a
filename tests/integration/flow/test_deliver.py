from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.authority import DeliveryKey, Document, PlanUpdate, Receipt, ReceiptStatus
from hub.clock import now
from hub.consent.consent import Consent
from hub.errors import HubError, RecipientDown, RecipientFailed, RecipientRefused
from hub.flow.deliver import deliver
from hub.flow.settle import Settled, fail
from hub.plan.merge import merge
from hub.plan.plan import PlanStatus
from hub.store.tables import attempts
from hub.testing.builders import TEST_CPR, a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.world import SOMEBODY, Dies, World, some_settings

pytestmark = pytest.mark.integration

GOAL = an_id("children", "g1")
OTHER_GOAL = an_id("children", "g2")


def a_shared_plan(world: World, *recipients: str) -> tuple[UUID, Consent]:
    """A plan with one goal of the children authority, which the citizen shares with these recipients."""
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to(*(recipients or ("social",))).build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    return plan, yes


def raises(error: BaseException) -> Any:
    def do(update: PlanUpdate) -> None:
        raise error

    return do


def nothing(update: PlanUpdate) -> None:
    """Do nothing."""


def only(updates: list[PlanUpdate]) -> PlanUpdate:
    (update,) = updates
    return update


def test_no_recipient_hears_the_correlation_id_of_a_change_it_may_not_see(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.accepts(a_contribution("employment", "E").with_draft("e1").build(), correlation_id="underretning-2")
    world.drains()
    (update,) = world.systems["social"].heard
    row = world.row(plan, "social")
    assert (row.correlation_id, update.correlation_id) == ("underretning-2", f"{row.id}-1")
    (audited,) = world.audited("delivered")
    assert orjson.loads(audited["details"])["delivery"] == str(row.id)


# --- the difference -----------------------------------------------------------------------------------------------


def test_a_recipient_gets_what_it_may_see_and_others_get_nothing(world: World) -> None:
    plan, _ = a_shared_plan(world, "social")
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert world.delivers(plan, "employment") is Settled.UP_TO_DATE
    update = only(world.systems["social"].heard)
    assert ({item.element.id for item in update.disclosed}, update.withdrawn, update.sequence) == ({GOAL}, (), 1)
    assert update.person.value == "0201609995"
    assert not world.systems["employment"].heard
    assert world.held(plan, "social") == {GOAL}


def test_only_what_is_new_to_the_recipient_leaves(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.drains()
    world.accepts(a_contribution("children").version(2).with_draft("g2").build())
    world.delivers(plan, "social")
    update = world.systems["social"].heard[-1]
    assert ({item.element.id for item in update.disclosed}, update.sequence) == ({OTHER_GOAL}, 2)


def test_the_same_content_under_a_new_version_is_no_news(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.drains()
    world.accepts(a_contribution("children").version(2).with_draft("g1").build())
    assert world.delivers(plan, "social") is Settled.UP_TO_DATE
    assert len(world.systems["social"].heard) == 1


def test_a_burst_of_messages_is_one_delivery(world: World) -> None:
    _plan, _ = a_shared_plan(world)
    for version in range(2, 8):
        world.accepts(a_contribution("children").version(version).with_draft(f"g{version}").build())
    world.drains()
    assert len(only(world.systems["social"].heard).disclosed) == 7


def test_an_authority_is_not_sent_its_own_elements(world: World) -> None:
    a_shared_plan(world, "children", "social")
    world.drains()
    assert not world.systems["children"].heard


def test_what_its_authority_deletes_is_withdrawn(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.drains()
    world.accepts(a_contribution("children").version(2).removing("g1").build())
    world.delivers(plan, "social")
    assert world.systems["social"].heard[-1].withdrawn == (GOAL,)
    assert (world.systems["social"].holds(plan), world.held(plan, "social")) == (set(), set())


def test_content_that_returns_to_an_earlier_state_gets_a_later_sequence(world: World) -> None:
    _plan, _ = a_shared_plan(world)
    for version, title in ((2, "A"), (3, "B"), (4, "A")):
        world.accepts(a_contribution("children").version(version).with_draft("g1", title=title).build())
        world.drains()
    heard = world.systems["social"].heard
    assert [update.sequence for update in heard] == [1, 2, 3]
    assert heard[0].disclosed[0].digest == heard[2].disclosed[0].digest


def test_a_case_corrected_to_another_person_is_withdrawn_from_whoever_holds_it(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.opens_plan("0101625638")
    world.drains()
    world.accepts(a_contribution("children").version(2).about("0101625638").with_draft("g1").build())
    with world.store.begin(read_only=True) as unit:
        assert unit.outbox.withdrawals_due()["social"].plans == 1, "it is owed from the moment that this is known"
    world.drains()
    assert world.systems["social"].heard[-1].withdrawn == (GOAL,)
    assert world.systems["social"].holds(plan) == set()


def test_a_recipient_that_knows_the_person_by_no_number_of_ours_is_a_dead_letter(world: World) -> None:
    """A replacement number means something at its issuer alone."""
    (plan,) = world.opens_plan("6101625638", issuer="children").plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children").about("6101625638").with_draft("g1").build())
    world.drains()
    assert not world.systems["social"].heard
    assert world.row(plan, "social").dead_cause == "unknown-person"


def test_the_issuer_of_a_replacement_number_is_told_by_that_number(world: World) -> None:
    (plan,) = world.opens_plan("6101625638", issuer="social").plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("social").about("6101625638").with_draft("g1").build())
    with world.store.begin() as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        found = merge(stored.plan, a_contribution("children").with_draft("g1").build(), {}, now())
        unit.plans.save(stored, found, now())
        unit.outbox.mark_due([plan], now(), "c")
    world.drains()
    assert only(world.systems["social"].heard).person.value == "6101625638"


# --- a crash between send and settle ------------------------------------------------------------------------------


@pytest.mark.parametrize("took_it_in", [True, False])
def test_after_a_crash_the_same_delivery_goes_again_under_the_same_key(world: World, took_it_in: bool) -> None:
    plan, _ = a_shared_plan(world)
    social = world.systems["social"]
    setattr(social, "after" if took_it_in else "before", raises(Dies()))
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    assert (world.open_attempts(), world.held(plan, "social")) == (1, set())
    social.before = social.after = nothing
    assert world.delivers(plan, "social") is Settled.NOT_DUE, "the lease of the dead worker still stands"
    world.waits()
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert {update.sequence for update in social.heard} == {1}
    assert all(update.disclosed == social.heard[0].disclosed for update in social.heard)
    assert (world.open_attempts(), world.held(plan, "social"), social.holds(plan)) == (0, {GOAL}, {GOAL})


@pytest.mark.parametrize("took_it_in", [True, False])
def test_a_consent_withdrawn_after_a_crash_still_produces_the_withdrawal(world: World, took_it_in: bool) -> None:
    plan, yes = a_shared_plan(world)
    social = world.systems["social"]
    setattr(social, "after" if took_it_in else "before", raises(Dies()))
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    social.before = social.after = nothing
    world.takes_back(yes.id)
    world.drains()
    last = social.heard[-1]
    assert (last.withdrawn, last.disclosed, last.sequence) == ((GOAL,), (), 2)
    assert (social.holds(plan), world.held(plan, "social"), world.open_attempts()) == (set(), set(), 0)


def test_what_left_before_a_crash_is_in_the_record_of_who_saw_what(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.systems["social"].after = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    (started,) = world.audited("delivery-started")
    assert orjson.loads(started["details"])["elements"] == [str(GOAL)]


def test_a_withdrawal_lost_in_a_crash_and_a_consent_given_anew_leave_the_recipient_with_the_element(
    world: World,
) -> None:
    plan, yes = a_shared_plan(world)
    world.drains()
    social = world.systems["social"]
    world.takes_back(yes.id)
    social.after = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    social.after = nothing
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    assert social.holds(plan) == {GOAL}
    assert social.heard[-1].sequence == 3


def test_a_crash_of_an_older_content_does_not_hide_a_newer_one(world: World) -> None:
    plan, _ = a_shared_plan(world)
    social = world.systems["social"]
    social.after = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    social.after = nothing
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="New").build())
    world.drains()
    assert only(list(social.heard[-1:])).disclosed[0].element.title == "New"


def test_a_worker_whose_lease_was_taken_settles_nothing_but_says_what_arrived(world: World) -> None:
    """The first worker sleeps in its send for longer than its lease; a second delivers a newer state meanwhile."""
    plan, yes = a_shared_plan(world)
    social = world.systems["social"]

    def sleep(update: PlanUpdate) -> None:
        social.before = nothing
        world.takes_back(yes.id)
        world.waits()
        assert world.delivers(plan, "social") is Settled.DELIVERED

    social.before = sleep
    assert world.delivers(plan, "social") is Settled.LOST_LEASE
    assert (social.holds(plan), world.held(plan, "social")) == (set(), set()), "a lower sequence is dropped"
    assert [orjson.loads(entry["details"])["sequence"] for entry in world.audited("delivered")] == [2, 1]


# --- failures -----------------------------------------------------------------------------------------------------


def test_a_recipient_that_is_down_pauses_and_no_attempt_counts(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.systems["social"].before = raises(RecipientDown("It does not answer."))
    for _ in range(12):
        world.waits()
        assert world.delivers(plan, "social") is Settled.PAUSED
    row = world.row(plan, "social")
    assert (row.attempts, row.dead_at, row.due_at is not None) == (0, None, True)
    asked = len(world.systems["social"].heard)
    world.systems["social"].before = nothing
    assert world.delivers(plan, "social") is Settled.PAUSED, "the breaker is open: it is not even asked"
    assert len(world.systems["social"].heard) == asked


@pytest.mark.parametrize(
    ("error", "tries"), [(RecipientFailed("It failed."), 8), (RecipientRefused("It will not."), 1)]
)
def test_a_message_that_fails_too_often_or_is_refused_is_a_dead_letter(
    world: World, error: HubError, tries: int
) -> None:
    plan, _ = a_shared_plan(world)
    world.systems["social"].before = raises(error)
    for _ in range(tries - 1):
        assert world.delivers(plan, "social") is Settled.LATER
        world.waits()
    assert world.delivers(plan, "social") is Settled.DEAD
    row = world.row(plan, "social")
    assert (row.due_at, row.dead_cause, row.dead_note) == (None, error.code, error.sentence)


def test_workers_that_die_of_a_message_one_after_another_make_it_a_dead_letter(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.systems["social"].before = raises(Dies())
    for _ in range(8):
        with pytest.raises(Dies):
            world.delivers(plan, "social")
        world.waits()
    assert world.delivers(plan, "social") is Settled.DEAD
    assert world.row(plan, "social").dead_cause == "poison"


def test_a_bug_in_a_delivery_counts_and_ends_as_a_dead_letter(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.systems["social"].before = raises(ZeroDivisionError())
    row, ends = world.row(plan, "social").id, []
    for _ in range(8):
        with pytest.raises(ZeroDivisionError):
            world.delivers(plan, "social")
        ends.append(fail(world.store, row, ZeroDivisionError(), world.settings))
        world.waits()
    assert ends == [Settled.LATER] * 7 + [Settled.DEAD]
    assert world.row(plan, "social").dead_cause == "bug"


def a_dead_letter(world: World, *drafts: str) -> tuple[UUID, Consent]:
    """The recipient took the delivery in and then failed, eight times: the hub cannot know what it holds."""
    plan, yes = a_shared_plan(world)
    case = a_contribution("children").version(2)
    for draft in drafts:
        case = case.with_draft(draft)
    world.accepts(case.build())
    social = world.systems["social"]
    social.after = raises(RecipientRefused("It took it in, and says no."))
    assert world.delivers(plan, "social") is Settled.DEAD
    social.after = nothing
    return plan, yes


def test_nothing_new_leaves_to_a_dead_letter(world: World) -> None:
    _plan, _ = a_dead_letter(world)
    heard = len(world.systems["social"].heard)
    world.accepts(a_contribution("children").version(3).with_draft("g3").build())
    world.drains()
    assert len(world.systems["social"].heard) == heard


def test_a_dead_letter_still_takes_back_what_became_unlawful(world: World) -> None:
    plan, yes = a_dead_letter(world)
    world.takes_back(yes.id)
    world.drains()
    social = world.systems["social"]
    assert (social.heard[-1].withdrawn, social.heard[-1].disclosed, social.holds(plan)) == ((GOAL,), (), set())
    assert world.row(plan, "social").dead_at is not None, "it is dead until an operator replays it"


def test_a_dead_letter_takes_back_one_of_two_and_the_replay_brings_the_other(world: World) -> None:
    plan, _ = a_dead_letter(world, "g2")
    world.accepts(a_contribution("children").version(3).removing("g1").build())
    world.drains()
    social = world.systems["social"]
    assert social.holds(plan) == {OTHER_GOAL}
    with world.store.begin() as unit:
        assert unit.outbox.replay(world.row(plan, "social").id, now())
    world.drains()
    assert (social.holds(plan), world.held(plan, "social")) == ({OTHER_GOAL}, {OTHER_GOAL})
    assert [update.sequence for update in social.heard] == [1, 2, 3]


def test_a_withdrawal_that_fails_is_tried_again_at_least_each_hour(world: World) -> None:
    plan, yes = a_dead_letter(world)
    world.takes_back(yes.id)
    world.systems["social"].before = raises(RecipientFailed("It failed."))
    for _ in range(12):
        world.waits()
        assert world.delivers(plan, "social") is Settled.LATER
        assert world.row(plan, "social").not_before - now() <= timedelta(hours=1.2)


@pytest.mark.parametrize("error", [RecipientFailed("It failed."), RecipientRefused("It will not.")])
def test_a_revision_during_an_attempt_does_not_wait_out_its_failure(world: World, error: HubError) -> None:
    plan, yes = a_shared_plan(world)

    def revise(update: PlanUpdate) -> None:
        world.takes_back(yes.id)
        raise error

    world.systems["social"].after = revise
    world.delivers(plan, "social")
    world.systems["social"].after = nothing
    row = world.row(plan, "social")
    assert (row.due_at is not None, row.not_before <= now(), row.ring_after <= now()) == (True, True, True)
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert world.systems["social"].holds(plan) == set()


def test_a_mark_set_while_a_delivery_is_under_way_is_not_lost(world: World) -> None:
    plan, _ = a_shared_plan(world)

    def change(update: PlanUpdate) -> None:
        world.systems["social"].after = nothing
        world.accepts(a_contribution("children").version(2).with_draft("g2").build())

    world.systems["social"].after = change
    assert world.delivers(plan, "social") is Settled.DELIVERED
    row = world.row(plan, "social")
    assert (row.due_at is not None, row.ring_after <= now()) == (True, True)
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert world.held(plan, "social") == {GOAL, OTHER_GOAL}


def test_an_answer_that_it_is_held_already_settles(world: World) -> None:
    plan, _ = a_shared_plan(world)
    social = world.systems["social"]
    social.sequences[plan] = 9
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert orjson.loads(world.audited("delivered")[-1]["details"])["receipt"] == ReceiptStatus.ALREADY_HELD


# --- time, policy, the end of a plan ------------------------------------------------------------------------------


def test_a_consent_that_expires_is_found_by_the_sweeper_and_withdrawn(world: World) -> None:
    (plan,) = world.opens_plan().plans
    end = now() + timedelta(hours=1)
    world.says(a_consent(SOMEBODY).to("social").until(end).build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}
    assert world.sweeps() == 0
    with frozen(end):
        assert world.sweeps() >= 1
        world.drains()
    assert world.systems["social"].holds(plan) == set()


def test_a_consent_that_starts_later_is_found_by_the_sweeper(world: World) -> None:
    (plan,) = world.opens_plan().plans
    start = now() + timedelta(hours=1)
    world.says(a_consent(SOMEBODY).to("social").since(start).build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    assert not world.systems["social"].heard
    with frozen(start):
        world.sweeps()
        world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}


def test_a_plan_dissolved_is_withdrawn_everywhere_and_comes_back_with_a_new_consent(world: World) -> None:
    opened = world.opens_plan()
    (plan,) = opened.plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    world.takes_back(opened.consent.id)
    world.drains()
    assert world.systems["social"].holds(plan) == set()
    assert world.shows(plan).status is PlanStatus.DISSOLVED
    assert world.opens_plan().plans == [plan]
    world.drains()
    assert world.shows(plan).status is PlanStatus.ACTIVE
    assert world.systems["social"].holds(plan) == {GOAL}
    assert [update.sequence for update in world.systems["social"].heard] == [1, 2, 3]


def test_a_plan_whose_consent_runs_out_is_dissolved_without_anyone_saying_so(world: World) -> None:
    end = now() + timedelta(hours=1)
    (plan,) = world.opens_plan(until=end).plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    assert world.shows(plan).status is PlanStatus.ACTIVE
    with frozen(end):
        assert world.shows(plan).status is PlanStatus.DISSOLVED
        world.drains()
    assert world.systems["social"].holds(plan) == set()


def test_the_sweeper_finds_nothing_when_all_is_well(world: World) -> None:
    a_shared_plan(world)
    world.drains()
    assert world.sweeps() == 0


def test_a_recipient_with_no_way_configured_is_a_dead_letter(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.systems["social"].delivers = False
    assert world.delivers(plan, "social") is Settled.DEAD


def test_what_nobody_knows_of_is_not_due(world: World) -> None:
    assert deliver(UUID(int=1), world.store, world.authorities, some_settings()) is Settled.NOT_DUE


def test_two_workers_at_one_row_make_one_delivery(world: World) -> None:
    plan, _ = a_shared_plan(world)
    ends: list[Settled] = []

    def ring_again(update: PlanUpdate) -> None:
        ends.append(world.delivers(plan, "social"))

    world.systems["social"].before = ring_again
    assert (world.delivers(plan, "social"), ends) == (Settled.DELIVERED, [Settled.NOT_DUE])


def test_a_legal_hold_settles_and_is_written_down(world: World) -> None:
    plan, yes = a_shared_plan(world)
    world.drains()
    world.takes_back(yes.id)
    send = world.systems["social"].send

    def keep(document: Document, key: DeliveryKey) -> Receipt:
        reason = "Kanariefugl skal bevares til ankesagen"
        return replace(send(document, key), status=ReceiptStatus.LEGAL_HOLD, reason=reason)

    world.systems["social"].send = keep  # type: ignore[method-assign]
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert orjson.loads(world.audited("delivered")[-1]["details"])["receipt"] == ReceiptStatus.LEGAL_HOLD
    with world.store.begin(read_only=True) as unit:
        query = sa.select(attempts).where(attempts.c.outcome == ReceiptStatus.LEGAL_HOLD)
        held = unit.connection.execute(query).one()
        assert unit.attempts.said(held.id) == "Kanariefugl skal bevares til ankesagen"
    assert b"Kanariefugl" not in b"".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in held)


def test_a_protected_address_is_told_beside_what_is_shared_as_soon_as_it_is_known_and_when_it_ends(
    world: World,
) -> None:
    plan = world.opens_plan(TEST_CPR).plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    told: list[PlanUpdate] = []
    world.systems["social"].before = told.append
    case = a_contribution("children", "C1").about(TEST_CPR).with_draft("g")
    for number, said in enumerate((case, case.with_protected_address(), case.with_protected_address(), case), start=1):
        world.accepts(said.version(number).message(f"m{number}").build())
        world.delivers(plan, "social")
    assert [update.has_protected_address for update in told] == [False, True, False]
    assert len({update.disclosed[0].digest for update in told}) == 2
    assert len({update.disclosed[0].element.id for update in told}) == 1
