"""What the demo tells while it stays up, of a hub that is really used."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from hub.cli.watching import Watching
from hub.clock import new_id, now
from tests.integration.api.served import Served
from tests.integration.silence import answers_again, falls_silent

pytestmark = pytest.mark.integration


class Onlooker:
    """Looks on from now; each look gives the lines told, without their times."""

    def __init__(self, hub: Served) -> None:
        self._written = io.StringIO()
        console = Console(file=self._written, soft_wrap=True)
        self._watching = Watching(lambda path: hub.ask("operator", "GET", path), console)

    def look(self) -> list[str]:
        self._watching.look()
        lines = self._written.getvalue().splitlines()
        self._written.truncate(self._written.seek(0))
        assert all(re.match(r"  \d\d:\d\d:\d\d ", line) for line in lines)
        return [line[11:] for line in lines]


def test_what_happens_is_told_once_and_in_order_and_without_a_word_about_anybody(hub: Served) -> None:
    onlooker = Onlooker(hub)
    onlooker.look()
    cpr, opened = hub.opens_plan(name="Ellen Test Friis")
    hub.sends(cpr, {"id": "g", "title": "Et mål med ord"})
    hub.ask("coordinator", "GET", f"/plans/{opened['plan']}")
    hub.ask("coordinator", "GET", f"/plans/{new_id()}")
    hub.ask("coordinator", "POST", f"/consents/{opened['consent']}/withdraw")
    told = onlooker.look()
    assert told[:5] == [
        "coordinator opened a plan",
        "employment sent a case: taken in",
        "coordinator read a plan (1 shown)",
        "coordinator was refused (not-found)",
        "coordinator withdrew a consent",
    ]
    for secret in (cpr, "Ellen", "mål", opened["plan"]):
        assert secret not in " ".join(told)
    assert onlooker.look() == []


def test_what_is_due_is_told_when_it_changes_and_that_a_recipient_does_not_answer(hub: Served) -> None:
    onlooker = Onlooker(hub)
    onlooker.look()
    hub.opens_plan()
    due = [line for line in onlooker.look() if line.startswith("due to employment: ")]
    assert len(due) == 1
    falls_silent(hub.store, "employment")
    assert onlooker.look() == [f"{due[0]}; it does not answer, and is asked again by itself"]
    assert onlooker.look() == []
    answers_again(hub.store, "employment")


def test_a_delivery_is_told_with_what_it_showed_and_took_back_and_a_deed_without_a_sentence_by_its_name(
    hub: Served,
) -> None:
    onlooker = Onlooker(hub)
    onlooker.look()
    left: dict[str, Any] = {"recipient": "social", "sequence": 4, "elements": ["a", "b"], "withdrawn": ["c"]}
    with hub.store.begin() as unit:
        unit.audit.record("delivery-started", "hub", now(), "c", **left)
        unit.audit.record("not-delivered", "hub", now(), "c", **left, code="recipient-down")
        unit.audit.record("delivered", "hub", now(), "c", **left, receipt="taken-in")
        unit.audit.record("policy-published", "cli:someone", now(), "c")
    assert onlooker.look() == [
        "sequence 4 did not reach social (recipient-down); it waits",
        "delivered to social, sequence 4: 2 shown, 1 withdrawn (taken-in)",
        "cli:someone: policy-published",
    ]
