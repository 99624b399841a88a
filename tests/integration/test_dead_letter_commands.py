"""``hub dlq`` as an operator runs it, and the how-to for the night: every command of it is run as it stands."""

from __future__ import annotations

import base64
import csv
import io
import re
import shlex
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from typer.testing import CliRunner, Result

from hub.cli.checking import rings_waiting
from hub.cli.commands import app
from hub.cli.dead_letters import _harmless
from hub.clock import now
from hub.errors import ContractViolation, InvalidRequest, NotFound, RecipientDenied, RecipientFailed, RecipientRefused
from hub.flow.dead_causes import FIXES, Cause
from hub.flow.replay_steps import active, step
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from hub.testing.clock import frozen
from tests.integration.databases import a_store
from tests.integration.flow.test_dead_letters import a_dead_letter
from tests.integration.flow.test_deliver import raises
from tests.integration.set_up import EMBEDDED, SERVERS, a_set_up
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "handle-an-incident.md").read_text("utf-8")
NAME, TITLE = "Kanariefugl Prøvesen", "Et mål om en kanariefugl"
WHY = "Deres sag er lukket."


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A hub that the command line knows by its settings, and nothing in it."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    monkeypatch.setenv("HUB_KEYS__1", base64.b64encode(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", base64.b64encode(b"\x02" * 32).decode())
    for name in ("social", "employment"):
        monkeypatch.setenv(f"HUB_AUTHORITIES__{name.upper()}", '{"url": "http://127.0.0.1:9", "token": "t"}')
    monkeypatch.setenv("COLUMNS", "300")
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    world = World(a_store(url))
    yield world
    world.store.close()


@pytest.fixture
def world(night: World) -> World:
    """Two dead letters: social services do not let the hub in, and employment refuses."""
    world = night
    plan = world.opens_plan(name=NAME).plans[0]
    world.says(a_consent(SOMEBODY).to("social", "employment").for_categories("goals").build(), plan)
    world.systems["social"].before = raises(RecipientDenied("The system of social answered HTTP 403."))
    world.systems["employment"].before = raises(RecipientRefused("Case 4711 is closed."))
    world.accepts(a_contribution("children").about(TEST_CPR).with_draft("g", title=TITLE).build(), correlation_id="m-1")
    world.drains()
    return world


