"""What a delivery asks of subscriptions costs the same however many events there were: both databases say how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest

from hub.authority.feeding import Topic
from hub.clock import new_id, now
from hub.store.subscription_tables import subscription_events, subscriptions
from hub.store.subscriptions import Status, Subscription, Subscriptions, Terms
from hub.store.transaction import Store, Unit
from hub.testing.clock import THEN
from tests.integration.databases import EMBEDDED, OPERATED, a_filled_store
from tests.integration.explained import by_indexes_alone, explaining

pytestmark = pytest.mark.integration

_ONE, _ROW = new_id(), new_id()
_TERMS = Terms(Topic.CHANGED, "https://social.example/told", "x")
#: What each question must be answered by.
QUESTIONS: Mapping[str, tuple[str, Callable[[Subscriptions], object]]] = {
    "telling": (
        "ix_subscription_events_outbox_id", lambda known: known.tell("social", _ROW, Topic.CHANGED, b"x", now()),
    ),
    "events": ("subscription_events", lambda known: known.events(_ONE, 5_000, 6_000, 20)),
}  # fmt: skip


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Ten thousand events of one subscription."""
    with a_filled_store(request.param, tmp_path_factory.mktemp("big"), _fill) as store:
        yield store


def _fill(unit: Unit) -> None:
    unit.subscriptions.add(Subscription(_ONE, "c", "social", _TERMS, Status.REQUESTED, THEN))
    unit.connection.execute(subscriptions.update().values(last_event=10_000))
    told = {"subscription_id": _ONE, "topic": "plan.changed", "target": b"x"}
    rows = [{**told, "number": n, "outbox_id": new_id(), "at": THEN + timedelta(seconds=n)} for n in range(10_000)]
    unit.connection.execute(subscription_events.insert(), rows)


def explained(store: Store, question: Callable[[Subscriptions], object]) -> str:
    """Return how the database answers a question; what it changes is taken back."""
    with store.begin() as unit:
        by_indexes_alone(unit.connection)
        with explaining(unit.connection) as told:
            question(unit.subscriptions)
        unit.connection.rollback()
    return "\n".join(told)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_subscriptions_is_answered_by_an_index(big: Store, name: str) -> None:
    index, question = QUESTIONS[name]
    said = explained(big, question)
    assert index in said
    assert not re.search("(Seq Scan on|SCAN) subscription_events", said), said


def test_what_is_old_is_found_by_its_time(big: Store) -> None:
    clearing = explained(big, lambda known: known.clear(THEN + timedelta(minutes=1), 500))
    assert "ix_subscription_events_at" in clearing
