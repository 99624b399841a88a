"""A message followed from its door to each recipient's receipt: over real HTTP, all loops running, on both set-ups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from hub.clock import new_id, now
from hub.errors import RecipientDown, RecipientRefused
from hub.testing.memory_adapter import Told
from tests.integration.queue.traced import BUG, CANARY_CPR, CANARY_TITLE, Traced, traced
from tests.integration.set_up import SetUp, eventually

pytestmark = pytest.mark.integration

RECIPIENTS = ("social", "youth", "employment")
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture
def hub(set_up: SetUp) -> Iterator[Traced]:
    with traced(set_up) as running:
        yield running


def is_in_order(step: dict[str, Any]) -> bool:
    return datetime.fromisoformat(step["begun_at"]) <= datetime.fromisoformat(step["ended_at"])


def test_one_message_is_followed_to_the_receipt_of_each_of_three_recipients(hub: Traced) -> None:
    hub.opens_plan()
    receipt = hub.sends(1, "message-1", traceparent=TRACEPARENT, tracestate="tool=secret")
    with hub.set_up.running(hub.authorities):
        hub.ends("message-1", *RECIPIENTS)
    found = hub.trace("message-1")
    assert found["id"] == "message-1"
    assert "message-1" in found["correlation_ids"]
    steps = found["steps"]
    assert [step["begun_at"] for step in steps] == sorted(step["begun_at"] for step in steps)
    assert all(is_in_order(step) for step in steps)
    (accepted,) = (step for step in steps if step["step"] == "accepted")
    assert (accepted["authority"], accepted["receipt"], accepted["taken_in"]) == ("children", receipt, 1)
    assert (accepted["trace_id"], accepted["parent_id"]) == (TRACE, SPAN)
    for recipient in RECIPIENTS:
        names = [step["step"] for step in steps if step.get("recipient") == recipient]
        assert names == ["due", "sent", "settled"]
        (sent,) = (step for step in steps if step["step"] == "sent" and step["recipient"] == recipient)
        assert (sent["decision"], sent["shown"], sent["withdrawn"]) == ("permit", 1, 0)
        assert sent["rules"], "by which rule it was shown"
        assert (sent["outcome"], sent["policy"]) == ("taken-in", 1)
        assert all(consent.count("/") == 1 for consent in sent["consents"])
    assert "secret" not in str(found)


def test_a_recipient_is_told_a_trace_of_the_hubs_own_and_by_it_the_delivery_is_found(hub: Traced) -> None:
    hub.opens_plan()
    hub.sends(1, "message-1", traceparent=TRACEPARENT)
    with hub.set_up.running(hub.authorities):
        hub.ends("message-1", *RECIPIENTS)
    contexts = {name: hub.contexts(name)[0] for name in ("social", "youth")}
    told = {name: context.trace_id.hex for name, context in contexts.items() if context}
    assert len({*told.values(), TRACE}) == 3, "neither the sender's nor another recipient's"
    assert not any(b"message-1" in body or TRACE.encode() in body for _, body in hub.heard["social"])
    (sent,) = (step for step in hub.steps("message-1", "sent") if step["recipient"] == "social")
    assert contexts["social"]
    assert (sent["trace_id"], sent["span_id"]) == (told["social"], contexts["social"].span_id)
    for name in (sent["trace_id"], sent["told_as"], sent["delivery"], str(UUID(sent["delivery"]))):
        steps = hub.steps(name)
        assert {step["recipient"] for step in steps if "recipient" in step} == {"social"}
        assert [step["correlation_id"] for step in steps if step["step"] == "accepted"] == ["message-1"]
        assert "settled" in [step["step"] for step in steps]


def test_the_senders_trace_and_the_receipt_find_the_message(hub: Traced) -> None:
    hub.opens_plan()
    receipt = hub.sends(1, "message-1", traceparent=TRACEPARENT)
    assert hub.trace(TRACE)["steps"] == hub.trace(receipt)["steps"] == hub.trace("message-1")["steps"]
    assert {step["step"] for step in hub.steps(TRACE)} == {"accepted", "due"}
    assert all(step["ended_at"] is None for step in hub.steps(TRACE, "due")), "nobody has taken it up yet"


@pytest.mark.parametrize("told", ["", "00-" + "0" * 32 + f"-{SPAN}-01", f"00-{TRACE.upper()}-{SPAN}-01"])
def test_a_traceparent_that_is_none_begins_a_new_trace(hub: Traced, told: str) -> None:
    hub.opens_plan()
    hub.sends(1, "message-1", traceparent=told)
    (accepted,) = hub.steps("message-1", "accepted")
    assert accepted["parent_id"] is None
    assert accepted["trace_id"] not in (TRACE, "0" * 32)
    assert hub.trace(accepted["trace_id"])["steps"] == hub.trace("message-1")["steps"]


def test_of_two_traces_at_once_neither_is_the_senders(hub: Traced) -> None:
    hub.opens_plan()
    body = Told(CANARY_CPR, goals={"g1": CANARY_TITLE}).body()
    told = [("Authorization", f"Bearer {hub.tokens['children']}"), ("Content-Type", "application/json")]
    told += [("X-Correlation-Id", "message-1"), ("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)]
    assert httpx.post(f"{hub.url}/in/children", content=body, headers=told, timeout=20).status_code == 201
    (accepted,) = hub.steps("message-1", "accepted")
    assert (accepted["trace_id"] == TRACE, accepted["parent_id"]) == (False, None)


def test_a_burst_is_one_delivery_and_is_followed_from_each_of_its_messages(hub: Traced) -> None:
    hub.opens_plan()
    for number in (1, 2, 3):
        hub.sends(number, f"message-{number}")
    burst = [f"message-{number}" for number in (1, 2, 3)]
    with hub.set_up.running(hub.authorities):
        for name in burst:
            hub.ends(name, *RECIPIENTS)
        hub.sends(4, "message-4")
        hub.ends("message-4", *RECIPIENTS)
    assert [len(hub.heard[name]) for name in ("social", "youth")] == [2, 2]
    sent = {name: hub.steps(name, "sent") for name in (*burst, "message-4")}
    assert sent["message-1"] == sent["message-2"] == sent["message-3"]
    for step in sent["message-1"]:
        assert set(burst) <= set(step["covers"])
        assert "message-4" not in step["covers"]
    assert [step["covers"] for step in sent["message-4"]] == [["message-4"]] * 3
    (own,) = hub.steps("message-2", "accepted")
    assert own["correlation_id"] == "message-2", "of the others' messages it is told only that they went along"
    (social,) = (step for step in sent["message-1"] if step["recipient"] == "social")
    accepted = hub.steps(social["told_as"], "accepted")
    assert [step["correlation_id"] for step in accepted] == burst


def test_a_dead_letter_is_told_with_its_cause_and_followed_through_its_replay(hub: Traced) -> None:
    hub.opens_plan()
    hub.employment.fail_with(RecipientRefused("It says no."))
    hub.sends(1, "message-1")
    with hub.set_up.running(hub.authorities):
        eventually(lambda: hub.steps("message-1", "dead-letter"))
        (dead,) = hub.steps("message-1", "dead-letter")
        assert (dead["recipient"], dead["cause"], dead["actor"]) == ("employment", "recipient-refused", "hub")
        names = [step["step"] for step in hub.steps("message-1") if step.get("recipient") == "employment"]
        assert names == ["due", "sent", "dead-letter"]
        hub.employment.fail_with(None)
        path = f"/ops/dead-letters/{dead['delivery']}/replay"
        assert hub.ask("operator", "POST", path, X_Correlation_Id="replay-1").status_code == 202
        hub.ends("message-1", "employment")
    steps = [step for step in hub.steps("message-1") if step.get("recipient") == "employment"]
    assert [step["step"] for step in steps] == ["due", "sent", "dead-letter", "replayed", "sent", "settled"]
    assert set(steps[-1]["covers"]) >= {"message-1", "replay-1"}
    assert [step["recipient"] for step in hub.steps("replay-1", "settled")] == ["employment"]


def test_what_is_withheld_ends_with_nothing_to_say_and_the_rules_that_withhold_it(hub: Traced) -> None:
    hub.opens_plan(is_shared=False)
    hub.sends(1, "message-1")
    with hub.set_up.running(hub.authorities):
        eventually(lambda: len(hub.steps("message-1", "nothing-to-say")) == 3)
    for step in hub.steps("message-1", "nothing-to-say"):
        assert step["decision"] == "withheld"
        assert "SYS-DEFAULT" in step["withheld_by"]
        assert (step["policy"], "message-1" in step["covers"]) == (1, True)
        assert isinstance(step["consent_version"], int)
    assert hub.steps("message-1", "sent", "settled") == []
    assert hub.heard == {"social": [], "youth": []}


def test_a_refused_message_is_told_with_its_code_and_nothing_of_what_it_said(hub: Traced) -> None:
    hub.opens_plan()
    body = f'{{"cpr": "{CANARY_CPR}", "title": "{CANARY_TITLE}"}}'.encode()
    refused = hub.ask("children", "POST", "/in/children", body, X_Correlation_Id="message-1")
    assert refused.status_code == 400
    (step,) = hub.steps("message-1")
    assert (step["step"], step["actor"], step["code"]) == ("refused", "children", "contract-violation")
    assert step["begun_at"] == step["ended_at"]


@pytest.mark.parametrize(
    "wanted",
    # The last is a trace id in whose middle there are ten digits that could be a CPR number.
    ["never-heard-of", "9" * 64, str(UUID(int=7)), f"{UUID(int=7)}-1", "-", "cfc7310698384c489170f0c52811e423"],
)
def test_an_id_that_names_nothing_is_not_found(hub: Traced, wanted: str) -> None:
    hub.opens_plan()
    answer = hub.ask("operator", "GET", f"/ops/trace/{wanted}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert "correlation id" in answer.json()["next_step"]


def test_what_is_no_id_is_refused(hub: Traced) -> None:
    for wanted in ("a%20b", "x" * 65, "%C3%B8"):
        assert hub.ask("operator", "GET", f"/ops/trace/{wanted}").status_code == 400


@pytest.mark.parametrize("caller", ["children", "caseworker", "coordinator", "citizen", "administrator"])
def test_only_an_operator_may_follow_a_message(hub: Traced, caller: str) -> None:
    assert hub.ask(caller, "GET", "/ops/trace/opened").status_code == 403


def test_a_line_of_the_log_about_a_delivery_has_the_ids_by_which_it_is_found(hub: Traced) -> None:
    hub.opens_plan()
    hub.employment.fail_with(RecipientDown("It does not answer."))
    with capture_logs([merge_contextvars]) as lines, hub.set_up.running(hub.authorities):
        hub.sends(1, "message-1")
        eventually(lambda: [line for line in lines if line["event"] == "breaker-opened"])
    (line,) = (line for line in lines if line["event"] == "breaker-opened")
    assert line["correlation_id"] == "message-1"
    sent = hub.steps(line["delivery"], "sent")
    assert line["span_id"] in {step["span_id"] for step in sent}
    assert {step["trace_id"] for step in sent} == {line["trace_id"]}


def test_a_line_of_the_log_about_a_request_has_its_correlation_id_and_trace(hub: Traced) -> None:
    with capture_logs([merge_contextvars]) as lines:
        answer = hub.ask("children", "POST", "/in/children", BUG, X_Correlation_Id="asked-1", traceparent=TRACEPARENT)
    assert answer.status_code == 500
    (line,) = (line for line in lines if line["event"] == "failed")
    assert (line["correlation_id"], line["trace_id"]) == ("asked-1", TRACE)


def test_what_has_made_deliveries_due_is_forgotten_oldest_first_and_no_more_than_asked(hub: Traced) -> None:
    hub.opens_plan()
    hub.sends(1, "message-1")
    with hub.set_up.store.begin() as unit:
        assert unit.traces.clear(now() - timedelta(days=1), 500) == 0
        assert unit.traces.clear(now() + timedelta(seconds=1), 2) == 2
        assert unit.traces.clear(now() + timedelta(seconds=1), 500) > 0
        assert unit.traces.clear(now() + timedelta(seconds=1), 500) == 0
    assert {step["step"] for step in hub.steps("message-1")} == {"accepted"}
    assert hub.ask("operator", "GET", f"/ops/trace/{new_id()}").status_code == 404
