"""The official R4 examples that a client may send: each is refused as the page says, and read once it is mended."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.api.fhir_wishes import WRITTEN
from hub.errors import InvalidRequest
from hub.fhir.valid import check_resource
from hub.plan.element import Kind, Status
from tests.unit.fhir.test_written_in import KLE, PATIENT, read, where

pytestmark = pytest.mark.files

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT.parent / "shared" / "data" / "fhir-r4"
PAGE = ROOT / "docs" / "reference" / "fhir-writing.md"
NAMES = (
    "Appointment-2docs", "Appointment-examplereq", "Goal-stop-smoking", "Task-example1", "Task-example3",
    "Task-example4", "Task-example6", "Task-fm-example1", "Task-fm-example3", "Task-fm-example4", "Task-fm-example6",
)  # fmt: skip


def example(name: str) -> dict[str, Any]:
    path = EXAMPLES / f"{name}.json"
    if not path.is_file():
        pytest.skip("../shared/data/fhir-r4 is not there")
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    return found


def test_the_page_has_every_example_there_is() -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("../shared/data/fhir-r4 is not there")
    there = {path.stem for kind in WRITTEN for path in EXAMPLES.glob(f"{kind}-*.json")}
    told = set(re.findall(r"^\| `([A-Za-z]+-[a-z0-9-]+)` \| refused", PAGE.read_text("utf-8"), re.MULTILINE))
    assert there == told == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_refused_by_the_elements_that_the_page_names(name: str) -> None:
    resource = example(name)
    kind = resource["resourceType"]
    check_resource(resource, kind)
    with pytest.raises(InvalidRequest) as refused:
        WRITTEN[kind][1](resource, where(kind))
    rows = re.findall(rf"^\| `{name}` \| refused \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) == 1, "each has one row"
    assert re.findall(r"`([^`]+)`", rows[0]) == sorted(
        {fault.field.partition(".")[2] for fault in refused.value.faults}
    )


def without(resource: dict[str, Any], *names: str, **instead: Any) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names} | instead


def test_the_goal_is_read_once_what_it_says_besides_is_left_out() -> None:
    told = example("Goal-stop-smoking")
    identifier = [{"system": "urn:example:goals", **told["identifier"][0]}]
    words = read(without(told, "text", "achievementStatus", "outcomeCode", subject=PATIENT, identifier=identifier))
    assert (words.kind, words.title, words.status) == (Kind.GOAL, "Stop smoking", Status.COMPLETED)


def test_the_task_is_read_once_it_is_asked_of_an_authority_here() -> None:
    told = example("Task-example3")
    owner = {"reference": "Organization/children"}
    words = read(
        without(
            told, "authoredOn", "lastModified", "requester", "focus",
            **{"for": PATIENT, "owner": owner, "status": "requested", "code": {"text": "Refill Request"}},
        )
    )  # fmt: skip
    assert (words.kind, words.title, words.status) == (Kind.ACTIVITY, "Refill Request", Status.PROPOSED)


def test_the_appointment_is_read_once_it_has_its_hours() -> None:
    told = example("Appointment-examplereq")
    left_out = ("serviceCategory", "specialty", "appointmentType", "reasonCode", "priority", "minutesDuration", "slot")
    names = [{"actor": {"type": "Location", "display": "South Wing, second floor"}, "status": "needs-action"}]
    words = read(
        without(
            told, *left_out, "created", "requestedPeriod",
            participant=[{"actor": PATIENT, "status": "needs-action"}, *names],
            serviceType=[{"coding": [KLE]}], start="2016-06-02T09:00:00+10:00", end="2016-06-02T09:15:00+10:00",
        )
    )  # fmt: skip
    assert words.title == told["description"]
    assert (words.text, words.details["place"]) == (told["comment"], "South Wing, second floor")
