"""A family: parents who live apart, the mother's address protected, a child of twelve with a case.

Each has a plan of their own. What one plan tells of another person is shown to nobody without that person's yes, and
what tells of a protected address to no citizen at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hub.cli.story import Citizen, Story, goal, titles
from hub.clock import now
from hub.plan.danish_time import LOCAL

_MOTHER = Citizen("110684-9994", "Sofie Test Dahl")
_FATHER = Citizen("050382-9995", "Anders Test Bro")


class Family(Story):
    """Each reader sees the household as far as it is theirs to see."""

    name: ClassVar[str] = "a-family-apart"
    title: ClassVar[str] = "Two parents apart, one with a protected address, and their child of twelve"

    def tell(self) -> None:
        """Open three plans, send two cases that name the household, and read them as everyone may."""
        child = Citizen(_number_of_a_child(years=12), "Noah Test Dahl Bro", custody=(_MOTHER, _FATHER))
        plans = {one: self.open_plan(one, "children", "social") for one in (child, _MOTHER, _FATHER)}
        self.prove("Each of the three has a plan of their own", len(set(plans.values())) == 3, len(set(plans.values())))
        self._cases(child)
        self._what_the_coordinator_sees(plans[child], plans[_FATHER])
        self._what_authorities_hold(plans[child], plans[_FATHER])
        self._what_each_citizen_reads(child, plans)

    def _cases(self, child: Citizen) -> None:
        mother = {"cpr": _MOTHER.cpr, "name": _MOTHER.name, "protected_address": True}
        father = {"cpr": _FATHER.cpr, "name": _FATHER.name, "relation": "father", "custody": True}
        self.send_case(
            "children",
            child,
            title="Noahs sag",
            goals=[goal("m1", "Noah kommer trygt i skole")],
            household=[{**mother, "relation": "mother", "custody": True}, father],
        )
        self.send_case(
            "social", _FATHER, title="Støtte", goals=[goal("m1", "Samvær hver anden weekend")], household=[mother]
        )

    def _what_the_coordinator_sees(self, of_child: str, of_father: str) -> None:
        seen = self._household(of_child)
        expected = [(_FATHER.name, "no"), (_MOTHER.name, "yes")]
        self.prove(
            "The coordinator sees both parents in the child's plan, and whose address is protected",
            seen == expected,
            seen,
        )
        seen = self.until(bool, self._household, of_father)
        self.prove("and the mother, protected, in the father's", seen == [(_MOTHER.name, "yes")], seen)

    def _what_authorities_hold(self, of_child: str, of_father: str) -> None:
        """Whom an element names must have said yes too: child and father have, the mother was not asked."""
        self.share(of_child, "children", "social", "goals", "household")
        self.share(of_father, "children", "social", "household")
        self.share(of_father, "social", "children", "goals", "household")
        held = self.until(lambda held: len(held) == 2, self.held, "social", of_child)
        expected = [_FATHER.name, "Noah kommer trygt i skole"]
        self.prove(
            "Social services hold the child's goal and the father, who said yes; not the mother, who was not asked",
            titles(held) == expected,
            titles(held),
        )
        held = self.until(lambda held: len(held) == 1, self.held, "children", of_father)
        self.prove(
            "Children and family hold the father's goal, and nothing of the mother",
            titles(held) == ["Samvær hver anden weekend"],
            titles(held),
        )

    def _what_each_citizen_reads(self, child: Citizen, plans: Mapping[Citizen, str]) -> None:
        callers = {one: f"citizen-{number}" for number, one in enumerate(plans, 1)}
        self.town.let_in(
            {
                callers[one]: {"organisation": "citizen", "role": "citizen", "person": self._person(plan)}
                for one, plan in plans.items()
            }
        )
        self.say("The operator gives each of the three a token of their own; the hub starts anew with them.")
        seen = titles(self.seen_by(callers[child], plans[child])["elements"])
        self.prove(
            "The child reads the own plan, without what it tells of the parents",
            seen == ["Barnets plan", "Noah kommer trygt i skole", "Noahs sag"],
            seen,
        )
        seen = titles(self.seen_by(callers[_FATHER], plans[_FATHER])["elements"])
        self.prove(
            "The father reads his, without what it tells of the mother",
            seen == ["Samvær hver anden weekend", "Støtte"],
            seen,
        )
        asked = [self.town.ask(callers[_FATHER], "GET", f"/plans/{plans[one]}").status_code for one in (child, _MOTHER)]
        self.prove("To the father the plans of mother and child are not there", asked == [404, 404], asked)

    def _household(self, plan: str) -> list[tuple[str, str]]:
        """Return who is in a household as the coordinator sees it: name, and whether the address is protected."""
        elements = self.seen_by("coordinator", plan)["elements"]
        members = (one for one in elements if one["kind"] == "household-member")
        return sorted((one["title"], one["details"].get("protected-address", "no")) for one in members)

    def _person(self, plan: str) -> str:
        """Return the id at the hub of a plan's person, as the coordinator reads it in FHIR."""
        read: Any = self.town.ask("coordinator", "GET", f"/fhir/CarePlan/{plan}").json()
        person: str = read["subject"]["reference"].removeprefix("Patient/")
        return person


def _number_of_a_child(years: int) -> str:
    """Make a number of someone who is so old today."""
    today = now().astimezone(LOCAL).date()
    return f"{today.replace(day=1):%d%m}{(today.year - years) % 100:02d}-9998"
