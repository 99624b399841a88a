"""What the coordinator, the operator and the post see and say of letters to citizens."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from typer.testing import CliRunner

from hub.authority import contract_folder
from hub.cli.commands import app
from hub.clock import new_id, now
from hub.store.notices import NoticeKind, State, Wanted
from tests.integration.api.served import ANNA_CPR, Served, served
from tests.integration.post_box import CVR, SENDER

pytestmark = pytest.mark.integration
EXAMPLES = contract_folder("post/v1") / "examples"
XML = {"Content-Type": "application/xml"}
_IN_THE_EXAMPLES = b"0b6f5d0c-5a0e-4c1c-9a57-6a1a4a4b1f10"


@pytest.fixture(scope="module")
def posting_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An API whose hub has a post."""
    post = {"url": "http://127.0.0.1:9", "token": "t", "sender_cvr": CVR, "sender_name": SENDER}
    with served(f"sqlite:///{tmp_path_factory.mktemp('post-api') / 'hub.db'}", post=post) as running:
        yield running


def made(hub: Served, kind: NoticeKind = NoticeKind.EMERGENCY, *, by_hand: str = "", about: UUID | None = None) -> UUID:
    with hub.store.begin() as unit:
        wanted = Wanted(kind, hub.plan, hub.anna, about or new_id(), now() + timedelta(days=1))
        key = unit.notices.add(wanted, now(), by_hand=by_hand)
    assert key is not None
    return key


def state(hub: Served, key: UUID) -> tuple[str, str]:
    with hub.store.begin(read_only=True) as unit:
        found = unit.notices.get(key)
    assert found is not None
    return found.state, found.cause


def told(name: str, key: UUID) -> bytes:
    return (EXAMPLES / name).read_bytes().replace(_IN_THE_EXAMPLES, str(key).encode())


def listed(hub: Served, caller: str = "coordinator") -> dict[str, dict[str, object]]:
    answer = hub.ask(caller, "GET", "/notices")
    assert answer.status_code == 200, answer.text
    return {one["notice"]: one for one in answer.json()["notices"]}


def test_the_coordinator_sees_what_was_not_told_and_says_that_it_was(posting_hub: Served) -> None:
    hub, key = posting_hub, made(posting_hub, by_hand="no-custodian")
    row = listed(hub)[str(key)]
    assert (row["plan"], row["state"]) == (str(hub.plan), "by-hand")
    assert "custody" in str(row["sentence"])
    assert str(key) not in listed(hub, "another-coordinator")
    assert hub.ask("another-coordinator", "POST", f"/notices/{key}/told").status_code == 404
    answer = hub.ask("coordinator", "POST", f"/notices/{key}/told")
    assert (answer.status_code, answer.json()["state"]) == (200, "told")
    assert str(key) not in listed(hub)
    assert hub.ask("coordinator", "POST", f"/notices/{key}/told").status_code == 409


def test_an_appointment_that_the_coordinator_may_not_see_is_not_listed(posting_hub: Served) -> None:
    hub, key = posting_hub, made(posting_hub, NoticeKind.APPOINTMENT, by_hand="no-number")
    assert str(key) not in listed(hub)
    assert hub.ask("coordinator", "POST", f"/notices/{key}/told").status_code == 404
    assert str(key) in str(hub.ask("operator", "GET", "/ops/notices").json())


def test_an_operator_sees_counts_and_causes_and_no_plan_and_no_person(posting_hub: Served) -> None:
    hub, key = posting_hub, made(posting_hub, by_hand="no-number")
    answer = hub.ask("operator", "GET", "/ops/notices")
    assert any(one["state"] == "by-hand" and one["notices"] >= 1 for one in answer.json()["counts"])
    assert str(key) in answer.text
    for secret in (str(hub.plan), str(hub.anna), ANNA_CPR):
        assert secret not in answer.text
    assert hub.ask("operator", "GET", "/ops/queues").json()["notices"] == answer.json()["counts"]


def test_an_operator_replays_a_dead_notice(posting_hub: Served) -> None:
    hub, key = posting_hub, made(posting_hub)
    assert hub.ask("operator", "POST", f"/ops/notices/{key}/replay").status_code == 404
    with hub.store.begin() as unit:
        assert unit.notices.move(key, (State.WAITING,), State.DEAD, now(), cause="recipient-failed")
    assert hub.ask("operator", "POST", f"/ops/notices/{key}/replay").status_code == 202
    assert state(hub, key) == ("waiting", "")


