"""Who may say something of an element for its citizen, and who answers for what it says: one rule for both.

For corrections (``correct``) and for what citizens agree with or ask about (``statements``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.subjects import kle_of
from hub.crypto.envelope import keyed_digest
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, may_choose, may_open
from hub.flow.circumstances import consents_of
from hub.flow.deliver import view_of
from hub.flow.passing_over import passed_over
from hub.plan.canonical import own_content
from hub.plan.element import Detail, Element, Kind
from hub.plan.own import is_own
from hub.plan.person import Role
from hub.plan.plan import CaseRef, Plan
from hub.store.corrections import Correction
from hub.store.plans import StoredPlan
from hub.store.statements import Statement
from hub.store.transaction import Store, Unit

_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)
_Said = TypeVar("_Said", Correction, Statement)
_Task = TypeVar("_Task")


def opened(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, datetime]:
    """Return a plan to its citizen, and to its coordinator. :raises NotFound: the reader is neither."""
    stored, at = unit.plans.get(plan), now()
    if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
        raise NotFound(NO_PLAN)
    return stored, at


def in_each(
    store: Store,
    plans_of: Callable[[Unit], Sequence[UUID]],
    tasks_in: Callable[[Unit, StoredPlan, datetime], Sequence[_Task]],
) -> Sequence[_Task]:
    """Return what is to be done in plans, for a list of tasks; writing it down is the caller's.

    A plan that does not open is left out, and so is one that cannot be decided on without another that does not.
    """
    found: list[_Task] = []
    with store.begin(read_only=True) as unit:
        plans = plans_of(unit)
    # No plan is held: most had something to do once and have nothing now, and a list is asked for every minute. View
    # and words are of one instant, so nothing is listed that could not be seen when it was read. A revocation or hold
    # that commits meanwhile is as one that came right after; who answers is judged anew, with the plan taken.
    for plan in plans:
        with passed_over(), store.at_one_instant() as unit:
            stored, at = unit.plans.get(plan), now()
            found += tasks_in(unit, stored, at) if stored else ()
    return found


def to_answer(unit: Unit, stored: StoredPlan, found: Sequence[_Said], reader: Reader, at: datetime) -> Sequence[_Said]:
    """Return what of a plan is the reader's to answer: of elements that they speak for, and see.

    A coordinator speaks for the joint goals of their organisation alone: where that is an authority besides, what its
    case system sent is its caseworkers' to answer for.
    """
    theirs = [one for one in found if one.authority == reader.organisation and _speaks_for(stored, one, reader)]
    if not theirs or not may_open(unit, stored.plan.id, None, reader, at):
        return ()
    seen = seen_last(unit, stored, {one.element for one in theirs}, reader, at)
    return [one for one in theirs if one.element in seen]


def _speaks_for(stored: StoredPlan, one: Correction | Statement, reader: Reader) -> bool:
    if reader.role is Role.COORDINATOR:
        current = stored.plan.elements.get(one.element)
        return current is not None and is_own(current)
    return reader.role in _OF_AUTHORITY


def seen_last(
    unit: Unit, stored: StoredPlan, wanted: Collection[UUID], reader: Reader, at: datetime
) -> frozenset[UUID]:
    """Return which of some elements the reader sees; of one that is gone from the plan, whether as it read last.

    Decided without an emergency and without a meeting: those are for reading, and nobody answers by them (ADR 22).
    """
    gone = set(wanted) - stored.plan.elements.keys()
    seen = _seen(unit, stored, set(wanted) - gone, reader, at)
    if not gone:
        return seen
    past = unit.plans.with_gone(stored, gone)
    if reader.kle is not None:
        past = _with_gone_cases(unit, stored, past, gone)
    return seen | _seen(unit, replace(stored, plan=past), gone, reader, at)


def _seen(unit: Unit, stored: StoredPlan, wanted: Collection[UUID], reader: Reader, at: datetime) -> frozenset[UUID]:
    if not wanted:
        return frozenset()
    policy = unit.policies.in_force()
    view = view_of(unit, stored, reader, policy, consents_of(unit, stored.plan, policy, at), at)
    return frozenset(one.element.id for one in view.seen if one.element.id in wanted)


def _with_gone_cases(unit: Unit, stored: StoredPlan, past: Plan, gone: Collection[UUID]) -> Plan:
    """Return a plan with what is gone, and with what says its case's subject, as that read last, if that is gone too.

    A reader whose work is limited by subject would otherwise lose what waits for them together with the case (ADR 39).
    """
    cases = {_case(element) for one, element in past.elements.items() if one in gone}
    cases -= {_case(one) for one in stored.plan.elements.values() if one.kind is Kind.CASE and kle_of(one)}
    buried = [one for one, tombstone in stored.plan.tombstones.items() if tombstone.case in cases]
    told = unit.plans.with_gone(replace(stored, plan=past), buried).elements
    kept = {one: element for one, element in told.items() if one in past.elements or element.kind is Kind.CASE}
    return replace(past, elements=kept)


def _case(element: Element) -> CaseRef:
    return CaseRef(element.authority, element.provenance.case)


def digest_of_own(key: bytes, element: Element) -> str:
    """Return a keyed digest of what an element says itself, the same for whoever sees all of it.

    Its links are left out, and its authority's own numbers, which not everybody is shown.
    """
    others = {name: said for name, said in element.details.items() if name != Detail.IDENTIFIERS}
    return keyed_digest(key, own_content(replace(element, details=others))).hex()[:32]
