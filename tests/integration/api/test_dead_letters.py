"""Dead letters over the API: operators see groups and shapes; the plan's coordinator, with a reason, the content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from hub.clock import now
from hub.store.tables import outbox
from tests.integration.api.served import Served, on_both, served
from tests.integration.databases import a_migrated_postgresql

pytestmark = pytest.mark.integration

TITLE = "Et mål om en kanariefugl"
WHY = "Modtageren har lukket sagen."
WIRES = {"children": {"url": "http://127.0.0.1:9", "token": "never-called"}}


@pytest.fixture(scope="module")
def embedded_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An API whose children's system is delivered to."""
    with served(f"sqlite:///{tmp_path_factory.mktemp('api') / 'hub.db'}", wires=WIRES) as running:
        yield running


@pytest.fixture(scope="module")
def operated_hub() -> Iterator[Served]:
    """The same on PostgreSQL."""
    with a_migrated_postgresql() as url, served(url, wires=WIRES) as running:
        yield running


def a_dead_letter(hub: Served, code: str = "recipient-refused", note: str = "It said no.") -> tuple[UUID, str]:
    """Let employment's case wait for children, and the delivery end; return its row and the person's number."""
    cpr, opened = hub.opens_plan(name="Kaja Test Krogh")
    sharing = {
        "kind": "sharing", "plan": opened["plan"], "sources": ["employment"], "categories": ["goals"],
        "recipients": ["children", "coordination"],
    }  # fmt: skip
    assert hub.ask("coordinator", "POST", "/consents", sharing).status_code == 201
    hub.sends(cpr, {"id": "g", "title": TITLE})
    with hub.store.begin() as unit:
        query = outbox.select().where(outbox.c.plan_id == UUID(opened["plan"]), outbox.c.recipient == "children")
        row = unit.connection.execute(query).one()
        lease = unit.outbox.lease(row.id, now(), 60)
        assert lease
        unit.outbox.bury(lease, code, note, now())
    return UUID(str(row.id)), cpr


def mine(hub: Served, row: UUID, query: str = "") -> list[dict[str, Any]]:
    found = hub.ask("operator", "GET", f"/ops/dead-letters?limit=500&{query}").json()["dead_letters"]
    return [one for one in found if one["id"] == str(row)]


@on_both
def test_they_are_listed_in_groups_and_a_page_at_a_time(hub: Served) -> None:
    first, _ = a_dead_letter(hub, note="Case 1 is closed.")
    second, _ = a_dead_letter(hub, note="Case 22 is closed.")
    group = mine(hub, first)[0]["group"]
    answer = hub.ask("operator", "GET", f"/ops/dead-letters?group={group}&limit=1").json()
    assert [(one["count"], one["cause"], one["recipient"]) for one in answer["groups"]] == [
        (2, "business-refusal", "children")
    ]
    assert ([one["id"] for one in answer["dead_letters"]], answer["next"]) == ([str(second)], str(second))
    answer = hub.ask("operator", "GET", f"/ops/dead-letters?group={group}&limit=1&after={second}").json()
    assert [one["id"] for one in answer["dead_letters"]] == [str(first)]
    assert not mine(hub, first, "cause=auth")
    assert hub.ask("operator", "GET", "/ops/dead-letters?cause=misfortune").status_code == 400
    for row in (first, second):
        hub.ask("operator", "POST", f"/ops/dead-letters/{row}/discard", {"reason": WHY})


@on_both
def test_one_is_shown_by_its_shape_with_nothing_of_plan_or_person(hub: Served) -> None:
    row, cpr = a_dead_letter(hub)
    answer = hub.ask("operator", "GET", f"/ops/dead-letters/{row}")
    assert answer.status_code == 200
    assert answer.json()["would_leave"]["document"] == "PlanOpdatering"
    assert f"string({len(TITLE)})" in answer.text
    for secret in (TITLE, cpr, "Kaja", "Krogh"):
        assert secret not in answer.text


@on_both
def test_one_is_discarded_with_a_reason_and_the_same_again_is_the_same_answer(hub: Served) -> None:
    row, _ = a_dead_letter(hub)
    path = f"/ops/dead-letters/{row}/discard"
    assert hub.ask("operator", "POST", path, {"reason": "nej"}).status_code == 400
    first, again = (hub.ask("operator", "POST", path, {"reason": WHY}) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["discarded_at"] == again.json()["discarded_at"]
    assert not mine(hub, row)
    assert sum(deed["details"]["delivery"] == str(row) for deed in hub.audited("dead-letter-discarded")) == 1


@on_both
def test_its_content_is_for_the_plans_coordinator_alone(hub: Served) -> None:
    row, _ = a_dead_letter(hub)
    path = f"/ops/dead-letters/{row}/reveal"
    others = [caller for caller in hub.tokens if caller != "coordinator"]
    for caller in others:
        answer = hub.ask(caller, "POST", path, {"reason": WHY})
        assert (answer.status_code, TITLE in answer.text) == (404, False), caller
    assert hub.ask("coordinator", "POST", path, {"reason": "nej"}).status_code == 400
    assert hub.ask("coordinator", "GET", path).status_code == 405
    answer = hub.ask("coordinator", "POST", path, {"reason": WHY})
    assert (answer.status_code, TITLE in answer.text) == (200, True)
    (deed,) = [deed for deed in hub.audited("dead-letter-revealed") if deed["details"]["delivery"] == str(row)]
    assert (deed["actor"], WHY in str(deed["details"])) == ("coordinator", False)
    tried = [
        deed
        for deed in hub.audited("refused")
        if str(row) in (deed["details"].get("delivery"), deed["details"].get("asked"))
    ]
    assert {deed["actor"] for deed in tried} >= set(others)
