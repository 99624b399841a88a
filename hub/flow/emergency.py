"""Emergency access ("break-glass"): open a plan in an emergency, let a second person judge it, and tell the citizen.

It opens at once, to one client, for one plan and at most an hour, to a role that the policy names and an organisation
that belongs to the plan. It lifts a missing consent or a no, never a prohibition (``hub.consent.decide``). A second
person approves it in time; if nobody does, it turns red for operators, and its client opens no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import eq
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.policy import BreakGlass
from hub.consent.reader import Reader
from hub.errors import Conflict, Fault, InvalidRequest, NotAllowed, NotFound
from hub.flow.belonging import Same, as_member, may_open
from hub.flow.emergency_told import categories_told
from hub.flow.hold import is_silent, own_or_staffed, staffed, tells_nobody
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.emergencies import EmergencyAccess, Outcome, Review
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_NO_PLAN = "There is no plan with this id to which you may open emergency access."
_NONE = "There is no emergency access with this id that you may review."
_SECOND = "Ask a coordinator or a caseworker who belongs to the plan to approve or reject it (POST /emergencies/…)."


@dataclass(frozen=True, slots=True)
class ShownEmergency:
    """Emergency access, as its reader may know of it.

    :ivar reason: None where the reader has no need of it.
    :ivar categories: of what was shown on its strength; None for a reader who may not know what is in the plan.
    :ivar client: who opened it; None for the citizen, whom the organisation answers to.
    """

    access: EmergencyAccess
    at: datetime
    reason: str | None = field(default=None, repr=False)
    categories: tuple[str, ...] | None = None
    client: str | None = None


def break_glass(
    plan: UUID, reason: str, minutes: int, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ShownEmergency:
    """Open emergency access to a plan for the client ``actor``, from now on.

    :raises NotFound: there is no plan to which the reader may open it.
    :raises InvalidRequest: the reason says too little, or it is for longer than the policy lets it be.
    :raises Conflict: another that the client opened stands in the way.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = unit.plans.take(plan), now()
        if stored is None or not may_open(unit, plan, stored.plan.person, reader, at):
            raise NotFound(_NO_PLAN)
        member = as_member(unit, plan, reader, at)
        glass = _glass_before(unit, member)
        said = stated(reason, glass.reason_letters)
        if not 0 < minutes <= glass.minutes:
            fault = Fault("minutes", f"Emergency access is for 1 to {glass.minutes} minutes.", "Ask for fewer.")
            raise InvalidRequest("The request has faults.", faults=[fault])
        _check_way_is_free(unit, plan, actor, timedelta(hours=glass.approval_hours), at)
        access = EmergencyAccess(
            id=new_id(),
            plan=plan,
            client=actor,
            organisation=member.organisation,
            role=member.role,
            opened_at=at,
            until=at + timedelta(minutes=minutes),
            approve_by=at + timedelta(hours=glass.approval_hours),
        )
        unit.emergencies.add(access, said, stored.key)
        _audit(unit, "emergency-opened", access, at, actor, correlation_id, minutes=minutes)
        return ShownEmergency(access, at, said, (), actor)


def review(
    wanted: UUID, outcome: Outcome, reader: Reader, store: Store, *, actor: str, correlation_id: str, own: Same = eq
) -> ShownEmergency:
    """Approve emergency access, or reject it, which ends it at once. It may be done late, and is then late.

    :param own: tells whether two clients are one person's.
    :raises NotFound: there is none that the reader may review.
    :raises NotAllowed: it is the reader's own.
    :raises Conflict: it is reviewed already.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        found = unit.emergencies.get(wanted)
        if found is not None:  # so that no read is decided on the old state after this has committed
            unit.plans.lock([found.plan])
            found = unit.emergencies.get(wanted)
        at = now()
        stored = staffed(unit, found.plan, reader, at) if found else None
        if found is None or stored is None:
            raise NotFound(_NONE)
        if own(found.client, actor):
            raise NotAllowed("Nobody reviews their own emergency access.", _SECOND)
        if found.outcome is not None:
            raise Conflict("This emergency access is reviewed already.", "Look at the plan's: it says by when.")
        unit.emergencies.review(wanted, outcome, actor, at)
        _audit(unit, f"emergency-{outcome}", found, at, actor, correlation_id, is_late=at >= found.approve_by)
        reviewed = replace(found, outcome=outcome, reviewed_by=actor, reviewed_at=at)
        return _shown(unit, stored, [reviewed], reader, actor, at)[0]


def show_emergencies(
    plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[ShownEmergency]:
    """Show all emergency access to a plan to its citizen, and to those who may review it.

    Of a plan that is held back the citizen is told of none.

    :raises NotFound: there is no plan of which the reader may see it.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = own_or_staffed(unit, plan, reader)
        if stored is None:
            raise NotFound("There is no plan with this id of which you may see emergency access.")
        unit.audit.record("emergencies-read", actor, at, correlation_id, plan, **asked_by(reader))
        told = () if tells_nobody(stored.plan, reader) else unit.emergencies.of_plan(plan)
        return _shown(unit, stored, told, reader, actor, at)


