"""Who may say something of an element for its citizen, and who answers for what it says: one rule for both.

For corrections (``correct``) and for what citizens agree with or ask about (``statements``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.crypto.envelope import keyed_digest
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, may_choose, may_open
from hub.plan.canonical import own_content
from hub.plan.element import Detail, Element
from hub.plan.own import is_own
from hub.plan.person import Role
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)


def opened(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, datetime]:
    """Return a plan to its citizen, and to its coordinator. :raises NotFound: the reader is neither."""
    stored, at = unit.plans.get(plan), now()
    if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
        raise NotFound(NO_PLAN)
    return stored, at


def answers_for(unit: Unit, stored: StoredPlan, element: UUID, authority: str, reader: Reader, at: datetime) -> bool:
    """Tell whether the reader speaks for the authority that wrote the element, and works with the plan still.

    A coordinator speaks for the joint goals of their organisation alone: where that is an authority besides, what its
    case system sent is its caseworkers' to answer for.
    """
    if reader.organisation != authority or not may_open(unit, stored.plan.id, None, reader, at):
        return False
    if reader.role is Role.COORDINATOR:
        current = stored.plan.elements.get(element)
        return current is not None and is_own(current)
    return reader.role in _OF_AUTHORITY


def digest_of_own(key: bytes, element: Element) -> str:
    """Return a keyed digest of what an element says itself, the same for whoever sees all of it.

    Its links are left out, and its authority's own numbers, which not everybody is shown.
    """
    others = {name: said for name, said in element.details.items() if name != Detail.IDENTIFIERS}
    return keyed_digest(key, own_content(replace(element, details=others))).hex()[:32]
