"""Several things written by one FHIR R4 transaction: all of them, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.fhir_writing import a_goal, a_plan, a_task, an_appointment, checked, problem, writes
from tests.integration.api.served import Served, on_both

pytestmark = pytest.mark.integration
GOAL, TASK = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"
A_GOAL = f"Goal/{GOAL.removeprefix('urn:uuid:')}"
PUT = {"method": "PUT", "url": A_GOAL}
SYSTEM = "urn:example:jobnet"


def an_entry(resource: dict[str, Any], name: str = "", **request: str) -> dict[str, Any]:
    method, url = (
        ("PUT", f"{resource['resourceType']}/{resource['id']}")
        if "id" in resource
        else ("POST", resource["resourceType"])
    )
    entry = {"resource": resource, "request": {"method": method, "url": url, **request}}
    return entry | ({"fullUrl": name} if name else {})


def transacts(hub: Served, caller: str, *entries: dict[str, Any], kind: str = "transaction", **headers: str) -> Any:
    bundle = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return checked(hub.ask(caller, "POST", "/fhir", bundle, headers=headers))


def elements(hub: Served, plan: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    return found


@on_both
def test_what_one_entry_names_another_creates_in_whatever_order(hub: Served) -> None:
    _, patient = a_plan(hub)
    task = a_task(patient, focus={"reference": GOAL})
    answer = transacts(
        hub, "employment", an_entry(task, TASK), an_entry(a_goal(patient), GOAL), an_entry(an_appointment(patient))
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == "transaction-response"
    (asked, goal, met) = answer.json()["entry"]
    assert [one["response"]["status"] for one in (asked, goal, met)] == ["201 Created"] * 3
    assert asked["resource"]["focus"] == {"reference": f"Goal/{goal['resource']['id']}"}
    for one in (asked, goal, met):
        told = hub.ask("employment", "GET", f"/fhir/{one['response']['location']}")
        assert (told.json(), told.headers["etag"]) == (one["resource"], one["response"]["etag"])


@on_both
def test_a_fault_in_the_last_entry_undoes_all_before_it_and_is_told_by_its_place(hub: Served) -> None:
    plan, patient = a_plan(hub)
    kept = writes(hub, "employment", a_goal(patient)).json()
    before, rows = elements(hub, plan), len(hub.audited("own-written"))
    first = (
        an_entry(a_goal(patient)),
        an_entry(kept | {"lifecycleStatus": "completed"}, ifMatch=f'W/"{kept["meta"]["versionId"]}"'),
    )
    lasts = [
        (an_entry(a_task(patient, owner="social")), (422, "business-rule"), "Bundle.entry[2].resource"),
        (
            an_entry(a_task(patient, focus={"reference": TASK})),
            (400, "invalid"),
            "Bundle.entry[2].resource.focus.reference",
        ),
        (
            an_entry(kept | {"id": "99999999-9999-4999-8999-999999999999"}, ifMatch='W/"a"'),
            (404, "not-found"),
            "Bundle.entry[2].resource",
        ),
        (
            an_entry(a_goal(patient), ifNoneExist="identifier=7"),
            (400, "invalid"),
            "Bundle.entry[2].request.ifNoneExist",
        ),
        (
            an_entry(a_goal("Patient/99999999-9999-4999-8999-999999999999")),
            (404, "not-found"),
            "Bundle.entry[2].resource",
        ),
        (an_entry({"resourceType": "Goal"}), (400, "invalid"), "Bundle.entry[2].resource.description"),
    ]
    for last, wanted, path in lasts:
        answer = transacts(hub, "employment", *first, last)
        assert problem(answer) == wanted, answer.text
        assert path in answer.json()["issue"][0]["expression"]
    assert elements(hub, plan) == before
    assert len(hub.audited("own-written")) == rows


def test_each_entry_may_name_its_own_version_and_its_own_condition(hub: Served) -> None:
    plan, patient = a_plan(hub)
    goal = writes(hub, "employment", a_goal(patient, identifier=[{"system": SYSTEM, "value": "1"}])).json()
    same = an_entry({key: goal[key] for key in goal if key not in ("id", "meta")}, ifNoneExist=f"identifier={SYSTEM}|1")
    mark = f'W/"{goal["meta"]["versionId"]}"'
    other = an_entry(goal | {"lifecycleStatus": "on-hold"}, ifMatch=mark)
    answer = transacts(hub, "employment", same, other, Prefer="return=minimal")
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["200 OK", "200 OK"]
    assert not [one for one in answer.json()["entry"] if "resource" in one]
    assert len(elements(hub, plan)) == 1
    stale = transacts(hub, "employment", an_entry(a_goal(patient)), other)
    assert problem(stale) == (412, "conflict")
    missing = transacts(hub, "employment", an_entry(goal))
    assert problem(missing) == (412, "required")
    told = transacts(hub, "employment", an_entry(a_goal(patient)), Prefer="return=OperationOutcome")
    assert told.json()["entry"][0]["response"]["outcome"]["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("bundle", "path"),
    [
        ({"type": "batch"}, "Bundle.type"),
        ({"resourceType": "Goal"}, "Bundle.resourceType"),
        ({"entry": []}, "Bundle.entry"),
        ({"entry": [{"request": {"method": "GET", "url": "Goal"}, "resource": {}}]}, "Bundle.entry[0].request.method"),
        ({"entry": [{"request": {"method": "DELETE", "url": A_GOAL}}]}, "Bundle.entry[0].request.method"),
        ({"entry": [{"request": {"method": "POST", "url": "Consent"}, "resource": {}}]}, "Bundle.entry[0].request.url"),
        ({"entry": [{"request": {"method": "POST", "url": "../plans"}}]}, "Bundle.entry[0].request.url"),
        ({"entry": [{"request": PUT, "resource": {"id": "x"}}]}, "Bundle.entry[0].resource.id"),
        ({"entry": [an_entry(a_goal("Patient/1"), ifNoneMatch="*")]}, "Bundle.entry[0].request.ifNoneMatch"),
        ({"entry": [an_entry(a_goal("Patient/1"), GOAL)] * 2}, "Bundle.entry"),
        ({"entry": [an_entry(a_goal("Patient/1"), ifNoneExist="identifier=urn:x:y|1")] * 2}, "Bundle.entry"),
        ({"entry": [an_entry(a_goal("Patient/1"))] * 51}, "Bundle.entry"),
        ({"total": 1}, "Bundle.total"),
        ({"entry": ["no object"]}, "Bundle.entry[0]"),
    ],
)  # fmt: skip
def test_what_a_transaction_cannot_do_is_refused_by_its_place(hub: Served, bundle: dict[str, Any], path: str) -> None:
    told = {"resourceType": "Bundle", "type": "transaction", "entry": [an_entry(a_goal("Patient/1"))]} | bundle
    answer = hub.ask("employment", "POST", "/fhir", told)
    assert problem(answer) == (400, "invalid")
    assert path in answer.json()["issue"][0]["expression"]


def test_plans_of_several_people_are_written_in_one_transaction_or_none(hub: Served) -> None:
    (one, first), (other, second) = a_plan(hub), a_plan(hub)
    answer = transacts(hub, "employment", an_entry(a_goal(first)), an_entry(a_goal(second)))
    assert [one["response"]["status"] for one in answer.json()["entry"]] == ["201 Created"] * 2
    assert (len(elements(hub, one)), len(elements(hub, other))) == (1, 1)
    goal = answer.json()["entry"][0]["resource"]
    for focus in (f"Goal/{goal['id']}", GOAL):
        named = an_entry(a_task(second, focus={"reference": focus}))
        assert problem(transacts(hub, "employment", an_entry(a_goal(first), GOAL), named)) == (400, "invalid")
    assert (len(elements(hub, one)), len(elements(hub, other))) == (1, 1)
