"""Which proposals of another time stand beside what somebody sees: of all for the plan, of its own for an owner."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from hub.flow.proposed import ShownProposal, state_of
from hub.flow.show import Shown
from hub.plan.person import Role
from hub.store.transaction import Store, Unit

_OF_THE_PLAN = (Role.COORDINATOR, Role.CITIZEN)
_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)


def beside(unit: Unit, shown: Shown) -> Shown:
    """Return what is shown with the proposals for it: to an authority, those for appointments of its own."""
    reader, plan = shown.view.reader, shown.view.plan
    if reader.role not in (*_OF_THE_PLAN, *_OF_AUTHORITY) or not unit.proposals.is_any_of(plan):
        return shown
    elements = {seen.element.id: seen.element for seen in shown.view.seen}
    told = [
        ShownProposal(one, state_of(one, elements[one.element], shown.at), elements[one.element])
        for one in unit.proposals.of_plan(plan, unit.plans.key_of(plan))
        if one.element in elements and (reader.role in _OF_THE_PLAN or one.authority == reader.organisation)
    ]
    return replace(shown, proposals=tuple(told))


def is_proposal(wanted: UUID, store: Store) -> bool:
    """Tell whether an id is that of a proposal, whoever may see it. Shows nothing."""
    with store.begin(read_only=True) as unit:
        return unit.proposals.plan_of(wanted) is not None