def says(*arguments: str, ends: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == ends, (arguments, result.output, result.exception)
    for secret in (TEST_CPR, NAME, TITLE):
        assert secret not in result.output
    return result


def told(*arguments: str) -> Any:
    return orjson.loads(says(*arguments, "--json").output)


def test_groups_come_with_what_mends_them(world: World) -> None:
    found = {one["cause"]: one for one in told("dlq", "list")}
    assert found.keys() == {"auth", "business-refusal"}
    assert all((one["count"], one["fix"]) == (1, FIXES[Cause(cause)]) for cause, one in found.items())
    printed = says("dlq", "list", "--cause", "auth").output
    assert FIXES[Cause.AUTH] in printed.replace("\n", " ")
    assert FIXES[Cause.BUSINESS_REFUSAL] not in printed.replace("\n", " ")
    (single,) = told("dlq", "list", "--all", "--recipient", "employment")
    assert (single["group"], single["note"]) == (found["business-refusal"]["group"], "Case 4711 is closed.")


def test_one_is_shown_for_people_and_for_programs(world: World) -> None:
    (single,) = told("dlq", "list", "--all", "--recipient", "social")
    shown = told("dlq", "show", single["id"])
    assert f"string({len(TITLE)})" in str(shown["would_leave"]["shape"])
    assert shown["trace"] == f"hub trace {single['id']}"
    assert "recipient-denied" in says("dlq", "show", single["id"]).output


def test_one_or_a_group_is_discarded(world: World) -> None:
    group = told("dlq", "list", "--cause", "auth")[0]["group"]
    says("dlq", "discard", "--reason", WHY, ends=2)
    assert len(told("dlq", "discard", "--group", group, "--reason", WHY)["discarded"]) == 1
    (left,) = told("dlq", "list", "--all")
    assert "Discarded: 1" in says("dlq", "discard", left["id"], "--reason", WHY).output
    says("dlq", "discard", left["id"], "--reason", WHY)
    assert told("dlq", "list") == []
    failed = says("dlq", "discard", "--group", group, "--reason", WHY, ends=1)
    assert isinstance(failed.exception, NotFound)


def test_a_reason_with_somebodys_number_is_refused_for_operators_read_it(world: World) -> None:
    (single,) = told("dlq", "list", "--all", "--recipient", "social")
    refused = says("dlq", "discard", single["id"], "--reason", f"{WHY} 0201609995", ends=1)
    assert isinstance(refused.exception, InvalidRequest)
    assert "0201609995" not in str(refused.exception)
    assert told("dlq", "list", "--all", "--recipient", "social") == [single]


def test_an_export_has_every_one_and_no_formula(world: World) -> None:
    lines = [orjson.loads(line) for line in says("dlq", "export").output.splitlines()]
    table = list(csv.DictReader(io.StringIO(says("dlq", "export", "--format", "csv").output)))
    assert {one["id"] for one in lines} == {one["id"] for one in table}
    assert {one["cause"] for one in table} == {"auth", "business-refusal"}
    assert [_harmless(cell) for cell in ("=1+1", "-m", "@x", "+4", "\tx", "a=1")] == [
        "'=1+1", "'-m", "'@x", "'+4", "'\tx", "a=1",
    ]  # fmt: skip


# --- those that are called ----------------------------------------------------------------------------------------


def test_a_connection_is_tried_without_a_word_and_that_is_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("HUB_AUTHORITIES__SOCIAL", orjson.dumps({"url": url, "token": "t"}).decode())
        found = told("adapters", "probe", "social")
        line, _ = server.accept()
        with line:
            assert line.recv(1) == b"", "nothing is sent"
        monkeypatch.setenv("HUB_POST", orjson.dumps({"url": url, "token": "t"}).decode())
        monkeypatch.setenv("HUB_PERSON_REGISTER", orjson.dumps({"url": "http://127.0.0.1:9", "token": "t"}).decode())
        assert told("adapters", "probe", "digital-post")["address"] == url.removeprefix("http://")
        monkeypatch.setenv("HUB_AUTHORITIES__YOUTH", "{}")
        assert orjson.loads(says("adapters", "probe", "youth", "--json", ends=1).output)["said"] == "no-address"
        assert not orjson.loads(says("adapters", "probe", "register", "--json", ends=1).output)["reached"]
    assert (found["reached"], found["said"], found["address"]) == (True, "connected", url.removeprefix("http://"))
    failed = orjson.loads(says("adapters", "probe", "social", "--json", ends=1).output)
    assert (failed["reached"], failed["said"]) == (False, "refused")
    assert len(world.audited("connection-tried")) == 5
    assert isinstance(says("adapters", "probe", "nobody", ends=1).exception, NotFound)


def test_a_pause_stands_until_it_is_resumed(world: World) -> None:
    rows = told("adapters", "pause", "social", "--reason", "agreed", "--direction", "recipient")["authorities"]
    (paused,) = (one for one in rows if one["direction"] == "recipient")
    assert (paused["state"], paused["reason"]) == ("held", "agreed")
    world.waits()
    listed = {(one["authority"], one["direction"]): one["state"] for one in told("adapters", "list")["authorities"]}
    assert listed["social", "recipient"] == "held"
    resumed = told("adapters", "resume", "social")["authorities"]
    assert "held" not in {one["state"] for one in resumed}
    assert [len(world.audited(deed)) for deed in ("held", "released")] == [1, 1]


def test_queues_name_what_waits_and_who_is_paused(world: World) -> None:
    found = told("queues")
    assert found.keys() == {"deliveries", "breakers", "jobs", "notices", "rings"}
    assert {one["recipient"]: one["dead_letters"] for one in found["deliveries"]}["social"] == 1


@pytest.mark.parametrize("kind", [EMBEDDED, SERVERS])
def test_rings_are_counted_in_a_broker_of_its_own_and_its_silence_is_told(kind: str, tmp_path: Path) -> None:
    with a_set_up(kind, tmp_path) as hub:
        found = rings_waiting(hub.settings)
        assert {one["queue"].rpartition(".")[2] for one in found} == (
            {"urgent", "normal"} if kind == SERVERS else set()
        )
        assert all(one["rings"] == 0 for one in found)
        if kind == SERVERS:
            nobody = hub.settings.model_copy(update={"broker_url": "amqp://guest:guest@127.0.0.1:1//"})
            assert rings_waiting(nobody) == [{"queue": "broker-down", "rings": None}]


# --- the how-to ---------------------------------------------------------------------------------------------------


def test_the_how_to_has_every_cause_and_its_fix() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", PAGE, flags=re.MULTILINE))
    assert rows == {cause.value: FIXES[cause] for cause in Cause}


def test_every_command_of_the_how_to_runs(world: World) -> None:
    """GROUP, ID and NAME stand for what the list says; the commands are run in their order."""
    commands = re.findall(r"^\$ hub (.+)$", PAGE, flags=re.MULTILINE)
    assert len(commands) >= 8
    for command in commands:
        singles = told("dlq", "list", "--all")
        known = {"GROUP": singles[-1]["group"], "ID": singles[0]["id"], "NAME": "social"} if singles else {}
        arguments = [known.get(word, word) for word in shlex.split(command)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code in (0, 1 if arguments[0] == "adapters" else 0), (
            command,
            result.output,
            result.exception,
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), command


def parks_a_fetch(night: World) -> None:
    with night.store.begin() as unit:
        unit.jobs.add_fetches("social", ["case-1"], now(), "c")
        job = unit.jobs.lease(now(), 60, ["social"])
        assert job
        unit.jobs.park(job, now(), "unknown-person")


def loses_its_consent(night: World) -> None:
    _, consent = a_dead_letter(night, RecipientRefused("It will not."))
    night.takes_back(consent)
    night.drains()


ARISES: dict[Cause, Callable[[World], object]] = {
    Cause.CONTRACT: lambda night: a_dead_letter(night, ContractViolation("A field has no word.")),
    Cause.BUSINESS_REFUSAL: lambda night: a_dead_letter(night, RecipientRefused("It will not.")),
    Cause.CONSENT_CHANGED: loses_its_consent,
    Cause.UNKNOWN_PERSON: parks_a_fetch,
    Cause.BUG: lambda night: a_dead_letter(night, KeyError("Titel")),
    Cause.POISON: lambda night: a_dead_letter(night, RecipientFailed("It failed.")),
    Cause.AUTH: lambda night: a_dead_letter(night, RecipientDenied("The system of social answered HTTP 403.")),
}


@pytest.mark.parametrize("cause", Cause)
def test_an_operator_resolves_each_cause_from_the_command_line(night: World, cause: Cause) -> None:
    """As the page has it: list, show, mend (here the recipient is well again), then replay or discard."""
    ARISES[cause](night)
    (group,) = told("dlq", "list", "--cause", cause)
    (single,) = told("dlq", "list", "--group", group["group"], "--all")
    says("dlq", "show", single["id"])
    if cause is Cause.UNKNOWN_PERSON:
        night.opens_plan()
    elif cause is Cause.CONSENT_CHANGED:
        says("dlq", "discard", "--group", group["group"], "--reason", WHY)
    else:
        (forecast,) = told("dlq", "replay", "--group", group["group"], "--dry-run")["groups"]
        assert forecast["would"]["would-leave"] == 1
        replay = told("dlq", "replay", "--group", group["group"], "--reason", WHY)["id"]
        comes_back(night, UUID(replay))
        shown = told("dlq", "replays", "show", replay)
        assert (shown["state"], shown["counts"]["delivered"]) == ("done", 1)
    assert told("dlq", "list") == []


def comes_back(night: World, replay: UUID) -> None:
    """Do what a running hub does until a replay has ended."""
    with frozen(now()) as clock:
        for _ in range(60):
            while step(replay, night.store, night.authorities):
                pass
            night.drains()
            clock.advance(timedelta(seconds=5))
            if replay not in active(night.store):
                return


def test_what_died_again_names_the_replay_that_it_came_after(night: World) -> None:
    a_dead_letter(night, RecipientRefused("It will not."))
    assert told("dlq", "list", "--all")[0]["after_replay"] is None
    night.systems["social"].before = raises(RecipientRefused("It will not."))
    replay = told("dlq", "replay", "--cause", "business-refusal", "--reason", WHY)["id"]
    comes_back(night, UUID(replay))
    (again,) = told("dlq", "list", "--all")
    assert again["after_replay"] == replay == told("dlq", "show", again["id"])["after_replay"]