def test_the_post_says_that_a_letter_has_arrived_or_come_back(posting_hub: Served) -> None:
    hub = posting_hub
    arrived, returned = made(hub), made(hub)
    bodies = [told("receipt-delivered.xml", arrived), told("receipt-not-registered.xml", returned)]
    for body in [*bodies, *bodies]:
        assert hub.ask("post", "POST", "/post/receipts", body, headers=XML).status_code == 202
    assert state(hub, arrived) == ("delivered", "")
    assert state(hub, returned) == ("by-hand", "not-registered")
    assert "paper" in str(listed(hub)[str(returned)]["sentence"])


def test_a_late_receipt_changes_nothing_that_the_coordinator_has_done(posting_hub: Served) -> None:
    hub, key = posting_hub, made(posting_hub, by_hand="no-number")
    hub.ask("coordinator", "POST", f"/notices/{key}/told")
    assert hub.ask("post", "POST", "/post/receipts", told("receipt-delivered.xml", key), headers=XML).status_code == 202
    assert state(hub, key) == ("told", "")


def test_a_receipt_of_a_letter_that_the_hub_does_not_know_is_taken_and_changes_nothing(posting_hub: Served) -> None:
    body = told("receipt-delivered.xml", new_id())
    assert posting_hub.ask("post", "POST", "/post/receipts", body, headers=XML).status_code == 202


@pytest.mark.parametrize("caller", ["children", "coordinator", "operator", "anna"])
def test_only_the_post_brings_receipts(posting_hub: Served, caller: str) -> None:
    key = made(posting_hub)
    body = told("receipt-delivered.xml", key)
    assert posting_hub.ask(caller, "POST", "/post/receipts", body, headers=XML).status_code == 403
    assert state(posting_hub, key) == ("waiting", "")


def test_what_is_no_receipt_is_refused_without_a_word_of_it(posting_hub: Served) -> None:
    answer = posting_hub.ask("post", "POST", "/post/receipts", f"<a>{ANNA_CPR}</a>".encode(), headers=XML)
    assert answer.status_code == 400
    assert ANNA_CPR not in answer.text


# --- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def cli(posting_hub: Served, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line on the machine of the API's hub."""
    key = base64.b64encode
    monkeypatch.setenv("HUB_DATABASE_URL", posting_hub.store.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUB_KEYS__1", key(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", key(b"\x02" * 32).decode())
    return CliRunner()


def test_the_command_line_names_what_is_dead_ends_with_1_and_says_that_there_is_no_post(
    posting_hub: Served, cli: CliRunner
) -> None:
    key = made(posting_hub)
    with posting_hub.store.begin() as unit:
        unit.notices.move(key, (State.WAITING,), State.DEAD, now(), cause="recipient-failed")
    plain, ran = cli.invoke(app, ["notices", "list"]), cli.invoke(app, ["notices", "list", "--json"])
    assert (plain.exit_code, ran.exit_code) == (1, 1)
    assert "No post is configured" in plain.output
    told = orjson.loads(ran.stdout)
    assert told["post"] is False
    assert [one["cause"] for one in told["notices"] if one["notice"] == str(key)] == ["recipient-failed"]
    for secret in (str(posting_hub.plan), str(posting_hub.anna)):
        assert secret not in plain.output + ran.output
    assert cli.invoke(app, ["notices", "replay", str(key)]).exit_code == 0
    assert state(posting_hub, key) == ("waiting", "")
    [row] = [one for one in posting_hub.audited("letter-replayed") if one["details"]["notice"] == str(key)]
    assert row["actor"].startswith("cli:")


def test_the_command_line_knows_that_a_post_is_configured(cli: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"URL": "http://127.0.0.1:9", "TOKEN": "t", "SENDER_CVR": CVR, "SENDER_NAME": SENDER}.items():
        monkeypatch.setenv(f"HUB_POST__{name}", value)
    assert "No post is configured" not in cli.invoke(app, ["notices", "list"]).output
    [post] = [one for one in orjson.loads(cli.invoke(app, ["check", "--json"]).stdout) if one["part"] == "post"]
    assert post["said"] == "configured"
