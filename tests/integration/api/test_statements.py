"""What a citizen says of the plan and writes into it, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hub.clock import now
from tests.integration.api.served import ANNA_CPR, Served, on_both

pytestmark = pytest.mark.integration
WORDS = "Hvorfor skal jeg møde hver dag?"


def an_element(hub: Served, **facts: Any) -> str:
    """Send an element of employment's to Anna's plan; return its id."""
    case = f"statements-{now().timestamp()}"
    hub.sends(ANNA_CPR, {"id": "e", "kind": "activity", "category": "activities", **facts}, case=case)
    found = hub.ask("anna", "GET", f"/plans/{hub.plan}").json()["elements"]
    return str(found[-1]["id"] if len(found) == 1 else _newest(found)["id"])


def _newest(found: list[dict[str, Any]]) -> dict[str, Any]:
    return max(found, key=lambda one: one["source"]["registered_at"])


def says(hub: Served, element: str, what: str = "ask", words: str = WORDS, caller: str = "anna") -> Any:
    return hub.ask(caller, "POST", f"/plans/{hub.plan}/statements", {"element": element, "says": what, "words": words})


def of_plan(hub: Served, element: str, caller: str) -> list[dict[str, Any]]:
    found = hub.ask(caller, "GET", f"/plans/{hub.plan}/statements").json()["statements"]
    return [one for one in found if one["element"] == element]


@on_both
def test_a_question_goes_to_its_authority_and_the_answer_back(hub: Served) -> None:
    element = an_element(hub)
    asked = says(hub, element)
    assert asked.status_code == 201
    assert (asked.json()["state"], asked.json()["authority"]) == ("sent", "employment")
    assert asked.json()["due_at"] > asked.json()["said_at"]
    (task,) = [one for one in hub.ask("employment", "GET", "/statements").json()["statements"] if one["words"] == WORDS]
    for other in ("children", "caseworker", "social", "coordinator"):
        assert not [one for one in hub.ask(other, "GET", "/statements").json()["statements"] if one["words"] == WORDS]
        refused = hub.ask(other, "POST", f"/statements/{task['statement']}/answer", {"answer": "Fordi vi siger det"})
        assert refused.status_code == 404
    answered = hub.ask("employment", "POST", f"/statements/{task['statement']}/answer", {"answer": "Kun om mandagen"})
    assert (answered.status_code, answered.json()["state"]) == (200, "answered")
    again = hub.ask("employment", "POST", f"/statements/{task['statement']}/answer", {"answer": "Eller tirsdag"})
    assert again.status_code == 409
    for reader in ("anna", "coordinator"):
        (one,) = of_plan(hub, element, reader)
        assert (one["words"], one["answer"], one["answered_at"]) == (
            WORDS, "Kun om mandagen", answered.json()["answered_at"],
        )  # fmt: skip


def test_what_only_the_citizen_sees_is_the_citizens_to_ask_about_and_the_coordinator_learns_nothing(
    hub: Served,
) -> None:
    before = hub.ask("coordinator", "GET", f"/plans/{hub.plan}/statements").content
    element = an_element(hub, label="VIP_SAGER", category="health")
    assert says(hub, element).status_code == 201
    assert of_plan(hub, element, "anna")
    assert hub.ask("coordinator", "GET", f"/plans/{hub.plan}/statements").content == before
    assert says(hub, element, caller="coordinator").status_code == 404


def test_the_access_report_has_what_was_said_and_answered(hub: Served) -> None:
    element = an_element(hub)
    says(hub, element, "disagree", "Det passer ikke til børnene")
    shown = hub.ask("anna", "GET", f"/plans/{hub.plan}/report").json()["statements"]
    assert ("disagree", "Det passer ikke til børnene") in [(one["says"], one["words"]) for one in shown]
    page = hub.ask("anna", "GET", f"/plans/{hub.plan}/report?as=html").text
    assert "Du er ikke enig. Det passer ikke til børnene" in page
    on_behalf = hub.ask("coordinator", "GET", f"/plans/{hub.plan}/report").json()["statements"]
    assert element in [one["element"] for one in on_behalf]


@on_both
def test_a_goal_has_a_version_and_a_stale_one_changes_nothing(hub: Served) -> None:
    goals = f"/plans/{hub.plan}/goals"
    written = hub.ask("anna", "POST", goals, {"kind": "goal", "title": "Et job i en butik"})
    assert (written.status_code, written.headers["etag"]) == (201, '"1"')
    one, tag = f"{goals}/{written.json()['id']}", {"If-Match": '"1"'}
    assert hub.ask("anna", "PUT", one, {"kind": "goal", "title": "Uden"}).status_code == 400
    changed = hub.ask("anna", "PUT", one, {"kind": "goal", "title": "Et job i et køkken"}, headers=tag)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert hub.ask("anna", "PUT", one, {"kind": "goal", "title": "Forældet"}, headers=tag).status_code == 409
    assert hub.ask("coordinator", "PUT", one, {"kind": "goal", "title": "X2"}, headers=tag).status_code == 404
    ended = hub.ask("anna", "POST", f"{one}/end", {"status": "completed"}, headers={"If-Match": '"2"'})
    assert (ended.json()["status"], ended.json()["version"]) == ("completed", 3)
    titles = [each["title"] for each in hub.ask("anna", "GET", goals).json()["goals"]]
    assert titles[-1] == "Et job i et køkken"
    care_plan = hub.ask("coordinator", "GET", f"/fhir/CarePlan/{hub.plan}-citizen").json()
    assert care_plan["author"] == {"reference": f"Patient/{hub.anna}"}


def test_an_erased_plan_leaves_no_statement(hub: Served) -> None:
    plan = hub.opens_plan()[1]["plan"]
    joint = hub.ask("coordinator", "POST", f"/plans/{plan}/goals", {"kind": "goal", "title": "Ro om aftenen"}).json()
    asked = {"element": joint["id"], "says": "ask", "words": WORDS}
    assert hub.ask("coordinator", "POST", f"/plans/{plan}/statements", asked).status_code == 201
    hub.ask("coordinator", "POST", f"/plans/{plan}/erasure")
    hub.ask("caseworker", "POST", f"/plans/{plan}/erasure/approve")
    with hub.store.begin() as unit:
        one = unit.erasures.of_plan(UUID(plan))
        assert one is not None
        assert unit.erasures.shred(UUID(plan), one.person)["statements"] == 1
