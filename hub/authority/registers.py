"""THE PORT OF REGISTERS: what the hub asks of a register of people, such as CPR.

    register = load_register({"url": …, "token": …})        # None when nothing is configured
    register.subscribe(subscription, number)                # from now on its changes are told of
    page = register.changes(cursor)                         # ids of subscriptions and kinds, and nothing of a person
    facts = register.facts(number)                          # what holds of one person now

A change says only that there is something to ask about: what has changed is read from the facts, which are complete
and newest, so neither order nor repetition of changes matters.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import entry_points
from typing import Any, Protocol
from uuid import UUID

from hub.errors import Fault, SettingsRefused
from hub.plan.element import Period
from hub.plan.identifier import Identifier

REGISTERS = "hub.registers"
#: The setting that names the entry point, and the one that is taken where it is missing.
KIND, USUAL = "kind", "cpr"
#: By what name the register is held, counted and listed beside the authorities; no authority may be called so.
REGISTER = "register"


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of changes.

    :ivar subscriptions: of whom something has changed that the hub wants to know; each once.
    :ivar cursor: where the next page begins.
    """

    subscriptions: tuple[UUID, ...]
    cursor: str
    has_more: bool


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """What a register says of one person now. Numbers and days stay out of repr.

    :ivar version: rises with every change of the person.
    :ivar earlier: numbers before the current one, the newest first.
    :ivar died: the day of death; None while the person lives, and again where a death was a mistake.
    :ivar protections: when name and address are protected (CPR-lov § 28), past and to come.
    """

    version: int
    current: Identifier
    earlier: tuple[Identifier, ...] = ()
    died: date | None = field(default=None, repr=False)
    protections: tuple[Period, ...] = field(default=(), repr=False)

    @property
    def numbers(self) -> tuple[Identifier, ...]:
        """Return every number of the person, the current one first."""
        return tuple(dict.fromkeys((self.current, *self.earlier)))


class Register(Protocol):
    """A register of people. Made with its own settings; raises SettingsRefused on bad ones.

    Every call: connect ≤ 3 s, read ≤ 10 s, total ≤ 15 s. :raises SourceDown: try later, whatever the reason.
    """

    #: Seconds between two questions for changes.
    ask_every: float

    def subscribe(self, subscription: UUID, number: Identifier) -> bool:
        """Have the changes of a person told of under an id of the hub's; done twice it is done once.

        :returns: False where the register knows nobody by the number.
        """
        ...

    def unsubscribe(self, subscription: UUID) -> None:
        """Have them told of no more; one that is not there is gone already."""
        ...

    def changes(self, cursor: str) -> Changes:
        """Ask for changes since a cursor ("" for the beginning), oldest first."""
        ...

    def facts(self, number: Identifier) -> RegisterFacts | None:
        """Ask what holds of a person now, by any number of theirs; None where the register knows nobody by it."""
        ...


def load_register(settings: Dict[str, Any]) -> Register | None:
    """Return the configured register, by entry-point name; None when nothing is configured.

    :raises SettingsRefused: there is no such register, or its settings are wrong.
    """
    if not settings:
        return None
    kind, own = settings.get(KIND, USUAL), {name: value for name, value in settings.items() if name != KIND}
    found = {point.name: point for point in entry_points(group=REGISTERS)}
    if kind not in found:
        fault = Fault(f"person_register.{KIND}", f"No installed package has it in {REGISTERS}.")
        raise SettingsRefused("The register cannot be joined.", faults=[fault])
    made: Register = found[kind].load()(own)
    return made
