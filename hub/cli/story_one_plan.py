"""One mother, three authorities that speak SOAP, XML and REST, one plan; each gets what it may and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from hub.cli.story import CALLED, MIDDLE, Citizen, Story, goal, meeting, titles
from hub.clock import now
from hub.plan.danish_time import LOCAL

_METTE = Citizen("150387-9996", "Mette Test Holm")
_STRANGER = Citizen("010190-9989", "Ukendt Test Person")
#: What Mette lets whom see of whom.
_SHARED = (
    ("children", "social", ("goals", "activities", "appointments")),
    ("children", "employment", ("appointments",)),
    ("social", "children", ("goals", "appointments")),
    ("employment", "social", ("goals", "appointments")),
)


class OnePlan(Story):
    """A case from each side makes one plan."""

    name: ClassVar[str] = "one-plan"
    title: ClassVar[str] = "Mette: three authorities, three languages, one plan"

    def tell(self) -> None:
        """Play the chapters in order."""
        self._a_stranger_is_refused()
        plan = self._one_plan_is_opened()
        case = self._a_case_from_each_side()
        self._each_has_what_it_may(plan)
        self._what_is_withheld_and_why(plan)
        self._the_coordinator_sees_across(plan)
        self._a_file_in_a_folder(plan, case)

    def _a_stranger_is_refused(self) -> None:
        who = {"cpr": _STRANGER.cpr, "name": _STRANGER.name}
        told = self.town.tell("children", "POST", "/sandbox/cases", {**who, "title": "Sag uden plan"})
        answer = told["hub"]["status"]
        self.prove("The hub keeps nothing of a person who has no plan: refused with advice", answer == 422, answer)

    def _one_plan_is_opened(self) -> str:
        plan = self.open_plan(_METTE, "children", "employment", "social")
        self.prove("The coordinator opens the plan with Mette's consent", plan, plan)
        for source, recipient, categories in _SHARED:
            self.share(plan, source, recipient, *categories)
            self.say(
                f"{CALLED[recipient]} may see {', '.join(categories)} of {CALLED[source].lower()}: Mette says yes."
            )
        return plan

    def _a_case_from_each_side(self) -> str:
        """Let children and family (XML), social services (REST) and employment (SOAP) send; return the first's case."""
        case = self.send_case(
            "children",
            _METTE,
            title="Støtte til familien",
            goals=[goal("m1", "Sønnen kommer i skole hver dag")],
            activities=[{"id": "f1", "title": "Familiebehandling", "label": MIDDLE}],
            appointments=[meeting("a1", "Opfølgning på barnets plan", 9)],
            contacts=[{"id": "k1", "name": "Sagsbehandler Test Jensen", "role": "Familierådgiver"}],
            notes=[{"id": "n1", "text": "Intern note om samarbejdet", "label": "FOELSOMME_PERSONOPLYSNINGER"}],
        )
        self.send_case(
            "social",
            _METTE,
            title="Socialpædagogisk støtte",
            goals=[goal("m1", "Overblik over hverdagen")],
            activities=[{"id": "i1", "title": "Bostøtte to timer om ugen", "label": MIDDLE}],
            appointments=[meeting("a1", "Møde med bostøtten", 11)],
            health=[{"id": "h1", "text": "Oplysning om helbred"}],
        )
        in_a_week = (now().astimezone(LOCAL) + timedelta(days=7)).date().isoformat()
        self.send_case(
            "employment",
            _METTE,
            title="Vej til job",
            goals=[goal("m1", "Et job på 20 timer")],
            activities=[{"id": "i1", "title": "Virksomhedspraktik", "start": in_a_week, "label": MIDDLE}],
            appointments=[meeting("a1", "Jobsamtale", 13)],
        )
        return case

    def _each_has_what_it_may(self, plan: str) -> None:
        for system, expected in (
            (
                "social",
                ["Et job på 20 timer", "Familiebehandling", "Jobsamtale", "Opfølgning på barnets plan",
                 "Sønnen kommer i skole hver dag"],
            ),
            ("children", ["Møde med bostøtten", "Overblik over hverdagen"]),
            ("employment", ["Opfølgning på barnets plan"]),
        ):  # fmt: skip
            held = self._held_in_the_end(system, plan, expected)
            self.prove(f"{CALLED[system]} hold {', '.join(expected)}; no more", titles(held) == expected, titles(held))

    def _held_in_the_end(self, system: str, plan: str, expected: list[str]) -> dict[str, Any]:
        return self.until(lambda held: titles(held) == expected, self.held, system, plan)

    def _what_is_withheld_and_why(self, plan: str) -> None:
        decided = self.town.hub_command("consent", "explain", "--plan", plan, "--recipient", "social", "--json")
        withheld = [one for one in decided if one["decision"] == "deny"]
        told = {(one["from"], one["category"], one["en"], ", ".join(one["rules"])) for one in withheld}
        for source, category, sentence, rules in sorted(told):
            self.say(f"{source:10} {category:10} {sentence} [dim]({rules})[/]")
        found = {(one["from"], one["category"], one["reason"]) for one in withheld}
        self.prove(
            "The hub can say what it withheld from social services, and why: Mette was not asked",
            found
            == {
                ("children", "cases", "no-consent"),
                ("children", "contacts", "no-consent"),
                ("employment", "cases", "no-consent"),
                ("employment", "activities", "no-consent"),
            },
            sorted(found),
        )

    def _the_coordinator_sees_across(self, plan: str) -> None:
        seen = self.seen_by("coordinator", plan)
        for element in seen["elements"]:
            self.say(f"{element['authority']:10} {element['kind']:15} {element['title']}")
        contracts = {element["source"]["contract"] for element in seen["elements"]}
        self.prove(
            "One plan, and the coordinator sees all three in it",
            contracts == {"children/v1", "employment/v1", "social/v1"},
            sorted(contracts),
        )
        self.prove("It says that it may not be everything", seen["may_be_partial"]["value"] is True, None)

    def _a_file_in_a_folder(self, plan: str, case: str) -> None:
        moved = [meeting("a1", "Opfølgning på barnets plan (flyttet)", 15)]
        self.change_case("children", case, appointments=moved, via="folder")
        self.say("The follow-up moves; the change comes as a file in a folder.")
        held = self._held_in_the_end("employment", plan, [moved[0]["title"]])
        self.prove("Employment hold the moved meeting", titles(held) == [moved[0]["title"]], titles(held))
