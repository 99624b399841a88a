"""No two reports differ by one family: a month is told when it is over, and then the same ever after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.flow.evaluate import MEASURES, SETTLES
from hub.store.evaluation_tables import told_months
from hub.store.tables import consents, plans
from hub.store.told_months import ToldMonths
from hub.testing.clock import FrozenClock, frozen
from tests.integration.api.served import Served, on_the_command_line, served
from tests.integration.colliding import AT_NINE, BEFORE, employment_sends
from tests.integration.databases import EMBEDDED, OPERATED, a_filled_store

pytestmark = pytest.mark.integration
SEPTEMBER = "2026-09"
NOTHING = dict.fromkeys(MEASURES)


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    with frozen(BEFORE) as clock:
        yield clock


@pytest.fixture
def hub(clock: FrozenClock, tmp_path: Path) -> Iterator[Served]:
    """Six plans of people whom employment meets in September 2026."""
    with served(f"sqlite:///{tmp_path / 'hub.db'}") as running:
        for _ in range(6):
            cpr, _ = running.opens_plan()
            employment_sends(running, cpr, AT_NINE)
        yield running


def month(hub: Served, name: str = SEPTEMBER) -> dict[str, Any]:
    answer = hub.ask("administrator", "GET", "/evaluation", params={"from": name, "to": name})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["months"]
    return dict(found)


def some_plan(hub: Served) -> tuple[UUID, UUID]:
    """Return a plan that employment has told of, and whose it is."""
    with hub.store.begin() as unit:
        row = unit.connection.execute(sa.select(plans.c.id, plans.c.person_id).order_by(plans.c.id)).first()
    assert row
    return row.id, row.person_id


def test_of_a_month_that_has_not_been_over_for_long_nothing_is_told(hub: Served, clock: FrozenClock) -> None:
    assert month(hub) == {"month": SEPTEMBER, "is_whole": False, "values": NOTHING}
    clock.advance(timedelta(days=30))
    assert month(hub)["values"] == NOTHING
    clock.advance(SETTLES)
    assert (month(hub)["is_whole"], month(hub)["values"]["contacts"]) == (True, 6)


def test_a_month_that_was_told_is_told_the_same_after_an_erasure(hub: Served, clock: FrozenClock) -> None:
    clock.advance(timedelta(days=60))
    before = month(hub)
    assert before["values"]["families"] == 6
    one = some_plan(hub)
    with hub.store.begin() as unit:
        unit.erasures.shred(*one)
    assert month(hub) == before


def test_a_month_that_was_told_stays_whatever_the_least_is_since(hub: Served, clock: FrozenClock) -> None:
    clock.advance(timedelta(days=60))
    before = month(hub)["values"]
    said = on_the_command_line(
        hub, "evaluation", "--from", SEPTEMBER, "--to", SEPTEMBER, "--json", HUB_EVALUATION_LEAST="7"
    )
    assert said.returncode == 0, said.stderr
    (found,) = json.loads(said.stdout)["months"]
    assert found == {"month": SEPTEMBER, "is_whole": True, **before}


def test_a_no_is_counted_as_refused_and_not_as_given(hub: Served, clock: FrozenClock) -> None:
    with hub.store.begin() as unit:
        ours = unit.connection.execute(sa.select(plans.c.id)).scalars().all()
    usual = {"kind": "sharing", "sources": ["employment"], "recipients": ["children"], "categories": ["goals"]}
    for plan in ours:
        answer = hub.ask("coordinator", "POST", "/consents", {**usual, "plan": str(plan), "effect": "deny"})
        assert answer.status_code == 201, answer.text
    clock.advance(timedelta(days=60))
    values = month(hub)["values"]
    assert (values["consents-given"], values["consents-refused"]) == (len(ours), len(ours))


def test_where_a_yes_may_be_a_no_no_number_of_them_is_told(hub: Served, clock: FrozenClock) -> None:
    """A version that a hub of before wrote down says in the clear that it is active, and not what it says."""
    _, whose = some_plan(hub)
    with hub.store.begin() as unit:
        unit.connection.execute(consents.update().where(consents.c.person_id == whose).values(effect=None))
    clock.advance(timedelta(days=60))
    values = month(hub)["values"]
    assert {values[f"consents-{name}"] for name in ("given", "refused", "withdrawn")} == {None}


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_what_was_told_first_stays_when_two_count_at_once(kind: str, tmp_path: Path) -> None:
    begins = date(2026, 9, 1)
    with a_filled_store(kind, tmp_path, lambda _: None) as store, store.begin() as unit:
        months = ToldMonths(unit.connection, unit.municipality)
        months.keep({begins: {"families": 6, "contacts": None}}, now())
        months.keep({begins: {"families": 5, "contacts": None}}, now())
        assert months.of([begins, date(2026, 8, 1)]) == {begins: {"families": 6, "contacts": None}}
        assert ToldMonths(unit.connection, "0000").of([begins]) == {}
        assert unit.connection.execute(sa.select(told_months.c.month)).scalars().all() == [SEPTEMBER]
