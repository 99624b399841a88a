"""The citizen's ledger of disclosures: who saw, got or gave back what of the plan, when, what for and by which law.

It stands on the plan's audit rows (docs/adr/0040) and on what recipients hold now. Elements and categories are told as
far as the citizen's own view goes, and a delivery of nothing that the citizen may see is not told at all, so nothing of
a third party is: not what concerns them, not their consents, not when it came. Of a plan that is held back the citizen
is told what they did themselves (``hold.may_be_told``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.view import Seen, View, view_for
from hub.errors import NotFound
from hub.flow.before_hold import circle_as_held
from hub.flow.belonging import NO_PLAN, as_member, may_choose
from hub.flow.circle import CITIZEN_ACCESS
from hub.flow.circumstances import consents_of
from hub.flow.hold import as_told, may_be_told
from hub.flow.ledger_known import Known
from hub.flow.ledger_rows import Disclosure, disclosures_of
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.holdings import Held
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class HeldNow:
    """What a recipient holds now, or may hold, of what the citizen may see.

    :ivar is_sure: False: some of it was sent, and nobody has said that it arrived.
    """

    recipient: str
    categories: tuple[str, ...]
    elements: int
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """Who saw what of a plan, newest first.

    :ivar may_be_partial: there may be something of which the citizen may not know; a function of permissions alone.
    """

    plan: UUID
    person: UUID
    disclosures: Sequence[Disclosure]
    held_now: Sequence[HeldNow]
    may_be_partial: bool
    at: datetime


def show_ledger(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Ledger:
    """Show the citizen, or the plan's coordinator on the citizen's behalf, who saw what of the plan.

    :raises NotFound: there is no plan of which the reader may know that.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = open_own(unit, plan, reader)
        found = ledger_of(unit, stored, reader, at)
        unit.audit.record("disclosures-read", actor, at, correlation_id, plan, **asked_by(reader))
        return found


def open_own(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, datetime]:
    """Return a plan to its citizen and its coordinator. :raises NotFound: the reader is neither."""
    stored = unit.plans.get(plan, for_delivery=True)
    at = now()
    if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
        raise NotFound(NO_PLAN)
    return stored, at


def ledger_of(unit: Unit, stored: StoredPlan, reader: Reader, at: datetime) -> Ledger:
    """Return the ledger of a plan as it may be told to its citizen, through whoever asks."""
    plan = stored.plan
    rows = [row for row in unit.audit.of_plan(plan.id) if may_be_told(row["action"], is_held=plan.is_held)]
    held = {name: unit.holdings.of(row) for row, name, _ in unit.outbox.of_plan(plan.id)}
    named = {UUID(one) for one in {one for row in rows for one in _named(row["details"])}}
    views = own_views(unit, stored, reader, named | {one for each in held.values() for one in each.maybe_anything_of()})
    categories = {one.element.id: one.element.category or "" for one in shared(views)}
    own = {str(one.id): one for one in unit.consents.of([plan.person])}
    members = unit.memberships.of_plan(plan.id, at)
    partners = frozenset(one.member for one in members if one.role is Role.PARTNER)
    known = Known(
        {str(one): about for one, about in categories.items()},
        own,
        partners,
        unit.policies,
        unit.policies.in_force().version,
    )
    found = disclosures_of(rows, known)
    circle = circle_as_held(unit, stored)
    holding = [
        _held_now(name, one, categories)
        for name, one in held.items()
        if not one.maybe_anything_of().isdisjoint(categories) and (circle is None or name in circle)
    ]
    return Ledger(plan.id, plan.person, found, holding, any(view.may_be_partial for view in views), at)


def as_citizen(stored: StoredPlan) -> Reader:
    """Return the plan's person as a reader of the own plan."""
    return Reader("citizen", Role.CITIZEN, CITIZEN_ACCESS, person=stored.plan.person)


def own_views(unit: Unit, stored: StoredPlan, reader: Reader, also: Collection[UUID] = ()) -> Sequence[View]:
    """Return the citizen's view of a plan, and beside it the view of a coordinator who asks on the citizen's behalf.

    What is told is in all of them: the coordinator hands the citizen nothing that the citizen may not see, and learns
    nothing that the coordinator may not.

    :param also: elements that are gone from the plan; they are looked at as they read last.
    """
    policy, at = unit.policies.in_force(for_delivery=True), now()
    readers = [as_citizen(stored)]
    if reader.role is not Role.CITIZEN:
        readers.append(as_member(unit, stored.plan.id, reader, at))
    told = as_told(unit.plans.with_gone(stored, also), readers[0])
    consents = consents_of(unit, told, policy, at)
    return [view_for(told, one, policy, consents, at) for one in readers]


def shared(views: Sequence[View]) -> Sequence[Seen]:
    """Return what is in all views, as the first of them shows it; a part that another leaves out is left out."""
    first, *others = views
    known = [{one.element.id: one for one in view.seen} for view in others]
    return [
        seen
        for seen in first.seen
        if all(seen.element.id in view and not view[seen.element.id].decision.hidden for view in known)
    ]


def _named(details: Mapping[str, object]) -> Sequence[str]:
    """Return the elements that a row of the audit names."""
    listed = [one for name in ("elements", "withdrawn") if isinstance(one := details.get(name), list)]
    single = details.get("element")
    return [*(one for each in listed for one in each), *([str(single)] if single else [])]


def _held_now(recipient: str, held: Held, known: Mapping[UUID, str]) -> HeldNow:
    told = held.maybe_anything_of() & known.keys()
    is_sure = held.possible.keys().isdisjoint(told)
    return HeldNow(recipient, tuple(sorted({known[one] for one in told})), len(told), is_sure)
