"""Who may say something of an element for its citizen, and who answers for what it says: one rule for both.

For corrections (``correct``) and for what citizens agree with or ask about (``statements``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.crypto.envelope import keyed_digest
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, may_choose, may_open
from hub.flow.circumstances import consents_of
from hub.flow.deliver import view_of
from hub.plan.canonical import own_content
from hub.plan.element import Detail, Element
from hub.plan.own import is_own
from hub.plan.person import Role
from hub.store.corrections import Correction
from hub.store.plans import StoredPlan
from hub.store.statements import Statement
from hub.store.transaction import Unit

_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)
_Said = TypeVar("_Said", Correction, Statement)


def opened(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, datetime]:
    """Return a plan to its citizen, and to its coordinator. :raises NotFound: the reader is neither."""
    stored, at = unit.plans.get(plan), now()
    if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
        raise NotFound(NO_PLAN)
    return stored, at


def to_answer(unit: Unit, stored: StoredPlan, found: Sequence[_Said], reader: Reader, at: datetime) -> Sequence[_Said]:
    """Return what of a plan is the reader's to answer: of elements that they speak for, and see.

    A coordinator speaks for the joint goals of their organisation alone: where that is an authority besides, what its
    case system sent is its caseworkers' to answer for.
    """
    if not may_open(unit, stored.plan.id, None, reader, at):
        return ()
    theirs = [one for one in found if one.authority == reader.organisation and _speaks_for(stored, one, reader)]
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
    if not wanted:
        return frozenset()
    whole, policy = unit.plans.with_gone(stored, wanted), unit.policies.in_force()
    consents = consents_of(unit, whole, policy, at)
    view = view_of(unit, replace(stored, plan=whole), reader, policy, consents, at)
    return frozenset(one.element.id for one in view.seen if one.element.id in wanted)


def digest_of_own(key: bytes, element: Element) -> str:
    """Return a keyed digest of what an element says itself, the same for whoever sees all of it.

    Its links are left out, and its authority's own numbers, which not everybody is shown.
    """
    others = {name: said for name, said in element.details.items() if name != Detail.IDENTIFIERS}
    return keyed_digest(key, own_content(replace(element, details=others))).hex()[:32]
