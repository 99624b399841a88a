"""An auditor looks into the audit and has it checked; a security administrator into clients and keys. Nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from hub.clock import now
from hub.flow.seal import checkpoint, seal
from hub.settings import Settings
from tests.integration.api.served import CANARY_CPR, CANARY_NAME, Served, on_both

pytestmark = pytest.mark.integration


def searched(hub: Served, query: str) -> dict[str, Any]:
    answer = hub.ask("auditor", "GET", f"/audit?{query}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@on_both
def test_what_was_done_is_found_by_plan_actor_action_time_and_correlation(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    read = hub.ask("coordinator", "GET", f"/plans/{plan}", headers={"X-Correlation-Id": f"look-{plan[:8]}"})
    assert read.status_code == 200
    (entry,) = searched(hub, f"plan={plan}&action=read")["entries"]
    assert (entry["actor"], entry["plan"], entry["correlation_id"]) == ("coordinator", plan, f"look-{plan[:8]}")
    begun, later = quote(entry["at"]), quote((now() + timedelta(hours=1)).isoformat())
    for query in (f"correlation=look-{plan[:8]}", f"plan={plan}&actor=coordinator&since={begun}&until={later}"):
        assert entry in searched(hub, query)["entries"]
    for query in (
        f"plan={plan}&actor=children",
        f"plan={plan}&since={later}",
        f"plan={plan}&until={begun}&action=read",
    ):
        assert searched(hub, query) == {"entries": [], "after": None}


@on_both
def test_pages_follow_one_another_without_a_gap_or_a_repeat(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    for _ in range(5):
        hub.ask("coordinator", "GET", f"/plans/{plan}")
    whole = [one["row"] for one in searched(hub, f"plan={plan}&most=500")["entries"]]
    pages, after = list[int](), ""
    while True:
        page = searched(hub, f"plan={plan}&most=2{after}")
        pages += [one["row"] for one in page["entries"]]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert pages == whole
    assert len(whole) > 5


def test_the_look_is_in_the_audit_itself(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    searched(hub, f"plan={plan}&action=read")
    looked = hub.audited("audit-searched")[-1]
    assert looked["actor"] == "auditor"
    assert looked["details"]["asked"] == {"action": "read", "plan": plan}


def test_an_auditor_is_shown_nothing_that_a_plan_says(hub: Served) -> None:
    cpr, opened = hub.opens_plan(CANARY_CPR, CANARY_NAME)
    hub.sends(cpr, {"id": "g", "title": "Et mål om kanariefugle", "category": "goals"})
    hub.ask("coordinator", "GET", f"/plans/{opened['plan']}")
    hub.ask("coordinator", "POST", "/plans/search", {"cpr": cpr})
    answer = hub.ask("auditor", "GET", "/audit?most=500").text
    assert opened["plan"] in answer
    assert not any(word in answer for word in (CANARY_CPR, CANARY_NAME, "kanariefugl", hub.a_cpr()))


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=AAAA", "after=__________8", "most=0", "since=today", "plan=x", "actor=%20", "until=2026-01-01"],
)
def test_what_is_no_question_is_refused(hub: Served, query: str) -> None:
    assert hub.ask("auditor", "GET", f"/audit?{query}").status_code == 400


def test_a_whole_audit_is_whole_and_a_changed_entry_is_found(hub: Served) -> None:
    given: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32, "audit_checkpoint_entries": 1}
    while seal(hub.store, is_whole=True):
        pass
    checkpoint(hub.store, Settings(**given))
    told = hub.ask("auditor", "GET", "/audit/verification").json()
    assert (told["whole"], told["faults"]) == (True, [])
    assert told["entries"] == told["checked_to"] > 0
    assert hub.audited("audit-verified")[-1]["details"]["whole"] is True
    hub.forges_the_audit()
    told = hub.ask("auditor", "GET", "/audit/verification").json()
    assert told["whole"] is False
    assert "Entry 0 is not what was sealed: it was changed." in told["faults"]


def test_a_security_administrator_sees_clients_and_keys_and_no_secret(hub: Served) -> None:
    clients = hub.ask("security", "GET", "/security/clients")
    told = {one["client"]: one for one in clients.json()["clients"]}
    assert told["caseworker"] == {
        "client": "caseworker", "organisation": "children", "role": "caseworker", "purpose": "one-plan",
        "holder": "caseworker", "signs_in_by": "token", "keys": [], "certificate_sha256": None,
    }  # fmt: skip
    keys = hub.ask("security", "GET", "/security/keys")
    assert keys.json()["master_keys"] == [{"version": 1, "is_in_use": True}]
    for secret in (*hub.tokens.values(), "token_sha256", "AQEBAQEB", "01010101", "AgICAgIC", "02020202"):
        assert secret not in clients.text + keys.text
    assert [hub.audited(action)[-1]["actor"] for action in ("clients-read", "keys-read")] == ["security", "security"]
