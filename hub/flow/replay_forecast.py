"""Say what would become of dead letters, were they replayed now: decided as a delivery is, and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.consent.view import View
from hub.errors import Refused
from hub.flow.deliver import lawful_now, reader_of, shown_to
from hub.flow.hold import takes_back_only
from hub.flow.replays import Asker, Choice, chosen
from hub.flow.would_leave import decided_now
from hub.store.dead_letters import Letter
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit


class Would(StrEnum):
    """What would become of a dead letter."""

    LEAVE = "would-leave"
    NOTHING_TO_SAY = "nothing-to-say"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    DIE_AGAIN = "would-die-again"  # its recipient knows the person by no number, or what is stored cannot be read


@dataclass(frozen=True, slots=True)
class Part:
    """Dead letters of one group, and how many would become what."""

    group: str
    recipient: str
    kind: str
    would: dict[str, int]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a replay would do, by the consents and the policy of now."""

    at: datetime
    parts: Sequence[Part]

    @property
    def total(self) -> dict[str, int]:
        """Return how many would become what."""
        counted: Counter[str] = Counter()
        for part in self.parts:
            counted.update(part.would)
        return {would: counted[would] for would in Would}


def forecast(choice: Choice, store: Store, authorities: Authorities, asker: Asker) -> Forecast:
    """Say what would become of the dead letters that a choice means. Nothing is sent or made due; it is audited.

    Each plan is opened in a transaction of its own that reads alone, so that nobody waits for a long list.
    """
    with store.begin(read_only=True) as unit:
        at = now()
        found = chosen(unit, choice, at)
    parts: dict[tuple[str, str, str], Counter[str]] = {}
    for letter, group in found:
        would = _would(store, letter, authorities)
        parts.setdefault((group, letter.recipient, letter.code), Counter())[would] += 1
    with store.begin() as unit:
        unit.audit.record("replay-forecast", asker.actor, now(), asker.correlation_id, items=len(found))
    told = [Part(*key, {would: counted[would] for would in Would}) for key, counted in sorted(parts.items())]
    return Forecast(at, told)


def _would(store: Store, letter: Letter, authorities: Authorities) -> Would:
    try:
        with store.begin(read_only=True) as unit:
            return would_become(unit, letter, authorities, now())
    except Refused:  # one that cannot be read must not hide what would become of the others
        return Would.DIE_AGAIN


def would_become(unit: Unit, letter: Letter, authorities: Authorities, at: datetime) -> Would:
    """Say what would become of one dead letter."""
    stored = unit.plans.get(letter.plan) if letter.plan else None
    if stored is None:
        return Would.NOTHING_TO_SAY
    decided = decided_now(unit, letter, stored, authorities, at)
    if decided.change.disclosed:
        return Would.LEAVE if decided.owner.identifier_for(letter.recipient) else Would.DIE_AGAIN
    return Would.NOTHING_TO_SAY if _may_be_told(stored, decided.view) else Would.CONSENT_WITHDRAWN


def may_be_told(unit: Unit, plan: UUID, recipient: str, authorities: Authorities, at: datetime) -> bool:
    """Tell whether a recipient may be told anything of a plan, or there is nothing that is withheld from it."""
    stored = unit.plans.get(plan)
    if stored is None:
        return True
    owner, reader = unit.people.get(stored.plan.person), reader_of(recipient, authorities)
    view, _ = lawful_now(unit, stored, owner, reader, unit.policies.in_force(), at)
    return _may_be_told(stored, view)


def _may_be_told(stored: StoredPlan, view: View) -> bool:
    if takes_back_only(stored.plan, view.reader):
        return False
    return bool(shown_to(stored, view)) or not view.withheld_by
