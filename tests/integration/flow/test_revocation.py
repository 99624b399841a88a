"""A revocation can be asked what became of it: what was under way, and who has given back what since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority import DeliveryKey, Document, PlanUpdate, Receipt, ReceiptStatus
from hub.clock import now
from hub.consent.consent import Consent, ConsentStatus
from hub.consent.reader import Reader
from hub.errors import NotFound, RecipientDown, RecipientFailed, RecipientRefused
from hub.flow.choices import show_choices
from hub.flow.deliver import deliver
from hub.flow.revise import withdraw
from hub.flow.revocation import ShownRevocation, Withdrawn, show_revocation
from hub.flow.settle import Settled
from hub.flow.standing import standings
from hub.flow.standing_shapes import AuthorityStanding
from hub.flow.withdrawn import State
from hub.plan.person import Role
from hub.store.revocation_tables import withdrawals
from hub.store.tables import attempts, plans
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.databases import a_store
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World

pytestmark = pytest.mark.integration

GOAL = an_id("children", "g1")
DAY = timedelta(hours=24)


def a_held_plan(world: World, *recipients: str) -> tuple[UUID, Consent]:
    """A plan with a goal of the children authority that these recipients hold by a consent."""
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to(*(recipients or ("social",))).build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    return plan, yes


def asked(world: World, consent: UUID, reader: Reader = COORDINATOR) -> ShownRevocation:
    return show_revocation(consent, reader, world.store, DAY, actor="test", correlation_id="c")


def of_social(world: World, consent: UUID) -> Withdrawn:
    (found,) = [one for one in asked(world, consent).withdrawn if one.recipient == "social"]
    return found


def raises(error: BaseException) -> Any:
    def do(update: PlanUpdate) -> None:
        raise error

    return do


def answers(world: World, status: ReceiptStatus, reason: str = "") -> None:
    """Let the system of social services answer so from now on."""
    send = world.systems["social"].send

    def answer(document: Document, key: DeliveryKey) -> Receipt:
        return replace(send(document, key), status=status, reason=reason)

    world.systems["social"].send = answer  # type: ignore[method-assign]


# --- from owed to receipt -----------------------------------------------------------------------------------------


def test_what_a_recipient_must_give_up_is_known_when_the_revocation_commits(world: World) -> None:
    _plan, yes = a_held_plan(world, "social", "employment")
    revised = world.takes_back(yes.id)
    shown = asked(world, yes.id)
    assert (shown.revocation.id, shown.consent.version) == (revised.revocation, 2)
    assert {(one.recipient, one.state, one.sent_at) for one in shown.withdrawn} == {
        ("social", State.NOT_SENT, None),
        ("employment", State.NOT_SENT, None),
    }
    assert {one.owed_at for one in shown.withdrawn} == {shown.revocation.at}


def test_a_receipt_is_remembered_with_its_elements_its_time_and_a_digest_of_each(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.takes_back(yes.id)
    before = now()
    world.drains()
    found = of_social(world, yes.id)
    assert found.state is State.RECEIPT
    assert found.ended_at is not None
    assert found.sent_at is not None
    assert before <= found.sent_at <= found.ended_at <= now()
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(withdrawals)).all()
        content = f"social|{plan}|2|taken-in|{row.ended_at.isoformat()}|{GOAL}"
        assert row.digest == unit.keyring.digest("withdrawal-receipt", content.encode()).hex()


def test_the_elements_that_were_given_up_are_told_as_far_as_the_reader_sees_them(world: World) -> None:
    plan, yes = a_held_plan(world, "social", "coordination")
    health = a_contribution("children", "C2").with_draft("h", category="health").build()
    world.accepts(health)
    world.says(a_consent(SOMEBODY).to("coordination").for_categories("goals").build(), plan)
    world.drains()
    world.takes_back(yes.id)
    world.drains()
    found = of_social(world, yes.id)
    assert [(one.id, one.category, len(one.digest)) for one in found.elements] == [(GOAL, "goals", 64)]
    assert world.count(withdrawals) == 2


def test_an_element_that_is_gone_by_now_is_told_as_it_read_last(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.says(a_consent(SOMEBODY).to("coordination").build(), plan)
    world.takes_back(yes.id)
    world.drains()
    world.accepts(a_contribution("children").version(2).removing("g1").build())
    assert [one.id for one in of_social(world, yes.id).elements] == [GOAL]


def test_a_legal_hold_is_told_by_its_code_and_its_words_stay_sealed(world: World) -> None:
    _plan, yes = a_held_plan(world)
    answers(world, ReceiptStatus.LEGAL_HOLD, "Arkivloven: Kanariefugl")
    world.takes_back(yes.id)
    world.drains()
    found = of_social(world, yes.id)
    assert (found.state, found.hold_code, found.is_missing) == (State.LEGAL_HOLD, "archives", False)
    with world.store.begin(read_only=True) as unit:
        assert unit.withdrawals.holds() == [{"recipient": "social", "hold_code": "archives", "elements": 1}]
        whole = repr(unit.connection.execute(sa.select(withdrawals)).all())
    assert "Kanariefugl" not in whole + repr(world.audited("delivered"))


def test_a_channel_that_only_tells_gives_no_receipt_of_deletion(world: World) -> None:
    _plan, yes = a_held_plan(world)
    answers(world, ReceiptStatus.TOLD)
    world.takes_back(yes.id)
    world.drains()
    found = of_social(world, yes.id)
    assert found.state is State.TOLD
    assert "no receipt of deletion" in found.sentence.en


def test_what_may_be_seen_again_before_it_was_sent_need_not_be_given_up(world: World) -> None:
    plan, yes = a_held_plan(world)
    first = world.takes_back(yes.id)
    world.says(replace(first.consent, version=3, status=ConsentStatus.ACTIVE), plan)
    assert of_social(world, yes.id).state is State.LAPSED
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}
    second = world.takes_back(yes.id)
    assert second.revocation not in (None, first.revocation)
    assert of_social(world, yes.id).state is State.NOT_SENT
    world.drains()
    assert of_social(world, yes.id).state is State.RECEIPT


def test_a_second_revocation_tells_of_what_an_earlier_one_has_not_got_back_yet(world: World) -> None:
    plan, yes = a_held_plan(world)
    one_plan = world.opens_plan().consent
    world.takes_back(yes.id)
    world.takes_back(one_plan.id)
    assert of_social(world, one_plan.id).state is State.NOT_SENT
    world.drains()
    assert {of_social(world, one.id).state for one in (yes, one_plan)} == {State.RECEIPT}
    assert world.count(withdrawals) == 1
    assert world.systems["social"].holds(plan) == set()


def test_whoever_held_nothing_of_it_is_not_told_of(world: World) -> None:
    _plan, yes = a_held_plan(world, "social")
    world.takes_back(yes.id)
    assert {one.recipient for one in asked(world, yes.id).withdrawn} == {"social"}


def test_what_another_consent_still_shows_is_not_taken_back(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.says(a_consent(SOMEBODY).to("social").for_categories("goals").build(), plan)
    world.takes_back(yes.id)
    assert asked(world, yes.id).withdrawn == []
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}


# --- when it does not go smoothly ---------------------------------------------------------------------------------


def test_a_system_that_does_not_answer_leaves_it_unanswered_and_then_missing(world: World) -> None:
    _plan, yes = a_held_plan(world)
    world.systems["social"].before = raises(RecipientDown("It does not answer."))
    revised = world.takes_back(yes.id)
    world.delivers(revised.plan, "social")
    found = of_social(world, yes.id)
    assert (found.state, found.is_missing, found.last_result) == (State.UNANSWERED, False, "recipient-down")
    with frozen(found.due_by - timedelta(seconds=1)):
        assert not of_social(world, yes.id).is_missing
    with frozen(found.due_by):
        assert of_social(world, yes.id).is_missing
        assert "deadline" in of_social(world, yes.id).sentence.en


def test_a_missing_receipt_is_red_for_operators(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.systems["social"].before = raises(RecipientDown("It does not answer."))
    world.takes_back(yes.id)
    world.delivers(plan, "social")
    assert {row["alarm"] for row in stands(world)} == {"withdrawals-wait"}
    at = now()
    with frozen(at + DAY):
        assert [(row["receipts_missing"], row["alarm"]) for row in stands(world)] == [(1, "receipts-missing")]
        with world.store.begin(read_only=True) as unit:
            counts = unit.withdrawals.counts(now(), DAY)
            (missing,) = unit.withdrawals.missing(now(), DAY)
    assert (counts["social"]["open"], counts["social"]["missing"], counts["social"]["not_sent"]) == (1, 1, 0)
    assert (missing["recipient"], missing["plan"], missing["elements"]) == ("social", plan, 1)
    assert missing["last_result"] == "recipient-down"


def stands(world: World) -> list[AuthorityStanding]:
    rows = standings(world.systems, world.store, world.settings)
    return [row for row in rows if (row["authority"], row["direction"]) == ("social", "recipient")]


def test_what_waits_undecided_for_longer_than_the_deadline_is_counted(world: World) -> None:
    """A policy has changed while a recipient does not answer: what it must give up is found out when it does."""
    plan, _yes = a_held_plan(world)
    world.systems["social"].before = raises(RecipientDown("It does not answer."))
    world.accepts(a_contribution("children").version(2).with_draft("g2").build())
    world.delivers(plan, "social")
    publish_policy({**a_generous_policy(), "rule": []}, world.store, actor="test", correlation_id="c")
    world.sweeps()
    with frozen(now() + DAY), world.store.begin(read_only=True) as unit:
        assert unit.withdrawals.counts(now(), DAY)["social"]["undecided"] == 1


def test_stored_bytes_that_do_not_open_hold_up_no_revocation(world: World) -> None:
    plan, yes = a_held_plan(world)
    with world.store.begin() as unit:
        unit.connection.execute(plans.update().values(content=b"nonsense"))
    world.takes_back(yes.id)
    with world.store.begin(read_only=True) as unit:
        stored = unit.consents.get(yes.id)
        assert unit.revocations.latest_of([yes.id])
    assert stored is not None
    assert stored.status is ConsentStatus.WITHDRAWN
    assert world.row(plan, "social").is_urgent


def test_a_refused_withdrawal_was_sent_and_one_that_could_not_be_written_was_not(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.takes_back(yes.id)
    world.systems["social"].delivers = False
    assert world.delivers(plan, "social") is Settled.DEAD
    assert of_social(world, yes.id).state is State.NOT_SENT
    world.systems["social"].delivers = True
    world.systems["social"].before = raises(RecipientRefused("It will not."))
    world.waits()
    world.sweeps()
    world.delivers(plan, "social")
    found = of_social(world, yes.id)
    assert (found.state, found.last_result) == (State.SENT, "recipient-refused")


def test_a_receipt_after_several_tries_is_the_receipt(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.takes_back(yes.id)
    world.systems["social"].before = raises(RecipientFailed("It failed."))
    world.delivers(plan, "social")
    first = of_social(world, yes.id)
    world.systems["social"].before = lambda update: None
    world.drains()
    found = of_social(world, yes.id)
    assert (first.state, found.state, found.sent_at) == (State.SENT, State.RECEIPT, first.sent_at)
    assert found.last_attempt_at is not None
    assert found.sent_at is not None
    assert found.last_attempt_at > found.sent_at


@pytest.mark.parametrize("cause", ["expiry", "policy", "deletion", "a no"])
def test_a_withdrawal_of_any_cause_has_a_receipt(world: World, cause: str) -> None:
    (plan,) = world.opens_plan().plans
    ends = now() + timedelta(hours=1)
    world.says(a_consent(SOMEBODY).to("social").until(ends).build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    at = now()
    match cause:
        case "expiry":
            at = ends
        case "policy":
            publish_policy({**a_generous_policy(), "rule": []}, world.store, actor="test", correlation_id="c")
        case "deletion":
            world.accepts(a_contribution("children").version(2).removing("g1").build())
        case _:
            world.says(a_consent(SOMEBODY).to("social").denying().build(), plan)
    with frozen(at):
        world.drains()
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(withdrawals)).all()
    assert (row.element_id, row.ending) == (GOAL, "taken-in")


# --- what was under way -------------------------------------------------------------------------------------------


def test_a_delivery_that_was_under_way_is_told_until_and_when_it_settles(world: World) -> None:
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    seen: list[Any] = []

    def takes_back(update: PlanUpdate) -> None:
        if not seen:
            seen.append(world.takes_back(yes.id))
            seen.append(asked(world, yes.id))

    world.systems["social"].before = takes_back
    world.delivers(plan, "social")
    revised, meanwhile = seen
    assert revised.under_way == 1
    assert [(one.recipient, one.settled_at, one.outcome) for one in meanwhile.under_way] == [("social", None, "")]
    assert [one.state for one in meanwhile.withdrawn] == [State.NOT_SENT]
    (settled,) = asked(world, yes.id).under_way
    assert (settled.outcome, settled.settled_at is not None) == ("taken-in", True)
    assert world.takes_back(yes.id).under_way == 1, "asked again it says the same"
    world.drains()
    assert of_social(world, yes.id).state is State.RECEIPT
    assert world.systems["social"].holds(plan) == set()


def test_a_delivery_that_was_under_way_is_told_though_a_clock_was_set_back_before_it(world: World) -> None:
    plan, yes = a_held_plan(world)
    with frozen(now() + timedelta(hours=1)) as clock:
        world.accepts(a_contribution("children").version(2).with_draft("g2").build())
        world.drains()
        clock.advance(timedelta(minutes=-2))
        world.accepts(a_contribution("children").version(3).with_draft("g3").build())
        world.waits()
        world.systems["social"].after = raises(Dies())
        with pytest.raises(Dies):
            world.delivers(plan, "social")
        assert world.takes_back(yes.id).under_way == 1
        assert [one.outcome for one in asked(world, yes.id).under_way] == [""]
        world.systems["social"].after = lambda update: None
        world.drains()
        assert [(one.outcome, one.settled_at) for one in asked(world, yes.id).under_way] == [("lost", now())]


def test_a_worker_that_died_leaves_something_possibly_held_that_is_taken_back(world: World) -> None:
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.systems["social"].after = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    world.systems["social"].after = lambda update: None
    assert world.held(plan, "social") == set(), "for sure it holds nothing"
    assert world.takes_back(yes.id).under_way == 1, "nobody knows yet that its worker is dead"
    world.waits()
    (lost,) = asked(world, yes.id).under_way
    assert (lost.outcome, lost.settled_at) == ("lost", None)
    world.drains()
    (settled,) = asked(world, yes.id).under_way
    found = of_social(world, yes.id)
    assert (settled.outcome, settled.settled_at) == ("lost", found.ended_at)
    assert (found.state, world.systems["social"].holds(plan)) == (State.RECEIPT, set())


def test_a_worker_that_died_before_sending_a_withdrawal_is_followed_by_another(world: World) -> None:
    plan, yes = a_held_plan(world)
    world.takes_back(yes.id)
    world.systems["social"].before = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    assert of_social(world, yes.id).state is State.SENT, "it may have left"
    world.systems["social"].before = lambda update: None
    world.drains()
    assert of_social(world, yes.id).state is State.RECEIPT


def test_a_delivery_that_had_ended_was_not_under_way(world: World) -> None:
    _plan, yes = a_held_plan(world)
    assert world.takes_back(yes.id).under_way == 0
    assert asked(world, yes.id).under_way == []


# --- in every process ---------------------------------------------------------------------------------------------


def test_no_process_starts_a_delivery_that_shows_it_after_the_commit_of_another(world: World, url: str) -> None:
    """Two stores on one database are two processes: the revocation commits in the one, the other is rung at once."""
    plan, yes = a_held_plan(world)
    other = a_store(url)
    try:
        for version in range(2, 22, 2):
            again = world.takes_back(yes.id).consent
            world.accepts(a_contribution("children").version(version).with_draft("g1", title=f"T{version}").build())
            started = world.count(attempts)
            world.systems["social"].heard.clear()
            world.waits()
            deliver(world.row(plan, "social").id, other, world.authorities, world.settings)
            assert world.count(attempts) == started + 1
            assert [(update.disclosed, update.withdrawn) for update in world.systems["social"].heard] == [((), (GOAL,))]
            yes = world.says(replace(again, version=again.version + 1, status=ConsentStatus.ACTIVE), plan)
            world.drains()
            assert world.systems["social"].holds(plan) == {GOAL}
    finally:
        other.close()


# --- who is told --------------------------------------------------------------------------------------------------


def test_the_citizen_and_the_coordinator_are_told_and_nobody_else(world: World) -> None:
    _plan, yes = a_held_plan(world)
    world.takes_back(yes.id)
    citizen = Reader("citizen", Role.CITIZEN, person=yes.person)
    assert asked(world, yes.id, citizen).revocation == asked(world, yes.id).revocation
    for reader in (
        Reader("citizen", Role.CITIZEN, person=SOMEBODY),
        Reader("social", Role.AUTHORITY_SYSTEM),
        Reader("children", Role.CASEWORKER),
        Reader("elsewhere", Role.COORDINATOR),
        Reader("coordination", Role.OPERATOR),
    ):
        with pytest.raises(NotFound):
            asked(world, yes.id, reader)
    assert len(world.audited("revocation-read")) == 2
    assert len(world.audited("refused")) == 5


def test_a_consent_that_was_never_withdrawn_has_no_revocation(world: World) -> None:
    _plan, yes = a_held_plan(world)
    with pytest.raises(NotFound):
        asked(world, yes.id)


def test_a_consent_of_a_relative_tells_them_nothing_of_the_plan_that_names_them(world: World) -> None:
    (plan,) = world.opens_plan().plans
    (own,) = world.opens_plan("1502779995").plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    yes = world.says(a_consent(SOMEBODY).to("social").build(), own)
    named = a_contribution("children").with_relative("h", "1502779995").build()
    world.accepts(named)
    world.drains()
    assert an_id("children", "h") in world.systems["social"].holds(plan)
    relative = Reader("citizen", Role.CITIZEN, person=yes.person)
    revised = withdraw(yes.id, relative, world.store, actor="test", correlation_id="c")
    assert (revised.under_way, asked(world, yes.id, relative).withdrawn) == (0, [])
    assert [one.recipient for one in asked(world, yes.id).withdrawn] == ["social"], "the coordinator has both plans"


def test_the_list_of_consents_tells_how_each_revocation_stands(world: World) -> None:
    plan, yes = a_held_plan(world, "social", "employment")
    world.takes_back(yes.id)
    world.delivers(plan, "employment")

    def listed(at: datetime) -> tuple[int, int, int]:
        with frozen(at):
            choices = show_choices(plan, COORDINATOR, world.store, world.settings, actor="test", correlation_id="c")
            revoked = {one.consent.id: one.revoked for one in choices if one.revoked}
        (standing,) = revoked.values()
        return standing.recipients, standing.awaited, standing.missing

    assert listed(now()) == (2, 1, 0)
    assert listed(now() + DAY) == (2, 1, 1)
    world.drains()
    assert listed(now() + DAY) == (2, 0, 0)
