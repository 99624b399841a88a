"""What the demo's stories are written with.

Everything in a story happens over the doors that real users have: each authority's system is used by its own staff, the
coordinator, the operator and the citizens ask the hub's API, and what a system holds is asked of that system. People
and numbers are made up; each story has a family of its own, so that none disturbs another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, ClassVar, TypeVar

import httpx
from rich.console import Console
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from hub.cli.town import Town
from hub.clock import now
from hub.errors import HubError, Unavailable
from hub.plan.danish_time import LOCAL

MIDDLE = "FORTROLIGE_PERSONOPLYSNINGER"
#: What each authority is called, and what its system speaks.
CALLED = {"children": "Children and family", "employment": "Employment", "social": "Social services"}
_SPEAKS = {"children": "XML", "employment": "SOAP", "social": "REST"}
#: Seconds. A healthy hub needs well under two; who was down for long is asked again only after a pause as long.
_PATIENCE = 60
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Citizen:
    """Someone made up.

    :ivar custody: who speaks for a child.
    """

    cpr: str
    name: str
    custody: tuple[Citizen, ...] = ()

    @property
    def given_by(self) -> dict[str, Any]:
        """Return who gives a consent, as a request says it; nothing for somebody who speaks alone."""
        parents = [{"cpr": one.cpr, "name": one.name, "capacity": "custody"} for one in self.custody]
        return {"given_by": parents} if parents else {}


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that had to come out right."""

    sentence: str
    holds: bool
    seen: Any = None


