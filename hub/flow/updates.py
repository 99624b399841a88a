"""What has been saved in the plan and has not reached everybody: per recipient, as far as the asker sees it.

A delivery becomes due by anything that happens in a plan, and ends as a dead letter by anything that is in it. So a
state read from the outbox alone would tell of what is withheld from the asker. Here it is asked first what of the
asker's own view a recipient is to have and has not; only where there is something of that kind is it told what it waits
for. A recipient that lacks nothing which the asker sees has received all, whatever else is due (docs/adr/0048).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.authority import Disclosed
from hub.authority.feeding import CHANNEL as FEED
from hub.consent.consent import ConsentsByPerson
from hub.consent.policy import Policy
from hub.consent.view import View
from hub.flow.circle import members_told
from hub.flow.circumstances import consents_of
from hub.flow.dead_causes import Cause, cause_of
from hub.flow.deliver import reader_of, shown_to, view_of
from hub.flow.difference import difference
from hub.flow.hold import takes_back_only
from hub.plan.canonical import own_content
from hub.store.circuits import Circuit, Direction
from hub.store.element_versions import element_versions
from hub.store.holdings import Held
from hub.store.plans import StoredPlan
from hub.store.standing_rows import StandingRow, standing_rows
from hub.store.transaction import Unit


class State(StrEnum):
    """How a recipient stands with what the asker sees."""

    RECEIVED = "received"  # it has all of that which it is to have
    SENDING = "sending"  # it goes out by itself
    TO_FETCH = "to-fetch"  # its recipient fetches, and has not
    SILENT = "silent"  # it waits: its system does not answer
    HELD = "held"  # it waits: an operator lets nothing through
    REFUSED = "refused"  # a person must see to it


@dataclass(frozen=True, slots=True)
class Update:
    """One recipient of a plan.

    :ivar lacks: what of the asker's view it is to have and has not, or not as it reads now.
    :ivar keeps: what of the asker's view it is to delete and has not confirmed.
    :ivar since: since when its system does not answer, or is held.
    :ivar cause: why a person must see to it; None unless what was refused held something that the asker sees.
    :ivar contact: whom to call about it, by the settings; empty for nobody.
    """

    recipient: str
    state: State
    lacks: tuple[UUID, ...] = ()
    keeps: tuple[UUID, ...] = ()
    since: datetime | None = None
    cause: Cause | None = None
    contact: str = ""


#: Causes that lie with a recipient, whatever a delivery held.
_WHATEVER_IT_HELD = (Cause.UNKNOWN_PERSON, Cause.AUTH)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all recipients of a plan are compared on."""

    unit: Unit
    stored: StoredPlan
    asker: View
    policy: Policy
    consents: ConsentsByPerson
    at: datetime


def updates_of(unit: Unit, view: View, contacts: Mapping[str, str], at: datetime) -> Sequence[Update]:
    """Return how each recipient of a plan stands, by name; none to whom nothing that the asker sees is to go.

    :param view: what the asker sees of the plan, made in this transaction.
    :param contacts: whom to call about a recipient, by its name.
    """
    stored = unit.plans.get(view.plan, for_delivery=True)
    if stored is None:
        return ()
    policy = unit.policies.in_force()
    ground = _Ground(unit, stored, view, policy, consents_of(unit, stored.plan, policy, at), at)
    told = {member.member for member in members_told(unit, stored, view.reader, at)}
    circuits = {one.authority: one for one in unit.breakers.all() if one.direction is Direction.RECIPIENT}
    rows = [row for row in standing_rows(unit.connection, view.plan) if row.recipient in told]
    found = [_update(ground, row, circuits.get(row.recipient)) for row in rows]
    return [replace(one, contact=contacts.get(one.recipient, "")) for one in found if one is not None]


def _update(ground: _Ground, row: StandingRow, circuit: Circuit | None) -> Update | None:
    unit, stored = ground.unit, ground.stored
    reader = reader_of(row.recipient, {})
    lawful = view_of(unit, stored, reader, ground.policy, ground.consents, ground.at)
    held, only_withdraw = unit.holdings.of(row.id), takes_back_only(stored.plan, lawful.reader)
    change = difference(shown_to(stored, lawful), held, stored.key, only_withdraw=only_withdraw)
    seen = {one.element.id for one in ground.asker.seen}
    # Where a part of it is left out for the asker, that part alone may have changed.
    seen_whole = {one.element.id for one in ground.asker.seen if not one.decision.hidden}
    lacks = tuple(
        item.element.id
        for item in change.disclosed
        if item.element.id in seen_whole and not _has_all_but_links(ground, held, item)
    )
    keeps = tuple(element for element in change.withdrawn if element in seen)
    if lacks or keeps:
        return _waiting(row, circuit, lacks, keeps)
    is_concerned = not seen.isdisjoint(change.holds_then.keys() | held.maybe_anything_of())
    return Update(row.recipient, State.RECEIVED) if is_concerned else None


def _has_all_but_links(ground: _Ground, held: Held, item: Disclosed) -> bool:
    """Tell whether a recipient surely has what an element says itself, and only where it leads is new.

    A link may lead to something that the asker does not see.
    """
    stored, element = ground.stored, item.element
    if element.id not in held.certain:
        return False
    whole, is_protected = own_content(stored.plan.elements[element.id]), stored.digest(element) != item.digest
    known = {item.digest}
    for version in element_versions(ground.unit.connection, stored, element.id):
        if own_content(version) == whole:
            as_sent = (replace(element, part_of=one, concerns=version.concerns) for one in (version.part_of, None))
            known |= {stored.digest(one, is_protected=is_protected) for one in as_sent}
    return held.certain[element.id] in known and held.possible.get(element.id, frozenset()) <= known


def _waiting(row: StandingRow, circuit: Circuit | None, lacks: tuple[UUID, ...], keeps: tuple[UUID, ...]) -> Update:
    if row.is_dead and lacks:  # what is to be deleted leaves all the same
        cause = cause_of(row.cause)
        is_told = cause in _WHATEVER_IT_HELD or not row.last_held.isdisjoint(lacks)
        return Update(row.recipient, State.REFUSED, lacks, keeps, cause=cause if is_told else None)
    if circuit is not None and circuit.held_at is not None:
        return Update(row.recipient, State.HELD, lacks, keeps, circuit.held_at)
    if row.channel == FEED:
        return Update(row.recipient, State.TO_FETCH, lacks, keeps)
    if circuit is not None and circuit.since is not None:
        return Update(row.recipient, State.SILENT, lacks, keeps, circuit.since)
    return Update(row.recipient, State.SENDING, lacks, keeps)
