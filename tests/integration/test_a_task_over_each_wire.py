"""A Task is asked of each authority over SOAP, XML and REST: each shows it, and what it answers is read as FHIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import httpx
import orjson
import pytest
from rich.console import Console

from hub.cli.story import Citizen, Story
from hub.cli.town import Town
from tests.town_set_ups import a_set_up, both_set_ups

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
NADIA = Citizen("080885-9996", "Nadia Test Skov")
SYSTEMS = ("employment", "children", "social")


class OverEachWire(Story):
    """The coordinator asks each authority for something."""

    name: ClassVar[str] = "a-task-over-each-wire"
    title: ClassVar[str] = "A Task reaches each authority over its own wire"
    plan: str = ""

    def tell(self) -> None:
        """Ask three, and let each say what becomes of it."""
        self.plan = self.open_plan(NADIA, *SYSTEMS)
        patient = self.read("coordinator", f"CarePlan/{self.plan}")["subject"]
        for system in SYSTEMS:
            refused = self.town.ask("coordinator", "POST", "/fhir/Task", a_task(patient, system))
            self.prove(f"without a yes {system} is not asked", refused.status_code == 422, refused.text)
            self.share(self.plan, "coordination", system, "activities")
            made = self.town.ask("coordinator", "POST", "/fhir/Task", a_task(patient, system))
            self.prove(f"{system} is asked", made.status_code == 201, made.text)
            task = made.json()["id"]
            held = self.until(bool, self.shown, system, task)
            told = all(word in orjson.dumps(held).decode() for word in ("Find en mentor", '"requested"', f'"{system}"'))
            self.prove(f"{system}'s system shows it, and who is to do it", told, held)
            state = self.until(lambda found: found == "received", self.state, task)
            self.prove(f"the hub knows that {system} has it", state == "received", state)
            self.answers(system, task)

    def answers(self, system: str, task: str) -> None:
        """Let an authority's system say yes, and that it is done; each state reaches the coordinator."""
        for state in ("accepted", "in-progress", "completed"):
            told = self.read(system, f"Task/{task}") | {"status": state}
            answer = self.puts(system, told)
            self.prove(f"{system}: {state}", answer.status_code == 200, answer.text)
            self.prove(f"the coordinator reads {state}", self.state(task) == state)
        held = self.until(lambda found: "completed" in str(found), self.shown, system, task)
        self.prove(f"{system}'s system is told that it is done", "completed" in str(held), held)

    def shown(self, system: str, task: str) -> dict[str, Any]:
        """Ask a system what it holds of a Task."""
        found: dict[str, Any] = self.held(system, self.plan).get(task, {})
        return found

    def state(self, task: str) -> str:
        """Read where a Task stands."""
        return str(self.read("coordinator", f"Task/{task}")["status"])

    def read(self, caller: str, what: str) -> dict[str, Any]:
        """Read a resource."""
        found: dict[str, Any] = self.town.ask(caller, "GET", f"/fhir/{what}").json()
        return found

    def puts(self, caller: str, resource: dict[str, Any]) -> httpx.Response:
        """Change a resource by the version that was read."""
        headers = {
            "Authorization": f"Bearer {self.town.tokens[caller]}",
            "If-Match": f'W/"{resource["meta"]["versionId"]}"',
        }
        place = f"{self.town.url('hub')}/fhir/{resource['resourceType']}/{resource['id']}"
        return httpx.put(place, content=orjson.dumps(resource), headers=headers, timeout=20)


def a_task(patient: dict[str, str], owner: str) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"text": "Find en mentor"},
        "for": patient,
        "owner": {"reference": f"Organization/{owner}"},
    }


@pytest.mark.slow
@both_set_ups
def test_each_system_shows_what_is_asked_of_it_and_its_answers_are_read_as_fhir(
    set_up_name: str, tmp_path: Path
) -> None:
    with a_set_up(set_up_name) as set_up, Town(tmp_path, set_up) as town:
        story = OverEachWire(town, Console(quiet=True))
        story.play()
        assert story.proofs
        assert [proof for proof in story.proofs if not proof.holds] == []
