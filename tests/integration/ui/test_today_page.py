"""The coordinator's day: families that want something first, what is new, what waits; nothing of what is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.store.circuits import Direction
from hub.testing.clock import frozen
from tests.integration.api.served import Served, on_both, served
from tests.integration.silence import falls_silent
from tests.integration.ui.test_plan_page import AUTUMN, GOAL, LARS, SECRET, of_lars
from tests.integration.ui.visitor import Visitor, parts_of, words_of

pytestmark = pytest.mark.integration


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Served]:
    """A hub of its own, for a page that shows all families."""
    with served(f"sqlite:///{tmp_path / 'hub.db'}") as running:
        yield running


def test_a_family_that_wants_something_stands_first_and_a_quiet_one_last(alone: Served) -> None:
    with frozen(AUTUMN) as clock, Visitor(alone.url) as visitor:
        plan = of_lars(alone).rpartition("/")[2]
        _, quiet = alone.opens_plan(name="Bodil Test Bang")
        clock.advance(timedelta(days=85))
        visitor.signs_in(alone.tokens["coordinator"])
        page = visitor.gets("/coordinator")
    wanting = words_of(page, "//section[@aria-labelledby='wanting']")
    assert "Lars Test Berggren" in wanting
    assert "Indsatsen skal følges op senest den 7. december 2026 (Barnets lov § 95)." in wanting
    assert parts_of(page, "//section[@aria-labelledby='quiet']//a/@href") == [f"/coordinator/plans/{quiet['plan']}"]
    assert parts_of(page, "//section[@aria-labelledby='wanting']//h3/a/@href") == [f"/coordinator/plans/{plan}"]
    assert LARS not in page.text
    read = {str(row["plan_id"]) for row in alone.audited("read")}
    assert {plan, str(quiet["plan"])} <= read, "what is looked at is written down"


def test_what_came_in_lately_is_new_for_a_week(alone: Served) -> None:
    with frozen(AUTUMN) as clock, Visitor(alone.url) as visitor:
        cpr, _ = alone.opens_plan(name="Bodil Test Bang")
        alone.sends(cpr, *({**GOAL, "id": f"g{number}", "title": f"Mål {number}"} for number in range(7)))
        visitor.signs_in(alone.tokens["coordinator"])
        fresh = words_of(visitor.gets("/coordinator"), "//section[@aria-labelledby='wanting']")
        clock.advance(timedelta(days=7))
        visitor.signs_in(alone.tokens["coordinator"])
        later = words_of(visitor.gets("/coordinator"), "//section[@aria-labelledby='wanting']")
    assert "2 mere i planen" in fresh
    assert "Ingen af dine familier kræver noget af dig nu." in later


def test_a_consent_that_ends_soon_waits_for_the_coordinator(alone: Served) -> None:
    with frozen(AUTUMN) as clock, Visitor(alone.url) as visitor:
        alone.opens_plan(name="Bodil Test Bang")
        clock.advance(timedelta(days=350))
        visitor.signs_in(alone.tokens["coordinator"])
        page = words_of(visitor.gets("/coordinator"))
    assert "Et samtykke udløber. Spørg igen inden 31. august 2027" in page


@on_both
def test_a_system_that_cannot_be_asked_is_named_at_the_top(hub: Served, coordinator: Visitor) -> None:
    hub.opens_plan()
    falls_silent(hub.store, "employment", Direction.SOURCE)
    page = words_of(coordinator.gets("/coordinator"))
    assert "Beskæftigelse: hubben har ikke kunnet spørge systemet siden" in page


def test_another_organisations_coordinator_sees_none_of_them(alone: Served) -> None:
    alone.opens_plan(name="Bodil Test Bang")
    with Visitor(alone.url) as visitor:
        visitor.signs_in(alone.tokens["another-coordinator"])
        page = visitor.gets("/coordinator")
    assert page.status_code == 200
    assert "Bodil" not in page.text


def test_many_families_come_page_by_page_and_each_once(alone: Served) -> None:
    plans = {str(alone.plan), *(str(alone.opens_plan()[1]["plan"]) for _ in range(23))}
    with Visitor(alone.url) as visitor:
        visitor.signs_in(alone.tokens["coordinator"])
        first = visitor.gets("/coordinator")
        (then,) = parts_of(first, "//main/p/a/@href")
        second = visitor.gets(then)
    seen = [
        address.rpartition("/")[2]
        for page in (first, second)
        for address in parts_of(page, "//section//a[starts-with(@href, '/coordinator/plans/')]/@href")
    ]
    assert (sorted(seen), parts_of(second, "//main/p/a/@href")) == (sorted(plans), [])


def test_withheld_content_changes_not_one_byte_of_the_day(alone: Served) -> None:
    with frozen(AUTUMN), Visitor(alone.url) as visitor:
        cpr, _ = alone.opens_plan(name="Bodil Test Bang")
        alone.sends(cpr, GOAL)
        visitor.signs_in(alone.tokens["coordinator"])
        before = visitor.gets("/coordinator")
        alone.sends(cpr, GOAL, SECRET, {**SECRET, "id": "m", "kind": "appointment"}, version=2)
        after = visitor.gets("/coordinator")
    assert "Job i en butik" in words_of(before)
    assert after.content == before.content