def to_inform(unit: Unit) -> Sequence[EmergencyAccess]:
    """Return the emergency access of which the citizen must be sent word: nobody has, and the plan is not held.

    ``hub.flow.remind`` makes notices of these; ``informed_at`` is written once the post has taken the letter on.
    """
    return [access for access in unit.emergencies.not_informed() if not is_silent(unit, access.plan)]


def _glass_before(unit: Unit, member: Reader) -> BreakGlass:
    """Return the rule that lets the member open it. :raises NotFound: there is none."""
    policy = unit.policies.in_force()
    if policy.break_glass is None or not member.memberships or not policy.opens_in_emergency_to(member.role):
        raise NotFound(_NO_PLAN)
    return policy.break_glass


def _check_way_is_free(unit: Unit, plan: UUID, client: str, rest: timedelta, at: datetime) -> None:
    """Check that a client does not prolong its emergency access, or go on after somebody said no.

    :param rest: for how long a rejection stands in the way to the same plan.
    """
    if any(access.review(at) is Review.OVERDUE for access in unit.emergencies.not_reviewed(client)):
        raise Conflict("Emergency access that you opened was not approved in time.", _SECOND)
    for access in unit.emergencies.of_plan(plan):
        if access.client != client:
            continue
        if access.outcome is None:
            raise Conflict("Your emergency access to this plan waits for a second person.", _SECOND)
        if access.is_open(at):
            raise Conflict("Your emergency access to this plan is open already.", "Read the plan.")
        if access.outcome is Outcome.REJECTED and access.reviewed_at and at < access.reviewed_at + rest:
            raise Conflict(
                "A second person has rejected your emergency access to this plan.",
                "Ask the plan's coordinator, or somebody else who belongs to it.",
            )


def _shown(
    unit: Unit, stored: StoredPlan, told: Iterable[EmergencyAccess], reader: Reader, client: str, at: datetime
) -> Sequence[ShownEmergency]:
    """Return emergency access as the reader may know of it.

    The reason is for the citizen, the coordinator, whoever opened it, and a second person who has it before them.
    What was shown is for the citizen and for whoever saw it: another might learn of what is withheld from them.
    """
    reasons = unit.emergencies.reasons(stored.plan.id, stored.key)
    is_citizen, found = reader.role is Role.CITIZEN, []
    for access in told:
        knows_why = (
            reader.role is not Role.CASEWORKER or client == access.client or access.reviewed_by in (None, client)
        )
        saw = is_citizen or client == access.client
        shown = categories_told(unit, stored, access) if is_citizen else unit.emergencies.categories(access)
        categories = tuple(shown) if saw else None
        reason = reasons[access.id] if knows_why else None
        found.append(ShownEmergency(access, at, reason, categories, None if is_citizen else access.client))
    return found


def _audit(
    unit: Unit, action: str, access: EmergencyAccess, at: datetime, actor: str, correlation_id: str, **besides: object
) -> None:
    who = {"emergency": access.id, "organisation": access.organisation, "role": access.role}
    unit.audit.record(action, actor, at, correlation_id, access.plan, is_red=True, **who, **besides)
