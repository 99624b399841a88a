"""What is worth a coordinator's look, and the word on it, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from hub.store.finding_tables import accepted_findings
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, Served, on_both
from tests.integration.colliding import AT_HALF_PAST, AT_NOON, BEFORE, a_collision, employment_sends

pytestmark = pytest.mark.integration
WHY = "De holder mødet sammen i Familiehuset."


def asked(hub: Served, plan: str, caller: str = "coordinator") -> list[dict[str, Any]]:
    answer = hub.ask(caller, "GET", f"/plans/{plan}/findings")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["findings"]
    return found


def the_one(hub: Served, plan: str, caller: str = "coordinator") -> dict[str, Any]:
    (found,) = [one for one in asked(hub, plan, caller) if one["kind"] == "overlapping-demands"]
    return found


def accepts(hub: Served, plan: str, finding: str, reason: str = WHY, caller: str = "coordinator") -> Any:
    return hub.ask(caller, "POST", f"/plans/{plan}/findings/{finding}/accept", {"reason": reason})


@pytest.fixture(autouse=True)
def _before_the_meetings() -> Any:
    with frozen(BEFORE):
        yield


@on_both
def test_a_finding_tells_its_rule_how_pressing_it_is_and_whose_its_sides_are(hub: Served) -> None:
    _, plan = a_collision(hub)
    one = the_one(hub, plan)
    assert (one["severity"], one["authorities"], one["accepted"]) == ("serious", ["children", "employment"], None)
    assert one["da"] == "To myndigheder beder om borgerens tid på samme tid."
    assert "mindst 30 minutter" in one["rule"]["da"]
    assert "at least 30 minutes" in one["rule"]["en"]
    read = hub.audited("read")[-1]
    assert read["details"]["elements"] == sorted(one["elements"]), "what is shown is written down, and no more"


@on_both
def test_it_is_accepted_with_a_reason_that_is_sealed_and_audited_and_can_be_taken_back(hub: Served) -> None:
    _, plan = a_collision(hub)
    one = the_one(hub, plan)
    answer = accepts(hub, plan, one["finding"])
    assert answer.status_code == 201
    word = the_one(hub, plan)["accepted"]
    assert (word["by"], word["organisation"], word["reason"]) == ("coordinator", "coordination", WHY)
    with hub.store.begin(read_only=True) as unit:
        stored = unit.connection.execute(sa.select(accepted_findings.c.reason)).scalars().all()
    assert stored
    assert not any(b"Familiehuset" in reason for reason in stored)
    row = hub.audited("finding-accepted")[-1]
    assert (row["actor"], row["details"]["finding"]) == ("coordinator", one["finding"])
    assert WHY not in str(row)
    assert hub.ask("coordinator", "POST", f"/plans/{plan}/findings/{one['finding']}/reopen").status_code == 200
    assert the_one(hub, plan)["accepted"] is None
    assert hub.audited("finding-reopened")[-1]["details"]["finding"] == one["finding"]


@on_both
def test_accepted_twice_is_a_conflict_and_the_first_word_stands(hub: Served) -> None:
    _, plan = a_collision(hub)
    one = the_one(hub, plan)["finding"]
    reopening = f"/plans/{plan}/findings/{one}/reopen"
    assert hub.ask("coordinator", "POST", reopening).status_code == 409
    assert accepts(hub, plan, one).status_code == 201
    assert accepts(hub, plan, one, "Noget helt andet end før").status_code == 409
    assert the_one(hub, plan)["accepted"]["reason"] == WHY
    assert hub.ask("coordinator", "POST", reopening).status_code == 200
    assert accepts(hub, plan, one, "Noget helt andet end før").status_code == 201
    assert the_one(hub, plan)["accepted"]["reason"] == "Noget helt andet end før"


def test_once_either_side_moves_it_is_another_finding_and_moved_back_it_is_the_same(hub: Served) -> None:
    cpr, plan = a_collision(hub)
    one = the_one(hub, plan)["finding"]
    accepts(hub, plan, one)
    moved = ("2026-09-08T09:45:00+02:00", "2026-09-08T10:45:00+02:00")
    employment_sends(hub, cpr, moved, version=2)
    other = the_one(hub, plan)
    assert (other["finding"] == one, other["accepted"]) == (False, None)
    assert accepts(hub, plan, one).status_code == 404, "what it was about has moved"
    employment_sends(hub, cpr, AT_NOON, version=3)
    assert [one["kind"] for one in asked(hub, plan)] == ["busy-day"]
    employment_sends(hub, cpr, AT_HALF_PAST, {"id": "g", "title": "Job i en butik"}, version=4)
    again = the_one(hub, plan)
    assert (again["finding"], again["accepted"]["reason"]) == (one, WHY)


def test_the_citizen_is_told_that_it_is_accepted_and_by_no_name(hub: Served) -> None:
    _, plan = a_collision(hub, ANNA_CPR, str(hub.plan))
    accepts(hub, plan, the_one(hub, plan)["finding"])
    told = the_one(hub, plan, "anna")["accepted"]
    assert told == {"at": "2026-09-07T10:00:00+02:00", "organisation": "coordination"}
    report = hub.ask("anna", "GET", f"/plans/{plan}/report").json()["accepted_findings"][-1]
    assert (report["kind"], report["reason"]) == ("overlapping-demands", WHY)
    assert "coordinator" not in str(report)
    assert WHY in hub.ask("anna", "GET", f"/plans/{plan}/report?as=html").text


def test_nobody_else_has_a_word_on_it(hub: Served) -> None:
    _, plan = a_collision(hub)
    one = the_one(hub, plan)["finding"]
    for caller in ("another-coordinator", "caseworker", "employment", "anna", "operator"):
        assert accepts(hub, plan, one, caller=caller).status_code == 404
        assert hub.ask(caller, "POST", f"/plans/{plan}/findings/{one}/reopen").status_code == 404
        assert hub.ask(caller, "GET", f"/plans/{plan}/findings").status_code == 404
    assert the_one(hub, plan)["accepted"] is None


def test_a_reason_says_something(hub: Served) -> None:
    _, plan = a_collision(hub)
    one = the_one(hub, plan)["finding"]
    for reason in ("ok", "aaaaaaaaaaaaaaa", " "):
        assert accepts(hub, plan, one, reason).status_code == 400
    assert the_one(hub, plan)["accepted"] is None


def test_one_who_sees_one_side_is_told_of_no_finding_and_can_answer_none(hub: Served) -> None:
    """The coordinator does not see health; were the collision told, it would tell that something is there."""
    cpr, plan = a_collision(hub)
    hidden = {
        "id": "h", "kind": "appointment", "category": "health", "label": "VIP_SAGER", "title": "Ambulatoriet",
        "status": "planned", "hours": AT_HALF_PAST,
    }  # fmt: skip
    employment_sends(hub, cpr, AT_NOON, version=2)
    before = hub.ask("coordinator", "GET", f"/plans/{plan}/findings")
    employment_sends(hub, cpr, AT_NOON, hidden, version=3)
    after = hub.ask("coordinator", "GET", f"/plans/{plan}/findings")
    assert "busy-day" in before.text
    assert after.content == before.content
