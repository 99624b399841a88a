"""The story that the demo plays and proves: one mother, two authorities, one plan.

Everything happens over the doors that real users have: each authority's system is used by its own staff, the
coordinator asks the hub's API, and what a system holds is asked of that system. People and numbers are made up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from hub.cli.town import Town
from hub.clock import now
from hub.errors import Unavailable

_MOTHER = {"cpr": "150387-9996", "name": "Mette Test Holm"}
_STRANGER = {"cpr": "010190-9989", "name": "Ukendt Test Person"}
_LOCAL = ZoneInfo("Europe/Copenhagen")
_PATIENCE = 20  # seconds; a healthy hub needs well under two
_MIDDLE = "FORTROLIGE_PERSONOPLYSNINGER"


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that had to come out right."""

    sentence: str
    holds: bool
    seen: Any = None


@dataclass
class Story:
    """Plays on a town and keeps the proofs."""

    town: Town
    console: Console
    proofs: list[Proof] = field(default_factory=list)
    plan: str = ""
    consents: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)

    @property
    def came_out_right(self) -> bool:
        """Tell whether every proof holds."""
        return bool(self.proofs) and all(proof.holds for proof in self.proofs)

    def play(self) -> None:
        """Play the chapters in order."""
        for chapter in (
            self._a_stranger_is_refused,
            self._one_plan_is_opened,
            self._a_case_from_each_side,
            self._each_side_has_what_it_may,
            self._what_is_withheld_and_why,
            self._the_coordinator_sees_across,
            self._a_file_in_a_folder,
            self._consent_withdrawn_while_an_update_waits,
        ):
            chapter()

    def result(self) -> dict[str, Any]:
        """Return everything for a program to read."""
        return {
            "came_out_right": self.came_out_right,
            "plan": self.plan,
            "urls": {name: program.url for name, program in self.town.programs.items()},
            "tokens": {name: self.town.tokens[name] for name in ("coordinator", "operator", "children", "social")},
            "proofs": [{"sentence": one.sentence, "holds": one.holds, "seen": one.seen} for one in self.proofs],
        }

    # --- chapters -------------------------------------------------------------------------------------------------

    def _a_stranger_is_refused(self) -> None:
        self._title("A case about someone without a plan")
        told = self.town.tell("children", "POST", "/sandbox/cases", {**_STRANGER, "title": "Sag uden plan"})
        answer = told["hub"]["status"]
        self._prove("The hub keeps nothing of a person who has no plan: refused with advice", answer == 422, answer)

    def _one_plan_is_opened(self) -> None:
        self._title("Mette says yes to one plan, and to what is shared")
        opened = self.town.ask(
            "coordinator",
            "POST",
            "/consents",
            {"kind": "one-plan", "person": _MOTHER, "authorities": ["children", "social"], "channel": "meeting"},
        )
        self._prove(
            "The coordinator opens the plan with Mette's consent", opened.status_code == 201, opened.status_code
        )
        self.plan = opened.json()["plan"]
        self._share("children", "social", ["goals", "activities", "appointments"])
        self._share("social", "children", ["goals", "appointments"])

    def _a_case_from_each_side(self) -> None:
        self._title("Children and family (XML) and social services (REST) each send their case")
        self._case(
            "children",
            title="Støtte til familien",
            label=_MIDDLE,
            goals=[{"id": "m1", "title": "Sønnen kommer i skole hver dag", "label": _MIDDLE}],
            activities=[{"id": "f1", "title": "Familiebehandling", "label": _MIDDLE}],
            appointments=[_meeting("a1", "Opfølgning på barnets plan", 9)],
            contacts=[{"id": "k1", "name": "Sagsbehandler Test Jensen", "role": "Familierådgiver"}],
            notes=[{"id": "n1", "text": "Intern note om samarbejdet", "label": "FOELSOMME_PERSONOPLYSNINGER"}],
        )
        self._case(
            "social",
            title="Socialpædagogisk støtte",
            label=_MIDDLE,
            goals=[{"id": "m1", "title": "Overblik over hverdagen", "label": _MIDDLE}],
            activities=[{"id": "i1", "title": "Bostøtte to timer om ugen", "label": _MIDDLE}],
            appointments=[_meeting("a1", "Møde med bostøtten", 10)],
            health=[{"id": "h1", "text": "Oplysning om helbred"}],
        )

    def _each_side_has_what_it_may(self) -> None:
        self._title("What each other side received, over its own wire")
        at_social = self.wait_until("social", lambda held: len(held) == 3)
        self._prove(
            "Social services hold the goal, the activity and the meeting of children and family, and no more",
            _titles(at_social) == ["Familiebehandling", "Opfølgning på barnets plan", "Sønnen kommer i skole hver dag"],
            _titles(at_social),
        )
        at_children = self.wait_until("children", lambda held: len(held) == 2)
        self._prove(
            "Children and family hold the goal and the meeting of social services, and no more",
            _titles(at_children) == ["Møde med bostøtten", "Overblik over hverdagen"],
            _titles(at_children),
        )

    def _what_is_withheld_and_why(self) -> None:
        self._title("What was withheld from social services, and why")
        decided = self.town.hub_command("consent", "explain", "--plan", self.plan, "--recipient", "social", "--json")
        withheld = [one for one in decided if one["decision"] == "deny"]
        for one in withheld:
            self.console.print(f"    {one['category']:12} {one['en']} [dim]({', '.join(one['rules'])})[/]")
        self._prove(
            "Case, contact and note of children and family stay there: Mette was not asked to share them",
            {(one["from"], one["category"], one["reason"]) for one in withheld}
            == {("children", "cases", "no-consent"), ("children", "contacts", "no-consent")},
            [(one["from"], one["category"], one["reason"]) for one in withheld],
        )

    def _the_coordinator_sees_across(self) -> None:
        self._title("One plan, one coordinator who sees across")
        plan = self.town.ask("coordinator", "GET", f"/plans/{self.plan}").json()
        for element in plan["elements"]:
            self.console.print(f"    {element['authority']:9} {element['kind']:15} {element['title']}")
        sources = {element["authority"] for element in plan["elements"]}
        self._prove("The plan shows both authorities' parts", sources == {"children", "social"}, sorted(sources))
        self._prove("It says that it may not be everything", plan["may_be_partial"]["value"] is True, None)

    def _a_file_in_a_folder(self) -> None:
        self._title("The meeting moves; the change comes as a file in a folder")
        moved = {"appointments": [_meeting("a1", "Opfølgning på barnets plan (flyttet)", 13)], "via": "folder"}
        self.town.tell("children", "PATCH", f"/sandbox/cases/{self.cases['children']}", moved)
        held = self.wait_until("social", lambda held: any("flyttet" in str(one) for one in held.values()))
        self._prove("Social services have the moved meeting", any("flyttet" in str(one) for one in held.values()), None)

    def _consent_withdrawn_while_an_update_waits(self) -> None:
        self._title("Mette withdraws a consent while an update waits")
        before = len(self.town.tell("social", "GET", "/sandbox/deliveries"))
        self.town.programs["social"].stop()
        self.console.print("    The system of social services goes down.")
        new = {"goals": [{"id": "m2", "title": "Et nyt mål, som venter", "label": _MIDDLE}], "via": "http"}
        self.town.tell("children", "PATCH", f"/sandbox/cases/{self.cases['children']}", new)
        self._prove("The update waits", self._due("social") == 1, self._due("social"))
        withdrawn = self.town.ask("coordinator", "POST", f"/consents/{self.consents['children']}/withdraw")
        self._prove("The consent is withdrawn", withdrawn.status_code == 200, withdrawn.status_code)
        self.town.programs["social"].start()
        self.console.print("    The system of social services is back.")
        held = self.wait_until("social", lambda held: not held)
        self._prove("Social services have deleted what children and family had shared", held == {}, _titles(held))
        after = self.town.tell("social", "GET", "/sandbox/deliveries")[before:]
        disclosed = sum(delivery["disclosed"] for delivery in after)
        self._prove("The update that waited was never sent, only the withdrawal", after and disclosed == 0, disclosed)
        at_children = self._held("children")
        self._prove("What Mette still shares stays shared", len(at_children) == 2, _titles(at_children))

    # --- what the chapters are written with -----------------------------------------------------------------------

    def _share(self, source: str, recipient: str, categories: list[str]) -> None:
        given = self._consent(
            {
                "kind": "sharing",
                "plan": self.plan,
                "effect": "permit",
                "sources": [source],
                "recipients": [recipient],
                "purposes": ["one-plan"],
                "categories": categories,
                "label": _MIDDLE,
                "channel": "meeting",
            }
        )
        self._prove(f"Mette lets {recipient} see {', '.join(categories)} of {source}", given)
        self.consents[source] = given["consent"]

    def _consent(self, said: dict[str, Any]) -> dict[str, Any]:
        """Record what Mette said. :raises Unavailable: the hub does not take it, and the story cannot go on."""
        answer = self.town.ask("coordinator", "POST", "/consents", said)
        if not answer.is_success:
            raise Unavailable(f"The hub answered {answer.status_code} to a consent: {answer.text}", "Read hub.log.")
        recorded: dict[str, Any] = answer.json()
        return recorded

    def _case(self, system: str, **content: Any) -> None:
        told = self.town.tell(system, "POST", "/sandbox/cases", {**_MOTHER, **content})
        self.cases[system] = told["case"]
        self.console.print(f"    {system} sent its case; the hub answered {told['hub']['status']}.")

    def _held(self, system: str) -> dict[str, Any]:
        plans = self.town.tell(system, "GET", "/sandbox/plans")
        held: dict[str, Any] = plans.get(self.plan, {}).get("elements", {})
        return held

    def wait_until(self, system: str, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask a system what it holds until it is as expected, or for as long as patience lasts."""
        patient = Retrying(
            stop=stop_after_delay(_PATIENCE),
            wait=wait_fixed(0.05),
            retry=retry_if_result(lambda held: not is_there(held)),
        )
        try:
            found: dict[str, Any] = patient(self._held, system)
        except RetryError:
            return self._held(system)
        return found

    def _due(self, recipient: str) -> int:
        queues = self.town.ask("operator", "GET", "/ops/queues").json()
        return sum(one["due"] for one in queues["deliveries"] if one["recipient"] == recipient)

    def _title(self, text: str) -> None:
        self.console.print(f"\n[bold]{text}[/]")

    def _prove(self, sentence: str, holds: object, seen: Any = None) -> None:
        self.proofs.append(Proof(sentence, bool(holds), seen))
        mark = "[green]✓[/]" if holds else "[red]✗[/]"
        self.console.print(f"  {mark} {sentence}" + ("" if holds else f" [red]— seen: {seen}[/]"))


def _titles(held: dict[str, Any]) -> list[str]:
    return sorted(str(one["title"]) for one in held.values())


def _meeting(key: str, title: str, hour: int) -> dict[str, str]:
    """Make a meeting of an hour, three days from now, in Danish time."""
    day = (now().astimezone(_LOCAL) + timedelta(days=3)).date()
    start = datetime.combine(day, time(hour), _LOCAL)
    return {
        "id": key,
        "title": title,
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "place": "Rådhuset",
        "label": _MIDDLE,
    }
