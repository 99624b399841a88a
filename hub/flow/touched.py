"""Which plans what a person says touches, as far as whoever says it may know: a person may be named in another's plan.

That another's plan names them is told to whom sees it there, and to nobody else, by a count no more than by a name
(``family``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.consent.reader import Reader
from hub.crypto.envelope import UNOPENED
from hub.flow.belonging import may_open
from hub.flow.circumstances import consents_of
from hub.flow.deliver import view_of
from hub.flow.hold import as_told
from hub.store.transaction import Unit


def known_of(
    unit: Unit, plans: Iterable[UUID], own: UUID, person: UUID, reader: Reader, at: datetime
) -> frozenset[UUID]:
    """Return of some plans the person's own, and those in which the reader sees something that concerns the person.

    None of them, if the reader may not know of it. Decided without an emergency: those are for reading. One that does
    not open shows nothing, and holds up no revocation.

    :param own: the person's plan.
    """
    return frozenset(
        plan
        for plan in plans
        if may_open(unit, plan, person if plan == own else None, reader, at)
        and (plan == own or _shows(unit, plan, person, reader, at))
    )


def _shows(unit: Unit, plan: UUID, person: UUID, reader: Reader, at: datetime) -> bool:
    try:
        stored = unit.plans.get(plan)
        if stored is None:
            return False
        told, policy = as_told(stored.plan, reader), unit.policies.in_force()
        view = view_of(unit, replace(stored, plan=told), reader, policy, consents_of(unit, told, policy, at), at)
    except UNOPENED:
        return False
    return any(person in one.element.concerns for one in view.seen)
