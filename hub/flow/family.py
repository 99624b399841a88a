"""A family: the plans of one household side by side, each decided under its own person's consents.

There is no family consent and no plan of a family. Who belongs to it is read from what the reader sees of the plans
(docs/adr/0006), so a relative whom the reader may not know of is not in it, nor is a plan that the reader does not
belong to: neither by name, nor in a count, nor in an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from hub.consent.reader import Reader
from hub.errors import NotFound
from hub.flow.reading import write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.plan.person import household_of
from hub.store.transaction import Store, Unit


def show_family(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[Shown]:
    """Show a plan and those of its household that the reader belongs to, the one asked for first.

    :raises NotFound: there is no such plan that the reader may see.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        first = look(unit, plan, reader, actor)
        shown = [first, *_others(unit, first, reader, actor)]
        for one in shown:
            write_down(unit, "read", one.view, one.view.seen, one.at, actor, correlation_id)
        return shown


def _others(unit: Unit, first: Shown, reader: Reader, client: str) -> Iterator[Shown]:
    """Yield the plans of relatives: of whom the first plan names, and of who names its person."""
    named = _household(first)
    own = {relative: unit.plans.of_person(relative) for relative in named}
    naming = unit.plans.concerning(first.person.id)
    wanted = {plan for plan in (*own.values(), *naming) if plan is not None} - {first.view.plan}
    for plan in sorted(wanted):
        try:
            shown = look(unit, plan, reader, client)
        except NotFound:
            continue
        if shown.person.id in named or first.person.id in _household(shown):
            yield shown


def _household(shown: Shown) -> frozenset[UUID]:
    """Return the relatives whom the reader sees in a plan."""
    home = household_of(seen.element for seen in shown.view.seen)
    return frozenset(member.person for member in home.members)