@dataclass
class Story:
    """One story: plays on a town and keeps its proofs. A story of its own says ``tell``.

    :cvar name: by which ``hub demo --json`` tells of it.
    :ivar plans: the plans it has opened, by the person's name.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    town: Town
    console: Console
    proofs: list[Proof] = field(default_factory=list)
    plans: dict[str, str] = field(default_factory=dict)
    _citizens: dict[str, Citizen] = field(default_factory=dict)

    @property
    def came_out_right(self) -> bool:
        """Tell whether every proof holds."""
        return bool(self.proofs) and all(proof.holds for proof in self.proofs)

    def play(self) -> None:
        """Tell the story; one that cannot go on has not come out right, and the next is told all the same."""
        self.console.print(f"\n[bold]{self.title}[/]")
        try:
            self.tell()
        except (HubError, httpx.HTTPError, LookupError) as error:  # what is not there was expected in an answer
            self.prove("The story can be told to its end", False, repr(error))

    def tell(self) -> None:
        """Play what happens, and prove what follows from it."""
        raise NotImplementedError

    def result(self) -> dict[str, Any]:
        """Return everything for a program to read."""
        return {
            "came_out_right": self.came_out_right,
            "plans": self.plans,
            "proofs": [{"sentence": one.sentence, "holds": one.holds, "seen": one.seen} for one in self.proofs],
        }

    def say(self, sentence: str) -> None:
        """Say what happens, or what is to be seen."""
        self.console.print(f"    {sentence}")

    def prove(self, sentence: str, holds: object, seen: Any = None) -> None:
        """Keep whether something holds, and what was seen instead."""
        self.proofs.append(Proof(sentence, bool(holds), seen))
        mark = "[green]✓[/]" if holds else "[red]✗[/]"
        self.console.print(f"  {mark} {sentence}" + ("" if holds else f" [red]— seen: {seen}[/]"))

    # --- what the coordinator does ----------------------------------------------------------------------------------

    def open_plan(self, citizen: Citizen, *authorities: str) -> str:
        """Open a citizen's plan with the citizen's consent; return its id."""
        person = {"cpr": citizen.cpr, "name": citizen.name}
        plan: str = self._write_down(
            {
                "kind": "one-plan",
                "person": person,
                "authorities": authorities,
                "channel": "meeting",
                **citizen.given_by,
            }
        )["plan"]
        self.plans[citizen.name] = plan
        self._citizens[plan] = citizen
        return plan

    def share(self, plan: str, source: str, recipient: str, *categories: str) -> str:
        """Write down that a citizen lets one authority see what another has written; return the consent's id."""
        said = {"kind": "sharing", "plan": plan, "sources": [source], "recipients": [recipient]}
        said |= self._citizens[plan].given_by
        consent: str = self._write_down(said | {"categories": categories, "label": MIDDLE, "channel": "meeting"})[
            "consent"
        ]
        return consent

    def seen_by(self, caller: str, plan: str) -> dict[str, Any]:
        """Read a plan as one of the hub's callers. :raises Unavailable: the caller may not."""
        read: dict[str, Any] = _well(self.town.ask(caller, "GET", f"/plans/{plan}"))
        return read

    def propose(self, plan: str, appointment: str, start: str) -> str:
        """Propose another time to whose appointment it is; return the proposal's id."""
        wanted = {"element": appointment, "start": start}
        made: str = _well(self.town.ask("coordinator", "POST", f"/plans/{plan}/proposals", wanted))["proposal"]
        self.say("The coordinator proposes another time to the authority whose appointment it is.")
        return made

    def state_of(self, plan: str, proposal: str) -> str:
        """Read where a proposal stands."""
        found = _well(self.town.ask("coordinator", "GET", f"/plans/{plan}/proposals"))["proposals"]
        return next((str(one["state"]) for one in found if one["proposal"] == proposal), "")

    def _write_down(self, said: dict[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = _well(self.town.ask("coordinator", "POST", "/consents", said))
        return written

    # --- what an authority's staff does -----------------------------------------------------------------------------

    def send_case(self, system: str, citizen: Citizen, **content: Any) -> str:
        """Let an authority's system open a case and send it; return the case's id there."""
        told = self.town.tell(
            system, "POST", "/sandbox/cases", {"cpr": citizen.cpr, "name": citizen.name, "label": MIDDLE, **content}
        )
        self.say(f"{CALLED[system]}: a case is sent by {_SPEAKS[system]}; the hub answers {told['hub']['status']}.")
        case: str = told["case"]
        return case

    def change_case(self, system: str, case: str, **changes: Any) -> None:
        """Let an authority's system change a case and send it."""
        self.town.tell(system, "PATCH", f"/sandbox/cases/{case}", changes)

    def proposed(self, system: str) -> list[dict[str, Any]]:
        """Ask a system which other times stand proposed for its appointments."""
        shown: list[dict[str, Any]] = self.town.tell(system, "GET", "/sandbox/proposals")
        return shown

    def say_yes(self, system: str, proposal: str) -> None:
        """Let an authority's staff move an appointment to the time that is proposed."""
        self.town.tell(system, "POST", f"/sandbox/proposals/{proposal}/yes")
        self.say(f"{CALLED[system]}: the appointment is moved to the time that was proposed.")

    def held(self, system: str, plan: str) -> dict[str, Any]:
        """Ask a system what it holds of a plan: elements by id."""
        elements: dict[str, Any] = self.town.tell(system, "GET", "/sandbox/plans").get(plan, {}).get("elements", {})
        return elements

    def received(self, system: str, plan: str) -> list[dict[str, Any]]:
        """Ask a system which updates of a plan have reached it, repeats included."""
        return [one for one in self.town.tell(system, "GET", "/sandbox/deliveries") if one["plan"] == plan]

    @contextmanager
    def down(self, system: str) -> Iterator[None]:
        """Let a system be down for a while: its program ends, and starts again on its own store."""
        self.town.programs[system].stop()
        self.say(f"{CALLED[system]}: their system goes down.")
        try:
            yield
        finally:
            self.town.programs[system].start()
            self.say(f"{CALLED[system]}: their system is back.")

    @contextmanager
    def broken(self, system: str) -> Iterator[None]:
        """Let a system answer nobody for a while; ``hub demo break`` does the same."""
        self.town.tell(system, "PUT", "/sandbox/behaviour", {"broken": "down"})
        self.say(f"{CALLED[system]}: their system does not answer any more.")
        try:
            yield
        finally:
            self.town.tell(system, "PUT", "/sandbox/behaviour", {})
            self.say(f"{CALLED[system]}: their system answers again.")

    # --- what an operator sees --------------------------------------------------------------------------------------

    def queue(self, recipient: str) -> dict[str, Any]:
        """Read what is due to a recipient, and whether it is paused (``open_until``)."""
        queues = _well(self.town.ask("operator", "GET", "/ops/queues"))
        parts = (one for part in ("deliveries", "breakers") for one in queues[part] if one["recipient"] == recipient)
        return {name: value for part in parts for name, value in part.items()}

    def activity(self, correlation_id: str) -> list[dict[str, Any]]:
        """Read what the hub has lately done for one cause."""
        activity = _well(self.town.ask("operator", "GET", "/ops/activity"))["activity"]
        return [one for one in activity if one["correlation_id"] == correlation_id]

    # ----------------------------------------------------------------------------------------------------------------

    def until(self, is_there: Callable[[_Found], bool], look: Callable[..., _Found], *at: Any) -> _Found:
        """Look until it is as expected, or for as long as patience lasts; return what was seen last."""
        patient = Retrying(
            stop=stop_after_delay(_PATIENCE),
            wait=wait_fixed(0.05),
            retry=retry_if_result(lambda found: not is_there(found)),
        )
        try:
            return patient(look, *at)
        except RetryError:
            return look(*at)


def _well(answer: httpx.Response) -> Any:
    """Return what the hub answered. :raises Unavailable: it refused, and the story cannot go on."""
    if not answer.is_success:
        raise Unavailable(f"The hub answered {answer.status_code}: {answer.text}", "Read hub.log.")
    return answer.json()


def titles(held: dict[str, Any] | Iterable[dict[str, Any]]) -> list[str]:
    """Return the titles of elements, in their order."""
    return sorted(str(one["title"]) for one in (held.values() if isinstance(held, dict) else held))


def goal(key: str, title: str) -> dict[str, str]:
    """Make a goal of a case."""
    return {"id": key, "title": title, "label": MIDDLE}


def meeting(key: str, title: str, hour: int, place: str = "Rådhuset") -> dict[str, str]:
    """Make a meeting of an hour, three days from now, in Danish time."""
    day = (now().astimezone(LOCAL) + timedelta(days=3)).date()
    start = datetime.combine(day, time(hour), LOCAL)
    return {
        "id": key,
        "title": title,
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "place": place,
        "label": MIDDLE,
    }
