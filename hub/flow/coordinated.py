"""Show a coordinator a plan with all that says how far it can be relied on: silent systems, and who lacks what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.consent.reader import Reader
from hub.flow.reading import write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.flow.statements import waiting_in
from hub.flow.troubles import Trouble, troubles_of
from hub.flow.updates import Update, updates_of
from hub.settings import Settings
from hub.store.statements import Waiting
from hub.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Coordinated:
    """A plan as its coordinator sees it, and how it stands with those who take part, at the same instant."""

    shown: Shown
    troubles: Sequence[Trouble]
    updates: Sequence[Update]
    unanswered: Sequence[Waiting] = ()


def show_coordinated(
    plan: UUID, reader: Reader, store: Store, settings: Settings, *, actor: str, correlation_id: str
) -> Coordinated:
    """Show a plan to its coordinator. :raises NotFound: there is none that the reader may see."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        shown = look(unit, plan, reader, actor)
        write_down(unit, "read", shown.view, shown.view.seen, shown.at, actor, correlation_id)
        troubles = troubles_of(unit, unit.memberships.of_plan(plan, shown.at), settings, shown.at)
        waiting = waiting_in(unit, shown.view)
        return Coordinated(shown, troubles, updates_of(unit, shown.view, settings.contacts, shown.at), waiting)
