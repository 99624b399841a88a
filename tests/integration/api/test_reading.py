"""What is read: plans, reasons, consents and FHIR, each as far as its reader may see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.authority import contract_folder
from hub.testing.clock import frozen
from tests.integration.api.served import ANNA_CPR, Served, on_both

pytestmark = pytest.mark.integration
GOAL = {"id": "g", "title": "Job i en butik"}
SECRET = {"id": "s", "title": "Hemmeligt", "kind": "note", "category": "health", "label": "VIP_SAGER"}


def a_plan(hub: Served, *elements: dict[str, Any]) -> str:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, *(elements or (GOAL,)))
    return str(opened["plan"])


def shares(hub: Served, plan: str, **changes: Any) -> dict[str, Any]:
    consent = {
        "kind": "sharing", "plan": plan, "sources": ["employment"], "recipients": ["children"], "categories": ["goals"],
    }  # fmt: skip
    answer = hub.ask("coordinator", "POST", "/consents", consent | changes)
    assert answer.status_code == 201, answer.text
    given: dict[str, Any] = answer.json()
    return given


def titles(hub: Served, caller: str, plan: str) -> list[str]:
    answer = hub.ask(caller, "GET", f"/plans/{plan}")
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()["elements"]]


@on_both
def test_a_plan_says_what_it_shows_whose_it_is_and_why(hub: Served) -> None:
    plan = a_plan(hub)
    answer = hub.ask("coordinator", "GET", f"/plans/{plan}").json()
    assert answer.keys() == {"plan", "status", "person", "may_be_partial", "elements", "findings", "sources", "as_of"}
    assert answer["person"]["cpr"].endswith("-****")
    assert answer["may_be_partial"]["value"] is True
    (element,) = answer["elements"]
    assert (element["authority"], element["kind"], element["title"]) == ("employment", "goal", "Job i en butik")
    assert element["source"].keys() == {"system", "contract", "registered_at", "case"}
    assert element["why"]["rule_ids"] == ["LAW-O-COORDINATOR"]
    assert element["why"]["sentence"]["en"].startswith("You can see it.")
    assert datetime.fromisoformat(answer["as_of"]).utcoffset() is not None


def test_no_answer_about_a_plan_holds_the_whole_number(hub: Served) -> None:
    for caller in ("coordinator", "children", "anna"):
        text = hub.ask(caller, "GET", f"/plans/{hub.plan}").text
        assert ANNA_CPR not in text
        assert ANNA_CPR[6:] not in text.replace(str(hub.plan), "").split('"elements"')[0]


def test_an_unchanged_plan_is_not_sent_twice(hub: Served) -> None:
    plan = a_plan(hub)
    first = hub.ask("coordinator", "GET", f"/plans/{plan}")
    again = hub.ask(
        "coordinator", "GET", f"/plans/{plan}", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'}
    )
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    other = hub.ask("coordinator", "GET", f"/plans/{plan}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_a_changed_plan_has_another_etag(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, GOAL)
    before = hub.ask("coordinator", "GET", f"/plans/{opened['plan']}").headers["etag"]
    hub.sends(cpr, {"id": "g", "title": "Job på et lager"}, version=2)
    assert hub.ask("coordinator", "GET", f"/plans/{opened['plan']}").headers["etag"] != before


@pytest.mark.parametrize("path", ["/plans/{plan}", "/fhir/CarePlan/{plan}", "/fhir/CarePlan/{plan}-employment"])
@pytest.mark.parametrize("caller", ["coordinator", "children"])
def test_withheld_content_changes_not_one_byte_of_an_answer(hub: Served, caller: str, path: str) -> None:
    with frozen(datetime(2026, 11, 23, 9, tzinfo=UTC)) as clock:
        cpr, opened = hub.opens_plan()
        plan = opened["plan"]
        shares(hub, plan)
        hub.sends(cpr, GOAL)

        def asked() -> tuple[int, bytes, dict[str, str]]:
            answer = hub.ask(caller, "GET", path.format(plan=plan), headers={"X-Correlation-Id": "same"})
            headers = {name: value for name, value in answer.headers.items() if name != "date"}
            return answer.status_code, answer.content, headers

        clock.advance(timedelta(hours=1))
        at = clock()
        before = asked()
        clock.move_to(at - timedelta(minutes=30))
        hub.sends(cpr, GOAL, SECRET, version=2)
        clock.move_to(at)
        assert before[0] == 200
        assert asked() == before


@on_both
def test_an_element_of_another_authority_is_seen_with_a_yes_and_not_after_it_is_withdrawn(hub: Served) -> None:
    plan = a_plan(hub)
    assert titles(hub, "children", plan) == []
    given = shares(hub, plan)
    assert titles(hub, "children", plan) == titles(hub, "caseworker", plan) == ["Job i en butik"]
    withdrawn = hub.ask("coordinator", "POST", f"/consents/{given['consent']}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["status"], withdrawn.json()["version"]) == (200, "withdrawn", 2)
    assert withdrawn.json()["plans_due"] == 1
    assert titles(hub, "children", plan) == []


@on_both
def test_a_consent_said_again_is_its_next_version_so_that_withdrawing_it_leaves_no_twin(hub: Served) -> None:
    plan = a_plan(hub)
    first, again = shares(hub, plan), shares(hub, plan)
    assert (again["consent"], again["version"]) == (first["consent"], 2)
    hub.ask("coordinator", "POST", f"/consents/{first['consent']}/withdraw")
    assert titles(hub, "children", plan) == []


def test_a_consent_withdrawn_twice_is_withdrawn_once(hub: Served) -> None:
    given = shares(hub, a_plan(hub))
    path = f"/consents/{given['consent']}/withdraw"
    assert [hub.ask("coordinator", "POST", path).json()["version"] for _ in range(2)] == [2, 2]


@on_both
def test_a_consent_to_one_plan_keeps_the_sector_plans_that_stand_again_once_it_is_withdrawn(hub: Served) -> None:
    sector_plans = ["Handleplan efter barnets lov § 91", "Jobcentrets plan"]
    cpr, opened = hub.opens_plan(replaces=sector_plans)
    _, again = hub.opens_plan(cpr)
    withdrawn = hub.ask("coordinator", "POST", f"/consents/{opened['consent']}/withdraw").json()
    assert [said["replaces"] for said in (opened, again, withdrawn)] == [sector_plans] * 3


def test_one_plan_given_twice_is_one_consent_and_withdrawn_dissolves_the_plan(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    _, again = hub.opens_plan(cpr)
    assert (again["plan"], again["consent"], again["version"]) == (opened["plan"], opened["consent"], 2)
    assert hub.ask("coordinator", "POST", f"/consents/{opened['consent']}/withdraw").status_code == 200
    assert hub.ask("coordinator", "GET", f"/plans/{opened['plan']}").json()["status"] == "dissolved"
    assert hub.ask("coordinator", "GET", f"/fhir/CarePlan/{opened['plan']}").json()["status"] == "revoked"


def test_a_yes_that_names_no_end_lasts_a_year_and_a_no_until_it_is_withdrawn(hub: Served) -> None:
    with frozen(datetime(2026, 11, 23, 9, tzinfo=UTC)):
        plan = a_plan(hub)
        yes = shares(hub, plan)["period"]
        no = shares(hub, plan, effect="deny")["period"]
    assert yes == {"from": "2026-11-23T10:00:00+01:00", "to": "2027-11-23T10:00:00+01:00"}
    assert no["to"] is None


def test_a_no_of_the_citizen_wins_over_a_yes(hub: Served) -> None:
    plan = str(hub.plan)
    hub.sends(ANNA_CPR, GOAL, case="annas-case")
    shares(hub, plan)
    assert titles(hub, "children", plan) == ["Job i en butik"]
    no = {"kind": "sharing", "plan": plan, "effect": "deny", "sources": ["*"], "recipients": ["children"],
          "purposes": ["*"], "categories": ["*"]}  # fmt: skip
    given = hub.ask("anna", "POST", "/consents", no)
    assert given.status_code == 201
    assert titles(hub, "children", plan) == []
    assert titles(hub, "anna", plan) == ["Job i en butik"]
    assert hub.ask("anna", "POST", f"/consents/{given.json()['consent']}/withdraw").status_code == 200
    assert titles(hub, "children", plan) == ["Job i en butik"]


@on_both
def test_a_no_that_names_no_step_covers_the_lowest_and_one_that_names_a_step_nothing_below(hub: Served) -> None:
    plan = a_plan(hub, {**GOAL, "label": "IKKE_FORTROLIGE_DATA"})
    shares(hub, plan)
    shares(hub, plan, effect="deny", label="FORTROLIGE_PERSONOPLYSNINGER")
    assert titles(hub, "children", plan) == ["Job i en butik"]
    no = shares(hub, plan, effect="deny")
    listed = hub.ask("coordinator", "GET", f"/consents?plan={plan}").json()["consents"]
    assert next(one["label"] for one in listed if one["consent"] == no["consent"]) == "IKKE_FORTROLIGE_DATA"
    assert titles(hub, "children", plan) == []


def test_consents_are_listed_with_all_that_was_said(hub: Served) -> None:
    plan = a_plan(hub)
    given = shares(hub, plan, channel="meeting", text_version="2026-1", language="en", purposes=["one-plan"])
    listed = hub.ask("coordinator", "GET", f"/consents?plan={plan}").json()
    assert listed["plan"] == plan
    sharing = next(one for one in listed["consents"] if one["consent"] == given["consent"])
    assert (sharing["sources"], sharing["recipients"], sharing["categories"]) == (
        ["employment"],
        ["children"],
        ["goals"],
    )
    (said,) = sharing["given_by"]
    assert (sharing["in_force"], said["capacity"], said["channel"], said["text_version"]) == (
        True,
        "self",
        "meeting",
        "2026-1",
    )
    assert said["language"] == "en"
    assert sharing["label"] == "FORTROLIGE_PERSONOPLYSNINGER"


def test_a_plan_is_found_by_a_posted_number(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    found = hub.ask("children", "POST", "/plans/search", {"cpr": f"{cpr[:6]}-{cpr[6:]}"})
    assert (found.status_code, found.json()) == (200, {"plan": opened["plan"]})


@on_both
def test_not_there_and_not_yours_are_the_same_answer(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    same = {"X-Correlation-Id": "same"}
    not_yours = hub.ask("partner", "POST", "/plans/search", {"cpr": cpr}, headers=same)
    not_there = hub.ask("partner", "POST", "/plans/search", {"cpr": hub.a_cpr()}, headers=same)
    assert (
        (not_yours.status_code, not_yours.content)
        == (not_there.status_code, not_there.content)
        == (404, not_there.content)
    )
    nowhere = "11111111-1111-4111-8111-111111111111"
    for path in ("/plans/{}", "/consents?plan={}", "/fhir/CarePlan/{}", f"/explain/{{}}/{nowhere}"):
        mine, none = (hub.ask("partner", "GET", path.format(plan), headers=same) for plan in (opened["plan"], nowhere))
        assert (mine.status_code, mine.content) == (none.status_code, none.content) == (404, none.content)


def test_an_element_is_explained_and_a_withheld_one_is_not_there(hub: Served) -> None:
    plan = a_plan(hub)
    element = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"][0]["id"]
    why = hub.ask("coordinator", "GET", f"/explain/{plan}/{element}")
    assert why.status_code == 200
    assert (why.json()["outcome"], why.json()["reason"]) == ("permit", "statute")
    assert why.json()["rule_ids"] == ["LAW-O-COORDINATOR"]
    assert hub.ask("children", "GET", f"/explain/{plan}/{element}").status_code == 404


@on_both
def test_reads_and_refusals_are_written_down(hub: Served) -> None:
    plan = a_plan(hub)
    hub.ask("coordinator", "GET", f"/plans/{plan}", headers={"X-Correlation-Id": "read-1"})
    hub.ask("partner", "GET", f"/plans/{plan}", headers={"X-Correlation-Id": "read-2"})
    (read,) = [row for row in hub.audited("read") if row["correlation_id"] == "read-1"]
    assert (read["actor"], str(read["plan_id"]), read["details"]["categories"]) == ("coordinator", plan, ["goals"])
    (refused,) = [row for row in hub.audited("refused") if row["correlation_id"] == "read-2"]
    assert (refused["actor"], refused["details"]) == ("partner", {"asked": plan, "code": "not-found"})


# --- FHIR ---------------------------------------------------------------------------------------------------------


def references_in(thing: Any) -> Iterator[str]:
    if isinstance(thing, dict):
        if isinstance(thing.get("reference"), str):
            yield thing["reference"]
        for inner in thing.values():
            yield from references_in(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from references_in(inner)


def test_every_resource_of_a_plan_is_reached_by_its_references_and_is_valid(hub: Served) -> None:
    plan = a_plan(
        hub,
        {"id": "c", "kind": "case", "category": "cases"},
        {"id": "n", "kind": "need", "category": "needs"},
        GOAL,
        {"id": "sub", "kind": "sub-goal", "part_of": "g"},
        {"id": "a", "kind": "activity", "category": "activities", "part_of": "g"},
        {"id": "m", "kind": "appointment", "category": "appointments"},
        {"id": "p", "kind": "contact-person", "category": "contacts"},
        {"id": "t", "kind": "note", "category": "assessments"},
        {"id": "h", "kind": "household-member", "category": "household"},
    )
    ahead, seen = [f"CarePlan/{plan}", f"Provenance/{plan}-employment"], set[str]()
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = hub.ask("coordinator", "GET", f"/fhir/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/fhir+json"), path
        get_fhir_model_class(path.split("/")[0]).model_validate(answer.json())
        ahead += references_in(answer.json())
    assert {path.split("/")[0] for path in seen} == {
        "Appointment", "CarePlan", "CareTeam", "Communication", "Condition", "EpisodeOfCare", "Goal", "Organization",
        "Patient", "PractitionerRole", "Provenance", "RelatedPerson", "ServiceRequest",
    }  # fmt: skip


def test_an_empty_plan_is_a_valid_care_plan(hub: Served) -> None:
    _, opened = hub.opens_plan()
    answer = hub.ask("children", "GET", f"/fhir/CarePlan/{opened['plan']}")
    get_fhir_model_class("CarePlan").model_validate(answer.json())
    assert "activity" not in answer.json()


def test_reading_one_resource_is_written_down_as_reading_that_one(hub: Served) -> None:
    plan = a_plan(hub, GOAL, {"id": "other", "title": "Et andet"})
    part = hub.ask("coordinator", "GET", f"/fhir/CarePlan/{plan}-employment").json()
    goal = part["goal"][0]["reference"]
    hub.ask("coordinator", "GET", f"/fhir/{goal}", headers={"X-Correlation-Id": "one-goal"})
    (read,) = [row for row in hub.audited("read") if row["correlation_id"] == "one-goal"]
    assert read["details"]["elements"] == [goal.removeprefix("Goal/")]


@pytest.mark.parametrize(
    "path",
    [
        "Goal/{plan}", "CarePlan/{plan}-children", "CarePlan/{plan}x", "Nonsense/{plan}", "Patient/{plan}", "Goal/x",
        "Organization/nobody", "Goal/{withheld}",
    ],
)  # fmt: skip
def test_what_is_not_in_the_view_is_an_operation_outcome(hub: Served, path: str) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, GOAL)
    part = hub.ask("coordinator", "GET", f"/fhir/CarePlan/{opened['plan']}-employment").json()
    withheld = part["goal"][0]["reference"].removeprefix("Goal/")
    address = f"/fhir/{path.format(plan=opened['plan'], withheld=withheld)}"
    answer = hub.ask("children", "GET", address)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["issue"][0]["code"] == "not-found"
    get_fhir_model_class("OperationOutcome").model_validate(answer.json())


def test_an_address_that_leads_up_is_the_transactions_and_reads_nothing(hub: Served) -> None:
    answer = hub.ask("children", "GET", "/fhir/CarePlan/..")
    assert (answer.status_code, answer.json()["resourceType"]) == (405, "OperationOutcome")


def test_the_capability_statement_is_valid_and_needs_no_token(hub: Served) -> None:
    answer = hub.ask(None, "GET", "/fhir/metadata")
    assert answer.status_code == 200
    get_fhir_model_class("CapabilityStatement").model_validate(answer.json())
    assert answer.json()["fhirVersion"] == "4.0.1"


def test_the_contracts_that_are_served_are_the_files(hub: Served) -> None:
    listed = hub.ask(None, "GET", "/contracts").json()
    files = {file["path"]: file for contract in listed for file in contract["files"]}
    root = contract_folder("")
    for path, file in files.items():
        answer = hub.ask(None, "GET", path)
        assert answer.content == (root / path.removeprefix("/contracts/")).read_bytes()
        assert answer.headers["content-type"] == file["type"]
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
    patterns = ("*.xsd", "*.wsdl", "openapi.yaml", "asyncapi.yaml", "*.schema.json")
    agreed = [path for pattern in patterns for path in root.glob(f"*/*/{pattern}")]
    assert {f"/contracts/{path.relative_to(root).as_posix()}" for path in agreed} <= files.keys()
    assert len([path for path in files if "/examples/" in path]) > 100
    assert not [path for path in files if "/expected/" in path or "/released/" in path]


@pytest.mark.parametrize(
    "path",
    ["..%2fpyproject.toml", "%2e%2e/pyproject.toml", "/etc/passwd", "social/v1", "social/v1/", "README.md", "%00"],
)
def test_nothing_but_a_contracts_files_is_served(hub: Served, path: str) -> None:
    answer = hub.ask(None, "GET", f"/contracts/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_coordinator_is_told_whom_to_ask_anew(hub: Served) -> None:
    child = hub.a_cpr()[:4] + "15" + "5" + hub.a_cpr()[7:]  # born in 2015
    _, opened = hub.opens_plan(child)
    assert (opened["applies"], opened["lacks"]) == (False, ["custody"])
    listed = hub.ask("coordinator", "GET", "/consents/ask-anew").json()
    (asked,) = [one["ask_anew"] for one in listed["plans"] if one["plan"] == opened["plan"]]
    assert asked == [{"consent": opened["consent"], "occasion": "custody", "due": None}]
    (one,) = hub.ask("coordinator", "GET", f"/consents?plan={opened['plan']}").json()["consents"]
    assert (one["in_force"], one["lacks"], one["ask_anew"]) == (False, ["custody"], asked)


def test_what_a_consent_leaves_out_is_told_as_it_was_said(hub: Served) -> None:
    _, opened = hub.opens_plan()
    exempt = {"categories": ["health"], "recipients": ["employment"]}
    said = {"data_period": {"from": "2026-01-01T00:00:00+01:00"}, "exemptions": [exempt], "evidence": "J-1"}
    shares(hub, opened["plan"], **said)
    (one,) = [
        one
        for one in hub.ask("coordinator", "GET", f"/consents?plan={opened['plan']}").json()["consents"]
        if one["kind"] == "sharing"
    ]
    assert one["data_period"] == {"from": "2026-01-01T00:00:00+01:00", "to": None}
    (left_out,) = one["exemptions"]
    assert (left_out["categories"], left_out["recipients"], left_out["sources"]) == (["health"], ["employment"], ["*"])
    assert one["given_by"][0]["evidence"] == "J-1"
