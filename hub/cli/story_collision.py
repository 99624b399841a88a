"""Two authorities call one mother to the same hour; neither can see it, the coordinator can."""

from __future__ import annotations

from typing import Any, ClassVar

from hub.cli.story import Citizen, Story, meeting

_NADIA = Citizen("080885-9996", "Nadia Test Skov")
_BOTH = ["Opfølgning på barnets plan", "Samtale om job"]


class Collision(Story):
    """Appointments that collide are a finding of the plan, for who sees both."""

    name: ClassVar[str] = "two-meetings-at-once"
    title: ClassVar[str] = "Two authorities call Nadia to the same hour"

    def tell(self) -> None:
        """Book both, look, move one, look again."""
        plan = self.open_plan(_NADIA, "children", "employment")
        follow_up = meeting("a1", _BOTH[0], 9, place="Familiehuset")
        self.send_case("children", _NADIA, title="Støtte til familien", appointments=[follow_up])
        interview = meeting("a1", _BOTH[1], 9, place="Jobcentret")
        case = self.send_case("employment", _NADIA, title="Vej til job", appointments=[interview])
        found = self._collisions("coordinator", plan)
        self.prove("The coordinator sees both on the one plan, and that they collide", found == [_BOTH], found)
        found = self._collisions("employment", plan)
        self.prove("Employment may not see the follow-up, and are told of no collision", not found, found)
        self._moves(plan, case)
        found = self._collisions("coordinator", plan)
        self.prove("Nothing collides any more", not found, found)

    def _moves(self, plan: str, case: str) -> None:
        """Propose the afternoon to employment, over their own wire; their staff says yes by moving the interview."""
        interview = next(one for one in self.seen_by("coordinator", plan)["elements"] if one["title"] == _BOTH[1])
        proposal = self.propose(plan, interview["id"], meeting("a1", _BOTH[1], 13)["start"])
        (shown,) = self.until(bool, self.proposed, "employment") or [{}]
        said = {name: shown.get(name) for name in ("id", "case", "element")}
        owned = {"id": proposal, "case": case, "element": interview["id"]}
        self.prove("Employment's system shows the proposal, with their own case and nothing else", said == owned, said)
        self.say_yes("employment", proposal)
        state = self.until(lambda found: found == "completed", self.state_of, plan, proposal)
        self.prove("The interview is moved, and the coordinator sees that it is done", state == "completed", state)

    def _collisions(self, caller: str, plan: str) -> list[list[str]]:
        """Return the titles of what collides, as one of the hub's callers reads the plan."""
        seen: dict[str, Any] = self.seen_by(caller, plan)
        title = {one["id"]: one["title"] for one in seen["elements"]}
        findings = [one for one in seen["findings"] if one["kind"] == "overlapping-demands"]
        for finding in findings:
            self.say(finding["en"])
        return [sorted(title[element] for element in finding["elements"]) for finding in findings]
