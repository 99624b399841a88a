"""How two truths meet.

The laws, each a property test: merging a message twice changes nothing; the same messages in any order give the same
plan; an authority changes only its own elements; a deletion leaves a tombstone with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.plan.contribution import Contribution, Coverage
from hub.plan.element import Draft, Element, OrderKey, Provenance, element_id
from hub.plan.identifier import Identifier
from hub.plan.plan import CaseRef, CaseState, Plan, Tombstone

NOT_IN_SNAPSHOT = "no longer in the case"


def merge(plan: Plan, contribution: Contribution, people: Mapping[Identifier, UUID], at: datetime) -> Plan:
    """Take one message into the plan.

    :param people: hub ids of everyone whom the drafts concern.
    :param at: registration time of what is new.
    :return: the plan as it now is; the same object when the message brings nothing new.
    """
    case = CaseRef(contribution.authority, contribution.case)
    state = _state_after(plan.cases.get(case), contribution)
    elements, tombstones = dict(plan.elements), dict(plan.tombstones)
    for draft in contribution.drafts:
        element = born(draft, contribution, people, at)
        if _is_newer(contribution.order, element.id, elements, tombstones):
            tombstones.pop(element.id, None)
            elements[element.id] = element
    for removal in contribution.removals:
        gone = element_id(contribution.authority, contribution.case, removal.source_id)
        if _is_newer(contribution.order, gone, elements, tombstones):
            elements.pop(gone, None)
            tombstones[gone] = Tombstone(case, contribution.order, removal.reason, at)
    if state.newest_snapshot is not None:
        _bury_unnamed(case, state.newest_snapshot, elements, tombstones, at)
    merged = replace(plan, elements=elements, tombstones=tombstones, cases={**plan.cases, case: state})
    return plan if merged == plan else merged


def born(draft: Draft, contribution: Contribution, people: Mapping[Identifier, UUID], at: datetime) -> Element:
    """Make the element that a draft proposes."""
    authority, case = contribution.authority, contribution.case
    return Element(
        id=element_id(authority, case, draft.source_id),
        kind=draft.kind,
        category=draft.category,
        label=draft.label,
        status=draft.status,
        title=draft.title,
        text=draft.text,
        valid=draft.valid,
        codes=draft.codes,
        part_of=element_id(authority, case, draft.part_of) if draft.part_of else None,
        concerns=frozenset(people[identifier] for identifier in draft.concerns),
        details=dict(draft.details),
        provenance=Provenance(
            authority, contribution.source_system, case, contribution.message_id, contribution.contract
        ),
        order=contribution.order,
        registered_at=at,
    )


def _state_after(state: CaseState | None, contribution: Contribution) -> CaseState:
    order = contribution.order
    snapshot = order if contribution.coverage is Coverage.SNAPSHOT else None
    if state is None:
        return CaseState(order, snapshot, contribution.person.has_protected_address)
    is_newest = order > state.newest
    return CaseState(
        newest=order if is_newest else state.newest,
        newest_snapshot=max((key for key in (snapshot, state.newest_snapshot) if key), default=None),
        has_protected_address=contribution.person.has_protected_address if is_newest else state.has_protected_address,
    )


def _is_newer(
    order: OrderKey, element: UUID, elements: Mapping[UUID, Element], tombstones: Mapping[UUID, Tombstone]
) -> bool:
    known = elements.get(element) or tombstones.get(element)
    return known is None or order > known.order


def _bury_unnamed(
    case: CaseRef,
    snapshot: OrderKey,
    elements: dict[UUID, Element],
    tombstones: dict[UUID, Tombstone],
    at: datetime,
) -> None:
    """Turn elements of the case that are older than its newest snapshot into tombstones of that snapshot.

    An older element can only be there because the snapshot did not name it: had it, its order would be the snapshot's.
    An older tombstone is brought up to the snapshot too, so that its reason does not depend on what came first.
    """
    for gone, element in list(elements.items()):
        if (element.authority, element.provenance.case) == case and element.order < snapshot:
            del elements[gone]
            tombstones[gone] = Tombstone(case, snapshot, NOT_IN_SNAPSHOT, at)
    for gone, tombstone in tombstones.items():
        if tombstone.case == case and tombstone.order < snapshot:
            tombstones[gone] = replace(tombstone, order=snapshot, reason=NOT_IN_SNAPSHOT)
