"""Consents over FHIR R4: read, given, refused by their elements, and asked what they decide."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.testing.builders import a_contribution
from tests.integration.api.served import ANNA_CPR, Served, on_both
from tests.integration.world import World

pytestmark = pytest.mark.integration
CONSENT = "/fhir/Consent"
ANNA = {"system": "urn:oid:1.2.208.176.1.2", "value": ANNA_CPR}
NOT_THERE = "99999999-9999-4999-8999-999999999999"


def given(hub: Served, **changes: Any) -> dict[str, Any]:
    """Say yes over the API and return it as FHIR tells it."""
    said = {"kind": "sharing", "plan": str(hub.plan), "sources": ["employment"], "recipients": ["children"],
            "categories": ["goals"], "channel": "meeting"}  # fmt: skip
    consent = hub.ask("coordinator", "POST", "/consents", said | changes).json()["consent"]
    answer = hub.ask("anna", "GET", f"{CONSENT}/{consent}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    resource: dict[str, Any] = answer.json()
    get_fhir_model_class("Consent").model_validate(resource)
    return resource


def listed(hub: Served, consent: str, plan: str = "") -> dict[str, Any]:
    rows = hub.ask("coordinator", "GET", f"/consents?plan={plan or hub.plan}").json()["consents"]
    return next(row for row in rows if row["consent"] == consent)


@on_both
def test_a_consent_told_in_fhir_is_in_force_as_if_it_had_been_said_here(hub: Served) -> None:
    resource = given(hub, categories=["contacts"])
    exempt = {"type": "deny", "class": [{"system": "urn:one-plan-hub:category", "code": "health"}]}
    resource["provision"]["provision"] = [exempt]
    answer = hub.ask("anna", "POST", CONSENT, resource)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"{CONSENT}/{made['id']}"
    row = listed(hub, made["id"])
    assert (row["in_force"], row["recipients"], row["categories"]) == (True, ["children"], ["contacts"])
    assert [one["categories"] for one in row["exemptions"]] == [["health"]]
    assert row["given_by"][0]["channel"] == "meeting"
    assert hub.ask("anna", "GET", f"{CONSENT}/{made['id']}").json() == made


@on_both
def test_said_again_in_the_same_words_it_is_the_next_version_of_the_same(hub: Served) -> None:
    resource = given(hub, categories=["activities"])
    again = hub.ask("coordinator", "POST", CONSENT, resource).json()
    assert (again["id"], again["meta"]["versionId"]) == (resource["id"], "2")


def test_a_patient_may_be_named_by_a_number_in_the_body(hub: Served) -> None:
    resource = given(hub)
    resource["patient"] = {"identifier": copy.copy(ANNA)}
    assert hub.ask("coordinator", "POST", CONSENT, resource).status_code == 201
    nobodys = copy.deepcopy(resource)
    nobodys["patient"]["identifier"]["value"] = "3112999999"
    answer = hub.ask("coordinator", "POST", CONSENT, nobodys)
    assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
    assert "3112999999" not in answer.text


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"resourceType": "Patient"}, "resourceType"),
        ({"status": "aktiv"}, "Consent.status"),
        ({"status": "inactive"}, "Consent.status"),
        ({"dateTime": "2099-01-01"}, "Consent.dateTime"),
        ({"verification": [{"verified": False}]}, "Consent.verification"),
        ({"policy": [{"uri": "https://example.org/policy"}]}, "Consent.policy"),
        ({"scope": "no object"}, "Consent.scope"),
        ({"unheard": 1}, "Consent.unheard"),
        ({"patient": {"reference": "Patient/nobody"}}, "Consent.patient"),
        ({"patient": {"reference": f"Patient/{NOT_THERE}", "identifier": ANNA}}, "Consent.patient"),
        ({"implicitRules": "https://example.org/rules"}, "Consent.implicitRules"),
    ],
)
def test_what_cannot_be_taken_over_is_refused_by_its_element(hub: Served, change: Any, element: str) -> None:
    answer = hub.ask("coordinator", "POST", CONSENT, given(hub) | change)
    assert answer.status_code == 400, answer.text
    outcome = answer.json()
    get_fhir_model_class("OperationOutcome").model_validate(outcome)
    assert element in outcome["issue"][0]["expression"]


def test_a_citizen_brings_nobody_elses_word_in_fhir(hub: Served) -> None:
    resource = given(hub)
    (grant,) = resource["performer"][0]["extension"]
    parts = [{"url": "capacity", "valueCode": "guardian"}, *(p for p in grant["extension"] if p["url"] != "capacity")]
    guardian = {"reference": f"RelatedPerson/{NOT_THERE}", "extension": [{**grant, "extension": parts}]}
    resource["performer"] = [guardian]
    assert hub.ask("anna", "POST", CONSENT, resource).status_code == 403
    assert hub.ask("coordinator", "POST", CONSENT, resource).status_code == 404, "nobody the hub knows"


def test_a_yes_that_names_no_end_lasts_as_long_as_the_municipality_lets_it(hub: Served) -> None:
    resource = given(hub, categories=["cases"])
    del resource["provision"]["period"]
    del resource["performer"][0]["extension"]
    made = hub.ask("anna", "POST", CONSENT, resource).json()
    row = listed(hub, made["id"])
    assert row["period"]["to"], "twelve months, by the settings"
    assert made["provision"]["period"]["end"]


def test_a_no_to_one_plan_is_not_given(hub: Served) -> None:
    resource = given(hub)
    resource["category"][1]["coding"][0]["code"] = "one-plan"
    resource["policyRule"]["coding"][0]["code"] = "OPTOUT"
    resource["provision"] = {"type": "deny"}
    answer = hub.ask("anna", "POST", CONSENT, resource)
    assert (answer.status_code, answer.json()["issue"][0]["expression"]) == (400, ["Consent.provision.type"])
    assert decide(hub, "anna", authority="employment", category="goals")["decision"] == ["permit"], "it still counts"


def test_a_citizen_speaks_as_nothing_but_themself(hub: Served) -> None:
    resource = given(hub)
    (grant,) = resource["performer"][0]["extension"]
    parts = [{"url": "capacity", "valueCode": "custody"}, *(p for p in grant["extension"] if p["url"] != "capacity")]
    anna = resource["patient"]["reference"].removeprefix("Patient/")
    resource["performer"] = [{"reference": f"RelatedPerson/{anna}", "extension": [{**grant, "extension": parts}]}]
    assert hub.ask("anna", "POST", CONSENT, resource).status_code == 403


def test_each_question_is_written_down(hub: Served) -> None:
    before = len(hub.audited("decided"))
    decide(hub, "anna", authority="employment", category="goals", recipient="children")
    (row,) = hub.audited("decided")[before:]
    assert (row["actor"], row["details"]["recipient"], row["details"]["category"]) == ("anna", "children", "goals")


def test_a_withdrawn_consent_is_inactive(hub: Served) -> None:
    resource = given(hub, categories=["needs"])
    hub.ask("anna", "POST", f"/consents/{resource['id']}/withdraw")
    after = hub.ask("anna", "GET", f"{CONSENT}/{resource['id']}").json()
    assert (after["status"], after["meta"]["versionId"]) == ("inactive", "2")


@on_both
def test_every_version_that_a_decision_may_name_can_be_read_as_it_was_said(hub: Served) -> None:
    first = given(hub, categories=["economy"], evidence="J-1", text_version="2026-1", language="en")
    address = f"{CONSENT}/{first['id']}/_history"
    hub.ask("anna", "POST", f"/consents/{first['id']}/withdraw")
    assert hub.ask("anna", "GET", f"{address}/1").json() == first
    assert '"J-1"' in hub.ask("coordinator", "GET", f"{address}/1").text
    assert hub.ask("anna", "GET", f"{address}/2").json()["status"] == "inactive"
    told = [hub.ask(*asked) for asked in (("anna", "GET", f"{address}/3"), ("children", "GET", f"{address}/1"))]
    assert [one.status_code for one in told] == [404, 404]
    assert {one.headers["content-type"] for one in told} == {"application/fhir+json"}
    assert hub.ask("anna", "GET", f"{address}/{2**63}").status_code in {400, 404}


# --- a parent who speaks for a child ---------------------------------------------------------------------------------

CHILD, FATHER = "0505159991", "0503829995"


def of_a_child(hub: Served, category: str = "goals") -> str:
    """Return the plan of a child of whom Anna and a father hold custody, who has said yes to sharing a category."""
    both = [{"capacity": "custody", "cpr": cpr, "name": "Test"} for cpr in (ANNA_CPR, FATHER)]
    _, opened = hub.opens_plan(CHILD, given_by=both)
    home = a_contribution("children", "home").about(CHILD).with_relative("m", ANNA_CPR).with_relative("f", FATHER)
    drafts = tuple(replace(one, details={"custody": "yes"}) for one in home.build().drafts)
    World(hub.store).accepts(replace(home.build(), drafts=drafts))
    said = {"kind": "sharing", "plan": opened["plan"], "sources": ["employment"], "recipients": ["children"],
            "categories": [category], "evidence": "Journal 12 hos faderen", "given_by": both[1:]}  # fmt: skip
    assert hub.ask("coordinator", "POST", "/consents", said).json()["lacks"] == ["custody"]
    return str(opened["plan"])


def test_a_parent_who_says_the_same_as_the_other_is_told_the_own_word_alone(hub: Served) -> None:
    plan = of_a_child(hub)
    resource = given(hub, period={"from": None, "to": "2099-01-01T00:00:00+01:00"})
    patient = {"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": CHILD}}
    grant = resource["performer"][0]["extension"][0]
    parts = [{"url": "capacity", "valueCode": "custody"}, *(p for p in grant["extension"] if p["url"] != "capacity")]
    anna = {"reference": f"RelatedPerson/{hub.anna}", "extension": [{**grant, "extension": parts}]}
    answer = hub.ask("anna", "POST", CONSENT, {**resource, "patient": patient, "performer": [anna]})
    assert answer.status_code == 201, answer.text
    assert [one["reference"] for one in answer.json()["performer"]] == [f"RelatedPerson/{hub.anna}"]
    assert "Journal" not in answer.text
    assert answer.json()["provision"]["period"]["end"].startswith("2098-12-31T23:59:59"), "the father's ends before"
    rows = hub.ask("coordinator", "GET", f"/consents?plan={plan}").json()["consents"]
    assert [len(one["given_by"]) for one in rows if one["kind"] == "sharing"] == [2], "both have said it"
    assert hub.ask("anna", "GET", answer.headers["location"]).status_code == 404


def test_a_parent_who_says_the_same_as_the_other_is_told_the_own_time_alone(hub: Served) -> None:
    plan, longer = of_a_child(hub, "contacts"), "2099-01-01T00:00:00+01:00"
    said = {"kind": "sharing", "plan": plan, "sources": ["employment"], "recipients": ["children"],
            "categories": ["contacts"], "period": {"from": None, "to": longer}}  # fmt: skip
    answer = hub.ask("anna", "POST", "/consents", said).json()
    assert (answer["period"]["to"], answer["lacks"]) == (longer, [])
    row = listed(hub, answer["consent"], plan)
    assert row["period"]["to"] < longer, "the father has said it for a year"
    back = hub.ask("anna", "POST", f"/consents/{answer['consent']}/withdraw").json()
    assert (back["period"]["to"], back["status"]) == (longer, "withdrawn")


# --- $decide --------------------------------------------------------------------------------------------------------


def decide(hub: Served, caller: str, **asked: str) -> dict[str, Any]:
    parameters = [{"name": name, "valueString": value} for name, value in ({"plan": str(hub.plan)} | asked).items()]
    body = {"resourceType": "Parameters", "parameter": parameters}
    answer = hub.ask(caller, "POST", f"{CONSENT}/$decide", body)
    assert answer.status_code == 200, answer.text
    get_fhir_model_class("Parameters").model_validate(answer.json())
    found: dict[str, Any] = {}
    for one in answer.json()["parameter"]:
        name, value = one["name"], next(value for key, value in one.items() if key.startswith("value"))
        found.setdefault(name, []).append(value)
    return found


@on_both
def test_the_citizen_asks_what_a_recipient_may_see_and_why(hub: Served) -> None:
    general = {"recipient": "children", "authority": "employment", "category": "assessments",
               "label": "FORTROLIGE_PERSONOPLYSNINGER"}  # fmt: skip
    assert decide(hub, "anna", **general)["decision"] == ["deny"]
    resource = given(hub, categories=["assessments"])
    told = decide(hub, "anna", **general)
    assert (told["decision"], told["reason"]) == (["permit"], ["consent"])
    assert told["rule"] == ["CON-BL110"]
    versions = {one["reference"] for one in told["consent"]}
    assert f"Consent/{resource['id']}/_history/1" in versions
    assert told["sentence-da"][0].startswith("Kan ses, fordi du har sagt ja"), "it speaks of another, to the citizen"
    assert told["valid-until"]
    assert set(told["obligation"]) == {"audit", "purpose-bound"}


def test_a_reader_asks_about_themself_and_about_nobody_else(hub: Served) -> None:
    asked = {"authority": "employment", "category": "goals", "label": "IKKE_FORTROLIGE_DATA"}
    assert decide(hub, "children", **asked)["policy-version"]
    parameters = [{"name": name, "valueString": value} for name, value in asked.items()]
    parameters += [{"name": "plan", "valueString": str(hub.plan)}, {"name": "recipient", "valueString": "employment"}]
    body = {"resourceType": "Parameters", "parameter": parameters}
    for caller in ("children", "caseworker", "operator", "bo"):
        assert hub.ask(caller, "POST", f"{CONSENT}/$decide", body).status_code == 404, caller


def test_of_an_element_only_who_sees_it_is_told(hub: Served) -> None:
    hub.sends(ANNA_CPR, {"id": "open", "title": "Job"}, {"id": "vip", "title": "Secret", "label": "VIP_SAGER"},
              case="decide")  # fmt: skip
    seen = hub.ask("employment", "GET", f"/plans/{hub.plan}").json()["elements"]
    ids = {one["title"]: one["id"] for one in seen if one["source"]["case"] == "decide"}
    assert decide(hub, "coordinator", element=ids["Job"])["reason"] == ["statute"]
    assert decide(hub, "coordinator", element=ids["Job"], recipient="employment")["decision"] == ["permit"]
    for element in (ids["Secret"], NOT_THERE):
        asked = [{"name": "plan", "valueString": str(hub.plan)}, {"name": "element", "valueString": element}]
        answer = hub.ask(
            "coordinator", "POST", f"{CONSENT}/$decide", {"resourceType": "Parameters", "parameter": asked}
        )
        assert answer.status_code == 404
        assert "There is no element" in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "plan", "valueString": "no id"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "cpr", "valueString": "0101701234"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "label", "valueString": "HEMMELIGT"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "plan", "valueString": NOT_THERE}]},
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "plan", "valueString": NOT_THERE},
                {"name": "role", "valueString": "partner"},
                {"name": "authority", "valueString": "social"},
                {"name": "category", "valueString": "goals"},
            ],
        },
    ],
)
def test_a_question_with_faults_is_refused_and_nothing_of_it_repeated(hub: Served, asked: dict[str, Any]) -> None:
    answer = hub.ask("coordinator", "POST", f"{CONSENT}/$decide", asked)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert not [word for word in ("0101701234", "HEMMELIGT", "no id") if word in answer.text]


def test_the_capability_statement_tells_of_consents(hub: Served) -> None:
    (rest,) = hub.ask(None, "GET", "/fhir/metadata").json()["rest"]
    (consent,) = [one for one in rest["resource"] if one["type"] == "Consent"]
    assert [one["code"] for one in consent["interaction"]] == [
        "read", "vread", "history-instance", "search-type", "create",
    ]  # fmt: skip
    assert [one["name"] for one in consent["operation"]] == ["decide"]
