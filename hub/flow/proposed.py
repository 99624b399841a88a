"""Which other times stand proposed for an appointment: where each has come to, and what its authority is told of it.

Where a proposal stands follows from what was answered, from what has arrived, and from the appointment as the plan has
it now: moved to the other time it is done, moved elsewhere or gone it is off. The states are those of a FHIR R4 Task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.authority import ProposedTime
from hub.consent.consent import has_one_plan
from hub.consent.view import View
from hub.flow.circumstances import consents_of
from hub.flow.difference import NOTHING_PROPOSED, Proposed
from hub.plan.demands import STILL_ASKED_FOR
from hub.plan.element import Element
from hub.store.plans import StoredPlan
from hub.store.proposals import Proposal
from hub.store.transaction import Unit


class State(StrEnum):
    """Where a proposal stands (http://hl7.org/fhir/R4/valueset-task-status.html)."""

    REQUESTED = "requested"  # it is made, and may have been sent
    RECEIVED = "received"  # its authority's system has it
    ACCEPTED = "accepted"  # its authority will move the appointment
    COMPLETED = "completed"  # the appointment stands at the other time
    REJECTED = "rejected"  # its authority keeps the appointment as it is
    CANCELLED = "cancelled"  # it is wanted no more, or the appointment has overtaken it


@dataclass(frozen=True, slots=True)
class ShownProposal:
    """A proposal, and where it stands.

    :ivar appointment: as the plan has it now; None: it is gone.
    """

    proposal: Proposal
    state: State
    appointment: Element | None


def state_of(one: Proposal, appointment: Element | None, at: datetime) -> State:
    """Return where a proposal stands.

    :param appointment: as the plan has it now; None: it is gone.
    """
    if one.cancelled_at is not None:
        return State.CANCELLED
    if one.rejected_at is not None:
        return State.REJECTED
    if appointment is not None and appointment.valid == one.proposed:
        return State.COMPLETED
    if not _still_stands(one, appointment, at):
        return State.CANCELLED
    if one.accepted_at is not None:
        return State.ACCEPTED
    return State.RECEIVED if one.received_at is not None else State.REQUESTED


def all_of(unit: Unit, stored: StoredPlan, at: datetime) -> Sequence[ShownProposal]:
    """Return every proposal of a plan, and where it stands."""
    elements = stored.plan.elements
    return [
        ShownProposal(one, state_of(one, elements.get(one.element), at), elements.get(one.element))
        for one in unit.proposals.of_plan(stored.plan.id, stored.key)
    ]


def proposed_to(unit: Unit, stored: StoredPlan, view: View, at: datetime) -> Proposed:
    """Return what a recipient is to know of other times for its own appointments; of others' nothing.

    :param view: the recipient's, as it is delivered; who does not belong to the plan any more is proposed nothing.
    """
    recipient, plan = view.reader.organisation, stored.plan
    own = [one for one in unit.proposals.of_plan(plan.id, stored.key) if one.authority == recipient]
    if not own or not view.reader.memberships:
        return NOTHING_PROPOSED
    if not has_one_plan(plan.person, consents_of(unit, plan, unit.policies.in_force(), at), at):
        return NOTHING_PROPOSED  # there is no one plan any more for which anybody could ask
    told = []
    for one in own:
        seen = view.element(one.element)
        if seen is not None and one.is_open and _still_stands(one, seen.element, at):
            told.append((one, seen.element))
    standing = tuple(
        ProposedTime(one.id, element.provenance.case, one.element, one.stands, one.proposed) for one, element in told
    )
    is_news = any(one.received_at is None for one, _ in told) or any(one.owes_its_end for one in own)
    return Proposed(standing, is_news)


def _still_stands(one: Proposal, appointment: Element | None, at: datetime) -> bool:
    """Tell whether the appointment is the one that was to be moved, and both times are still to come."""
    if appointment is None or appointment.valid != one.stands or appointment.status not in STILL_ASKED_FOR:
        return False
    return all(period.start is not None and at < period.start for period in (one.stands, one.proposed))
