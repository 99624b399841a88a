"""What has been kept for long enough is cleared, in small steps; what somebody may hold, or must prove, stays."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import new_id, now
from hub.errors import IdReused, NotFound
from hub.flow.hold import hold_back, lift
from hub.flow.housekeeping import MOST, ask, expect, next_night, rounds, step
from hub.flow.kept import KINDS
from hub.flow.proof import prove_revocation
from hub.flow.revocation import show_revocation
from hub.flow.say_later import Fate, LaterWord, say_later
from hub.identity.sessions import LONGEST
from hub.plan.plan import PlanStatus
from hub.store.delivery_tables import business_receipts
from hub.store.feed_tables import feed_events, feeds
from hub.store.jobs import UNKNOWN_PERSON, JobKind
from hub.store.notice_tables import notices
from hub.store.retention_tables import inbox_plans
from hub.store.session_tables import sessions
from hub.store.tables import attempts, elements, inbox, jobs
from hub.store.trace_tables import delivery_causes
from hub.store.transaction import Store
from hub.testing.builders import THEN, a_consent, a_contribution, an_id
from hub.testing.clock import FrozenClock, frozen
from tests.integration.databases import a_keyring, a_store
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World, some_settings

pytestmark = pytest.mark.integration

AT_ONCE = timedelta(0)
BO_CPR = "1503879996"
GOAL = an_id("children", "g1")


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    with frozen(THEN) as stands:
        yield stands


def clears(world: World, **settings: Any) -> dict[str, int]:
    """Do a round of every kind now; return how many rows each has cleared."""
    chosen = some_settings(**settings)
    ask(world.store, chosen, "test")
    rows: Counter[str] = Counter()
    while (done := step(world.store, chosen, pause=AT_ONCE)) is not None:
        assert done.rows <= MOST
        rows[done.kind] += done.rows
    return {kind: number for kind, number in rows.items() if number}


def ends(world: World, plan: UUID) -> None:
    """Let a plan be completed now."""
    with world.store.begin() as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        unit.plans.save(stored, replace(stored.plan, status=PlanStatus.COMPLETED), now())


def messages(store: Store, number: int, at: datetime, *, body: bytes = b"sealed", municipality: str = "0376") -> None:
    """Put so many messages into the inbox, as if they had come at an instant."""
    rows = [
        {
            "id": new_id(), "municipality": municipality, "authority": "children", "message_index": os.urandom(32),
            "body_digest": os.urandom(32), "received_at": at, "correlation_id": "c", "outcome": "{}", "body": body,
        }
        for _ in range(number)
    ]  # fmt: skip
    with store.begin() as unit:
        unit.connection.execute(inbox.insert(), rows)


def with_body(store: Store) -> int:
    with store.begin(read_only=True) as unit:
        query = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.body.is_not(None))
        return unit.connection.execute(query).scalar_one()


def raises_once(world: World, recipient: str) -> None:
    """Let the worker die while it waits for this recipient, the next time."""
    system = world.systems[recipient]

    def dies(_update: object) -> None:
        system.after = lambda update: None
        raise Dies

    system.after = dies


# --- bodies and messages ------------------------------------------------------------------------------------------


def test_a_repeat_of_a_message_whose_body_is_cleared_gets_its_receipt_and_another_body_does_not(
    world: World, clock: FrozenClock
) -> None:
    world.opens_plan()
    letter = a_contribution("children").with_draft("g1").build()
    first = world.accepts(letter)
    clock.advance(timedelta(days=31))
    assert clears(world) == {"message-bodies": 1}
    again = world.accepts(letter)
    assert again == replace(first, is_repeat=True)
    with pytest.raises(IdReused):
        world.accepts(letter, body=b"another")
    with world.store.begin(read_only=True) as unit, pytest.raises(NotFound, match="cleared"):
        unit.inbox.body(first.id)


def test_a_body_is_kept_for_as_long_as_the_setting_says(world: World, clock: FrozenClock) -> None:
    world.opens_plan()
    world.accepts(a_contribution("children").with_draft("g1").build())
    clock.advance(timedelta(days=30))
    assert clears(world) == {}
    assert clears(world, keep_bodies_days=29) == {"message-bodies": 1}


@pytest.mark.parametrize(("days", "is_known"), [(34, True), (36, False)])
def test_a_message_is_known_for_35_days_after_its_plan_ended(
    world: World, clock: FrozenClock, days: int, is_known: bool
) -> None:
    plan = world.opens_plan().plans[0]
    letter = a_contribution("children").with_draft("g1").build()
    world.accepts(letter)
    clock.advance(timedelta(days=400))
    ends(world, plan)
    clock.advance(timedelta(days=days))
    before = world.shows(plan)
    assert clears(world).get("messages", 0) == (0 if is_known else 1)
    assert (world.count(inbox), world.count(inbox_plans)) == ((1, 1) if is_known else (0, 0))
    assert world.accepts(letter).is_repeat is is_known  # and even when it is taken in once more ...
    assert world.shows(plan).view.seen == before.view.seen  # ... it changes nothing


def test_a_plan_that_lives_keeps_its_messages_known_for_good(world: World, clock: FrozenClock) -> None:
    world.opens_plan()
    letter = a_contribution("children").with_draft("g1").build()
    world.accepts(letter)
    clock.advance(timedelta(days=20 * 365))
    assert "messages" not in clears(world)
    assert world.accepts(letter).is_repeat


def test_a_message_for_two_plans_is_known_until_both_have_ended(world: World, clock: FrozenClock) -> None:
    first, second = (world.opens_plan(*cpr).plans[0] for cpr in ((), (BO_CPR,)))
    world.accepts(
        a_contribution("children").with_draft("g").build(),
        a_contribution("children", "C2").about(BO_CPR).with_draft("g").build(),
    )
    ends(world, first)
    clock.advance(timedelta(days=36))
    assert "messages" not in clears(world)
    ends(world, second)
    clock.advance(timedelta(days=36))
    assert clears(world)["messages"] == 1


def test_a_message_that_came_after_its_plan_ended_is_known_for_35_days_too(world: World, clock: FrozenClock) -> None:
    plan = world.opens_plan().plans[0]
    ends(world, plan)
    clock.advance(timedelta(days=50))
    world.accepts(a_contribution("children").with_draft("g1").build())
    clock.advance(timedelta(days=34))
    assert "messages" not in clears(world)
    clock.advance(timedelta(days=2))
    assert clears(world)["messages"] == 1


def test_a_plan_with_many_messages_is_cleared_in_several_steps(world: World, clock: FrozenClock) -> None:
    plans = [world.opens_plan(*cpr).plans[0] for cpr in ((), (BO_CPR,))]
    messages(world.store, MOST * 2 + 7, THEN)
    with world.store.begin() as unit:
        for number, row in enumerate(unit.connection.execute(sa.select(inbox.c.id)).scalars().all()):
            unit.inbox.belongs_to(row, plans if number % 2 else plans[:1])
    for plan in plans:
        ends(world, plan)
    clock.advance(timedelta(days=36))
    assert clears(world)["messages"] == MOST * 2 + 7
    assert (world.count(inbox), world.count(inbox_plans)) == (0, 0)


# --- deliveries ---------------------------------------------------------------------------------------------------


def delivers_often(world: World, clock: FrozenClock, times: int = 4) -> UUID:
    """Let a goal of the children authority change several times, each delivered to social services."""
    plan = world.opens_plan().plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    for version in range(1, times + 1):
        world.accepts(a_contribution("children").version(version).with_draft("g1", title=f"Mål {version}").build())
        world.drains()
        clock.advance(timedelta(hours=1))
    return plan


def test_settled_deliveries_are_cleared_but_the_latest_of_each_recipient(world: World, clock: FrozenClock) -> None:
    plan = delivers_often(world, clock)
    assert world.count(attempts) == 4
    clock.advance(timedelta(days=91))
    assert clears(world)["attempts"] == 3
    assert world.held(plan, "social") == {GOAL}


def test_a_delivery_that_may_have_arrived_is_never_cleared(world: World, clock: FrozenClock) -> None:
    plan = world.opens_plan().plans[0]
    yes = world.says(a_consent(SOMEBODY).to("social").until(THEN + timedelta(days=40 * 365)).build(), plan)
    raises_once(world, "social")
    world.accepts(a_contribution("children").with_draft("g1").build())
    with pytest.raises(Dies):
        world.drains()
    clock.advance(timedelta(days=30 * 365))
    assert "attempts" not in clears(world, keep_attempts_days=0.001)
    assert world.open_attempts() == 1
    world.takes_back(yes.id)
    world.drains()
    assert world.systems["social"].holds(plan) == set()  # it had arrived, and was found again by that attempt alone


def a_revocation_with_everything(world: World, clock: FrozenClock) -> UUID:
    """A consent taken back while one delivery was lost; others went before and came after it. Return the consent."""
    plan = delivers_often(world, clock)
    world.says(a_consent(SOMEBODY).to("coordination").build(), plan)
    yes = world.says(a_consent(SOMEBODY).to("employment").build(), plan)
    world.drains()
    raises_once(world, "social")
    world.accepts(a_contribution("children").version(9).with_draft("g1", title="Nyt").build())
    with pytest.raises(Dies):
        world.drains()
    world.takes_back(yes.id)
    for title in ("Nyt", "Nyere"):  # the first settles what was lost
        clock.advance(timedelta(hours=1))
        world.accepts(a_contribution("children").version(9).message(title).with_draft("g1", title=title).build())
        world.drains()
    clock.advance(timedelta(hours=1))
    world.accepts(a_contribution("children").version(10).snapshot().build())  # and then the goal is gone altogether
    world.drains()
    for version in range(11, 14):
        clock.advance(timedelta(hours=1))
        world.accepts(a_contribution("children").version(version).with_draft("g2", title=f"{version}").build())
        world.drains()
    return yes.id


def test_what_a_citizen_can_prove_is_the_same_after_everything_old_is_cleared(world: World, clock: FrozenClock) -> None:
    consent = a_revocation_with_everything(world, clock)
    clock.advance(timedelta(days=200))
    asked: dict[str, Any] = {"actor": "test", "correlation_id": "c"}
    deadline = timedelta(hours=24)
    before = show_revocation(consent, COORDINATOR, world.store, deadline, **asked)
    proof = prove_revocation(consent, COORDINATOR, world.store, deadline, **asked)[1]
    assert before.under_way
    assert before.under_way[0].settled_at is not None
    assert any(one.elements for one in before.withdrawn)
    cleared = clears(world, keep_attempts_days=1, keep_history_days=1)
    assert cleared["attempts"] >= 3
    assert cleared["element-versions"] >= 5
    assert show_revocation(consent, COORDINATOR, world.store, deadline, **asked) == before
    assert prove_revocation(consent, COORDINATOR, world.store, deadline, **asked)[1] == proof


def test_a_delivery_waits_for_the_word_that_comes_later(world: World, clock: FrozenClock) -> None:
    plan = world.opens_plan().plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.systems["social"].says_later = True
    for version in (1, 2):
        world.accepts(a_contribution("children").version(version).with_draft("g1", title=f"Mål {version}").build())
        world.drains()
        clock.advance(timedelta(hours=1))
    clock.advance(timedelta(days=300))
    assert "attempts" not in clears(world)
    said = LaterWord(1, Fate.TAKEN_IN, world.row(plan, "social").id)
    say_later(said, "social", world.store, actor="social-system", correlation_id="c")
    assert clears(world)["attempts"] == 1
    assert (world.count(attempts), world.count(business_receipts)) == (1, 1)  # of the latest


# --- versions of elements -----------------------------------------------------------------------------------------


def test_superseded_versions_are_cleared_after_their_time_and_no_view_changes(world: World, clock: FrozenClock) -> None:
    plan = delivers_often(world, clock)
    clock.advance(timedelta(days=100))
    before = world.shows(plan)
    assert world.count(elements) == 4
    assert "element-versions" not in clears(world)
    assert clears(world, keep_history_days=99)["element-versions"] == 3
    assert world.shows(plan).view == before.view
    assert world.sweeps() == 0  # and nobody is to be told anything


def test_the_last_version_of_what_somebody_may_hold_still_stays(world: World, clock: FrozenClock) -> None:
    delivers_often(world, clock)
    world.accepts(a_contribution("children").version(9).snapshot().build())  # gone, and social is not told yet
    clock.advance(timedelta(days=100))
    assert clears(world, keep_history_days=1)["element-versions"] == 3
    assert world.count(elements) == 1
    world.drains()
    clock.advance(timedelta(days=100))
    assert "element-versions" not in clears(world, keep_history_days=1)  # its withdrawal is somebody's proof


def test_the_last_version_of_what_may_have_arrived_stays(world: World, clock: FrozenClock) -> None:
    plan = world.opens_plan().plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    raises_once(world, "social")
    world.accepts(a_contribution("children").with_draft("g1").build())
    with pytest.raises(Dies):
        world.drains()
    world.accepts(a_contribution("children").version(9).snapshot().build())
    clock.advance(timedelta(days=100))
    assert "element-versions" not in clears(world, keep_history_days=1)


def test_versions_of_a_plan_that_is_held_back_wait(world: World, clock: FrozenClock) -> None:
    plan = delivers_often(world, clock)
    given: dict[str, Any] = {"actor": "test", "correlation_id": "c"}
    hold_back(plan, "En konflikt om ære frygtes", COORDINATOR, world.store, **given)
    clock.advance(timedelta(days=100))
    assert "element-versions" not in clears(world, keep_history_days=1)
    lift(plan, "Risikoen er vurderet", COORDINATOR, world.store, **given)
    assert clears(world, keep_history_days=1)["element-versions"] == 3


def test_what_nobody_ever_held_leaves_nothing_behind(world: World, clock: FrozenClock) -> None:
    world.opens_plan()
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.accepts(a_contribution("children").version(2).snapshot().build())
    clock.advance(timedelta(days=2000))
    assert clears(world)["element-versions"] == 1
    assert world.count(elements) == 0


# --- what is told: causes, events, letters ---------------------------------------------------------------------------


def test_causes_of_deliveries_go_with_the_deliveries(world: World, clock: FrozenClock) -> None:
    delivers_often(world, clock)
    caused = world.count(delivery_causes)
    assert caused >= 4
    clock.advance(timedelta(days=89))
    assert "delivery-causes" not in clears(world)
    clock.advance(timedelta(days=2))
    assert clears(world)["delivery-causes"] == caused


def test_events_that_are_acknowledged_and_letters_that_were_sent_go_and_others_stay(
    world: World, clock: FrozenClock
) -> None:
    plan = world.opens_plan().plans[0]
    feed = {"municipality": "0376", "recipient": "housing"}
    events = [
        {
            **feed,
            "position": number,
            "id": new_id(),
            "outbox_id": new_id(),
            "topic": "t",
            "is_urgent": False,
            "at": THEN,
        }
        for number in range(1, MOST + 11)
    ]
    letter = {
        "municipality": "0376", "kind": "appointment", "plan_id": plan, "addressee": "nobody", "moment": THEN,
        "made_at": THEN, "attempts": 0, "cause": "", "reference": "", "settled_at": THEN, "correlation_id": "c",
    }  # fmt: skip
    letters = [{**letter, "id": new_id(), "about": new_id(), "state": state} for state in ("sent", "told", "by-hand")]
    with world.store.begin() as unit:
        unit.connection.execute(feeds.insert().values(**feed, last_position=MOST + 10, acknowledged=MOST + 8))
        unit.connection.execute(feed_events.insert(), events)
        unit.connection.execute(notices.insert(), letters)
    clock.advance(timedelta(days=91))
    assert clears(world)["feed-events"] == MOST + 8
    clock.advance(timedelta(days=300))
    assert clears(world) == {"notices": 2}
    assert (world.count(feed_events), world.count(notices)) == (2, 1)


# --- fetches and sessions -----------------------------------------------------------------------------------------


def test_fetches_that_are_done_and_those_of_unknown_people_go_and_refused_ones_stay(
    world: World, clock: FrozenClock
) -> None:
    with world.store.begin() as unit:
        unit.jobs.add_fetches("social", ["done", "unknown", "refused"], now(), "c")
        for _ in range(3):
            job = unit.jobs.lease(now(), 60, ["social"])
            assert job is not None
            if job.reference == "done":
                unit.jobs.done(job, now())
            else:
                result = UNKNOWN_PERSON if job.reference == "unknown" else "contract-violation"
                unit.jobs.park(job, now(), result)
        unit.jobs.ensure(JobKind.POLL, "social", now())
    clock.advance(timedelta(days=8))
    assert clears(world) == {"fetches-done": 1}
    clock.advance(timedelta(days=400))
    assert clears(world) == {"fetches-of-unknown-people": 1}
    with world.store.begin(read_only=True) as unit:
        left = unit.connection.execute(sa.select(jobs.c.reference, jobs.c.kind).order_by(jobs.c.kind)).all()
    assert [tuple(row) for row in left] == [("refused", "fetch"), ("", "poll")]


def test_a_session_is_cleared_only_when_it_is_over_for_good(world: World, clock: FrozenClock) -> None:
    with world.store.begin() as unit:
        unit.sessions.begin(b"digest", "coordinator", b"settings", now())
    clock.advance(LONGEST)
    assert clears(world) == {}
    clock.advance(timedelta(days=1) - LONGEST + timedelta(seconds=1))
    assert clears(world) == {"sessions": 1}
    assert world.count(sessions) == 0


# --- rounds -------------------------------------------------------------------------------------------------------


def test_a_round_is_audited_once_with_counts_alone(world: World, clock: FrozenClock) -> None:
    messages(world.store, MOST + 1, THEN)
    clock.advance(timedelta(days=31))
    clears(world)
    (row,) = world.audited("cleared")
    assert (row["actor"], row["plan_id"]) == ("test", None)
    assert orjson.loads(row["details"]) == {"cleared": "message-bodies", "rows": MOST + 1}
    clears(world)
    assert len(world.audited("cleared")) == 1  # nothing to clear is nothing to tell


def test_a_round_begins_at_night_and_not_before(world: World, clock: FrozenClock) -> None:
    messages(world.store, 1, THEN)
    clock.advance(timedelta(days=40))
    expect(world.store, world.settings)
    assert step(world.store, world.settings) is None
    clock.move_to(next_night(now(), 4))
    steps = [step(world.store, world.settings, pause=AT_ONCE) for _ in KINDS]
    assert {done.kind for done in steps if done} == {kind.name for kind in KINDS}
    assert step(world.store, world.settings) is None
    assert world.audited("cleared")[0]["actor"] == "housekeeping"


def test_steps_of_a_kind_keep_their_distance_however_many_processes_there_are(
    world: World, url: str, clock: FrozenClock
) -> None:
    messages(world.store, 2 * MOST, THEN)
    clock.advance(timedelta(days=31))
    ask(world.store, world.settings, "test")
    another = a_store(url)
    first = [step(world.store, world.settings) for _ in KINDS]
    assert with_body(world.store) == MOST
    assert all(first)
    assert step(another, world.settings) is None
    clock.advance(timedelta(seconds=1))
    assert step(another, world.settings) is not None
    another.close()
    assert with_body(world.store) == 0


def test_a_round_that_was_cut_short_goes_on_where_it_was(world: World, url: str, clock: FrozenClock) -> None:
    messages(world.store, MOST + 1, THEN)
    clock.advance(timedelta(days=31))
    ask(world.store, world.settings, "test")
    for _ in KINDS:
        step(world.store, world.settings, pause=timedelta(minutes=1))
    (under_way,) = [one for one in rounds(world.store, world.settings) if one["is_under_way"]]
    assert (under_way["kind"], under_way["cleared"]) == ("message-bodies", MOST)
    world.store.close()
    restarted = a_store(url)
    clock.advance(timedelta(minutes=1))
    assert step(restarted, world.settings) is not None
    restarted.close()
    assert orjson.loads(world.audited("cleared")[0]["details"])["rows"] == MOST + 1
    assert not [one for one in rounds(world.store, world.settings) if one["is_under_way"]]


def test_a_step_that_fails_has_cleared_nothing_and_counted_nothing(
    world: World, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages(world.store, 3, THEN)
    clock.advance(timedelta(days=31))
    ask(world.store, world.settings, "test")
    with monkeypatch.context() as patched:
        patched.setattr("hub.store.rounds.Rounds.ended", raises)
        for _ in range(20):
            with pytest.raises(Dies):
                step(world.store, world.settings)
    assert with_body(world.store) == 3
    assert {one["total"] for one in rounds(world.store, world.settings)} == {0}


def raises(*_given: object) -> None:
    raise Dies


def test_two_housekeepers_at_once_clear_each_row_once(world: World, url: str) -> None:
    messages(world.store, 6 * MOST + 100, now() - timedelta(days=31))
    ask(world.store, world.settings, "test")
    stores = [a_store(url) for _ in range(2)]

    def works(store: Store) -> int:
        rows = 0
        while any(one["is_due"] for one in rounds(store, world.settings)):
            done = step(store, world.settings, pause=AT_ONCE)
            rows += done.rows if done else 0
        return rows

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(works, stores)) == 6 * MOST + 100
    for store in stores:
        store.close()
    (row,) = world.audited("cleared")
    assert orjson.loads(row["details"])["rows"] == 6 * MOST + 100


def test_a_hub_clears_nothing_of_another_municipality(world: World, url: str, clock: FrozenClock) -> None:
    delivers_often(world, clock)
    messages(world.store, 3, THEN)
    clock.advance(timedelta(days=3000))
    neighbour = Store(url, a_keyring(), "0360")
    assert clears(replace(world, store=neighbour)) == {}
    neighbour.close()
    assert clears(world).keys() >= {"message-bodies", "attempts", "element-versions"}


def test_what_stands_tells_times_and_counts(world: World, clock: FrozenClock) -> None:
    messages(world.store, 3, THEN)
    clock.advance(timedelta(days=31))
    clears(world)
    found = {one["kind"]: one for one in rounds(world.store, world.settings)}
    assert found["message-bodies"] == {
        "kind": "message-bodies", "kept_days": 30.0, "is_under_way": False, "is_due": False, "cleared": 0,
        "due_at": next_night(now(), 4), "last_ended_at": now(), "last_cleared": 3, "total": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("at", "night"),
    [
        (datetime(2026, 11, 28, 2, tzinfo=UTC), datetime(2026, 11, 28, 3, tzinfo=UTC)),
        (datetime(2026, 11, 28, 3, tzinfo=UTC), datetime(2026, 11, 29, 3, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)),  # summer time begins
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC)),  # and ends
    ],
)
def test_the_next_night_is_four_o_clock_in_denmark(at: datetime, night: datetime) -> None:
    assert next_night(at, 4) == night
