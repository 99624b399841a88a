"""What the person register has told of, at the API: for the plan's coordinator, and for operators how it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from hub.authority import REGISTER
from hub.queue.registering import RegisterJobs
from tests.integration.api.served import Served, on_both
from tests.integration.registers import People, a_register
from tests.integration.world import some_settings

pytestmark = pytest.mark.integration
TEN_DIGITS = re.compile(r"\b[0-9]{6}-?[0-9]{4}\b")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with a_register(tmp_path_factory.mktemp("register")) as people:
        yield people


@pytest.fixture
def people(running: People) -> People:
    running.begins_anew()
    return running


def follows(hub: Served, people: People) -> None:
    doing = RegisterJobs(hub.store, people.register, some_settings())
    with hub.store.begin() as unit:
        unit.connection.exec_driver_sql("DELETE FROM jobs WHERE kind = 'poll' AND authority = 'register'")
    for _ in range(500):
        if doing.turn():
            return
    raise AssertionError("jobs never come to an end")


def dies(hub: Served, people: People, cpr: str) -> None:
    follows(hub, people)
    people.lets(cpr, died="2026-11-20")
    follows(hub, people)


def listed(hub: Served, caller: str = "coordinator") -> list[dict[str, Any]]:
    answer = hub.ask(caller, "GET", "/register-tasks")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["tasks"]
    return found


@on_both
def test_a_coordinator_reads_what_to_do_and_takes_it_off_the_list(hub: Served, people: People) -> None:
    cpr, opened = hub.opens_plan()
    dies(hub, people, cpr)
    (task,) = [one for one in listed(hub) if one["plan"] == opened["plan"]]
    assert task["kind"] == "death"
    assert "afslut planen" in task["da"]
    assert "close the plan" in task["en"]
    assert not TEN_DIGITS.search(str(task)), "not even whose it is: the plan says it"
    assert task["plan"] not in [one["plan"] for one in listed(hub, "another-coordinator")]
    done = f"/register-tasks/{task['task']}/done"
    assert hub.ask("another-coordinator", "POST", done).status_code == 404
    assert hub.ask("caseworker", "POST", done).status_code == 404
    assert [hub.ask("coordinator", "POST", done).status_code for _ in range(2)] == [200, 200]
    assert task["task"] not in [one["task"] for one in listed(hub)]


@on_both
def test_the_page_of_a_plan_says_that_it_is_dissolved_and_nothing_says_why(hub: Served, people: People) -> None:
    cpr, opened = hub.opens_plan()
    dies(hub, people, cpr)
    plan = hub.ask("coordinator", "GET", f"/plans/{opened['plan']}").json()
    assert plan["status"] == "dissolved"
    assert "2026-11-20" not in str(plan)
    assert REGISTER not in hub.ask("coordinator", "GET", f"/consents?plan={opened['plan']}").text


def test_operators_see_how_the_register_stands_and_of_whom_it_has_told_nothing(hub: Served, people: People) -> None:
    cpr, opened = hub.opens_plan()
    dies(hub, people, cpr)
    rows = hub.ask("operator", "GET", "/ops/authorities").json()["authorities"]
    (row,) = [one for one in rows if one["authority"] == REGISTER]
    assert (row["direction"], row["state"]) == ("source", "closed")
    assert row["last_success_at"] is not None
    seen = "".join(hub.ask("operator", "GET", path).text for path in ("/ops/queues", "/ops/activity"))
    assert "register-death" in seen
    assert opened["plan"] not in seen
    assert cpr not in seen
