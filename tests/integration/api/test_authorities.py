"""How each authority stands, and to hold, release and probe one: by the API, by the command line, and on a plan."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest

from hub.clock import now
from hub.store.circuits import Direction
from tests.integration.api.served import CANARY_CPR, Served, on_both, on_the_command_line
from tests.integration.silence import answers_again, falls_silent

pytestmark = pytest.mark.integration

PATH = "/ops/authorities"


@pytest.fixture(autouse=True)
def released(hub: Served) -> Iterator[None]:
    """Leave nothing held or paused for the next test."""
    yield
    with hub.store.begin() as unit:
        found = unit.breakers.all()
        for circuit in found:
            unit.breakers.release(circuit.authority, circuit.direction)
    for circuit in found:
        if circuit.since is not None:
            answers_again(hub.store, circuit.authority, circuit.direction)


def stands(hub: Served, authority: str, direction: str) -> dict[str, Any]:
    rows = hub.ask("operator", "GET", PATH).json()["authorities"]
    found: dict[str, Any] = next(row for row in rows if (row["authority"], row["direction"]) == (authority, direction))
    return found


def asks(hub: Served, deed: str, **body: str) -> tuple[int, Any]:
    answer = hub.ask("operator", "POST", f"{PATH}/employment/{deed}", body)
    return answer.status_code, answer.json()


@on_both
def test_every_configured_authority_stands_in_both_directions(hub: Served) -> None:
    rows = hub.ask("operator", "GET", PATH).json()["authorities"]
    names = {"children", "employment", "social"}
    assert {(row["authority"], row["direction"]) for row in rows} == {
        (name, direction) for name in names for direction in ("recipient", "source")
    }
    assert rows[0].keys() == {
        "authority", "direction", "state", "since", "until", "reason", "held_by", "failures", "next_probe_at",
        "is_probed", "last_success_at", "last_attempt_at", "last_result", "under_way", "at_most", "waiting",
        "withdrawals_waiting", "withdrawals_since", "receipts_missing", "words_missing", "alarm",
    }  # fmt: skip


@on_both
def test_a_system_that_does_not_answer_is_open_with_when_why_and_what_waits(hub: Served) -> None:
    hub.opens_plan()
    until = falls_silent(hub.store, "employment")
    stood = stands(hub, "employment", "recipient")
    assert (stood["state"], stood["reason"], stood["failures"]) == ("open", "recipient-down", 1)
    assert datetime.fromisoformat(stood["until"]) == until == datetime.fromisoformat(stood["next_probe_at"])
    assert stood["waiting"] >= 1
    assert stands(hub, "employment", "source")["state"] == "closed"


@on_both
def test_an_operator_holds_and_releases_and_both_are_told_and_written_down(hub: Served) -> None:
    status, answer = asks(hub, "hold", reason="maintenance")
    assert status == 202
    assert {(row["direction"], row["state"], row["reason"], row["held_by"]) for row in answer["authorities"]} == {
        ("recipient", "held", "maintenance", "operator"), ("source", "held", "maintenance", "operator"),
    }  # fmt: skip
    assert asks(hub, "hold", reason="maintenance")[0] == 409
    assert asks(hub, "probe")[0] == 409
    assert asks(hub, "release", direction="source")[0] == 202
    assert (stands(hub, "employment", "recipient")["state"], stands(hub, "employment", "source")["state"]) == (
        "held", "closed",
    )  # fmt: skip
    assert asks(hub, "release")[0] == 202
    assert asks(hub, "release")[0] == 409
    told = [
        (one["action"], one["direction"], one.get("reason"))
        for one in hub.ask("operator", "GET", "/ops/activity").json()["activity"]
        if one["action"] in ("held", "released")
    ][-4:]
    assert told == [
        ("held", "recipient", "maintenance"), ("held", "source", "maintenance"),
        ("released", "source", None), ("released", "recipient", None),
    ]  # fmt: skip


def test_an_operator_ends_a_pause(hub: Served) -> None:
    falls_silent(hub.store, "employment", Direction.SOURCE)
    with hub.store.begin() as unit:
        unit.jobs.add_fetches("employment", ["a-reference"], now(), "c")
    status, answer = asks(hub, "probe", direction="source")
    assert (status, answer["probes"]) == (202, True)
    assert stands(hub, "employment", "source")["state"] == "half-open"


@pytest.mark.parametrize(
    "body", [{}, {"reason": "because"}, {"reason": "other", "why": CANARY_CPR}, {"direction": "up"}]
)
def test_a_hold_needs_a_reason_of_the_list_and_nothing_else(hub: Served, body: dict[str, str]) -> None:
    answer = hub.ask("operator", "POST", f"{PATH}/employment/hold", body)
    assert answer.status_code == 400
    assert CANARY_CPR not in answer.text
    assert stands(hub, "employment", "recipient")["state"] == "closed"


def test_an_authority_that_nobody_knows_is_not_found(hub: Served) -> None:
    assert hub.ask("operator", "POST", f"{PATH}/nobody/hold", {"reason": "other"}).status_code == 404


@on_both
def test_a_plan_says_of_each_source_how_old_it_is_and_that_it_cannot_be_asked(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, {"id": "g", "title": "Et mål"})

    def read() -> tuple[dict[str, Any], str]:
        answer = hub.ask("coordinator", "GET", f"/plans/{opened['plan']}")
        (source,) = answer.json()["sources"]
        return source, answer.headers["etag"]

    before, tag = read()
    assert (before["authority"], before["is_answering"], before["not_answering_since"]) == ("employment", True, None)
    falls_silent(hub.store, "employment", Direction.SOURCE)
    silent, other_tag = read()
    assert silent["newest_registered_at"] == before["newest_registered_at"], "an attempt makes nothing newer"
    assert (silent["is_answering"], tag == other_tag) == (False, False)
    assert datetime.fromisoformat(silent["not_answering_since"]) <= now()
    falls_silent(hub.store, "social", Direction.SOURCE)
    assert read() == (silent, other_tag), "an authority of which the reader sees nothing is not told of"


@pytest.mark.slow
def test_the_command_line_lists_holds_releases_and_probes(hub: Served) -> None:
    def hub_authorities(*arguments: str) -> subprocess.CompletedProcess[str]:
        return on_the_command_line(hub, "authorities", *arguments, HUB_AUTHORITIES__EMPLOYMENT__PAGE_SIZE="9")

    said = hub_authorities("hold", "employment", "--reason", "security-incident")
    assert said.returncode == 0, said.stderr
    assert "may keep what a citizen has taken back" in said.stdout
    listed = orjson.loads(hub_authorities("list", "--json").stdout)["authorities"]
    assert {row["state"] for row in listed if row["authority"] == "employment"} == {"held"}
    assert hub_authorities("hold", "employment", "--reason", "other").returncode == 1
    assert "half" not in hub_authorities("list").stdout
    assert hub_authorities("release", "employment").returncode == 0
    assert "no pause" in hub_authorities("probe", "employment").stderr
    assert {row["actor"][:4] for row in hub.audited("held")[-2:]} == {"cli:"}
