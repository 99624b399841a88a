"""Clients that others made read the plan by FHIR, and the tutorial's two are run as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fhirclient import client as smart
from fhirclient.models.appointment import Appointment
from fhirclient.models.careplan import CarePlan
from fhirclient.models.goal import Goal
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.integration.api.served import Served, served

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PAGE = (Path(__file__).parents[2] / "docs" / "tutorial" / "read-a-plan-as-fhir.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
HOURS = ["2026-03-02T09:00:00+01:00", "2026-03-02T10:00:00+01:00"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(f"sqlite:///{tmp_path_factory.mktemp('fhir') / 'hub.db'}") as running:
        cpr, _ = running.opens_plan()
        meeting = {"id": "m", "kind": "appointment", "category": "appointments", "hours": HOURS}
        goals = [{"id": f"g{number}", "title": f"Mål {number}"} for number in range(3)]
        running.sends(cpr, *goals, meeting)
        yield running


def the_plan(hub: Served) -> dict[str, Any]:
    """Return the plan over all parts that has something in it."""
    found = hub.ask("coordinator", "GET", "/fhir/CarePlan?category=one-plan").json()["entry"]
    plan: dict[str, Any] = next(one["resource"] for one in found if "supportingInfo" in one["resource"])
    return plan


def test_fhirpy_reads_searches_and_follows(hub: Served) -> None:
    client = SyncFHIRClient(f"{hub.url}/fhir", authorization=f"Bearer {hub.tokens['coordinator']}")
    plan = client.reference("CarePlan", the_plan(hub)["id"]).to_resource()
    goals = client.resources("Goal").search(patient=plan["subject"]["reference"], lifecycle_status="active")
    assert goals.count() == 3
    assert len(goals.limit(2).fetch()) == 2
    assert len(goals.limit(1).fetch_all()) == 3, "it follows the pages"
    part = client.resources("CarePlan").search(part_of=f"CarePlan/{plan['id']}").first()
    assert part is not None
    assert part["partOf"][0].to_resource()["id"] == plan["id"]
    with pytest.raises(ResourceNotFound):
        client.reference("Goal", plan["id"]).to_resource()
    with pytest.raises(OperationOutcome) as refused:
        client.resources("Goal").search(identifier="urn:x|1").fetch()
    assert "POST" in str(refused.value)


def test_fhirclient_reads_and_searches_in_models_of_its_own(hub: Served) -> None:
    client = smart.FHIRClient(settings={"app_id": "a-test", "api_base": f"{hub.url}/fhir"})
    client.server.session.headers["Authorization"] = f"Bearer {hub.tokens['coordinator']}"
    plan = CarePlan.read(the_plan(hub)["id"], client.server)
    assert (plan.status, plan.intent, plan.category[0].coding[0].code) == ("active", "plan", "one-plan")
    patient = plan.subject.reference
    goals = Goal.where({"patient": patient, "_count": "2"}).perform_resources(client.server)
    assert [goal.lifecycleStatus for goal in goals] == ["active"] * len(goals)
    assert goals
    (meeting,) = Appointment.where({"patient": patient, "date": "2026-03-02"}).perform_resources(client.server)
    assert meeting.start.isostring == HOURS[0]


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("read_plan.py", sys.executable),
        pytest.param("read-plan.mjs", "node", marks=pytest.mark.node),
    ],
)
def test_the_tutorials_clients_run_as_they_stand(hub: Served, name: str, program: str, tmp_path: Path) -> None:
    found = shutil.which(program)
    if found is None:
        assert os.environ.get("HUB_TEST_REQUIRE_NODE") != "1"
        pytest.skip("there is no node; HUB_TEST_REQUIRE_NODE=1 insists")
    (tmp_path / name).write_text(FILES[name], "utf-8")
    environment = os.environ | {"HUB": hub.url, "TOKEN": hub.tokens["coordinator"], "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([found, name], cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert "One plan, authored by Organization/coordination" in done.stdout


def test_the_tutorial_names_the_two_programs() -> None:
    assert set(FILES) == {"read_plan.py", "read-plan.mjs"}
