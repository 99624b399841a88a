"""Show a reader what a search finds: plan by plan, each through the consent layer and each written down as it is shown.

Every plan is looked at in a transaction of its own, so a search holds nobody off for longer than a read does, and what
one plan shows is decided at one instant. Which plans a search goes through follows from what the reader belongs to and
never from what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.view import View
from hub.errors import NotFound
from hub.flow.proposals_seen import beside
from hub.flow.reading import asked_by, write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look, look_or_none
from hub.plan.person import OF_THE_HUB, Role
from hub.plan.plan import CaseRef
from hub.store.transaction import Store, Unit

_Found = TypeVar("_Found")


def plans_open_to(reader: Reader, store: Store, after: UUID | None, at_most: int) -> Sequence[UUID]:
    """Return plans that a reader may open, in the order of their ids: at a cost that does not grow with all there are.

    :param after: the last one of an earlier answer.
    """
    with store.begin(read_only=True) as unit:
        if reader.role in OF_THE_HUB:
            return ()
        if reader.role is Role.CITIZEN:
            own = unit.plans.of_person(reader.person) if reader.person else None
            return (own,) if own is not None and (after is None or own > after) else ()
        role = Role.COORDINATOR if reader.role is Role.COORDINATOR else None
        return unit.memberships.of_member(reader.organisation, role, now(), after, at_most)


def plans_named(ids: Collection[UUID], store: Store) -> Sequence[UUID]:
    """Return the plans that ids stand for, in order: of a plan, its person, or what is of it. Shows nothing."""
    with store.begin(read_only=True) as unit:
        return sorted({_plan_of(unit, one) for one in ids})


def plans_of_people(ids: Collection[UUID], store: Store) -> Sequence[UUID]:
    """Return the plans of people, in order; an id that is nobody's stands for none. Shows nothing."""
    with store.begin(read_only=True) as unit:
        found = (unit.plans.of_person(one) for one in ids)
        return sorted({plan for plan in found if plan is not None})


def find_plan_of_case(case: CaseRef, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> UUID | None:
    """Find the plan that an authority's case belongs to, for a reader who sees some of it and is told its number.

    :return: None: there is no such case that the reader may see, in whatever plan.
    """
    with store.begin() as unit:
        plan = unit.plans.of_case(case)
        shown = look_or_none(unit, plan, reader, actor) if plan else None
        is_told = shown is not None and _tells_of(shown.view, case)
        found = plan if is_told else None
        unit.audit.record("searched", actor, now(), correlation_id, found, found=is_told, **asked_by(reader))
        return found


def show_some(
    plan: UUID,
    reader: Reader,
    store: Store,
    choose: Callable[[Shown], tuple[_Found, Collection[UUID]]],
    *,
    actor: str,
    correlation_id: str,
    asked: UUID | None = None,
) -> _Found | None:
    """Show of a plan what somebody looks for.

    :param choose: returns what is found in what the reader may see, and the elements that this shows.
    :param asked: what was asked for, where that is something in the plan; a refusal is written down with it.
    :return: what is found; None: there is no such plan that the reader may see.
    """
    try:
        with refusals_written(store, actor, correlation_id, asked=asked or plan), store.begin() as unit:
            shown = beside(unit, look(unit, plan, reader, actor))
            found, elements = choose(shown)
            seen = [one for one in shown.view.seen if one.element.id in elements]
            write_down(unit, "read", shown.view, seen, shown.at, actor, correlation_id)
            return found
    except NotFound:
        return None


def _plan_of(unit: Unit, named: UUID) -> UUID:
    found = unit.plans.of_person(named) or unit.plans.of_element(named) or unit.proposals.plan_of(named)
    person = None if found else unit.consents.whose(named)
    return found or (unit.plans.of_person(person) if person else None) or named


def _tells_of(view: View, case: CaseRef) -> bool:
    """Tell whether a view has something of a case, and its reader works with the authority's numbers."""
    own = {(seen.element.authority, seen.element.provenance.case) for seen in view.seen}
    return view.tells_case_of(case.authority) and tuple(case) in own
