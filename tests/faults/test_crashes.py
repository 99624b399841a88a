"""The hub is killed with SIGKILL at named points: nothing is lost, nothing is applied twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.cli.town import Program, Town
from hub.queue.broker import Broker
from tests.faults.crashing import POINTS
from tests.patience import wait_for
from tests.town_set_ups import BROKER, SERVERS, a_set_up, both_set_ups

pytestmark = [pytest.mark.integration, pytest.mark.faults]

CRASHING = Path(__file__).with_name("crashing.py")
MOTHER = {"cpr": "150387-9996", "name": "Mette Test Holm"}
GOAL = {"id": "m1", "title": "Sønnen kommer i skole hver dag", "label": "FORTROLIGE_PERSONOPLYSNINGER"}
#: Shorter waits, so that a dead worker's lease runs out within the test; they are settings of the product. The embedded
#: hub needs none: it is the only process, and forgets leases and rings of the one before when it starts.
QUICK = {"lease_seconds": 3, "ring_again_seconds": 2, "sweep_seconds": 1}


@contextmanager
def a_town(set_up_name: str, folder: Path, point: str) -> Iterator[Town]:
    """Start a town whose hub kills itself once at the point, after ``arm``."""
    with a_set_up(set_up_name) as set_up:
        command = (sys.executable, str(CRASHING), point, str(folder / "trigger"))
        waits = QUICK if set_up_name == SERVERS else {}
        with Town(folder, replace(set_up, hub_command=command, settings=waits)) as town:
            yield town


@pytest.mark.slow
@both_set_ups
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_and_nothing_is_applied_twice(set_up_name: str, point: str, tmp_path: Path) -> None:
    with a_town(set_up_name, tmp_path, point) as town:
        plan, _ = opened_and_shared(town)
        arm(town)
        case = town.tell("children", "POST", "/sandbox/cases", {**MOTHER, "title": "Sag", "goals": [GOAL]})
        wait_until_dead(town).start()
        again = town.tell("children", "POST", f"/sandbox/cases/{case['case']}/resend")
        assert again["hub"]["status"] in (200, 201)
        held = wait_for(lambda: elements_at(town, "social", plan), lambda held: len(held) == 1)
        assert [element["title"] for element in held.values()] == [GOAL["title"]]
        assert [element["kind"] for element in coordinators_elements(town, plan)] == ["goal"]
        if case["hub"]["status"] == 201 or point == "after-commit":
            assert again["hub"]["status"] == 200, "it was committed before the crash, so it is a repeat"
        assert times_applied(town, "social", plan) == 1


@pytest.mark.slow
@both_set_ups
def test_a_consent_revoked_right_after_a_crash_between_send_and_settle_still_brings_the_withdrawal(
    set_up_name: str, tmp_path: Path
) -> None:
    with a_town(set_up_name, tmp_path, "after-send") as town:
        plan, consent = opened_and_shared(town)
        arm(town)
        town.tell("children", "POST", "/sandbox/cases", {**MOTHER, "title": "Sag", "goals": [GOAL]})
        died = wait_until_dead(town)
        assert len(elements_at(town, "social", plan)) == 1, "the recipient has it, and the hub does not know"
        if died.name == "hub":
            died.start()
        assert town.ask("coordinator", "POST", f"/consents/{consent}/withdraw").status_code == 200
        if died.name == "worker":
            died.start()
        assert wait_for(lambda: elements_at(town, "social", plan), lambda held: not held) == {}


@pytest.mark.servers
def test_wiping_the_queues_loses_nothing(tmp_path: Path) -> None:
    with (
        a_set_up(SERVERS) as set_up,
        Town(tmp_path, replace(set_up, settings=QUICK)) as town,
        Broker(BROKER, set_up.queue_prefix) as queues,
    ):
        plan, _ = opened_and_shared(town)
        town.programs["worker"].stop()
        case = town.tell("children", "POST", "/sandbox/cases", {**MOTHER, "title": "Sag", "goals": [GOAL]})
        queues.delete()
        town.programs["worker"].start()
        assert len(wait_for(lambda: elements_at(town, "social", plan), lambda held: len(held) == 1)) == 1
        change = {"goals": [GOAL, {**GOAL, "id": "m2"}]}
        town.tell("children", "PATCH", f"/sandbox/cases/{case['case']}", change)
        queues.purge()
        assert len(wait_for(lambda: elements_at(town, "social", plan), lambda held: len(held) == 2)) == 2


def opened_and_shared(town: Town) -> tuple[str, str]:
    """Open the mother's plan and let social services see the goals of children and family; return plan and consent."""
    opened = town.ask(
        "coordinator",
        "POST",
        "/consents",
        {"kind": "one-plan", "person": MOTHER, "authorities": ["children", "social"]},
    )
    assert opened.status_code == 201, opened.text
    sharing = {
        "kind": "sharing",
        "plan": opened.json()["plan"],
        "effect": "permit",
        "sources": ["children"],
        "recipients": ["social"],
        "purposes": ["one-plan"],
        "categories": ["goals"],
        "label": "FORTROLIGE_PERSONOPLYSNINGER",
    }
    given = town.ask("coordinator", "POST", "/consents", sharing)
    assert given.status_code == 201, given.text
    return opened.json()["plan"], given.json()["consent"]


def arm(town: Town) -> None:
    """Have the next one who comes by the point die; what was under way before has ended."""
    wait_for(
        lambda: town.ask("operator", "GET", "/ops/queues").json()["deliveries"],
        lambda rows: not any(row["due"] for row in rows),
    )
    (town.folder / "trigger").touch()


def wait_until_dead(town: Town) -> Program:
    """Wait for the crash and return the program that died."""
    hubs = [town.programs[name] for name in ("hub", "worker") if name in town.programs]
    dead = wait_for(lambda: [program for program in hubs if not program.is_running], bool)
    assert len(dead) == 1
    program: Program = dead[0]
    return program


def elements_at(town: Town, system: str, plan: str) -> dict[str, Any]:
    held: dict[str, Any] = town.tell(system, "GET", "/sandbox/plans").get(plan, {}).get("elements", {})
    return held


def coordinators_elements(town: Town, plan: str) -> list[Any]:
    elements: list[Any] = town.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    return elements


def times_applied(town: Town, system: str, plan: str) -> int:
    """Count deliveries with content that the recipient took in, rather than dropped as one it had."""
    deliveries = town.tell(system, "GET", "/sandbox/deliveries")
    return sum(1 for one in deliveries if one["disclosed"] and not one["duplicate"])
