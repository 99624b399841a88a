"""A consent is withdrawn while an update waits; the recipient confirms that it has deleted what it held."""

from __future__ import annotations

from typing import ClassVar

from hub.cli.story import Citizen, Story, goal, meeting, titles

_KARLA = Citizen("120590-9990", "Karla Test Winther")


class Withdrawal(Story):
    """What is withdrawn is neither sent nor kept."""

    name: ClassVar[str] = "a-consent-withdrawn"
    title: ClassVar[str] = "Karla withdraws a consent while an update waits"

    def tell(self) -> None:
        """Share, let an update wait, withdraw, and ask everyone what they hold."""
        plan = self.open_plan(_KARLA, "children", "social")
        consent = self.share(plan, "children", "social", "goals", "appointments")
        self.share(plan, "social", "children", "goals")
        first = goal("m1", "Ro om morgenen")
        follow_up = meeting("a1", "Opfølgning", 11)
        case = self.send_case("children", _KARLA, title="Støtte", goals=[first], appointments=[follow_up])
        self.send_case("social", _KARLA, title="Bostøtte", goals=[goal("m1", "Egen bolig")])
        held = self.until(lambda held: len(held) == 2, self.held, "social", plan)
        self.prove("Social services hold what Karla shares of children and family", len(held) == 2, titles(held))
        self.until(lambda held: len(held) == 1, self.held, "children", plan)
        before = len(self.received("social", plan))
        with self.broken("social"):
            self.change_case("children", case, goals=[first, goal("m2", "Et nyt mål, som venter")])
            waiting = self.queue("social")["due"]
            self.prove("The update waits", waiting == 1, waiting)
            withdrawn = self.town.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
            self.prove("The consent is withdrawn", withdrawn.is_success, withdrawn.status_code)
        held = self.until(lambda held: not held, self.held, "social", plan)
        self.prove("Social services have deleted what children and family had shared", not held, titles(held))
        disclosed = [one["disclosed"] for one in self.received("social", plan)[before:]]
        self.prove("The update that waited was never sent, only the withdrawal", disclosed == [0], disclosed)
        self._receipt(withdrawn.headers["X-Correlation-Id"])
        held = self.held("children", plan)
        self.prove("What Karla still shares stays shared", titles(held) == ["Egen bolig"], titles(held))

    def _receipt(self, correlation_id: str) -> None:
        """Ask the operator for the receipt: what follows from the withdrawal has its correlation id."""

        def receipts() -> list[tuple[str, int]]:
            return [
                (one["receipt"], one["withdrawn"])
                for one in self.activity(correlation_id)
                if one["action"] == "delivered" and one["recipient"] == "social"
            ]

        found = self.until(bool, receipts)
        # What was on its way as they went down is withdrawn too: they may have received it.
        is_confirmed = [status for status, withdrawn in found if withdrawn >= 2] == ["taken-in"]
        self.prove("The hub has the receipt of social services: the withdrawal is taken in", is_confirmed, found)
