"""A FHIR subscriber is told, at its own address, that what it may see has changed: in order, at least once.

Each story runs on both databases, and what is told goes over a real socket.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.adapters._endpoints import HookEndpoints
from hub.authority.feeding import Topic
from hub.clock import now
from hub.errors import Conflict, InvalidRequest, NotAllowed, NotFound, RecipientDown
from hub.flow import subscriptions as flow
from hub.flow.feed import fetches
from hub.flow.push import TOLD
from hub.flow.settle import Settled
from hub.flow.standing import Asked, hold, release
from hub.flow.subscriptions import MOST
from hub.store.circuits import Direction, HoldReason
from hub.store.subscription_tables import subscription_events, subscriptions
from hub.store.subscriptions import Status, Terms
from hub.store.tables import memberships
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from hub.testing.clock import frozen
from tests.integration.flow.feeding import a_world_that_feeds
from tests.integration.flow.subscribing import (
    NO_CHECK,
    SOCIAL,
    a_shared_plan,
    asked_anew,
    events_of,
    kinds,
    may_be_told,
    numbers,
    stands,
    status_of,
    subscribes,
    tells,
    writes,
)
from tests.integration.subscribers import Subscriber as Listening
from tests.integration.subscribers import a_subscriber
from tests.integration.world import SOMEBODY, Dies, World, citizen_of, some_settings

pytestmark = pytest.mark.integration


@pytest.fixture
def listening() -> Iterator[Listening]:
    with a_subscriber() as subscriber:
        yield subscriber


def later(world: World) -> None:
    """Let every wait of a subscription run out."""
    past = now() - timedelta(days=1)
    with world.store.begin() as unit:
        unit.connection.execute(subscriptions.update().values(not_before=past))


# --- the handshake ------------------------------------------------------------------------------------------------


def test_an_address_that_answers_the_handshake_makes_its_subscription_active(
    world: World, listening: Listening
) -> None:
    wanted = subscribes(world, listening, headers=("Authorization: Bearer hemmelig",))
    assert stands(world, wanted).status is Status.ACTIVE
    (heard,) = listening.heard
    told = status_of(heard)
    assert (told["type"], told["status"], told["events-since-subscription-start"]) == ("handshake", "requested", "0")
    assert told["topic"] == "urn:one-plan-hub:fhir:topic:plan-changed"
    assert told["subscription"]["reference"].endswith(f"/fhir/Subscription/{wanted}")
    assert heard.headers["content-type"] == "application/fhir+json"
    assert heard.headers["authorization"] == "Bearer hemmelig"
    bundle = heard.event
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "history")
    assert bundle["entry"][0]["request"]["url"].endswith(f"/Subscription/{wanted}/$status")


def test_an_address_that_refuses_the_handshake_is_asked_no_more(world: World, listening: Listening) -> None:
    listening.status = 404
    wanted = subscribes(world, listening)
    later(world)
    assert tells(world) == []
    found = stands(world, wanted)
    assert (found.status, found.trouble) == (Status.ERROR, "The system of social answered HTTP 404.")
    assert len(listening.heard) == 1


def test_an_address_that_is_down_at_the_handshake_is_asked_again(world: World, listening: Listening) -> None:
    listening.status = 503
    with frozen(now()):
        wanted = subscribes(world, listening)
        assert (stands(world, wanted).status, tells(world)) == (Status.REQUESTED, [])
    listening.status = 204
    later(world)
    assert tells(world) == [TOLD]
    assert stands(world, wanted).status is Status.ACTIVE


def test_nothing_is_told_before_the_handshake_and_what_came_meanwhile_follows_it(
    world: World, listening: Listening
) -> None:
    listening.status = 503
    subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    assert world.delivers(plan, "social") is Settled.DELIVERED
    listening.status = 204
    later(world)
    assert [tells(world), tells(world), tells(world)] == [[TOLD], [TOLD], []]
    assert kinds(listening) == ["handshake", "handshake", "event-notification"]


# --- events -------------------------------------------------------------------------------------------------------


def test_a_change_that_a_recipient_is_sent_is_told_by_the_id_of_its_plan_and_nothing_else(
    world: World, listening: Listening
) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    assert tells(world) == [TOLD]
    told = status_of(listening.heard[-1])
    (event,) = told["notification-event"]
    assert (told["type"], told["status"], told["events-since-subscription-start"]) == (
        "event-notification", "active", "1",
    )  # fmt: skip
    assert event["event-number"] == "1"
    assert event["focus"].endswith(f"/fhir/CarePlan/{plan}")
    assert event.keys() == {"event-number", "timestamp", "focus"}
    body = listening.heard[-1].body.decode()
    assert TEST_CPR not in body
    assert "Et mål" not in body
    (audited,) = world.audited("subscriber-notified")
    assert orjson.loads(audited["details"]) == {
        "recipient": "social", "subscription": str(wanted), "first": 1, "last": 1,
    }  # fmt: skip


def test_what_is_not_theirs_to_see_is_not_told(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    (plan,) = world.opens_plan().plans
    world.drains()
    writes(world, 1, "g1")
    assert world.delivers(plan, "social") is Settled.UP_TO_DATE
    assert tells(world) == []
    assert world.count(subscription_events) == 0


def test_a_recipient_that_fetches_is_told_of_each_change_though_it_has_not_fetched(
    world: World, listening: Listening
) -> None:
    a_world_that_feeds(world)
    subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    assert fetches("social", world.authorities)
    assert world.delivers(plan, "social") is Settled.TOLD
    assert world.delivers(plan, "social") is Settled.TOLD
    writes(world, 2, "g2")
    assert world.delivers(plan, "social") is Settled.TOLD
    tells(world)
    assert numbers(listening) == [1, 2], "a ring that comes again is no news; another change is"


def test_a_delivery_that_is_tried_again_is_one_event(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")

    def fails(update: Any) -> None:
        raise RecipientDown("It does not answer.")

    world.systems["social"].before = fails
    for _ in range(3):
        world.delivers(plan, "social")
        world.waits()
    world.systems["social"].before = lambda update: None
    assert world.delivers(plan, "social") is Settled.DELIVERED
    tells(world)
    assert numbers(listening) == [1]


def test_a_withdrawal_is_told_to_those_who_listen_for_withdrawals_alone(world: World, listening: Listening) -> None:
    subscribes(world, listening, Topic.WITHDRAWN)
    plan, yes = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    assert tells(world) == []
    world.takes_back(yes)
    world.delivers(plan, "social")
    assert tells(world) == [TOLD]
    told = status_of(listening.heard[-1])
    assert told["topic"] == "urn:one-plan-hub:fhir:topic:plan-withdrawn"
    assert numbers(listening) == [1]


def test_whoever_listens_for_changes_hears_of_withdrawals_too(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    plan, yes = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    world.takes_back(yes)
    world.delivers(plan, "social")
    tells(world)
    assert numbers(listening) == [1, 2]


def test_a_plan_that_would_not_open_to_them_now_is_not_named(world: World, listening: Listening) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    with world.store.begin() as unit:
        its = memberships.update().where(memberships.c.plan_id == plan, memberships.c.member == "social")
        unit.connection.execute(its.values(valid_to=now()))
    tells(world)
    (event,) = status_of(listening.heard[-1])["notification-event"]
    assert event.keys() == {"event-number", "timestamp"}
    assert str(plan) not in listening.heard[-1].body.decode()
    assert events_of(world, wanted) == [(1, None)]


def test_no_more_events_are_told_at_once_than_were_asked_for(world: World, listening: Listening) -> None:
    subscribes(world, listening, max_count=2)
    plan, _ = a_shared_plan(world)
    for version in range(1, 4):
        writes(world, version, f"g{version}")
        world.delivers(plan, "social")
    assert [tells(world), tells(world), tells(world)] == [[TOLD], [TOLD], []]
    assert [len(status_of(one)["notification-event"]) for one in listening.heard] == [0, 2, 1]
    assert numbers(listening) == [1, 2, 3]


def test_numbers_of_two_who_are_told_at_once_have_no_gap(world: World, listening: Listening) -> None:
    """Deliveries of two plans are decided at the same time; what one rolls back takes no number."""
    wanted = subscribes(world, listening)
    first, _ = a_shared_plan(world, "g1")
    (other,) = world.opens_plan("1503879996").plans

    def puts(row: UUID, target: bytes, *, dies: bool = False) -> None:
        try:
            with world.store.begin() as unit:
                unit.subscriptions.tell("social", row, Topic.CHANGED, target, now())
                if dies:
                    raise Dies
        except Dies:
            return

    rows = [world.row(first, "social").id, world.row(other, "social").id]
    threads = [
        threading.Thread(target=puts, args=(rows[n % 2], bytes([n])), kwargs={"dies": n % 3 == 0}) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.store.begin(read_only=True) as unit:
        kept = unit.connection.execute(sa.select(subscription_events.c.number)).scalars().all()
    assert sorted(kept) == list(range(1, 9))
    assert stands(world, wanted).last_event == 8


# --- crashes, failures, catching up -------------------------------------------------------------------------------


def test_a_crash_between_telling_and_remembering_tells_the_same_once_more_under_the_same_number(
    world: World, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    whole = HookEndpoints.notify

    def tells_and_dies(self: HookEndpoints, *told: Any) -> None:
        whole(self, *told)
        raise Dies

    monkeypatch.setattr(HookEndpoints, "notify", tells_and_dies)
    with pytest.raises(Dies):
        tells(world)
    monkeypatch.undo()
    assert tells(world) == [], "it is leased to whoever died"
    with frozen(now() + timedelta(seconds=world.settings.lease_seconds + 1)):
        assert tells(world) == [TOLD]
    assert numbers(listening) == [1, 1]


def test_an_address_that_fails_is_asked_again_later_and_catches_up_in_order(world: World, listening: Listening) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world)
    listening.status = 500
    with frozen(now()):
        for version in (1, 2):
            writes(world, version, f"g{version}")
            world.delivers(plan, "social")
            tells(world)
        assert tells(world) == [], "it is left alone for a second"
    assert stands(world, wanted).failures == 1
    listening.status = 204
    later(world)
    assert tells(world) == [TOLD]
    assert numbers(listening) == [1, 1, 2]
    assert (stands(world, wanted).status, stands(world, wanted).failures) == (Status.ACTIVE, 0)


def test_too_many_failures_put_a_subscription_in_error_and_asked_anew_it_catches_up(
    world: World, listening: Listening
) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    listening.status = 503
    for _ in range(world.settings.subscription_failures):
        later(world)
        tells(world)
    found = stands(world, wanted)
    assert (found.status, found.trouble) == (Status.ERROR, "The system of social answered HTTP 503.")
    assert orjson.loads(world.audited("subscription-failed")[0]["details"])["code"] == "recipient-down"
    listening.status, listening.heard = 204, []
    writes(world, 2, "g2")
    world.delivers(plan, "social")
    later(world)
    assert tells(world) == [], "nothing is sent while it is in error"
    assert [number for number, _ in events_of(world, wanted)] == [1, 2], "events are numbered on"
    asked_anew(world, wanted)
    tells(world)
    tells(world)
    assert (kinds(listening), numbers(listening)) == (["handshake", "event-notification"], [1, 2])


def test_an_address_that_is_down_pauses_no_delivery_of_documents(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    listening.status = 503
    world.delivers(plan, "social")
    tells(world)
    with world.store.begin(read_only=True) as unit:
        assert unit.breakers.of("social", Direction.RECIPIENT).failures == 0
    writes(world, 2, "g2")
    assert world.delivers(plan, "social") is Settled.DELIVERED


def test_redirects_are_not_followed(world: World, listening: Listening) -> None:
    with a_subscriber() as elsewhere:
        listening.status, listening.headers = 307, {"Location": elsewhere.url}
        subscribes(world, listening)
        assert not elsewhere.heard


def test_a_hold_keeps_a_subscriber_untold(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    asked = Asked("social", [Direction.RECIPIENT], world.authorities, "operator", "c")
    hold(asked, HoldReason.AGREED, world.store)
    assert [tells(world), tells(world)] == [[""], []]
    release(asked, world.store, world.settings)
    later(world)
    assert tells(world) == [TOLD]


def test_events_that_were_missed_are_given_again_by_their_numbers(world: World, listening: Listening) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world)
    for version in range(1, 5):
        writes(world, version, f"g{version}")
        world.delivers(plan, "social")
    assert events_of(world, wanted, 2, 3) == [(2, plan), (3, plan)]
    (audited,) = world.audited("subscription-events-read")
    assert orjson.loads(audited["details"]) | {"subscription": "x"} == {
        "recipient": "social", "subscription": "x", "topic": "plan.changed", "first": 2, "last": 3,
    }  # fmt: skip


# --- signs of life ------------------------------------------------------------------------------------------------


def test_a_sign_of_life_is_sent_when_nothing_else_was_for_the_time_asked(world: World, listening: Listening) -> None:
    with frozen(now()) as clock:
        subscribes(world, listening, heartbeat_seconds=60)
        plan, _ = a_shared_plan(world, "g1")
        clock.advance(timedelta(seconds=50))
        world.delivers(plan, "social")
        tells(world)
        clock.advance(timedelta(seconds=50))
        assert tells(world) == []
        clock.advance(timedelta(seconds=11))
        assert [tells(world), tells(world)] == [[TOLD], []]
    assert kinds(listening) == ["handshake", "event-notification", "heartbeat"]
    told = status_of(listening.heard[-1])
    assert (told["events-since-subscription-start"], told["notification-event"]) == ("1", [])


def test_without_a_period_there_are_no_signs_of_life(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    with frozen(now() + timedelta(days=1)):
        assert tells(world) == []


# --- whose it is, and where it may lead ---------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["/elsewhere", "?x=1", "#x", "/../hooks/plan", "@127.0.0.1/"])
def test_an_address_that_the_settings_do_not_name_letter_for_letter_is_refused(
    world: World, listening: Listening, other: str
) -> None:
    endpoints = may_be_told(world, listening.url)
    terms = Terms(Topic.CHANGED, listening.url + other, "x")
    with pytest.raises(InvalidRequest) as refused:
        flow.subscribe(terms, SOCIAL, endpoints, world.store)
    assert refused.value.faults[0].field == "Subscription.channel.endpoint"
    assert listening.url not in refused.value.diagnostics()
    assert not listening.heard
    assert world.count(subscriptions) == 0


def test_whom_the_settings_let_be_told_nowhere_does_not_subscribe(world: World) -> None:
    with pytest.raises(NotAllowed):
        flow.subscribe(Terms(Topic.CHANGED, "http://127.0.0.1:1/", "x"), SOCIAL, None, world.store)


@pytest.mark.parametrize("less", [{"kle": frozenset({"27"})}, {"purpose": "follow-up"}])
def test_a_client_that_may_read_less_than_its_organisation_does_not_subscribe(
    world: World, listening: Listening, less: dict[str, Any]
) -> None:
    """What its organisation is told of would tell it of what is withheld from it."""
    endpoints = may_be_told(world, listening.url)
    limited = replace(SOCIAL, reader=replace(SOCIAL.reader, **less))
    with pytest.raises(NotAllowed):
        flow.subscribe(Terms(Topic.CHANGED, listening.url, "x"), limited, endpoints, world.store)


@pytest.mark.parametrize("less", [{"kle": ["27"]}, {"purpose": "follow-up"}], ids=str)
def test_a_client_that_is_limited_afterwards_is_told_nothing_more(
    world: World, listening: Listening, less: dict[str, Any]
) -> None:
    subscribes(world, listening)
    given = {"token_sha256": "0" * 64, "organisation": "social", "role": "authority-system", **less}
    world.settings = some_settings(clients={"social-system": given})
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    assert tells(world) == [""]
    assert numbers(listening) == []


@pytest.mark.parametrize("less", [{"kle": frozenset({"27"})}, {"purpose": "follow-up"}], ids=str)
def test_a_client_that_is_limited_afterwards_asks_for_nothing_either_and_may_end_it(
    world: World, listening: Listening, less: dict[str, Any]
) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    assert events_of(world, wanted), "else this shows nothing"
    limited = replace(SOCIAL, reader=replace(SOCIAL.reader, **less))
    for asks in (
        lambda: flow.events(wanted, 0, 10, limited, world.store),
        lambda: flow.standing(wanted, limited, world.store),
        lambda: flow.change(wanted, Status.REQUESTED, limited, world.store, NO_CHECK),
    ):
        with pytest.raises(NotAllowed):
            asks()
    assert flow.shown(wanted, limited, world.store).status is Status.ACTIVE, "which it must read to end it"
    assert flow.change(wanted, Status.OFF, limited, world.store, NO_CHECK).status is Status.OFF


def test_an_address_that_the_settings_name_no_more_is_told_nothing(world: World, listening: Listening) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    may_be_told(world, "http://127.0.0.1:1/elsewhere")
    assert tells(world) == ["recipient-denied"]
    assert (stands(world, wanted).failures, len(listening.heard)) == (1, 1)


def test_another_client_knows_nothing_of_a_subscription_though_it_is_of_the_same_organisation(
    world: World, listening: Listening
) -> None:
    wanted = subscribes(world, listening)
    other = replace(SOCIAL, client="another-client")
    for asks in (
        lambda: flow.shown(wanted, other, world.store),
        lambda: flow.change(wanted, Status.OFF, other, world.store, NO_CHECK),
        lambda: flow.events(wanted, 0, 10, other, world.store),
    ):
        with pytest.raises(NotFound):
            asks()
    assert flow.own(other, world.store) == []
    assert stands(world, wanted).status is Status.ACTIVE


def test_one_that_has_ended_hears_nothing_more_and_its_headers_are_gone(world: World, listening: Listening) -> None:
    wanted = subscribes(world, listening, headers=("Authorization: Bearer hemmelig",))
    flow.change(wanted, Status.OFF, SOCIAL, world.store, NO_CHECK)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    assert tells(world) == []
    assert world.count(subscription_events) == 0
    assert stands(world, wanted).terms.headers == ()
    assert [row["actor"] for row in world.audited("subscription-ended")] == ["social-system"]
    with pytest.raises(Conflict):
        asked_anew(world, wanted)


def test_one_that_is_ended_while_it_is_told_stays_ended(
    world: World, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    whole = HookEndpoints.notify

    def is_ended_meanwhile(self: HookEndpoints, *told: Any) -> None:
        flow.change(wanted, Status.OFF, SOCIAL, world.store, NO_CHECK)
        whole(self, *told)

    monkeypatch.setattr(HookEndpoints, "notify", is_ended_meanwhile)
    tells(world)
    assert stands(world, wanted).status is Status.OFF


def test_headers_and_reasons_lie_sealed(world: World, listening: Listening) -> None:
    subscribes(world, listening, headers=("Authorization: Bearer hemmelig",))
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(subscriptions)).all()
    kept = repr(tuple(row))
    assert "hemmelig" not in kept
    assert "Følge" not in kept


def test_a_client_has_so_many_subscriptions_at_most(world: World, listening: Listening) -> None:
    endpoints = may_be_told(world, listening.url)
    terms = Terms(Topic.CHANGED, listening.url, "x")
    last = [flow.subscribe(terms, SOCIAL, endpoints, world.store) for _ in range(MOST)][-1]
    with pytest.raises(Conflict):
        flow.subscribe(terms, SOCIAL, endpoints, world.store)
    flow.change(last.id, Status.OFF, SOCIAL, world.store, NO_CHECK)
    flow.subscribe(terms, SOCIAL, endpoints, world.store)


# --- what is kept -------------------------------------------------------------------------------------------------


def test_what_is_old_is_cleared_and_a_subscriber_for_which_nothing_is_left_is_not_told_again_and_again(
    world: World, listening: Listening
) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    with world.store.begin() as unit:
        assert unit.subscriptions.clear(now() + timedelta(minutes=1), 10) == 1
    assert [tells(world), tells(world)] == [[""], []]
    assert stands(world, wanted).status is Status.ACTIVE
    writes(world, 2, "g2")
    world.delivers(plan, "social")
    tells(world)
    assert numbers(listening) == [2]


def test_events_of_a_plan_that_is_erased_are_gone_and_others_keep_their_numbers(
    world: World, listening: Listening
) -> None:
    wanted = subscribes(world, listening)
    plan, _ = a_shared_plan(world, "g1")
    world.delivers(plan, "social")
    (other,) = world.opens_plan("1503879996").plans
    world.says(a_consent(SOMEBODY).to("social").build(), other)
    world.accepts(a_contribution("children", "C2").about("1503879996").with_draft("g1").build())
    world.drains()
    assert events_of(world, wanted) == [(1, plan), (2, other)]
    person = citizen_of(world, plan).person
    assert person is not None
    with world.store.begin() as unit:
        assert unit.erasures.shred(plan, person)["subscription_events"] == 1
    tells(world)
    assert numbers(listening) == [2]
    assert str(plan) not in listening.heard[-1].body.decode()


def test_one_that_ended_long_ago_is_forgotten(world: World, listening: Listening) -> None:
    wanted = subscribes(world, listening)
    flow.change(wanted, Status.OFF, SOCIAL, world.store, NO_CHECK)
    with world.store.begin() as unit:
        assert unit.subscriptions.clear(now() - timedelta(minutes=1), 10) == 0
        assert unit.subscriptions.clear(now() + timedelta(minutes=1), 10) == 1
    assert world.count(subscriptions) == 0


def test_two_plans_that_differ_in_what_is_withheld_alone_are_told_of_alike(world: World, listening: Listening) -> None:
    subscribes(world, listening)
    told: list[list[str]] = []
    for cpr, is_withheld_there in (("0201609995", False), ("1503879996", True)):
        (plan,) = world.opens_plan(cpr).plans
        world.says(a_consent(SOMEBODY).to("social").from_("children").build(), plan)
        world.drains()
        listening.heard.clear()
        for version, author in enumerate(("children", "employment", "children", "employment"), 1):
            if author == "children" or is_withheld_there:
                letter = a_contribution(author, f"{author}-{cpr}").about(cpr).version(version)
                world.accepts(letter.with_draft(f"{author}-{version}", title=f"Kanarie {version}").build())
            world.drains()
            tells(world)
        told.append([_without_names(heard.body.decode()) for heard in listening.heard])
    assert told[0] == told[1]
    assert len(told[0]) == 2
    assert not any("Kanarie" in one for one in told[1])


def _without_names(body: str) -> str:
    """Return a notification without what is another each time: ids, times and how many events there were before."""
    body = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", body)
    body = re.sub(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+]+", "TIME", body)
    return re.sub(r'"valueString":"[0-9]+"', '"valueString":"N"', body)
