"""The person register tells of a new number, a protected address and a death; nobody sends the hub anything."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from hub.cli.story import Citizen, Story, goal, titles
from hub.clock import now
from hub.plan.danish_time import LOCAL

_OLD, _NEW = "0803519991", "0803519995"
_STEEN = Citizen(_OLD, "Steen Test Aaby")


class RegisterStory(Story):
    """What the register knows first, the hub does not learn last."""

    name: ClassVar[str] = "the-person-register"
    title: ClassVar[str] = (
        "The person register tells of Steen: a new number, a protected address, and in the end his death"
    )

    def tell(self) -> None:
        """Share, let three things become of Steen, and look what follows from each."""
        plan = self.open_plan(_STEEN, "children", "social")
        self.share(plan, "children", "social", "goals")
        self.send_case("children", _STEEN, title="Støtte", goals=[goal("m1", "Mere tid med børnebørnene")])
        held = self.until(lambda held: len(held) == 1, self.held, "social", plan)
        self.prove("Social services hold what Steen shares", len(held) == 1, titles(held))
        followed = self.until(lambda numbers: _OLD in numbers, self._followed)
        self.prove("The register tells the hub of Steen, by an id that is not his", _OLD in followed, len(followed))
        self._becomes(_OLD, new_cpr=_NEW)
        found = self.until(lambda plans: plans == [plan, plan], self._found)
        self.prove("By the new number and the old one his plan is found", found == [plan, plan], found)
        self._becomes(_NEW, protections=[{"since": _today().isoformat()}])
        is_protected = self.until(bool, lambda: self.seen_by("coordinator", plan)["person"]["has_protected_address"])
        self.prove("Whoever reads the plan is told that the address is protected", is_protected)
        self._becomes(_NEW, died=_today().isoformat())
        self.say("Steen dies.")
        held = self.until(lambda held: not held, self.held, "social", plan)
        self.prove("Social services have deleted what they had by his consent", not held, titles(held))
        tasks = self.until(bool, lambda: self._tasks(plan))
        self.prove("The coordinator is asked to look after the plan", tasks == ["death"], tasks)

    def _becomes(self, cpr: str, **change: Any) -> None:
        self.town.tell("register", "POST", "/sandbox/people/change", {"cpr": cpr, **change})

    def _followed(self) -> list[str]:
        return list(self.town.tell("register", "GET", "/sandbox/subscriptions").values())

    def _found(self) -> list[str]:
        answers = [self.town.ask("coordinator", "POST", "/plans/search", {"cpr": number}) for number in (_OLD, _NEW)]
        return [answer.json().get("plan", "") for answer in answers]

    def _tasks(self, plan: str) -> list[str]:
        listed = self.town.ask("coordinator", "GET", "/register-tasks").json()["tasks"]
        return [task["kind"] for task in listed if task["plan"] == plan]


def _today() -> date:
    return now().astimezone(LOCAL).date()
