"""Hold back what a family sees of a plan, while a conflict about honour is feared, and let go of it again.

The risk is assessed before parents or network are involved (barnets lov § 18 stk. 3). While a plan is held, its citizen
and partners are shown nothing of it (``LAW-P-HOLD``), nothing new is sent to a partner, nobody is notified
(``is_silent``), and nothing tells the citizen that it is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Exchange, Reader
from hub.errors import Conflict, NotAllowed, NotFound
from hub.flow.belonging import as_member, may_open
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.plan.own import CITIZEN, is_own
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.store.holds import PlanHold
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

#: Who works with people and answers for what becomes of a plan: who may hold it, and be a second person.
STAFF = frozenset({Role.COORDINATOR, Role.CASEWORKER})
_LETTERS = 10
_NO_PLAN = "There is no plan with this id that you may hold."
#: What the citizen has done, or had done for them: all that may be told of a held plan.
_OWN_DOINGS = frozenset({"plan-opened", "consent-given", "consent-withdrawn"})


def is_silent(unit: Unit, plan: UUID) -> bool:
    """Tell whether nobody may be notified about a plan now. Whoever sends a letter or a reminder asks this first."""
    return unit.plans.is_held(plan)


def may_be_told(action: str, *, is_held: bool) -> bool:
    """Tell whether a row of a plan's audit may be told to the citizen now; of a held plan only what they did."""
    return not is_held or action in _OWN_DOINGS


def tells_nobody(plan: Plan, reader: Reader) -> bool:
    """Tell whether a plan is held back from the reader."""
    return plan.is_held and reader.role in (Role.CITIZEN, Role.PARTNER)


def held_since(unit: Unit, stored: StoredPlan) -> datetime:
    """Return since when a plan is held back that is."""
    return unit.holds.of_plan(stored.plan.id, stored.key)[-1].held_at


def as_told(plan: Plan, reader: Reader) -> Plan:
    """Return the plan as whatever a reader is told of it rests on.

    Of a held plan the family and partners are told what they would be of one that is empty and not held, whatever the
    policy says: were it told as held, a reason, a mark or a word that is missing would say so, or tell of what came in.
    What the citizen has written stays the citizen's to see: were it gone, that would tell as well.
    """
    if not tells_nobody(plan, reader):
        return plan
    is_citizen = reader.role is Role.CITIZEN
    kept = {one.id: one for one in plan.elements.values() if is_citizen and one.authority == CITIZEN and is_own(one)}
    return replace(plan, elements=kept, is_held=False, protected=frozenset())


def as_delivered(plan: Plan, recipient: Reader) -> Plan:
    """Return the plan as what a recipient is sent is decided on.

    Of a held plan a partner is sent nothing new, and is asked for nothing because of the hold: that would tell the
    family through the partner. So a partner's delivery is decided without it, and only takes back (``takes_back_only``)
    what is unlawful for another cause, such as a consent that the citizen has withdrawn.
    """
    return replace(plan, is_held=False) if takes_back_only(plan, recipient) else plan


def takes_back_only(plan: Plan, recipient: Reader) -> bool:
    """Tell whether nothing new may be sent to a recipient, for the plan is held."""
    return plan.is_held and recipient.role is Role.PARTNER and recipient.exchange is Exchange.DISCLOSE


def hold_back(plan: UUID, reason: str, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> PlanHold:
    """Hold a plan back from the family and partners.

    :raises NotFound: there is no plan that the reader may hold.
    :raises Conflict: it is held already.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = _taken(unit, plan, reader)
        said = stated(reason, _LETTERS)
        if stored.plan.is_held:
            raise Conflict("This plan is held already.", "Look at its holds: they say who holds it, and why.")
        hold = unit.holds.add(plan, reader.organisation, actor, said, stored.key, at)
        _set(unit, hold, at, actor, correlation_id, is_held=True)
        return hold


def lift(plan: UUID, reason: str, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> PlanHold:
    """Lift a hold; recipients are brought up to date.

    :raises NotFound: there is no plan that the reader may hold.
    :raises NotAllowed: another organisation holds it, and the reader is not its coordinator.
    :raises Conflict: it is not held.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = _taken(unit, plan, reader)
        said = stated(reason, _LETTERS)
        if not stored.plan.is_held:
            raise Conflict("This plan is not held.", "Look at its holds: they say when the last was lifted.")
        hold = unit.holds.of_plan(plan, stored.key)[-1]
        if reader.role is not Role.COORDINATOR and reader.organisation != hold.organisation:
            raise NotAllowed(
                "Another organisation holds this plan.", "Ask it, or the plan's coordinator, whether it may be lifted."
            )
        unit.holds.lift(hold.id, actor, said, stored.key, at)
        _set(unit, hold, at, actor, correlation_id, is_held=False)
        return replace(hold, lifted_by=actor, lifted_at=at, lift_reason=said)


def show_holds(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[PlanHold]:
    """Show who has held a plan, when and why. :raises NotFound: there is no plan that the reader may hold."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        at = now()
        stored = staffed(unit, plan, reader, at)
        if stored is None:
            raise NotFound(_NO_PLAN)
        unit.audit.record("holds-read", actor, at, correlation_id, plan)
        return unit.holds.of_plan(plan, stored.key)


def staffed(unit: Unit, plan: UUID, reader: Reader, at: datetime) -> StoredPlan | None:
    """Return a plan to whoever works with it: its coordinator, and caseworkers of an authority that takes part."""
    return _for_staff(unit, unit.plans.get(plan), reader, at)


def own_or_staffed(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan | None, datetime]:
    """Return a plan to its citizen, and to whoever works with it, and the instant.

    It is shared first: no hold and nothing new comes in between this and what is read of it next.
    """
    stored, at = unit.plans.get(plan, for_delivery=True), now()
    is_own = stored is not None and reader.role is Role.CITIZEN and reader.person == stored.plan.person
    return stored if is_own else _for_staff(unit, stored, reader, at), at


def _for_staff(unit: Unit, stored: StoredPlan | None, reader: Reader, at: datetime) -> StoredPlan | None:
    return stored if stored and works_with(unit, stored.plan.id, stored.plan.person, reader, at) else None


def works_with(unit: Unit, plan: UUID, person: UUID, reader: Reader, at: datetime) -> bool:
    """Tell whether the reader works with a person's plan (:func:`staffed`), which need not open for that."""
    return may_open(unit, plan, person, reader, at) and as_member(unit, plan, reader, at).role in STAFF


def _taken(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, datetime]:
    """Take a plan for writing, so that no read or delivery is decided on the old state after this has committed."""
    unit.plans.lock([plan])
    at = now()
    stored = staffed(unit, plan, reader, at)
    if stored is None:
        raise NotFound(_NO_PLAN)
    return stored, at


def _set(unit: Unit, hold: PlanHold, at: datetime, actor: str, correlation_id: str, *, is_held: bool) -> None:
    """Let a hold count, or not any more; what every recipient may see is then decided anew."""
    action, plan = "plan-held" if is_held else "hold-lifted", hold.plan
    unit.plans.hold(plan, is_held=is_held)
    unit.plans.consents_changed([plan])
    unit.outbox.mark_due([plan], at, correlation_id)
    unit.audit.record(action, actor, at, correlation_id, plan, hold=hold.id, organisation=hold.organisation)
