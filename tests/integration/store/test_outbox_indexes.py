"""What is due and what is dead is counted by indexes of such rows, however many rest: both databases say how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest

from hub.clock import new_id, now
from hub.store.dead_letters import Alike, Kind
from hub.store.tables import outbox, people, plans
from hub.store.transaction import Store, Unit
from hub.testing.clock import THEN
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_filled_store
from tests.integration.explained import by_indexes_alone, explaining

pytestmark = pytest.mark.integration

WHOM = [("children", "feed"), ("children", "soap"), ("employment", "soap"), ("social", "rest"), ("youth", "rest")]
PLANS = 1_000
_ALIKE = Alike(Kind.DELIVERY, "social", "recipient-failed", "", 1, THEN, THEN)
#: What each question must be answered by.
QUESTIONS: Mapping[str, tuple[set[str], Callable[[Unit], object]]] = {
    "counts": (
        {"ix_outbox_due", "ix_outbox_dead", "ix_outbox_recipient"},
        lambda unit: unit.outbox.counts(now()),
    ),
    "withdrawals due": ({"ix_outbox_due"}, lambda unit: unit.outbox.withdrawals_due()),
    "alike": ({"ix_outbox_dead"}, lambda unit: unit.dead_letters.alike()),
    "letters": ({"ix_outbox_dead"}, lambda unit: unit.dead_letters.letters([_ALIKE], 20)),
    "died until": ({"ix_outbox_dead"}, lambda unit: unit.dead_letters.died_until(now())),
}


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Four thousand rows that rest, but for one that is due and one that is dead."""
    with a_filled_store(request.param, tmp_path_factory.mktemp("big"), _fill) as store:
        yield store


def _fill(unit: Unit) -> None:
    ids = [(new_id(), new_id()) for _ in range(PLANS)]
    of_hub = {"municipality": MUNICIPALITY}
    unit.connection.execute(
        people.insert(), [{"id": one, "wrapped_key": b"k", "identity": b"i", **of_hub} for one, _ in ids]
    )
    plan = {"status": "active", "opened_at": THEN, "version": 1, "consent_version": 1, "wrapped_key": b"k"}
    unit.connection.execute(
        plans.insert(), [{"id": two, "person_id": one, "state": b"s", **plan, **of_hub} for one, two in ids]
    )
    row = {
        "is_urgent": False, "mark": 1, "not_before": THEN, "ring_after": THEN, "attempts": 0, "sequence": 1,
        "plan_version": 1, "consent_version": 1, "policy_version": 1, "correlation_id": "c",
    }  # fmt: skip
    rest = [
        {"id": new_id(), "plan_id": two, "recipient": whom, "channel": channel, **row, **of_hub}
        for number, (_, two) in enumerate(ids)
        for whom, channel in (WHOM[number % 2], *WHOM[2:])
    ]
    unit.connection.execute(outbox.insert(), rest)
    first, last = rest[2]["id"], rest[-1]["id"]
    at = THEN + timedelta(hours=1)
    unit.connection.execute(
        outbox.update().where(outbox.c.id == first).values(dead_at=at, dead_cause="recipient-failed")
    )
    unit.connection.execute(outbox.update().where(outbox.c.id == last).values(due_at=at))


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_the_outbox_is_answered_by_an_index(big: Store, name: str) -> None:
    indexes, question = QUESTIONS[name]
    with big.begin(read_only=True) as unit:
        by_indexes_alone(unit.connection)
        with explaining(unit.connection) as told:
            question(unit)
    said = "\n".join(told)
    assert indexes <= set(re.findall(r"ix_outbox_\w+", said)), said
    assert not re.search(r"Seq Scan on outbox|^SCAN outbox$", said, re.MULTILINE), said


def test_whoever_has_rows_is_counted_though_nothing_is_due(big: Store) -> None:
    with big.begin(read_only=True) as unit:
        found = unit.outbox.counts(now())
    assert [(one["recipient"], one["channel"]) for one in found] == WHOM
    assert [(one["due"], one["dead_letters"]) for one in found] == [(0, 0), (0, 0), (0, 0), (0, 1), (1, 0)]
    assert [one["oldest_due_at"] for one in found][3:] == [None, THEN + timedelta(hours=1)]
    assert [one["unrung_since"] for one in found][3:] == [None, THEN]


def test_what_is_due_to_a_dead_letter_is_counted_once(big: Store) -> None:
    with big.begin() as unit:
        unit.connection.execute(outbox.update().where(outbox.c.dead_at.is_not(None)).values(due_at=THEN))
        (social,) = [one for one in unit.outbox.counts(now()) if one["recipient"] == "social"]
        unit.connection.rollback()
    assert (social["due"], social["dead_letters"], social["oldest_due_at"]) == (1, 1, THEN)
