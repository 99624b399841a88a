"""The families of a soak: each has a case with three authorities, and consents by which these see each other's part."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from hub.cli.story import Citizen, Story, goal, meeting
from hub.cli.town import SYSTEMS, Town

#: Who sees whose goals and meetings, all the time; and whose, while a consent is given that comes and goes.
_SHARED = (("children", "social"), ("social", "children"), ("employment", "social"))
COMES_AND_GOES = ("children", "employment")
_CATEGORIES = ("goals", "appointments")
_HOURS = {"children": 9, "social": 11, "employment": 13}


@dataclass
class Family:
    """A family, and what was last said of it. Whoever changes something of it holds ``turn``.

    :ivar cases: system → the id of its case.
    :ivar said: system → the number of what it last said.
    :ivar consent: the consent that comes and goes, while it is there.
    """

    number: int
    plan: str
    cases: Mapping[str, str]
    said: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SYSTEMS, 0))
    consent: str | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)

    def held_by(self, recipient: str) -> list[str]:
        """Return the titles of what a recipient should hold of the plan."""
        shared = [*_SHARED, *((COMES_AND_GOES,) if self.consent else ())]
        sources = [source for source, to in shared if to == recipient]
        return sorted(title for source in sources for title in _titles(self.number, source, self.said[source]))


def told_of(family: int, system: str, number: int) -> dict[str, Any]:
    """Return what a case says: a goal and a meeting, by whose titles everybody tells which version it is."""
    aim, met = _titles(family, system, number)
    return {"goals": [goal("m1", aim)], "appointments": [meeting("a1", met, _HOURS[system])]}


def open_families(town: Town, how_many: int) -> list[Family]:
    """Open so many plans, with what is shared in each, and let every authority send its case."""
    return [_opened(Story(town, Console(quiet=True)), number) for number in range(how_many)]


def _opened(story: Story, number: int) -> Family:
    citizen = Citizen(f"010190{number:04d}", f"Borger Test {number}")
    plan = story.open_plan(citizen, *SYSTEMS)
    for source, recipient in _SHARED:
        story.share(plan, source, recipient, *_CATEGORIES)
    cases = {system: story.send_case(system, citizen, title="Sag", **told_of(number, system, 0)) for system in SYSTEMS}
    return Family(number, plan, cases)


def not_held(town: Town, families: Sequence[Family]) -> Iterator[tuple[str, Family]]:
    """Give each recipient and family of which something else is held than was last said and shared."""
    for recipient in SYSTEMS:
        held = town.tell(recipient, "GET", "/sandbox/plans")
        for family in families:
            elements = held.get(family.plan, {}).get("elements", {}).values()
            if sorted(one["title"] for one in elements) != family.held_by(recipient):
                yield recipient, family


def _titles(family: int, system: str, number: int) -> tuple[str, str]:
    return f"Maal {family} {system} {number}", f"Møde {family} {system} {number}"
