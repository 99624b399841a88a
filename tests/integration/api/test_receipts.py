"""Receipts that come later, over the API: who may give which, and what operators see of those that are overdue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import new_id, now
from hub.store.delivery_tables import business_receipts
from hub.store.tables import outbox
from tests.integration.api.served import Served, on_the_command_line

pytestmark = pytest.mark.integration


@pytest.fixture
def owed(hub: Served) -> tuple[UUID, UUID, int]:
    """A delivery that employment's system has received: its row, its plan and its sequence."""
    _, opened = hub.opens_plan()
    plan = UUID(opened["plan"])
    with hub.store.begin() as unit:
        which = (outbox.c.plan_id == plan) & (outbox.c.recipient == "employment")
        row: UUID = unit.connection.execute(sa.select(outbox.c.id).where(which)).scalar_one()
        unit.later_receipts.owe(row, 7, new_id(), now() - timedelta(hours=25))
    return row, plan, 7


def give(hub: Served, delivery: str, status: str = "taken-in", caller: str = "employment", **more: Any) -> Any:
    return hub.ask(caller, "POST", "/receipts", {"delivery": delivery, "status": status, **more})


def red(hub: Served) -> list[str]:
    told = hub.ask("operator", "GET", "/ops/receipts").json()
    assert told["deadline_hours"] == 24
    (employment,) = [one for one in told["recipients"] if one["recipient"] == "employment"] or [{"is_red": False}]
    missing = [f"{one['delivery']}-{one['sequence']}" for one in told["missing"]]
    assert employment["is_red"] is bool(missing)
    return missing


def test_an_overdue_receipt_is_red_until_it_is_given(hub: Served, owed: tuple[UUID, UUID, int]) -> None:
    row, plan, sequence = owed
    assert f"{row}-{sequence}" in red(hub)
    answer = give(hub, f"{row}-{sequence}")
    assert answer.status_code == 200
    assert answer.json() | {"correlation_id": ""} == {
        "delivery": f"{row}-{sequence}", "plan": str(plan), "sequence": sequence, "status": "taken-in",
        "reason": None, "correlation_id": "",
    }  # fmt: skip
    assert f"{row}-{sequence}" not in red(hub)
    assert give(hub, f"{row}-{sequence}").status_code == 200, "a repeat is no fault"


def test_an_overdue_receipt_is_an_alarm_of_its_authority_until_it_is_given(
    hub: Served, owed: tuple[UUID, UUID, int]
) -> None:
    row, _, sequence = owed
    before = stands(hub)
    assert (before["words_missing"] >= 1, before["alarm"]) == (True, "words-missing")
    assert give(hub, f"{row}-{sequence}").status_code == 200
    assert stands(hub)["words_missing"] == before["words_missing"] - 1


@pytest.mark.slow
def test_the_command_line_says_the_same_and_ends_with_1_while_one_is_overdue(
    hub: Served, owed: tuple[UUID, UUID, int]
) -> None:
    row, _, sequence = owed
    said = on_the_command_line(hub, "receipts", "--json")
    assert (said.returncode, orjson.loads(said.stdout)) == (1, hub.ask("operator", "GET", "/ops/receipts").json())
    listed = on_the_command_line(hub, "receipts")
    assert (listed.returncode, str(row) in listed.stdout) == (1, True)
    with hub.store.begin() as unit:
        unit.connection.execute(business_receipts.update().values(owed_at=now()))
    assert on_the_command_line(hub, "receipts").returncode == 0
    assert give(hub, f"{row}-{sequence}").status_code == 200


def stands(hub: Served) -> dict[str, Any]:
    rows = hub.ask("operator", "GET", "/ops/authorities").json()["authorities"]
    assert all((row["words_missing"], row["alarm"]) == (0, "") for row in rows if row["direction"] == "source")
    (found,) = [row for row in rows if (row["authority"], row["direction"]) == ("employment", "recipient")]
    return dict(found)


def test_an_idempotency_key_names_a_delivery_as_well(hub: Served, owed: tuple[UUID, UUID, int]) -> None:
    _, plan, sequence = owed
    assert give(hub, f"employment:{plan}:{sequence}").status_code == 200


def test_a_refusal_is_a_dead_letter_with_the_cause_and_the_reason(hub: Served, owed: tuple[UUID, UUID, int]) -> None:
    row, _, sequence = owed
    assert give(hub, f"{row}-{sequence}", "refused", reason="no-case").status_code == 200
    letters = hub.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]
    (dead,) = [one for one in letters if one["id"] == str(row)]
    assert (dead["cause"], dead["note"]) == ("business-refusal", "Its recipient refuses it: no-case.")
    assert give(hub, f"{row}-{sequence}").status_code == 409, "what was said first stands"


@pytest.mark.parametrize("caller", ["children", "social", "partner"])
def test_a_receipt_of_anothers_delivery_is_answered_as_if_there_were_none(
    hub: Served, owed: tuple[UUID, UUID, int], caller: str
) -> None:
    row, plan, sequence = owed
    for name in (f"{row}-{sequence}", f"employment:{plan}:{sequence}", f"{caller}:{plan}:{sequence}"):
        answer = give(hub, name, caller=caller)
        there_is_none = give(hub, f"{new_id()}-{sequence}", caller=caller)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert answer.json()["detail"] == there_is_none.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "taken-in"},
        {"delivery": "0201609995", "status": "taken-in"},
        {"delivery": "{row}-7", "status": "perhaps"},
        {"delivery": "{row}-7", "status": "refused"},
        {"delivery": "{row}-7", "status": "taken-in", "reason": "no-case"},
        {"delivery": "{row}-7", "status": "refused", "reason": "Anna Andersen er ukendt"},
        {"delivery": "{row}-7", "status": "refused", "reason": "no-case", "text": "Anna Andersen er ukendt"},
        {"delivery": "{row}-99999999999", "status": "taken-in"},
    ],
)
def test_a_receipt_that_is_none_is_refused_and_nothing_of_it_is_repeated(
    hub: Served, owed: tuple[UUID, UUID, int], body: dict[str, str]
) -> None:
    row, _, sequence = owed
    filled = {name: value.replace("{row}", str(row)) for name, value in body.items()}
    answer = hub.ask("employment", "POST", "/receipts", filled)
    assert answer.status_code == 400
    assert "Anna" not in answer.text
    assert "0201609995" not in answer.text
    assert give(hub, f"{row}-{sequence}").status_code == 200
