"""FHIR search, history and everything over HTTP: found by what the caller may see, page by page, and written down."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.plan.identifier import CPR
from tests.integration.api.served import Served, on_both

pytestmark = pytest.mark.integration

GOAL = {"id": "g", "title": "Job", "hours": ["2026-03-02T09:00:00+01:00", "2026-06-30T00:00:00+02:00"]}
SECRET = {"id": "vip", "title": "Hemmeligt", "label": "VIP_SAGER"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def a_plan(hub: Served, *elements: dict[str, Any]) -> tuple[str, str, str]:
    """Open a plan and let employment write into it; return number, plan and patient."""
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, *(elements or (GOAL,)))
    plan = opened["plan"]
    patient = hub.ask("coordinator", "GET", f"/fhir/CarePlan/{plan}").json()["subject"]["reference"]
    return cpr, plan, patient


def found(answer: httpx.Response) -> dict[str, Any]:
    """Return a Bundle that is one."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    bundle: dict[str, Any] = answer.json()
    get_fhir_model_class("Bundle").model_validate(bundle)
    return bundle


def ids(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    """Return what a Bundle holds, as type and id."""
    entries = [one for one in bundle.get("entry", []) if one.get("search", {}).get("mode", mode) == mode]
    return [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in entries]


def search(hub: Served, caller: str, path: str, **how: Any) -> dict[str, Any]:
    """Search, strictly: what is not heeded fails."""
    return found(hub.ask(caller, "GET", f"/fhir/{path}", headers={"Prefer": "handling=strict"}, **how))


@on_both
def test_a_patients_resources_are_found_and_counted(hub: Served) -> None:
    _, plan, patient = a_plan(hub, GOAL, {"id": "h", "title": "Praktik"})
    goals = search(hub, "employment", f"Goal?patient={patient}&lifecycle-status=active")
    assert (goals["total"], len(ids(goals))) == (2, 2)
    assert ids(search(hub, "employment", f"CarePlan?subject={patient}&category=one-plan")) == [f"CarePlan/{plan}"]
    parts = search(hub, "employment", f"CarePlan?part-of=CarePlan/{plan}&status=active")
    assert ids(parts) == [f"CarePlan/{plan}-employment"]
    by_goal = search(hub, "employment", f"CarePlan?goal={ids(goals)[0]}")
    assert ids(by_goal) == [f"CarePlan/{plan}-employment"]
    assert ids(search(hub, "employment", f"CarePlan?_id={plan}")) == [f"CarePlan/{plan}"]
    due = ids(search(hub, "employment", f"Goal?patient={patient}&target-date=2026-06-29"))
    assert (len(due), due[0] in ids(goals)) == (1, True)
    counted = search(hub, "employment", f"Goal?patient={patient}&_summary=count")
    assert (counted["total"], "entry" in counted) == (2, False)


@on_both
def test_what_is_withheld_is_neither_found_nor_counted(hub: Served) -> None:
    _, plan, patient = a_plan(hub, GOAL, SECRET)
    with_goals = f"CarePlan?_id={plan}&_include=CarePlan:goal"
    for path in (f"Goal?patient={patient}", with_goals, f"Provenance?target=CarePlan/{plan}-employment"):
        told = hub.ask("coordinator", "GET", f"/fhir/{path}").text
        assert "Hemmeligt" not in told
    assert search(hub, "coordinator", f"Goal?patient={patient}")["total"] == 1
    for nobody in ("bo", "partner"):
        assert search(hub, nobody, f"Goal?patient={patient}")["total"] == 0
    rows = [row["details"] for row in hub.audited("refused") if row["details"].get("asked") == plan]
    assert rows, "a search of a plan that is not the caller's is written down"


def test_two_plans_that_differ_only_in_what_is_withheld_are_found_alike(hub: Served) -> None:
    answers: list[tuple[list[str], list[str]]] = []
    for extra in ((), (SECRET, {**SECRET, "id": "vip2"})):
        _, plan, patient = a_plan(hub, GOAL, *extra)
        paths = [
            f"{kind}?patient={patient}"
            for kind in ("Goal", "CarePlan", "CareTeam", "Task", "Appointment", "ServiceRequest", "Consent")
        ]
        paths += [
            f"Patient/{patient.removeprefix('Patient/')}/$everything",
            f"Provenance?target=CarePlan/{plan}-employment",
            f"CarePlan?_id={plan}&_include=CarePlan:goal&_revinclude=Provenance:target",
            f"Goal?patient={patient}&_count=1",
            f"Goal?patient={patient}&_summary=count",
            f"CarePlan/{plan}/_history",
        ]
        told = [hub.ask("coordinator", "GET", f"/fhir/{path}").text for path in paths]
        named = [
            plan,
            patient,
            *(
                one
                for kind in ("Goal", "Consent")
                for one in ids(search(hub, "coordinator", f"{kind}?patient={patient}"))
            ),
        ]
        answers.append((told, named))
    one, other = ([_without(text, named) for text in told] for told, named in answers)
    assert one == other


def _without(text: str, named: list[str]) -> str:
    """Return an answer without what differs between any two plans: ids, numbers, times of registration, marks."""
    for number, id in enumerate(named):
        text = text.replace(id.rpartition("/")[2], f"id-{number}")
    times = "lastUpdated|lastModified|recorded|dateTime|occurredDateTime|valueDateTime|start|end"
    marks = rf'"versionId":"[^"]+"|"etag":"(?:[^"\\]|\\.)*"|"(?:{times})":"[^"]+"|_cursor=[a-z]+'
    return re.sub(rf'{marks}|case-of-\d+|"value":"\d{{10}}"', "", text)


@on_both
def test_pages_follow_each_other_and_hold_everything_once(hub: Served) -> None:
    _, _, patient = a_plan(hub, *({"id": f"g{n}", "title": f"Mål {n}"} for n in range(7)))
    whole = ids(search(hub, "employment", f"Goal?patient={patient}"))
    path, pages = f"/fhir/Goal?patient={patient}&_count=3", []
    while path:
        page = found(hub.ask("employment", "GET", path))
        assert page["total"] == 7
        pages.append(ids(page))
        path = next((one["url"].removeprefix(hub.url) for one in page["link"] if one["relation"] == "next"), "")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == whole


@on_both
def test_a_search_that_names_nobody_goes_through_the_callers_plans(hub: Served) -> None:
    plans = {a_plan(hub)[1] for _ in range(3)}
    path, seen = "/fhir/CarePlan?category=one-plan&_count=2", []
    while path:
        page = found(hub.ask("employment", "GET", path))
        assert "total" not in page, "nobody counts all plans"
        seen += ids(page)
        path = next((one["url"].removeprefix(hub.url) for one in page["link"] if one["relation"] == "next"), "")
    assert len(seen) == len(set(seen))
    assert {f"CarePlan/{plan}" for plan in plans} <= set(seen)
    assert hub.ask("employment", "GET", "/fhir/CarePlan?_summary=count").status_code == 400
    assert {one.split("/")[0] for one in ids(search(hub, "anna", "CarePlan"))} == {"CarePlan"}
    assert not [one for one in ids(search(hub, "anna", "CarePlan")) if any(plan in one for plan in plans)]


def test_a_number_is_posted_and_never_part_of_an_address(hub: Served) -> None:
    cpr, _, patient = a_plan(hub)
    refused = hub.ask("employment", "GET", f"/fhir/Patient?{urlencode({'identifier': f'{CPR}|{cpr}'})}")
    assert (refused.status_code, refused.json()["resourceType"]) == (400, "OperationOutcome")
    assert "POST" in refused.text
    assert cpr not in refused.text
    form = urlencode({"identifier": f"{CPR}|{cpr}"}).encode()
    people = found(hub.ask("employment", "POST", "/fhir/Patient/_search", form, headers=FORM))
    assert ids(people) == [patient]
    assert cpr not in str(people["link"])
    form = urlencode({"patient:identifier": f"{CPR}|{cpr}"}).encode()
    goals = found(hub.ask("employment", "POST", "/fhir/Goal/_search", form, headers=FORM))
    assert goals["total"] == 1
    for nobody in (hub.a_cpr(), "0101011234"):
        form = urlencode({"identifier": f"{CPR}|{nobody}"}).encode()
        assert found(hub.ask("employment", "POST", "/fhir/Patient/_search", form, headers=FORM))["total"] == 0
    wrong = hub.ask("employment", "POST", "/fhir/Patient/_search", b"{}", headers={"Content-Type": "application/json"})
    assert wrong.status_code == 400


def test_what_comes_along_is_what_is_named_and_what_names_it(hub: Served) -> None:
    _, plan, _ = a_plan(hub)
    along = "&".join(f"_include=CarePlan:{name}" for name in ("goal", "part-of", "subject"))
    path = f"CarePlan?_id={plan}-employment&{along}&_revinclude=Provenance:target"
    bundle = search(hub, "coordinator", path)
    assert ids(bundle) == [f"CarePlan/{plan}-employment"]
    kinds = sorted(one.split("/")[0] for one in ids(bundle, "include"))
    assert kinds == ["CarePlan", "Goal", "Patient", "Provenance"]


def test_a_part_of_a_resource_is_told_to_be_one(hub: Served) -> None:
    _, _, patient = a_plan(hub)
    (entry,) = search(hub, "employment", f"Goal?patient={patient}&_elements=startDate")["entry"]
    assert set(entry["resource"]) == {
        "resourceType", "id", "meta", "lifecycleStatus", "description", "subject", "startDate",
    }  # fmt: skip
    get_fhir_model_class("Goal").model_validate(entry["resource"])
    assert "SUBSETTED" in str(entry["resource"]["meta"])
    whole = hub.ask("employment", "GET", f"/fhir/Goal/{entry['resource']['id']}").json()
    assert whole["meta"]["versionId"] == entry["resource"]["meta"]["versionId"]


@on_both
def test_a_resource_that_has_not_changed_is_not_sent_again(hub: Served) -> None:
    cpr, _, patient = a_plan(hub)
    (goal,) = ids(search(hub, "employment", f"Goal?patient={patient}"))
    first = hub.ask("employment", "GET", f"/fhir/{goal}")
    assert first.headers["etag"] == f'W/"{first.json()["meta"]["versionId"]}"'
    assert "last-modified" in first.headers
    again = hub.ask("employment", "GET", f"/fhir/{goal}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    hub.sends(cpr, {**GOAL, "title": "Et andet job"}, version=2)
    after = hub.ask("employment", "GET", f"/fhir/{goal}", headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != first.headers["etag"]


@on_both
def test_history_tells_each_version_by_what_may_be_seen_today(hub: Served) -> None:
    cpr, _, patient = a_plan(hub)
    hub.sends(cpr, {**GOAL, "title": "Et andet job"}, version=2)
    (goal,) = ids(search(hub, "employment", f"Goal?patient={patient}"))
    bundle = found(hub.ask("employment", "GET", f"/fhir/{goal}/_history"))
    titles = [one["resource"]["description"]["text"] for one in bundle["entry"]]
    assert titles == ["Et andet job", "Job"]
    for entry in bundle["entry"]:
        version = entry["resource"]["meta"]["versionId"]
        answer = hub.ask("employment", "GET", f"/fhir/{goal}/_history/{version}")
        assert answer.json() == entry["resource"]
        assert entry["response"]["etag"] == answer.headers["etag"]
    assert hub.ask("employment", "GET", f"/fhir/{goal}").json() == bundle["entry"][0]["resource"]
    assert hub.ask("employment", "GET", f"/fhir/{goal}/_history/nosuch").status_code == 404
    hub.sends(cpr, {**GOAL, "title": "Et andet job", "label": "VIP_SAGER"}, version=3)
    assert hub.ask("coordinator", "GET", f"/fhir/{goal}/_history").status_code == 404, "withheld now is withheld ever"
    version = bundle["entry"][1]["resource"]["meta"]["versionId"]
    assert hub.ask("coordinator", "GET", f"/fhir/{goal}/_history/{version}").status_code == 404


@pytest.mark.parametrize("of", ["Patient", "CarePlan"])
def test_everything_is_all_that_the_caller_may_see_of_a_plan(hub: Served, of: str) -> None:
    _, plan, patient = a_plan(hub, GOAL, SECRET)
    address = f"/fhir/{patient}/$everything" if of == "Patient" else f"/fhir/CarePlan/{plan}/$everything"
    bundle = found(hub.ask("coordinator", "GET", address))
    assert {one.split("/")[0] for one in ids(bundle)} == {
        "CarePlan", "CareTeam", "Goal", "Organization", "Patient", "Provenance",
    }  # fmt: skip
    assert bundle["total"] == len(ids(bundle))
    assert "Hemmeligt" not in str(bundle)
    few = found(hub.ask("coordinator", "GET", f"{address}?_type=Goal,Patient&_count=1"))
    assert (few["total"], len(ids(few))) == (2, 1)
    (after,) = [one["url"] for one in few["link"] if one["relation"] == "next"]
    rest = found(hub.ask("coordinator", "GET", after.removeprefix(hub.url)))
    assert sorted(ids(few) + ids(rest)) == sorted(
        one for one in ids(bundle) if one.split("/")[0] in ("Goal", "Patient")
    )
    assert found(hub.ask("coordinator", "GET", f"{address}?_since=2099-01-01T00:00:00Z&_type=Goal"))["total"] == 0
    assert hub.ask("bo", "GET", address).status_code == 404
    assert hub.ask("coordinator", "GET", address.replace(of, "Goal", 1)).status_code == 404


def test_consents_and_households_are_found(hub: Served) -> None:
    _, plan, patient = a_plan(hub)
    consents = search(hub, "coordinator", f"Consent?patient={patient}&status=active")
    assert consents["total"] == 1
    (consent,) = ids(consents)
    assert search(hub, "employment", f"Consent?patient={patient}")["total"] == 0
    history = found(hub.ask("coordinator", "GET", f"/fhir/{consent}/_history"))
    assert [one["resource"]["meta"]["versionId"] for one in history["entry"]] == ["1"]
    (household,) = search(hub, "coordinator", f"Group?member={patient}")["entry"]
    assert household["resource"] == hub.ask("coordinator", "GET", f"/fhir/Group/{plan}").json()
    get_fhir_model_class("Group").model_validate(household["resource"])


def test_what_the_caller_cannot_read_is_not_sent(hub: Served) -> None:
    for path in ("/fhir/metadata", "/fhir/Goal", f"/fhir/CarePlan/{hub.plan}"):
        answer = hub.ask("coordinator", "GET", path, headers={"Accept": "application/fhir+xml"})
        assert (answer.status_code, answer.json()["resourceType"]) == (406, "OperationOutcome")
        fine = hub.ask("coordinator", "GET", path, headers={"Accept": "text/html, application/fhir+json;q=0.9"})
        assert fine.status_code == 200


def test_a_type_that_is_not_there_and_a_parameter_that_is_not_known(hub: Served) -> None:
    assert hub.ask("coordinator", "GET", "/fhir/Nonsense").status_code == 404
    lenient = found(hub.ask("coordinator", "GET", f"/fhir/Goal?patient=Patient/{hub.anna}&colour=red"))
    assert "colour" not in str(lenient["link"])
    strict = hub.ask("coordinator", "GET", "/fhir/Goal?colour=red&_sort=x", headers={"Prefer": "handling=strict"})
    assert strict.status_code == 400
    assert [one["expression"] for one in strict.json()["issue"][1:]] == [["colour"], ["_sort"]]
    get_fhir_model_class("OperationOutcome").model_validate(strict.json())


def test_only_what_is_shown_of_a_search_is_written_down_as_read(hub: Served) -> None:
    _, _, patient = a_plan(hub, GOAL, {"id": "h", "title": "Praktik", "status": "completed"})
    headers = {"X-Correlation-Id": "one-search"}
    answer = hub.ask("employment", "GET", f"/fhir/Goal?patient={patient}&lifecycle-status=completed", headers=headers)
    (row,) = [row for row in hub.audited("read") if row["correlation_id"] == "one-search"]
    assert row["details"]["elements"] == [one.removeprefix("Goal/") for one in ids(answer.json())]


def test_the_capability_statement_tells_of_every_type_that_is_answered(hub: Served) -> None:
    statement = hub.ask(None, "GET", "/fhir/metadata").json()
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    for resource in statement["rest"][0]["resource"]:
        caller = "employment" if resource["type"] == "Subscription" else "coordinator"
        assert hub.ask(caller, "GET", f"/fhir/{resource['type']}?_count=1").status_code == 200


@on_both
def test_who_saw_what_is_found_as_audit_events_by_the_citizen_and_the_coordinator(hub: Served) -> None:
    _, plan, patient = a_plan(hub)
    hub.ask("employment", "GET", f"/plans/{plan}")
    events = search(hub, "coordinator", f"AuditEvent?patient={patient}&agent=Organization/employment&action=R")
    assert events["total"] >= 1
    event = events["entry"][0]["resource"]
    get_fhir_model_class("AuditEvent").model_validate(event)
    read = hub.ask("coordinator", "GET", f"/fhir/AuditEvent/{event['id']}")
    assert read.json() == event
    assert search(hub, "employment", f"AuditEvent?patient={patient}")["total"] == 0
    assert hub.ask("employment", "GET", f"/fhir/AuditEvent/{event['id']}").status_code == 404
    assert search(hub, "coordinator", f"AuditEvent?entity=CarePlan/{plan}&date=ge2000")["total"] >= 1


def test_where_a_consent_comes_from_is_found_and_read(hub: Served) -> None:
    _, _, patient = a_plan(hub)
    (consent,) = ids(search(hub, "coordinator", f"Consent?patient={patient}"))
    (origin,) = search(hub, "coordinator", f"Provenance?target={consent}")["entry"]
    get_fhir_model_class("Provenance").model_validate(origin["resource"])
    assert origin["resource"]["target"] == [{"reference": f"{consent}/_history/1"}]
    assert search(hub, "coordinator", f"Provenance?target={consent}/_history/1")["total"] == 1
    assert search(hub, "coordinator", f"Provenance?target={consent}/_history/2")["total"] == 0
    read = hub.ask("coordinator", "GET", f"/fhir/Provenance/{origin['resource']['id']}")
    assert read.json() == origin["resource"]
    assert hub.ask("employment", "GET", f"/fhir/Provenance/{origin['resource']['id']}").status_code == 404
    assert search(hub, "employment", f"Provenance?target={consent}")["total"] == 0
    assert search(hub, "coordinator", f"Provenance?patient={patient}")["total"] == 2
