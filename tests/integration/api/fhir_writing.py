"""What tests write by FHIR: the least of each type, and questions about what came of it."""

from __future__ import annotations

from typing import Any

import httpx
from fhir.resources.R4B import get_fhir_model_class

from tests.integration.api.served import Served

MOST = {"channel": "meeting", "sources": ["*"], "recipients": ["*"], "categories": ["*"]}


def patient_of(hub: Served, plan: str) -> str:
    """Return a reference to a plan's person."""
    said: str = hub.ask("coordinator", "GET", f"/fhir/CarePlan/{plan}").json()["subject"]["reference"]
    return said


def a_plan(hub: Served, *, shares: bool = True, **said: Any) -> tuple[str, str]:
    """Open a plan, and let its person say yes to sharing all of it; return it, and who the person is."""
    _, opened = hub.opens_plan(**said)
    plan = str(opened["plan"])
    if shares:
        consents(hub, plan)
    return plan, patient_of(hub, plan)


def consents(hub: Served, plan: str, **said: Any) -> None:
    """Let the person of a plan say yes."""
    answer = hub.ask("coordinator", "POST", "/consents", {"kind": "sharing", "plan": plan, **MOST, **said})
    assert answer.status_code == 201, answer.text


def a_goal(patient: str, text: str = "Ro om aftenen", **said: Any) -> dict[str, Any]:
    """Return a new goal."""
    subject = {"reference": patient}
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": text}, "subject": subject}
    return goal | said


def a_statement(patient: str, **said: Any) -> dict[str, Any]:
    """Return what a citizen says."""
    told = {"resourceType": "Communication", "status": "completed", "topic": {"text": "Mine ord"}}
    return told | {"subject": {"reference": patient}, "payload": [{"contentString": "Jeg vil selv"}]} | said


def an_appointment(patient: str, **said: Any) -> dict[str, Any]:
    """Return a new appointment."""
    told = {
        "resourceType": "Appointment", "status": "booked", "description": "Samtale om praktik",
        "start": "2099-12-01T09:00:00+01:00", "end": "2099-12-01T10:00:00+01:00",
        "extension": [{"url": "urn:one-plan-hub:fhir:contact", "valueCode": "phone"}],
        "participant": [
            {"actor": {"reference": patient}, "status": "needs-action"},
            {"actor": {"type": "Location", "display": "Jobcentret"}, "status": "needs-action"},
        ],
    }  # fmt: skip
    return told | said


def a_task(patient: str, owner: str = "children", text: str = "Find en mentor", **said: Any) -> dict[str, Any]:
    """Return a new Task."""
    told = {"resourceType": "Task", "status": "requested", "intent": "order", "code": {"text": text}}
    return told | {"for": {"reference": patient}, "owner": {"reference": f"Organization/{owner}"}} | said


def writes(hub: Served, caller: str, resource: dict[str, Any], **headers: str) -> httpx.Response:
    """Create a resource; what is answered is valid R4."""
    answer = hub.ask(caller, "POST", f"/fhir/{resource['resourceType']}", resource, headers=as_headers(headers))
    return checked(answer)


def changes(
    hub: Served, caller: str, resource: dict[str, Any], version: str | None = None, **headers: str
) -> httpx.Response:
    """Update a resource, by the version that it bears unless another is named; "" names none."""
    mark = resource["meta"]["versionId"] if version is None else version
    headers = as_headers(headers) | ({"If-Match": f'W/"{mark}"'} if mark else {})
    place = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return checked(hub.ask(caller, "PUT", place, resource, headers=headers))


def reads(hub: Served, caller: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Read a resource as somebody reads it now."""
    answer = hub.ask(caller, "GET", f"/fhir/{resource['resourceType']}/{resource['id']}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def moves(hub: Served, caller: str, task: dict[str, Any], status: str, **said: Any) -> httpx.Response:
    """Read a Task, and let it stand elsewhere."""
    return changes(hub, caller, reads(hub, caller, task) | {"status": status} | said)


def checked(answer: httpx.Response) -> httpx.Response:
    """Return an answer whose body, if it has one, is valid R4 of the type that it says."""
    if answer.content:
        assert answer.headers["content-type"] == "application/fhir+json"
        get_fhir_model_class(answer.json()["resourceType"]).model_validate(answer.json())
    return answer


def as_headers(said: dict[str, str]) -> dict[str, str]:
    """Return headers by their names: ``if_none_exist`` is If-None-Exist."""
    return {name.replace("_", "-"): value for name, value in said.items()}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a refusal, and its first code."""
    outcome = checked(answer).json()
    assert outcome["resourceType"] == "OperationOutcome"
    return answer.status_code, outcome["issue"][0]["code"]


def told(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    """Return an answer without what belongs to this one request."""
    outcome = answer.json()
    for issue in outcome.get("issue", []):
        if "Correlation id" in issue.get("diagnostics", ""):
            issue["diagnostics"] = issue["diagnostics"].partition(" Correlation id")[0]
    return answer.status_code, outcome
