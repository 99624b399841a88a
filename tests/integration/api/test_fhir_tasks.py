"""What is asked of an authority, as FHIR R4 Tasks: who moves one on, who may know of it; and proposals as Tasks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.testing.clock import frozen
from tests.integration.api.fhir_writing import (
    a_goal,
    a_plan,
    a_task,
    changes,
    consents,
    moves,
    problem,
    reads,
    writes,
)
from tests.integration.api.served import Served, on_both
from tests.integration.api.test_proposals import NOON, WHY, meetings, proposes
from tests.integration.colliding import BEFORE, a_collision

pytestmark = pytest.mark.integration
NOTE = {"coding": [{"system": "urn:one-plan-hub:task-output", "code": "note"}]}
OUTPUT = [{"type": NOTE, "valueString": "Mentor er fundet"}]


@on_both
def test_a_task_goes_from_its_requester_to_its_owner_and_to_its_end(hub: Served) -> None:
    plan, patient = a_plan(hub)
    goal = writes(hub, "employment", a_goal(patient)).json()
    asked = a_task(
        patient, description="To gange om ugen", focus={"reference": f"Goal/{goal['id']}"},
        restriction={"period": {"end": "2099-12-31"}}, identifier=[{"system": "urn:example:jobnet", "value": "t1"}],
    )  # fmt: skip
    task = writes(hub, "employment", asked).json()
    assert (task["status"], task["requester"]) == ("requested", {"reference": "Organization/employment"})
    assert task["authoredOn"] == task["lastModified"]
    assert task["restriction"]["period"]["end"] == "2099-12-31T23:59:59+01:00"
    assert {"reference": f"Task/{task['id']}"} in [
        one["reference"] for one in hub.ask("children", "GET", f"/fhir/CarePlan/{plan}-employment").json()["activity"]
    ]
    seen = reads(hub, "caseworker", task)
    assert "identifier" not in seen, "what its requester's system calls it is its requester's"
    reworded = changes(hub, "employment", task | {"description": "En gang om ugen"}).json()
    assert problem(changes(hub, "caseworker", seen | {"status": "accepted"})) == (412, "conflict")
    accepted = moves(hub, "caseworker", task, "accepted").json()
    assert (accepted["status"], accepted["description"]) == ("accepted", "En gang om ugen")
    assert moves(hub, "children", task, "in-progress").json()["status"] == "in-progress"
    assert moves(hub, "employment", task, "on-hold", statusReason={"text": "Hun er bortrejst"}).status_code == 200
    assert moves(hub, "children", task, "in-progress", statusReason={"text": "Hun er hjemme"}).status_code == 200
    done = moves(hub, "children", task, "completed", output=OUTPUT)
    assert (done.status_code, done.json()["output"]) == (200, OUTPUT)
    last = reads(hub, "employment", task)
    assert (last["status"], last["statusReason"], last["focus"]) == (
        "completed",
        {"text": "Hun er hjemme"},
        task["focus"],
    )
    assert last["identifier"] == asked["identifier"], "what its owner does not see it does not take away"
    assert last["authoredOn"] == task["authoredOn"]
    assert problem(moves(hub, "children", task, "in-progress")) == (422, "business-rule")
    history = hub.ask("employment", "GET", f"/fhir/Task/{task['id']}/_history").json()["entry"]
    assert [one["resource"]["status"] for one in history] == [
        "completed", "in-progress", "on-hold", "in-progress", "accepted", "requested", "requested",
    ]  # fmt: skip
    assert reworded["meta"]["versionId"] == history[5]["resource"]["meta"]["versionId"]


def test_a_move_that_nobody_may_make_tells_which_states_follow_and_who_sets_them(hub: Served) -> None:
    _, patient = a_plan(hub)
    task = writes(hub, "employment", a_task(patient)).json()
    answer = moves(hub, "children", task, "completed")
    assert problem(answer) == (422, "business-rule")
    assert "accepted (owner)" in answer.json()["issue"][0]["diagnostics"]
    assert "cancelled (owner or requester)" in answer.json()["issue"][0]["diagnostics"]
    for caller, status in (("employment", "accepted"), ("children", "on-hold"), ("employment", "received")):
        assert problem(moves(hub, caller, task, status)) == (422, "business-rule")
    assert problem(moves(hub, "coordinator", task, "accepted")) == (403, "forbidden"), "who is no party of it"
    assert moves(hub, "employment", task, "cancelled", statusReason={"text": "Det er løst"}).status_code == 200


def test_each_party_changes_its_part_and_no_other(hub: Served) -> None:
    _, patient = a_plan(hub)
    task = writes(hub, "employment", a_task(patient)).json()
    words = {"code": {"text": "Find to mentorer"}}
    assert problem(changes(hub, "children", reads(hub, "children", task) | words)) == (422, "business-rule")
    assert problem(changes(hub, "employment", task | {"output": OUTPUT})) == (422, "business-rule")
    assert problem(changes(hub, "employment", task | {"statusReason": {"text": "Nej"}})) == (422, "business-rule")
    other = task | {"owner": {"reference": "Organization/social"}}
    assert problem(changes(hub, "employment", other)) == (422, "business-rule")
    assert problem(changes(hub, "employment", task | {"identifier": [{"system": "urn:x:y", "value": "1"}]})) == (
        400, "invalid",
    )  # fmt: skip
    assert moves(hub, "children", task, "accepted").status_code == 200
    assert problem(changes(hub, "employment", reads(hub, "employment", task) | words)) == (422, "business-rule")
    assert changes(hub, "children", reads(hub, "children", task) | {"output": OUTPUT}).status_code == 200


def test_a_new_task_begins_at_its_beginning_and_is_asked_of_another(hub: Served) -> None:
    _, patient = a_plan(hub)
    for wrong in (
        a_task(patient, status="accepted"),
        a_task(patient, owner="employment"),
        a_task(patient, output=OUTPUT),
        a_task(patient, statusReason={"text": "Fordi"}),
    ):
        assert problem(writes(hub, "employment", wrong)) == (422, "business-rule")
    for wrong in (
        a_task(patient, owner="coordination"),
        a_task(patient, requester={"reference": "Organization/social"}),
    ):
        assert problem(writes(hub, "employment", wrong)) == (400, "invalid")


@on_both
def test_an_owner_who_may_not_know_of_it_is_not_asked_and_why_not_is_not_told(hub: Served) -> None:
    plan, patient = a_plan(hub, shares=False)
    outside = writes(hub, "employment", a_task(patient, owner="social"))
    withheld = writes(hub, "employment", a_task(patient, owner="children"))
    assert problem(outside) == problem(withheld) == (422, "business-rule")
    (one,), (other,) = outside.json()["issue"], withheld.json()["issue"]
    assert one["details"] == other["details"], "whether it belongs to the plan is not told"
    assert "Ask the citizen for consent" in other["diagnostics"]
    elements = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    assert elements == [], "what its owner may not know of was not written"
    consents(hub, plan, categories=["activities"])
    task = writes(hub, "employment", a_task(patient)).json()
    sensitive = [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]
    told = changes(hub, "employment", task | {"meta": task["meta"] | {"security": sensitive}})
    assert problem(told) == (422, "business-rule"), "of what is sensitive the citizen has not said so"
    assert reads(hub, "children", task)["meta"]["security"] == task["meta"]["security"]


def test_a_task_of_the_coordinator_is_no_joint_goal_to_be_reworded_on_a_page(hub: Served) -> None:
    plan, patient = a_plan(hub)
    task = writes(hub, "coordinator", a_task(patient)).json()
    assert hub.ask("coordinator", "GET", f"/plans/{plan}/goals").json()["goals"] == []
    words = {"kind": "activity", "title": "Andet"}
    place = f"/plans/{plan}/goals/{task['id']}"
    assert hub.ask("coordinator", "PUT", place, words, headers={"If-Match": '"1"'}).status_code == 404
    ends = hub.ask("coordinator", "POST", f"{place}/end", {"status": "completed"}, headers={"If-Match": '"1"'})
    assert ends.status_code == 404
    page = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    assert [(one["details"]["owner"], one["details"]["task-state"]) for one in page] == [("children", "requested")]


@pytest.fixture
def _before_the_meetings() -> Iterator[None]:
    with frozen(BEFORE):
        yield


@pytest.mark.usefixtures("_before_the_meetings")
def test_a_proposal_of_another_time_is_a_task_to_the_plans_people_and_to_its_owner(hub: Served) -> None:
    _, plan = a_collision(hub)
    element = meetings(hub, plan)["employment"]
    one = proposes(hub, plan, element).json()["proposal"]
    task = reads(hub, "coordinator", {"resourceType": "Task", "id": one})
    assert (task["status"], task["intent"]) == ("requested", "proposal")
    assert (task["focus"], task["owner"]) == (
        {"reference": f"Appointment/{element}"}, {"reference": "Organization/employment"},
    )  # fmt: skip
    assert task["input"][0]["valuePeriod"]["start"] == NOON
    assert reads(hub, "employment", task)["status"] == "requested"
    for caller in ("children", "caseworker", "social"):
        assert hub.ask(caller, "GET", f"/fhir/Task/{one}").status_code == 404
    hub.ask("employment", "POST", f"/proposals/{one}/reject", {"reason": WHY})
    told = reads(hub, "coordinator", task)
    assert (told["status"], told["statusReason"]) == ("rejected", {"text": WHY})
    found = hub.ask("coordinator", "GET", f"/fhir/Task?patient={task['for']['reference']}").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == [one]
    vread = f"/fhir/Task/{one}/_history/{told['meta']['versionId']}"
    assert hub.ask("coordinator", "GET", vread).json() == told
    answer = changes(hub, "employment", reads(hub, "employment", task) | {"status": "accepted"})
    assert problem(answer) == (422, "business-rule")
    assert "/proposals/" in answer.json()["issue"][0]["diagnostics"]
