"""What a trace tells of the turns that a delivery can take, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.consent.consent import Consent
from hub.errors import NotFound, RecipientDown, RecipientFailed, RecipientRefused
from hub.flow.replay import replay
from hub.flow.revise import withdraw
from hub.flow.say_later import Fate, LaterWord, say_later
from hub.flow.settle import Settled
from hub.flow.trace import trace
from hub.flow.trace_steps import Step
from hub.store.retention import Retention
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration


@pytest.fixture
def plan(world: World) -> UUID:
    """A plan of which nobody hears anything but social services, and they everything."""
    opened = world.opens_plan().plans[0]
    shares(world, opened)
    return opened


def shares(world: World, plan: UUID) -> Consent:
    """Let the plan's person say yes to social services, who thereby become up to date."""
    consent = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    return consent


def tells(world: World, version: int, goal: str = "g") -> str:
    """Let children's services tell of a goal; return the correlation id."""
    said = a_contribution("children").about(TEST_CPR).version(version).message(f"m{version}")
    world.accepts(said.with_draft(goal).build(), correlation_id=f"message-{version}")
    return f"message-{version}"


def steps(world: World, wanted: object, recipient: str = "social") -> list[Step]:
    """Return what a trace tells of one recipient."""
    return [step for step in trace(str(wanted), world.store).steps if step.told.get("recipient") == recipient]


def names(found: list[Step]) -> list[str]:
    return [step.name for step in found]


def fails(world: World, error: Exception) -> None:
    def raising(_: object) -> None:
        raise error

    world.systems["social"].before = raising


def mends(world: World) -> None:
    world.systems["social"].before = lambda _: None


def test_an_attempt_that_fails_is_followed_by_a_wait_and_the_next(world: World, plan: UUID) -> None:
    message = tells(world, 1)
    fails(world, RecipientFailed("It fell over."))
    assert world.delivers(plan, "social") is Settled.LATER
    waiting = steps(world, message)
    assert names(waiting) == ["due", "sent", "later"]
    assert (waiting[-1].told["code"], waiting[-1].ended_at) == ("recipient-failed", None)
    assert waiting[-1].told["not_before"] > waiting[-1].begun_at
    mends(world)
    world.drains()
    after = steps(world, message)
    assert names(after) == ["due", "sent", "later", "sent", "settled"]
    assert after[2].ended_at == after[3].begun_at
    assert after[1].told["trace_id"] == after[3].told["trace_id"], "one delivery, tried twice"
    assert after[1].told["span_id"] != after[3].told["span_id"]


def test_an_attempt_whose_worker_died_is_told_as_under_way(world: World, plan: UUID) -> None:
    message = tells(world, 1)
    fails(world, RuntimeError("a bug"))
    with pytest.raises(RuntimeError):
        world.delivers(plan, "social")
    (_, sent) = steps(world, message)
    assert (sent.name, sent.ended_at, sent.told["outcome"]) == ("sent", None, "under-way")


def test_an_outage_is_told_by_its_code(world: World, plan: UUID) -> None:
    message = tells(world, 1)
    fails(world, RecipientDown("Silence."))
    assert world.delivers(plan, "social") is Settled.PAUSED
    assert steps(world, message)[-1].told["code"] == "recipient-down"


def test_a_withdrawal_is_followed_from_the_consent_that_was_taken_back_with_the_rules_that_withhold(
    world: World,
) -> None:
    sharing = shares(world, world.opens_plan().plans[0])
    tells(world, 1)
    world.drains()
    withdraw(sharing.id, COORDINATOR, world.store, actor="test", correlation_id="withdrawn-1")
    world.drains()
    told = trace("withdrawn-1", world.store)
    assert told.steps[0].name == "consent-withdrawn"
    due, sent, settled = steps(world, "withdrawn-1")
    assert (due.name, sent.name, settled.name) == ("due", "sent", "settled")
    assert (sent.told["decision"], sent.told["shown"], sent.told["withdrawn"]) == ("withdraw", 0, 1)
    assert sent.told["withheld_by"], "the rules by which it may be kept no more"


