"""Where a correction (``correct``) stands, as a reader may know: what changes out of their sight changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.view import Seen, View, view_for
from hub.flow.answering import digest_of_own
from hub.flow.circumstances import consents_of
from hub.flow.deliver import reader_of, shown_to, view_of
from hub.flow.hold import as_told
from hub.plan.person import Role
from hub.store.corrections import Correction
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit


class State(StrEnum):
    """Where a correction stands."""

    ASKED = "asked"  # its authority has neither changed it nor said no
    CHANGED = "changed"  # the element reads otherwise now, or is gone
    REFUSED = "refused"  # its authority keeps it as it is


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who held, or may have held, what was called wrong.

    :ivar has_confirmed: it holds it for sure no more: it has confirmed the new version, or that it has deleted it.
    """

    recipient: str
    has_confirmed: bool


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """A correction, where it stands, and who held the old version.

    :ivar holders: empty for a reader who does not see all of the element.
    """

    correction: Correction
    state: State
    holders: Sequence[Holder]


def is_their_own(one: Correction, reader: Reader) -> bool:
    """Tell whether the citizen has asked for it: what became of their own words is theirs, whatever they see by now."""
    return reader.role is Role.CITIZEN and one.role == Role.CITIZEN


def seen_of(unit: Unit, stored: StoredPlan, view: View, wanted: Collection[UUID], at: datetime) -> Mapping[UUID, Seen]:
    """Return what a reader sees of some elements; of one that is gone from the plan, what they would as it read last.

    That somebody saw it once is no reason: by then it may have been withheld.
    """
    seen = {one.element.id: one for one in view.seen if one.element.id in wanted}
    gone = set(wanted) - stored.plan.elements.keys()
    if not gone:
        return seen
    told = as_told(unit.plans.with_gone(stored, gone), view.reader)
    policy = unit.policies.in_force()
    past = view_for(told, view.reader, policy, consents_of(unit, told, policy, at), at)
    return seen | {one.element.id: one for one in past.seen if one.element.id in gone}


def state_of(stored: StoredPlan, one: Correction) -> State:
    """Tell where it stands by all of the element: for its authority, and for whoever sees all of it."""
    current = stored.plan.elements.get(one.element)
    # What was called wrong under an earlier release has a digest of all, links too.
    if current is None or one.digest not in (digest_of_own(stored.key, current), stored.digest(current)):
        return State.CHANGED
    return _answered(one)


def _answered(one: Correction) -> State:
    return State.ASKED if one.answered_at is None else State.REFUSED


def shown(unit: Unit, stored: StoredPlan, one: Correction, seen: Seen | None) -> ShownCorrection:
    """Return a correction as a reader may know of it.

    :param seen: what the reader sees of its element; None: nothing.
    """
    if seen is None or seen.decision.hidden:
        return ShownCorrection(one, _answered(one), ())
    return whole_of(unit, stored, one)


def whole_of(unit: Unit, stored: StoredPlan, one: Correction) -> ShownCorrection:
    """Return a correction as whoever sees all of the element may know of it."""
    state, rows = state_of(stored, one), unit.corrections.holders(one.id)
    confirmed = {row for row, name in rows if state is State.CHANGED and _is_up_to_date(unit, stored, one, row, name)}
    return ShownCorrection(one, state, [Holder(name, row in confirmed) for row, name in rows])


def _is_up_to_date(unit: Unit, stored: StoredPlan, one: Correction, row: UUID, recipient: str) -> bool:
    """Tell whether a recipient surely holds of an element what it may see now, and nothing else of it."""
    element, held, policy, at = one.element, unit.holdings.of(row), unit.policies.in_force(), now()
    if element in held.owed:
        return False
    consents = consents_of(unit, stored.plan, policy, at)
    due = shown_to(stored, view_of(unit, stored, reader_of(recipient, {}), policy, consents, at)).get(element)
    return held.is_surely(element, due.digest) if due else element not in held.maybe_anything_of()
