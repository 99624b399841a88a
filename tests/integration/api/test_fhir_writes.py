"""Goals, appointments, Tasks and a citizen's words written as FHIR R4: who may, by which version, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import orjson
import pytest

from tests.integration.api.fhir_writing import (
    a_goal,
    a_plan,
    a_statement,
    a_task,
    an_appointment,
    changes,
    checked,
    consents,
    problem,
    reads,
    told,
    writes,
)
from tests.integration.api.served import Served, on_both

pytestmark = pytest.mark.integration
SYSTEM = "urn:example:jobnet"
NOT_THERE = "99999999-9999-4999-8999-999999999999"
EXAMPLES = Path(__file__).parents[4] / "shared" / "data" / "fhir-r4"
NEW: dict[str, Callable[[str], dict[str, Any]]] = {
    "Goal": a_goal, "Communication": a_statement, "Appointment": an_appointment, "Task": a_task,
}  # fmt: skip
#: Who may write what into Anna's plan; whoever is not here may not know that it is there.
MAY = {
    "anna": ("Goal", "Communication"),
    "coordinator": ("Goal", "Task"),
    "employment": ("Goal", "Appointment", "Task"),
    "children": ("Goal", "Appointment", "Task"),
    "caseworker": ("Goal", "Appointment", "Task"),
}
MAY_NOT = ("social", "bo", "another-coordinator", "coordinator-of-children", "partner", "operator", "auditor")


def named(value: str) -> list[dict[str, str]]:
    return [{"system": SYSTEM, "value": value}]


def count(hub: Served, plan: str) -> int:
    return len(hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"])


@on_both
@pytest.mark.parametrize("kind", NEW)
def test_each_role_writes_what_is_its_to_write(hub: Served, kind: str) -> None:
    consents(hub, str(hub.plan))
    patient = f"Patient/{hub.anna}"
    for caller, kinds in MAY.items():
        owner = {"owner": {"reference": f"Organization/{'employment' if caller == 'children' else 'children'}"}}
        if caller == "caseworker":
            owner = {"owner": {"reference": "Organization/employment"}}
        answer = writes(hub, caller, NEW[kind](patient) | (owner if kind == "Task" else {}))
        assert answer.status_code == (201 if kind in kinds else 403), (caller, answer.text)
        if kind in kinds:
            assert reads(hub, caller, answer.json()) == answer.json()
    for caller in MAY_NOT:
        assert problem(writes(hub, caller, NEW[kind](patient))) == (404, "not-found")


def test_what_is_created_says_where_it_is_and_which_version(hub: Served) -> None:
    _, patient = a_plan(hub)
    before = len(hub.audited("own-written"))
    answer = writes(hub, "employment", a_goal(patient, identifier=named("1"), target=[{"dueDate": "2099-05-01"}]))
    goal = answer.json()
    assert answer.status_code == 201
    version = goal["meta"]["versionId"]
    assert answer.headers["etag"] == f'W/"{version}"'
    assert answer.headers["location"] == f"/fhir/Goal/{goal['id']}/_history/{version}"
    assert "GMT" in answer.headers["last-modified"]
    assert hub.ask("employment", "GET", answer.headers["location"]).json() == goal
    assert (goal["identifier"], goal["target"]) == (named("1"), [{"dueDate": "2099-05-01"}])
    (row,) = hub.audited("own-written")[before:]
    assert (row["details"]["element"], row["details"]["organisation"]) == (goal["id"], "employment")
    assert "Ro om" not in str(row)


@pytest.mark.parametrize(("wanted", "kind"), [("minimal", ""), ("OperationOutcome", "OperationOutcome")])
def test_an_answer_is_as_long_as_is_preferred(hub: Served, wanted: str, kind: str) -> None:
    _, patient = a_plan(hub)
    answer = writes(hub, "employment", a_goal(patient), prefer=f"handling=strict; return={wanted}")
    assert (answer.status_code, answer.json()["resourceType"] if answer.content else "") == (201, kind)
    assert answer.headers["etag"]
    goal = hub.ask("employment", "GET", answer.headers["location"]).json()
    assert checked(changes(hub, "employment", goal, prefer=f"return={wanted}")).status_code == 200


@on_both
def test_whoever_lost_an_answer_asks_again_and_finds_what_is_written(hub: Served) -> None:
    plan, patient = a_plan(hub)
    once = {"if_none_exist": f"identifier={SYSTEM}|7"}
    goal = a_goal(patient, identifier=named("7"))
    first = writes(hub, "employment", goal, **once)
    again = writes(hub, "employment", goal | {"description": {"text": "Noget andet"}}, **once)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert "location" not in again.headers
    assert count(hub, plan) == 1
    assert writes(hub, "children", goal, **once).status_code == 201, "another's is another"
    assert writes(hub, "employment", an_appointment(patient, identifier=named("7")), **once).status_code == 201
    assert writes(hub, "employment", goal).status_code == 201, "without the condition it is a second"
    several = writes(hub, "employment", goal, **once)
    assert problem(several) == (412, "multiple-matches")
    for bad in ("identifier=7", "_id=7", f"identifier={SYSTEM}|7,8", f"identifier={SYSTEM}|7&status=active"):
        assert problem(writes(hub, "employment", goal, if_none_exist=bad)) == (400, "invalid")


def test_two_who_ask_at_once_with_one_identifier_write_one(hub: Served) -> None:
    plan, patient = a_plan(hub)
    goal, at_once = a_goal(patient, identifier=named("8")), Barrier(4)

    def asks(_: int) -> int:
        at_once.wait()
        return writes(hub, "employment", goal, if_none_exist=f"identifier={SYSTEM}|8").status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(asks, range(4))) == [200, 200, 200, 201]
    assert count(hub, plan) == 1


@on_both
def test_a_change_rests_on_the_version_that_was_read(hub: Served) -> None:
    _, patient = a_plan(hub)
    goal = writes(hub, "employment", a_goal(patient)).json()
    other = goal | {"description": {"text": "Ro hele dagen"}}
    assert problem(changes(hub, "employment", other, version="")) == (412, "required")
    assert problem(changes(hub, "employment", other, version="abc")) == (412, "conflict")
    changed = changes(hub, "employment", other)
    assert (changed.status_code, changed.json()["description"]) == (200, {"text": "Ro hele dagen"})
    assert changed.json()["meta"]["versionId"] != goal["meta"]["versionId"]
    assert problem(changes(hub, "employment", other)) == (412, "conflict"), "it was changed since"
    history = hub.ask("employment", "GET", f"/fhir/Goal/{goal['id']}/_history").json()
    assert [one["resource"]["description"]["text"] for one in history["entry"]] == ["Ro hele dagen", "Ro om aftenen"]


@on_both
def test_of_two_who_change_at_once_one_is_told_to_read_again(hub: Served) -> None:
    _, patient = a_plan(hub)
    goal, at_once = writes(hub, "employment", a_goal(patient)).json(), Barrier(2)

    def asks(text: str) -> int:
        at_once.wait()
        return changes(hub, "employment", goal | {"description": {"text": text}}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(asks, ("Ro nu", "Ro siden"))) == [200, 412]


@pytest.mark.parametrize("kind", NEW)
def test_what_is_sent_back_as_it_was_read_is_no_new_version(hub: Served, kind: str) -> None:
    consents(hub, str(hub.plan))
    caller = "anna" if kind == "Communication" else "employment"
    made = writes(hub, caller, NEW[kind](f"Patient/{hub.anna}")).json()
    before = len(hub.audited("own-written"))
    answer = changes(hub, caller, made)
    assert (answer.status_code, answer.json()) == (200, made)
    assert len(hub.audited("own-written")) == before
    (history,) = hub.ask(caller, "GET", f"/fhir/{kind}/{made['id']}/_history").json()["entry"]
    assert history["resource"] == made


def test_what_somebody_else_wrote_is_theirs_and_what_is_withheld_is_not_there(hub: Served) -> None:
    plan, patient = a_plan(hub, shares=False)
    goal = writes(hub, "employment", a_goal(patient)).json()
    mine = goal | {"description": {"text": "Mit"}}
    withheld = changes(hub, "caseworker", mine)
    nowhere = changes(hub, "caseworker", mine | {"id": NOT_THERE})
    assert problem(withheld) == (404, "not-found")
    assert told(withheld) == told(nowhere)
    consents(hub, plan, sources=["employment"], recipients=["children"], categories=["goals"])
    assert problem(changes(hub, "caseworker", reads(hub, "caseworker", goal))) == (403, "forbidden")
    assert problem(changes(hub, "coordinator", reads(hub, "coordinator", goal))) == (403, "forbidden")
    assert problem(changes(hub, "another-coordinator", mine)) == (404, "not-found")
    assert reads(hub, "employment", goal) == goal


def test_what_an_authoritys_system_sent_is_changed_by_what_it_sends(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, {"id": "g1", "title": "Praktik"})
    (sent,) = hub.ask("employment", "GET", f"/plans/{opened['plan']}").json()["elements"]
    goal = reads(hub, "employment", {"resourceType": "Goal", "id": sent["id"]})
    answer = changes(hub, "employment", goal | {"description": {"text": "Andet"}})
    assert problem(answer) == (422, "business-rule")
    assert "send its case" in answer.json()["issue"][0]["diagnostics"]


def test_an_address_names_the_type_and_the_id_that_the_body_does(hub: Served) -> None:
    _, patient = a_plan(hub)
    goal = writes(hub, "employment", a_goal(patient)).json()
    other = hub.ask("employment", "PUT", f"/fhir/Goal/{NOT_THERE}", goal, headers={"If-Match": 'W/"a"'})
    assert problem(other) == (400, "invalid")
    task = a_task(patient, id=goal["id"], meta={"versionId": goal["meta"]["versionId"]})
    assert problem(changes(hub, "employment", task)) == (404, "not-found"), "there is a Goal, and no Task"
    assert problem(hub.ask("employment", "PUT", f"/fhir/Goal/{goal['id']}", a_task(patient, id=goal["id"]))) == (
        400, "invalid",
    )  # fmt: skip
    assert problem(hub.ask("employment", "POST", "/fhir/CarePlan", {"resourceType": "CarePlan"})) == (404, "not-found")
    for path in (f"/fhir/Goal/{goal['id']}", "/fhir/Goal", "/fhir"):
        assert problem(hub.ask("employment", "DELETE", path)) == (405, "not-supported")
    ended = changes(hub, "employment", goal | {"lifecycleStatus": "completed"})
    assert ended.json()["lifecycleStatus"] == "completed"
    again = changes(hub, "employment", ended.json() | {"lifecycleStatus": "active"})
    assert problem(again) == (422, "business-rule")


def test_the_patient_may_be_named_by_a_number_in_the_body_and_by_nothing_else(hub: Served) -> None:
    cpr, _ = hub.opens_plan()
    number = {"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": cpr}}
    goal = a_goal("") | {"subject": number}
    assert writes(hub, "employment", goal).status_code == 201
    met = an_appointment("")
    met["participant"][0]["actor"] = number
    assert writes(hub, "employment", met).status_code == 201
    nobody = writes(
        hub, "employment", a_goal("") | {"subject": {"identifier": {**number["identifier"], "value": "3112999999"}}}
    )
    assert problem(nobody) == (404, "not-found")
    assert "3112999999" not in nobody.text
    assert cpr not in str(hub.audited("own-written"))
    assert problem(writes(hub, "employment", a_goal("") | {"subject": {"display": "Nadia"}})) == (400, "invalid")


def test_a_fault_is_told_by_its_element_with_what_to_do_and_no_value(hub: Served) -> None:
    _, patient = a_plan(hub)
    answer = writes(hub, "employment", a_goal(patient, lifecycleStatus="hemmelig", note=[{"text": "x" * 1201}]))
    assert problem(answer) == (400, "invalid")
    whole, *each = answer.json()["issue"]
    assert (
        whole["expression"] == [one["expression"][0] for one in each] == ["Goal.note[0].text", "Goal.lifecycleStatus"]
    )
    assert all(one["diagnostics"] and one["details"]["text"] for one in each)
    assert "hemmelig" not in answer.text


@pytest.mark.parametrize(
    "path", [path for kind in NEW for path in sorted(EXAMPLES.glob(f"{kind}-*"))] or [None], ids=str
)
def test_the_official_examples_are_refused_with_an_outcome_that_names_their_elements(
    hub: Served, path: Path | None
) -> None:
    if path is None:
        pytest.skip("../shared/data/fhir-r4 is not there")
    resource = orjson.loads(path.read_bytes())
    answer = writes(hub, "employment", resource)
    assert problem(answer) == (400, "invalid")
    kind = resource["resourceType"]
    assert all(one.startswith(kind) for one in answer.json()["issue"][0]["expression"])


def test_two_plans_that_differ_in_what_is_withheld_alone_answer_alike(hub: Served) -> None:
    answers = []
    for has_more in (False, True):
        cpr, opened = hub.opens_plan()
        plan = str(opened["plan"])
        patient = hub.ask("coordinator", "GET", f"/fhir/CarePlan/{plan}").json()["subject"]["reference"]
        if has_more:
            hub.sends(cpr, {"id": "n", "kind": "note", "category": "health", "title": "Hemmeligt"})
            writes(hub, "employment", a_goal(patient, "Hemmeligt", identifier=named("9")))
        one = writes(hub, "caseworker", a_goal(patient, identifier=named("9")), if_none_exist=f"identifier={SYSTEM}|9")
        goal = one.json()
        told_of = [
            one,
            changes(hub, "caseworker", goal | {"lifecycleStatus": "on-hold"}),
            changes(hub, "caseworker", goal, version="a"),
            changes(hub, "caseworker", goal | {"id": NOT_THERE}),
            writes(hub, "caseworker", a_task(patient, "employment")),
            writes(hub, "caseworker", a_goal(patient), if_none_exist=f"identifier={SYSTEM}|8"),
            hub.ask("caseworker", "POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": []}),
        ]
        ids = {goal["id"]: "G", patient: "P", plan: "PLAN", told_of[5].json()["id"]: "H"}
        answers.append([_without(told(each), ids) for each in told_of])
    assert answers[0] == answers[1]


def _without(answer: tuple[int, dict[str, Any]], ids: dict[str, str]) -> str:
    """Return an answer without the ids, marks and times that each plan has of its own."""
    status, body = answer
    body = {name: value for name, value in body.items() if name != "meta"}
    text = orjson.dumps([status, body]).decode()
    for id, name in ids.items():
        text = text.replace(id, name)
    return text
