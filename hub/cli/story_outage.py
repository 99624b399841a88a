"""An authority's system is down and comes back; nothing is lost, and nobody had to do anything."""

from __future__ import annotations

from typing import ClassVar

from hub.cli.story import Citizen, Story, goal, titles

_ELIAS = Citizen("230291-9991", "Elias Test Munk")
_STEPS = ["Finde en praktikplads", "Besøge praktikpladsen", "Aftale en startdag", "Møde hver dag i en uge"]


class Outage(Story):
    """Several changes while a recipient is down are one delivery when it is back."""

    name: ClassVar[str] = "an-authority-down-and-back"
    title: ClassVar[str] = "A system is down while a case changes four times"

    def tell(self) -> None:
        """Share, take the recipient down, change, bring it back, and ask it what it has."""
        plan = self.open_plan(_ELIAS, "children", "social")
        self.share(plan, "children", "social", "goals")
        case = self.send_case(
            "children", _ELIAS, title="Ungeindsats", goals=[goal("m0", "En hverdag, der hænger sammen")]
        )
        self.until(lambda held: len(held) == 1, self.held, "social", plan)
        before = len(self.received("social", plan))
        with self.down("social"):
            goals = []
            for number, step in enumerate(_STEPS):
                goals.append(goal(f"m{number}", step))
                self.change_case("children", case, goals=goals)
            paused = self.until(lambda queue: bool(queue["open_until"]), self.queue, "social")
            self.prove("The hub pauses the recipient", paused["reason"] == "recipient-down", paused["reason"])
            self.prove("Four changes wait as one update", paused["due"] == 1, paused["due"])
        held = self.until(lambda held: len(held) == 4, self.held, "social", plan)
        self.prove("Once back, they hold everything as it is now", titles(held) == sorted(_STEPS), titles(held))
        arrived = [one["status"] for one in self.received("social", plan)[before:]]
        self.prove("One delivery brought it", arrived == ["taken-in"], arrived)
        left = self.until(lambda queue: queue["due"] == 0, self.queue, "social")
        self.prove(
            "Nothing waits any more, and there is no dead letter", (left["due"], left["dead_letters"]) == (0, 0), left
        )
