"""A coordinator proposes another time to the authority whose appointment it is; the authority moves it, or says no.

Nobody overwrites another's element: a yes is the appointment moved, in the authority's own system, and sent as ever.
The proposal leaves with the plan update of that authority (``hub.flow.proposed``), over its own wire.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import Conflict, Fault, InvalidRequest, NotFound
from hub.flow.answering import in_each, seen_last
from hub.flow.belonging import NO_PLAN, may_open
from hub.flow.proposed import ShownProposal, State, all_of
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.flow.show import look
from hub.plan.demands import demands
from hub.plan.element import Period
from hub.plan.person import Role
from hub.store.plans import StoredPlan
from hub.store.proposals import Proposal
from hub.store.transaction import Store, Unit

_LETTERS = 10
_NO_APPOINTMENT = "There is no appointment with this id, still to come and with its hours, that you may see."
_NONE = "There is no proposal with this id that you may answer."
_MAY_ASK = (Role.COORDINATOR, Role.CITIZEN)
_OF_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)
_ENDED = (State.COMPLETED, State.REJECTED, State.CANCELLED)


def propose(
    plan: UUID, element: UUID, start: datetime, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ShownProposal:
    """Propose that an appointment begins at another time; it lasts as long as it did.

    :raises NotFound: there is no such appointment that the reader may propose another time for.
    :raises InvalidRequest: the time is over, or is the one that it has.
    :raises Conflict: another time is proposed already.
    """
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        if reader.role is not Role.COORDINATOR:
            raise NotFound(NO_PLAN)
        unit.plans.lock([plan])
        shown, at = look(unit, plan, reader, actor), now()
        asked = next((one for one in demands(shown.view.in_detail(), at) if one.element.id == element), None)
        if asked is None or asked.start <= at:
            raise NotFound(_NO_APPOINTMENT)
        if start <= at or start == asked.start:
            fault = Fault("start", "The time is over, or the one that the appointment has.", "Name another, to come.")
            raise InvalidRequest("The request has faults.", faults=[fault])
        stored = _stored(unit, plan)
        if any(one.proposal.element == element and one.state not in _ENDED for one in all_of(unit, stored, at)):
            raise Conflict("Another time is proposed for this already.", "Cancel that first, or wait for the answer.")
        proposed = Period(start, start + (asked.end - asked.start))
        one = Proposal(
            new_id(), plan, element, asked.element.authority, Period(asked.start, asked.end), proposed,
            reader.organisation, actor, at,
        )  # fmt: skip
        unit.proposals.add(one)
        unit.outbox.mark_due([plan], at, correlation_id)
        unit.audit.record("time-proposed", actor, at, correlation_id, plan, **_about(one), **asked_by(reader))
        return ShownProposal(one, State.REQUESTED, asked.element)


def cancel(plan: UUID, wanted: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> ShownProposal:
    """Take a proposal back; its authority is told, if it may have it.

    :raises NotFound: there is none that the reader may take back.
    :raises Conflict: it has ended.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        if reader.role is not Role.COORDINATOR:
            raise NotFound(NO_PLAN)
        unit.plans.lock([plan])
        shown, at = look(unit, plan, reader, actor), now()
        one = _one(all_of(unit, _stored(unit, plan), at), wanted)
        if one is None or shown.view.element(one.proposal.element) is None:
            raise NotFound(_NONE)
        if one.state in _ENDED:
            raise Conflict("This proposal has ended.", "There is nothing to take back.")
        unit.proposals.cancel(wanted, at)
        unit.outbox.mark_due([plan], at, correlation_id)
        told = {**_about(one.proposal), **asked_by(reader)}
        unit.audit.record("proposal-cancelled", actor, at, correlation_id, plan, **told)
        return replace(one, proposal=replace(one.proposal, cancelled_at=at), state=State.CANCELLED)


def answer(
    wanted: UUID, refusal: str | None, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ShownProposal:
    """Say for the authority whose appointment it is that it will be moved, or that it stays, and why.

    :param refusal: why it stays; None: it will be moved.
    :raises NotFound: there is none for an appointment of the reader's authority that the reader sees.
    :raises Conflict: it has ended, or this was said before.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        plan = unit.proposals.plan_of(wanted)
        stored, at = unit.plans.take(plan), now()
        one = _one(all_of(unit, stored, at), wanted) if stored else None
        if stored is None or one is None or not _theirs(unit, stored, [one], reader, at):
            raise NotFound(_NONE)
        if one.state in _ENDED or (refusal is None and one.state is State.ACCEPTED):
            raise Conflict("This proposal has ended, or was answered so.", "Look at the list again.")
        if refusal is None:
            unit.proposals.accept(wanted, at)
        else:
            unit.proposals.reject(wanted, stated(refusal, _LETTERS), stored.key, at)
        state = State.ACCEPTED if refusal is None else State.REJECTED
        told = {**_about(one.proposal), "state": state, **asked_by(reader)}
        unit.audit.record("proposal-answered", actor, at, correlation_id, stored.plan.id, **told)
        return _one(all_of(unit, stored, at), wanted) or one


def of_plan(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[ShownProposal]:
    """Show the citizen and the coordinator which other times were proposed, and where each stands.

    :raises NotFound: there is no plan of which the reader may ask that.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        if reader.role not in _MAY_ASK:
            raise NotFound(NO_PLAN)
        shown, at = look(unit, plan, reader, actor), now()
        unit.audit.record("proposals-read", actor, at, correlation_id, plan, **asked_by(reader))
        found = all_of(unit, _stored(unit, plan), at)
        return [one for one in found if shown.view.element(one.proposal.element) is not None]


def for_authority(reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[ShownProposal]:
    """Show an authority which other times are proposed for its appointments that the reader sees: its list of tasks."""

    def still_open(unit: Unit, stored: StoredPlan, at: datetime) -> Sequence[ShownProposal]:
        of_it = [one for one in all_of(unit, stored, at) if one.state not in _ENDED]
        return _theirs(unit, stored, of_it, reader, at)

    with refusals_written(store, actor, correlation_id):
        found = in_each(store, lambda unit: unit.proposals.plans_of(reader.organisation), still_open)
        with store.begin() as unit:
            unit.audit.record("proposals-listed", actor, now(), correlation_id, found=len(found), **asked_by(reader))
        return found


def _stored(unit: Unit, plan: UUID) -> StoredPlan:
    stored = unit.plans.get(plan)
    if stored is None:
        raise NotFound(NO_PLAN)
    return stored


def _one(found: Sequence[ShownProposal], wanted: UUID) -> ShownProposal | None:
    return next((one for one in found if one.proposal.id == wanted), None)


def _theirs(
    unit: Unit, stored: StoredPlan, found: Sequence[ShownProposal], reader: Reader, at: datetime
) -> Sequence[ShownProposal]:
    """Return those for appointments of the authority that the reader speaks for, in a plan it works with still."""
    of_authority = reader.role in _OF_AUTHORITY
    own = [one for one in found if of_authority and one.proposal.authority == reader.organisation]
    if not own or not may_open(unit, stored.plan.id, None, reader, at):
        return ()
    seen = seen_last(unit, stored, {one.proposal.element for one in own}, reader, at)
    return [one for one in own if one.proposal.element in seen]


def _about(one: Proposal) -> dict[str, Any]:
    return {"proposal": one.id, "element": one.element, "authority": one.authority}
