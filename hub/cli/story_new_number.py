"""A person's CPR number changes; one authority knows, another does not yet, and the plan stays one."""

from __future__ import annotations

from typing import ClassVar

from hub.cli.story import CALLED, Citizen, Story, goal, titles

_OLD, _NEW = "1402929990", "1402929998"
_VERA = Citizen(_OLD, "Vera Test Lind")


class NewNumber(Story):
    """Each authority is told by the number that it knows."""

    name: ClassVar[str] = "a-new-number"
    title: ClassVar[str] = "Vera's CPR number changes, and one authority does not know it yet"

    def tell(self) -> None:
        """Share, change the number at one authority, go on at the other, and look by which numbers all were told."""
        plan = self.open_plan(_VERA, "children", "employment")
        self.share(plan, "children", "employment", "goals")
        self.share(plan, "employment", "children", "goals")
        family, job = goal("m1", "Faste aftaler om børnene"), goal("m1", "Et job med faste timer")
        at_children = self.send_case("children", _VERA, title="Støtte", goals=[family])
        at_employment = self.send_case("employment", _VERA, title="Vej til job", goals=[job])
        for system in ("children", "employment"):
            self.until(lambda held: len(held) == 1, self.held, system, plan)
        self.change_case("employment", at_employment, cpr=_NEW, goals=[job, goal("m2", "Et kursus")])
        self.say("Employment know the new number, and name the one before.")
        self.change_case("children", at_children, goals=[family, goal("m2", "En aflastningsfamilie")])
        self.say("Children and family know only the old one, and go on with it.")
        found = [self._found_by(number) for number in (_OLD, _NEW)]
        self.prove("By either number the coordinator finds the one plan", found == [plan, plan], found)
        for system, number, words in (("employment", _NEW, "new"), ("children", _OLD, "old")):
            held = self.until(lambda held: len(held) == 2, self.held, system, plan)
            self.prove(f"{CALLED[system]} hold both goals of the other", len(held) == 2, titles(held))
            told_by = self.received(system, plan)[-1]["cpr"]
            self.prove(f"and are told by the {words} number", told_by == number, told_by)

    def _found_by(self, number: str) -> str:
        found: str = self.town.ask("coordinator", "POST", "/plans/search", {"cpr": number}).json().get("plan", "")
        return found
