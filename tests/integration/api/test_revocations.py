"""What became of a revocation, over the API; and the proof of it, checked without the hub."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.store.tables import holdings, outbox
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, CANARY_CPR, CANARY_NAME, Served, on_both

pytestmark = pytest.mark.integration
HOURS = 24


def a_held_goal(hub: Served, cpr: str, name: str = "Test Testesen") -> tuple[str, str]:
    """Let children hold a goal of employment's that a person shares with them; return the plan and the consent."""
    _, opened = hub.opens_plan(cpr, name)
    plan = opened["plan"]
    hub.sends(cpr, {"id": "g1", "title": CANARY_NAME}, case=f"held-{cpr[-4:]}")
    sharing = {
        "kind": "sharing", "plan": plan, "sources": ["employment"], "recipients": ["children"], "categories": ["goals"],
    }  # fmt: skip
    given = hub.ask("coordinator", "POST", "/consents", sharing).json()["consent"]
    found = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    (goal,) = [one["id"] for one in found if one["category"] == "goals"]
    with hub.store.begin() as unit:  # no system of theirs runs here: say that they have taken it in
        unit.outbox.ensure(UUID(plan), "children", "xml", now())
        whose = (outbox.c.plan_id == UUID(plan)) & (outbox.c.recipient == "children")
        row = unit.connection.execute(sa.select(outbox.c.id).where(whose)).scalar_one()
        held = {"outbox_id": row, "element_id": UUID(goal), "digest": "d", "since": now()}
        unit.connection.execute(holdings.insert().values(held))
    return plan, given


@on_both
def test_the_answer_of_a_withdrawal_names_the_revocation_that_can_be_read(hub: Served) -> None:
    plan, consent = a_held_goal(hub, hub.a_cpr())
    withdrawn = hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw").json()
    again = hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw").json()
    read = hub.ask("coordinator", "GET", f"/consents/{consent}/revocation").json()
    assert withdrawn["revocation"] == again["revocation"] == read["revocation"]
    assert (read["plan"], read["consent"]["version"], read["deliveries_under_way"]) == (plan, 2, 0)
    (recipient,) = read["recipients"]
    (withdrawal,) = recipient["withdrawals"]
    assert (recipient["recipient"], withdrawal["state"], withdrawal["is_missing"]) == ("children", "not-sent", False)
    assert [element["category"] for element in withdrawal["elements"]] == ["goals"]
    assert withdrawal["sentence"]["da"] == "Beskeden om at slette er ikke sendt endnu."


@on_both
def test_a_missing_receipt_is_shown_to_whoever_reads_the_consents_and_red_for_operators(hub: Served) -> None:
    plan, consent = a_held_goal(hub, hub.a_cpr())
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")

    def told() -> tuple[int, int]:
        listed = hub.ask("coordinator", "GET", f"/consents?plan={plan}").json()["consents"]
        (revoked,) = [one["revocation"] for one in listed if one["consent"] == consent]
        return revoked["receipts_awaited"], revoked["receipts_missing"]

    assert told() == (1, 0)
    with frozen(now() + timedelta(hours=HOURS)):
        assert told() == (1, 1)
        seen = hub.ask("operator", "GET", "/ops/withdrawals").json()
        stands = hub.ask("operator", "GET", "/ops/authorities").json()["authorities"]
        shown = hub.ask("coordinator", "GET", f"/consents/{consent}/revocation").json()
    assert shown["recipients"][0]["is_missing"]
    assert seen["deadline_hours"] == HOURS
    (children,) = [one for one in seen["recipients"] if one["recipient"] == "children"]
    assert children["missing"] == children["open"] == children["not_sent"] >= 1
    (missing,) = [one for one in seen["missing"] if one["plan"] == plan]
    assert (missing["recipient"], missing["elements"], missing["last_result"]) == ("children", 1, None)
    assert {one["alarm"] for one in stands if one["authority"] == "children"} == {"receipts-missing", ""}


