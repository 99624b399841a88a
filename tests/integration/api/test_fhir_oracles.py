"""What FHIR answers to who asks for something that it may not see: the same as for what was never there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from hub.clock import new_id
from hub.fhir.words import CASE_OF
from hub.plan.identifier import CPR
from tests.integration.api.served import Served, on_both
from tests.integration.api.test_fhir_search import FORM, GOAL, SECRET, a_plan, found, ids, search

pytestmark = pytest.mark.integration


def an_element(hub: Served, patient: str, title: str) -> str:
    """Return the id of a goal by its title, as its own authority sees it."""
    entries = search(hub, "employment", f"Goal?patient={patient}")["entry"]
    (one,) = [one["resource"]["id"] for one in entries if one["resource"]["description"]["text"] == title]
    return str(one)


def posted(hub: Served, caller: str, kind: str, asked: Mapping[str, str]) -> dict[str, Any]:
    answer = hub.ask(caller, "POST", f"/fhir/{kind}/_search", urlencode(asked).encode(), headers=FORM)
    return found(answer)


@on_both
@pytest.mark.parametrize("after", ["", "/_history", "/_history/1"])
def test_what_is_withheld_anothers_of_another_type_or_nowhere_is_answered_alike(hub: Served, after: str) -> None:
    _, _, patient = a_plan(hub, GOAL, SECRET)
    withheld, shown = an_element(hub, patient, "Hemmeligt"), an_element(hub, patient, "Job")
    asked = {
        "nowhere": ("coordinator", f"Goal/{new_id()}"),
        "withheld": ("coordinator", f"Goal/{withheld}"),
        "another's": ("partner", f"Goal/{shown}"),
        "of another type": ("coordinator", f"Condition/{shown}"),
        "no task anywhere": ("partner", f"Task/{new_id()}"),
        "no task, in another's plan": ("partner", f"Task/{shown}"),
    }
    answers = {name: hub.ask(caller, "GET", f"/fhir/{path}{after}") for name, (caller, path) in asked.items()}
    assert {answer.status_code for answer in answers.values()} == {404}
    said = {name: re.sub("Correlation id: [-0-9a-f]+", "", answer.text) for name, answer in answers.items()}
    assert len(set(said.values())) == 1, said


def test_a_resource_that_is_of_another_type_was_refused_and_not_read(hub: Served) -> None:
    _, _, patient = a_plan(hub)
    shown = an_element(hub, patient, "Job")
    before = len(hub.audited("read"))
    for path in (f"Condition/{shown}", f"Condition/{shown}/_history"):
        assert hub.ask("employment", "GET", f"/fhir/{path}").status_code == 404
    assert len(hub.audited("read")) == before
    assert [row["details"]["asked"] for row in hub.audited("refused")[-2:]] == [shown, shown]


@on_both
def test_provenance_is_found_by_its_patient_and_by_nothing_else_that_is_of_the_plan(hub: Served) -> None:
    _, plan, patient = a_plan(hub, GOAL, SECRET)
    assert search(hub, "coordinator", f"Provenance?patient={patient}")["total"] > 0
    for other in (an_element(hub, patient, "Hemmeligt"), an_element(hub, patient, "Job"), plan, str(new_id())):
        assert search(hub, "coordinator", f"Provenance?patient=Patient/{other}")["total"] == 0, other


@on_both
def test_a_case_number_finds_a_plan_for_who_sees_something_of_the_case(hub: Served) -> None:
    cpr, plan, _ = a_plan(hub, SECRET)
    number = f"case-of-{cpr[-4:]}"
    asked = {"patient:identifier": f"{CASE_OF}employment|{number}", "category": "one-plan"}
    assert ids(posted(hub, "employment", "CarePlan", asked)) == [f"CarePlan/{plan}"]
    assert posted(hub, "coordinator", "CarePlan", asked)["total"] == 0, "all of the case is withheld"
    hub.sends(cpr, SECRET, GOAL, version=2)
    assert ids(posted(hub, "coordinator", "CarePlan", asked)) == [f"CarePlan/{plan}"]
    assert posted(hub, "partner", "CarePlan", asked)["total"] == 0
    assert [row["details"]["found"] for row in hub.audited("searched")[-4:]] == [True, False, True, False]


@on_both
def test_all_that_says_whose_the_plan_is_must_be_true_of_it(hub: Served) -> None:
    cpr, plan, _ = a_plan(hub)
    another, other_plan, _ = a_plan(hub)
    for number, theirs in ((cpr, [f"CarePlan/{plan}"]), (another, [])):
        asked = {"_id": plan, "patient:identifier": f"{CPR}|{number}"}
        assert ids(posted(hub, "coordinator", "CarePlan", asked)) == theirs
    both = {"patient:identifier": f"{CPR}|{cpr},{CPR}|{another}", "category": "one-plan"}
    assert set(ids(posted(hub, "coordinator", "CarePlan", both))) == {f"CarePlan/{plan}", f"CarePlan/{other_plan}"}


def test_who_is_told_how_many_there_are_has_read_them(hub: Served) -> None:
    _, _, patient = a_plan(hub, GOAL, {"id": "h", "title": "Praktik"})
    counted = search(hub, "employment", f"Goal?patient={patient}&_summary=count")
    assert (counted["total"], "entry" in counted) == (2, False)
    assert len(hub.audited("read")[-1]["details"]["elements"]) == 2
