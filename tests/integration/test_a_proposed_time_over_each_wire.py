"""Another time is proposed over SOAP, XML and REST to real systems: each shows it once, and moves it or says no."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console

from hub.cli.story import Citizen, Story, meeting
from hub.cli.town import Town
from tests.town_set_ups import a_set_up, both_set_ups

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
NADIA = Citizen("080885-9996", "Nadia Test Skov")
SYSTEMS = ("employment", "children", "social")
NO = "Der er ingen ledige tider den dag."


class OverEachWire(Story):
    """Each authority has a meeting with the same person, and is asked to move it."""

    name: ClassVar[str] = "over-each-wire"
    title: ClassVar[str] = "Another time is proposed to each authority over its own wire"
    plan: str = ""
    cases: ClassVar[dict[str, str]] = {}

    def tell(self) -> None:
        """Book three, propose three, and let each system say yes."""
        self.plan = self.open_plan(NADIA, *SYSTEMS)
        for number, system in enumerate(SYSTEMS):
            case = self.send_case(
                system, NADIA, title="Sag", appointments=[meeting("a1", f"Møde {system}", 8 + number)]
            )
            proposal = self.propose(self.plan, self.appointment(system), meeting("a1", "", 12 + number)["start"])
            (shown,) = self.until(bool, self.proposed, system) or [{}]
            told = {name: shown.get(name) for name in ("id", "case", "element")}
            ours = {"id": proposal, "case": case, "element": self.appointment(system)}
            self.prove(f"{system} shows it, and its own case", told == ours, told)
            state = self.until(lambda found: found == "received", self.state_of, self.plan, proposal)
            self.prove(f"the hub knows that {system} has it", state == "received", state)
            others = {each: self.proposed(each) for each in SYSTEMS if each != system}
            self.prove("nobody else has", not any(others.values()), others)
            self.say_yes(system, proposal)
            state = self.until(lambda found: found == "completed", self.state_of, self.plan, proposal)
            self.prove(f"{system} has moved it", state == "completed", state)
        self.says_no()

    def says_no(self) -> None:
        """A no comes back as an explicit answer, and a proposal that is taken back is off in the system that has it."""
        one = self.propose(self.plan, self.appointment("children"), meeting("a1", "", 16)["start"])
        self.until(bool, self.proposed, "children")
        self.until(lambda found: found == "received", self.state_of, self.plan, one)
        ended = self.town.ask("coordinator", "POST", f"/plans/{self.plan}/proposals/{one}/cancel")
        self.prove("it is taken back", ended.json()["state"] == "cancelled", ended.text)
        left = self.until(lambda found: not found, self.proposed, "children")
        self.prove("children's system shows it no more", left == [], left)
        other = self.propose(self.plan, self.appointment("children"), meeting("a1", "", 17)["start"])
        refused = self.town.ask("children", "POST", f"/proposals/{other}/reject", {"reason": NO})
        self.prove("children say no", (refused.json()["state"], refused.json()["answer"]) == ("rejected", NO))
        sent = [one for one in self.received("children", self.plan) if one["duplicate"]]
        self.prove("no delivery came twice", not sent, sent)

    def appointment(self, system: str) -> str:
        """Return the hub's id of a system's meeting, once the hub has it."""

        def found() -> list[str]:
            elements: list[dict[str, Any]] = self.seen_by("coordinator", self.plan)["elements"]
            own = (one for one in elements if one["kind"] == "appointment" and one["authority"] == system)
            return [str(one["id"]) for one in own]

        return self.until(bool, found)[0]


@pytest.mark.slow
@both_set_ups
def test_each_system_shows_its_proposal_once_and_answers_in_its_own_way(set_up_name: str, tmp_path: Path) -> None:
    with a_set_up(set_up_name) as set_up, Town(tmp_path, set_up) as town:
        story = OverEachWire(town, Console(quiet=True))
        story.play()
        assert story.proofs
        assert [proof for proof in story.proofs if not proof.holds] == []