def test_a_consent_never_given_one_never_withdrawn_and_one_of_somebody_else_are_answered_alike(hub: Served) -> None:
    _plan, consent = a_held_goal(hub, hub.a_cpr())
    _plan, withdrawn = a_held_goal(hub, hub.a_cpr())
    hub.ask("coordinator", "POST", f"/consents/{withdrawn}/withdraw")
    nobodys = "99999999-9999-4999-8999-999999999999"
    for what in ("revocation", "proof"):
        asked = (("coordinator", consent), ("coordinator", nobodys), ("anna", withdrawn))
        answers = [hub.ask(who, "GET", f"/consents/{one}/{what}") for who, one in asked]
        assert [answer.status_code for answer in answers] == [404] * 3
        assert len({answer.json()["detail"] for answer in answers}) == 1


@on_both
def test_a_proof_holds_no_name_no_number_and_no_words_of_others(hub: Served) -> None:
    _plan, consent = a_held_goal(hub, CANARY_CPR, CANARY_NAME)
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    proof = hub.ask("coordinator", "GET", f"/consents/{consent}/proof").text
    for secret in (CANARY_CPR, f"{CANARY_CPR[:6]}-", *CANARY_NAME.split()):
        assert secret not in proof
    assert len(hub.audited("proof-given")) >= 1


@pytest.mark.slow
def test_a_proof_is_checked_without_settings_database_and_network(hub: Served, tmp_path: Path) -> None:
    _plan, consent = a_held_goal(hub, hub.a_cpr())
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    proof, keys = tmp_path / "proof.json", tmp_path / "keys.json"
    proof.write_bytes(hub.ask("coordinator", "GET", f"/consents/{consent}/proof").content)
    keys.write_bytes(hub.ask(None, "GET", "/proof-keys").content)
    x = orjson.loads(keys.read_bytes())["keys"][0]["x"]
    for how in (["--key", str(keys)], ["--key", x], []):
        checked = verified(proof, *how)
        assert (checked.returncode, consent in checked.stdout) == (0, True), checked.stderr
        assert ("--key" in checked.stderr) == (not how), "unsaid whose key it is, it is told that nobody has checked"
    told = orjson.loads(verified(proof, "--key", x, "--json").stdout)
    assert (told["trusted"], told["statement"]["consent"]["id"]) == (True, consent)
    stranger = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert "another key" in verified(proof, "--key", stranger).stderr
    proof.write_bytes(proof.read_bytes().replace(b"not-sent", b"not-Sent"))
    failed = verified(proof, "--key", x)
    assert (failed.returncode, "signature does not fit" in failed.stderr) == (1, True)


def verified(proof: Path, *how: str) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing of a hub around it."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    command = [sys.executable, "-m", "hub", "proof", "verify", str(proof), *how]
    return subprocess.run(command, capture_output=True, text=True, env=bare, timeout=60)


def test_old_keys_are_published_after_the_present_one(hub: Served) -> None:
    keys = hub.ask(None, "GET", "/proof-keys").json()["keys"]
    assert [key["x"] for key in keys] == [hub.store.keyring.signing_key.public.text]
    assert keys[0]["kty"] == "OKP"


def test_times_of_a_revocation_are_danish(hub: Served) -> None:
    _plan, consent = a_held_goal(hub, hub.a_cpr())
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    read = hub.ask("coordinator", "GET", f"/consents/{consent}/revocation").json()
    assert datetime.fromisoformat(read["withdrawn_at"]).utcoffset() in (timedelta(hours=1), timedelta(hours=2))


def test_the_citizen_reads_the_own_revocation(hub: Served) -> None:
    _plan, consent = a_held_goal(hub, ANNA_CPR)
    hub.ask("anna", "POST", f"/consents/{consent}/withdraw")
    read = hub.ask("anna", "GET", f"/consents/{consent}/revocation")
    assert [one["recipient"] for one in read.json()["recipients"]] == ["children"]
    assert {"value", "da", "en"} == read.json()["may_be_partial"].keys()
