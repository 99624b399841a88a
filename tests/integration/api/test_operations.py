"""What operators see and may do, and what whoever watches the process is told."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from hub.clock import new_id, now
from hub.errors import BrokerDown, StoreBusy
from hub.store.tables import outbox
from hub.store.transaction import Store
from tests.integration.api.served import Served, on_both
from tests.integration.silence import falls_silent

pytestmark = pytest.mark.integration


@pytest.fixture
def dead_letter(hub: Served) -> Iterator[UUID]:
    """A delivery to employment that ended as a dead letter."""
    row = hub.a_dead_letter()
    yield row
    with hub.store.begin() as unit:
        unit.connection.execute(outbox.update().where(outbox.c.id == row).values(dead_at=None))


def test_queues_are_numbers_and_times(hub: Served, dead_letter: UUID) -> None:
    falls_silent(hub.store, "employment")
    with hub.store.begin() as unit:
        unit.jobs.add_fetches("employment", ["reference-of-a-case"], now(), "c")
    answer = hub.ask("operator", "GET", "/ops/queues")
    assert answer.status_code == 200
    found = answer.json()
    assert found.keys() == {"deliveries", "breakers", "jobs", "notices"}
    (employment,) = [one for one in found["deliveries"] if one["recipient"] == "employment"]
    assert employment["dead_letters"] == 1
    assert [one["reason"] for one in found["breakers"]] == ["recipient-down"]
    assert any(job["kind"] == "fetch" for job in found["jobs"])
    assert "reference-of-a-case" not in answer.text


def test_a_dead_letter_is_listed_replayed_once_and_that_is_written_down(hub: Served, dead_letter: UUID) -> None:
    listed = hub.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]
    (mine,) = [one for one in listed if one["id"] == str(dead_letter)]
    assert (mine["cause"], mine["note"], mine["recipient"]) == ("business-refusal", "It said no.", "employment")
    assert "plan" not in mine
    path = f"/ops/dead-letters/{dead_letter}/replay"
    replayed = hub.ask("operator", "POST", path, headers={"X-Correlation-Id": "replay-1"})
    assert (replayed.status_code, replayed.json()) == (202, {"id": str(dead_letter), "correlation_id": "replay-1"})
    assert hub.ask("operator", "POST", path).status_code == 404
    (row,) = [row for row in hub.audited("replayed") if row["correlation_id"] == "replay-1"]
    assert (row["actor"], row["details"]) == ("operator", {"delivery": str(dead_letter)})


def test_a_dead_letter_that_is_none_is_not_found(hub: Served) -> None:
    assert hub.ask("operator", "POST", f"/ops/dead-letters/{new_id()}/replay").status_code == 404


@on_both
def test_what_was_done_is_told_row_by_row_with_nothing_of_plan_or_person(hub: Served) -> None:
    last = hub.ask("operator", "GET", "/ops/activity").json()["activity"][-1]["row"]
    cpr, opened = hub.opens_plan(name="Kaja Test Krogh")
    hub.sends(cpr, {"id": "g", "title": "Et mål med ord"})
    hub.ask("coordinator", "GET", f"/plans/{opened['plan']}")
    hub.ask("coordinator", "GET", f"/plans/{new_id()}")
    answer = hub.ask("operator", "GET", f"/ops/activity?after={last}")
    assert answer.status_code == 200
    found = answer.json()["activity"]
    deeds = [(one["actor"], one["action"]) for one in found]
    assert deeds == [
        ("coordinator", "plan-opened"),
        ("employment", "accepted"),
        ("coordinator", "read"),
        ("coordinator", "refused"),
    ]
    assert (found[2]["shown"], found[3]["code"]) == (1, "not-found")
    assert [one["row"] for one in found] == sorted(one["row"] for one in found)
    for secret in (cpr, "Kaja", "mål", opened["plan"], opened["consent"]):
        assert secret not in answer.text


def test_what_was_done_last_is_told_where_nothing_is_asked_after(hub: Served) -> None:
    hub.opens_plan()
    everything = hub.ask("operator", "GET", "/ops/activity").json()["activity"]
    assert everything[-1]["action"] == "plan-opened"
    assert hub.ask("operator", "GET", f"/ops/activity?after={everything[-1]['row']}").json() == {"activity": []}
    assert hub.ask("operator", "GET", "/ops/activity?after=-1").status_code == 400


def test_the_process_says_that_it_answers(hub: Served) -> None:
    answer = hub.ask(None, "GET", "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_whole_hub_is_ready(hub: Served) -> None:
    answer = hub.ask(None, "GET", "/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_without_a_broker_it_is_degraded_not_dead(hub: Served) -> None:
    hub.broker_error.append(BrokerDown("It does not answer."))
    try:
        answer = hub.ask(None, "GET", "/readyz")
    finally:
        hub.broker_error.clear()
    assert (answer.status_code, answer.json()["status"], answer.json()["broker"]) == (
        200,
        "degraded",
        "does not answer",
    )


def test_a_troubled_loop_makes_it_degraded(hub: Served) -> None:
    hub.health["relay"] = {"last_turn_at": None, "trouble": "broker-down"}
    try:
        answer = hub.ask(None, "GET", "/readyz")
    finally:
        hub.health.clear()
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_without_a_database_it_is_not_ready_and_says_when_to_ask_again(
    hub: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: Store) -> None:
        raise StoreBusy("The database does not answer in time.")

    monkeypatch.setattr(Store, "ping", busy)
    answer = hub.ask(None, "GET", "/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "store-busy")
    assert int(answer.headers["retry-after"]) > 0


def test_with_older_tables_it_is_not_ready(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.flow.readiness.is_current", lambda _: False)
    answer = hub.ask(None, "GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json()["next_step"] == "Run: hub migrate"