def test_a_receipt_that_comes_later_is_told_behind_what_it_is_for(world: World, plan: UUID) -> None:
    world.systems["social"].says_later = True
    message = tells(world, 1)
    world.drains()
    assert steps(world, message)[-1].told["receipt"] == "received"
    word = LaterWord(1, Fate.TAKEN_IN, world.row(plan, "social").id)
    say_later(word, "social", world.store, actor="social-system", correlation_id="later-1")
    last = steps(world, message)[-1]
    assert (last.name, last.told["receipt"], last.told["correlation_id"]) == ("receipt", "taken-in", "later-1")
    assert names(steps(world, "later-1")) == ["receipt"]


def test_what_comes_after_a_dead_letter_is_told_as_frozen(world: World, plan: UUID) -> None:
    fails(world, RecipientRefused("No."))
    tells(world, 1)
    assert world.delivers(plan, "social") is Settled.DEAD
    mends(world)
    message = tells(world, 2, "h")
    world.drains()
    found = steps(world, message)
    assert names(found) == ["due", "nothing-to-say"]
    assert found[-1].told["decision"] == "frozen"
    assert names(steps(world, "message-1")) == ["due", "sent", "dead-letter", "nothing-to-say"]
    replay(world.row(plan, "social").id, world.store, actor="test", correlation_id="replay-1")
    world.drains()
    assert names(steps(world, message)) == ["due", "nothing-to-say", "replayed", "sent", "settled"]
    assert steps(world, message)[-1].told["covers"] == ["message-1", "message-2", "replay-1"]


def test_a_message_that_changes_nothing_has_no_deliveries(world: World, plan: UUID) -> None:
    tells(world, 2)
    world.drains()
    assert names(list(trace(tells(world, 1), world.store).steps)) == ["accepted"], "it is older than what is there"


def test_a_delivery_that_no_message_has_caused_is_found_by_its_name(world: World, plan: UUID) -> None:
    tells(world, 1)
    world.drains()
    rules: dict[str, Any] = a_generous_policy()
    rules["rule"][0]["recipients"] = ["employment"]
    publish_policy(rules, world.store, actor="test", correlation_id="policy-2")
    world.drains()
    row = world.row(plan, "social")
    found = trace(f"{row.id}-{row.sequence}", world.store)
    assert found.correlation_ids == ()
    assert names(list(found.steps)) == ["sent", "settled"]
    assert (found.steps[0].told["decision"], found.steps[0].told["policy"]) == ("withdraw", 2)


def test_a_standing_delivery_is_followed_through_all_that_came_of_late(world: World, plan: UUID) -> None:
    for version in (1, 2):
        tells(world, version, f"g{version}")
        world.drains()
    found = trace(str(world.row(plan, "social").id), world.store)
    assert {"message-1", "message-2"} <= set(found.correlation_ids)
    assert [step.told["covers"] for step in found.steps if step.name == "settled"] == [["message-1"], ["message-2"]]


def test_a_sequence_that_never_left_names_nothing(world: World, plan: UUID) -> None:
    tells(world, 1)
    world.drains()
    with pytest.raises(NotFound):
        trace(f"{world.row(plan, 'social').id}-9", world.store)


def test_what_is_cleared_is_told_no_more_and_the_message_is_still_found(world: World, plan: UUID) -> None:
    message = tells(world, 1)
    world.drains()
    later = now() + timedelta(days=1)
    with world.store.begin() as unit:
        while unit.traces.clear(later, 2):
            pass
        Retention(unit.connection, unit.municipality).attempts(later, "", 500)
    assert names(list(trace(message, world.store).steps)) == ["accepted"]


def test_what_makes_deliveries_due_is_remembered_by_one_statement_for_all_recipients(world: World, plan: UUID) -> None:
    with _counted(world, "delivery_causes") as asked:
        tells(world, 1)
    assert len(asked) == 1
    with _counted(world, "delivery_causes") as asked:
        assert world.delivers(plan, "social") is Settled.DELIVERED
    assert asked == [], "a delivery with something to say writes nothing more"
    with _counted(world, "delivery_causes") as asked:
        assert world.delivers(plan, "employment") is Settled.UP_TO_DATE
    assert len(asked) == 1


@contextmanager
def _counted(world: World, table: str) -> Iterator[list[str]]:
    """Collect the statements that name a table."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if table in statement:
            asked.append(statement)

    sa.event.listen(world.store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(world.store.engine, "before_cursor_execute", note)
