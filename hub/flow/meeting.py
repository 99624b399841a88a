"""Meet about one citizen for a purpose that is met for so and so often, such as the SSD cooperation about a child.

While a meeting is open, its organisations may be shown what ``in-meeting`` rules show (``hub.consent.policy``), to
members that read for its purpose. It ends by itself; how many there have been is counted for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.meeting import Turn, kept_out_by, turn_after
from hub.consent.policy import Meetings, Policy
from hub.consent.reader import Reader
from hub.errors import Conflict, Fault, InvalidRequest, NotFound
from hub.flow.hold import own_or_staffed, staffed, tells_nobody
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.meetings import Meeting
from hub.store.transaction import Store, Unit

_NO_PLAN = "There is no plan with this id about which you may meet."
_LETTERS = 20  # of the reason for a follow-up
#: As what an authority may ask: its system, or one of its people.
_OF_AN_AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)


@dataclass(frozen=True, slots=True)
class ShownMeeting:
    """A meeting, as those see it who may know of it.

    :ivar reason: why there was a follow-up; empty for a meeting that needs no reason.
    """

    meeting: Meeting
    at: datetime
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The meeting that somebody wants.

    :ivar organisations: who meets, whoever asks for it among them if it is to be shown anything.
    """

    plan: UUID
    purpose: str
    organisations: Sequence[str]
    reason: str = field(default="", repr=False)


def open_meeting(
    wanted: Wanted, reader: Reader, circle: Mapping[str, Role], store: Store, *, actor: str, correlation_id: str
) -> ShownMeeting:
    """Open a meeting now, for as long as the policy lets it be open.

    :param circle: organisations that there are by the settings, and as what each asks.
    :raises NotFound: there is no plan about which the reader may meet.
    :raises InvalidRequest: nobody meets for the purpose, an organisation has no business there, or a reason is missing.
    :raises Conflict: one is open, or there have been as many as there may be.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted.plan), store.begin() as unit:
        unit.plans.lock([wanted.plan])
        at, policy = now(), unit.policies.in_force()
        stored = staffed(unit, wanted.plan, reader, at)
        if stored is None or kept_out_by(policy, reader.organisation, (reader.role,), wanted.purpose, at):
            raise NotFound(_NO_PLAN)
        meetings = _checked(wanted, policy, circle, at)
        number, said = _next(unit, wanted, meetings, at)
        meeting = Meeting(
            id=new_id(),
            plan=wanted.plan,
            purpose=wanted.purpose,
            number=number,
            organisations=tuple(sorted(set(wanted.organisations))),
            organisation=reader.organisation,
            opened_by=actor,
            opened_at=at,
            until=at + timedelta(hours=meetings.hours),
        )
        unit.meetings.add(meeting, said, stored.key)
        unit.audit.record(
            "meeting-opened", actor, at, correlation_id, wanted.plan,
            meeting=meeting.id, purpose=meeting.purpose, number=number, organisations=meeting.organisations,
        )  # fmt: skip
        return ShownMeeting(meeting, at, said)


def close_meeting(wanted: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> ShownMeeting:
    """End a meeting now.

    :raises NotFound: there is none that the reader may close.
    :raises Conflict: it has ended already.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        found = unit.meetings.get(wanted)
        if found is not None:  # so that no read is decided on the old state after this has committed
            unit.plans.lock([found.plan])
            found = unit.meetings.get(wanted)
        at = now()
        stored = staffed(unit, found.plan, reader, at) if found else None
        if found is None or stored is None or not _knows(reader, found):
            raise NotFound("There is no meeting with this id that you may close.")
        if not found.is_open(at):
            raise Conflict("This meeting has ended.", "Look at the plan's meetings: they say when.")
        unit.meetings.close(wanted, at)
        unit.audit.record("meeting-closed", actor, at, correlation_id, found.plan, meeting=wanted)
        return ShownMeeting(replace(found, closed_at=at), at, unit.meetings.reasons(found.plan, stored.key)[wanted])


def show_meetings(
    plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[ShownMeeting]:
    """Show all meetings to the plan's citizen and its coordinator, and to caseworkers those of their organisation.

    Of a plan that is held back the citizen is told of none.

    :raises NotFound: there is no plan of which the reader may see them.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = own_or_staffed(unit, plan, reader)
        if stored is None:
            raise NotFound("There is no plan with this id of which you may see meetings.")
        unit.audit.record("meetings-read", actor, at, correlation_id, plan, **asked_by(reader))
        told = () if tells_nobody(stored.plan, reader) else unit.meetings.of_plan(plan)
        reasons = unit.meetings.reasons(plan, stored.key)
        return [ShownMeeting(one, at, reasons[one.id]) for one in told if _knows(reader, one)]


def _checked(wanted: Wanted, policy: Policy, circle: Mapping[str, Role], at: datetime) -> Meetings:
    """Return the rule of the purpose's meetings. :raises InvalidRequest: naming whoever has no business there."""
    meetings = policy.meetings_for(wanted.purpose)
    if meetings is None:
        fault = Fault("purpose", "By the municipality's rules nobody meets for this purpose.", "Use another one.")
        raise InvalidRequest("The request has faults.", faults=[fault])
    faults = []
    for place, name in enumerate(wanted.organisations):
        role = circle.get(name)
        if role is None:
            faults.append(Fault(f"organisations.{place}", "There is no such organisation.", "Use a configured name."))
            continue
        roles = _OF_AN_AUTHORITY if role is Role.AUTHORITY_SYSTEM else (role,)
        if rule := kept_out_by(policy, name, roles, wanted.purpose, at):
            faults.append(Fault(f"organisations.{place}", rule.en, f"Leave it out ({rule.id}: {rule.citation})."))
    if faults:
        raise InvalidRequest("Somebody is not part of meetings for this purpose.", faults=faults)
    return meetings


def _next(unit: Unit, wanted: Wanted, meetings: Meetings, at: datetime) -> tuple[int, str]:
    """Return the number of the next meeting and its reason, if it needs one."""
    held = [one for one in unit.meetings.of_plan(wanted.plan) if one.purpose == wanted.purpose]
    if any(one.is_open(at) for one in held):
        raise Conflict("A meeting for this purpose is open.", "Meet in it, or close it first.")
    match turn_after(len(held), meetings):
        case Turn.NONE_LEFT:
            raise Conflict(
                f"There have been as many meetings as there may be. {meetings.citation}.",
                "Ask for the citizen's consent to share what is needed, or use another legal basis.",
            )
        case Turn.FOLLOW_UP:
            return len(held) + 1, stated(wanted.reason, _LETTERS)
        case Turn.FIRST:
            return len(held) + 1, wanted.reason.strip()


def _knows(reader: Reader, meeting: Meeting) -> bool:
    """Tell whether a reader of the plan may know of a meeting."""
    return reader.role in (Role.CITIZEN, Role.COORDINATOR) or meeting.is_of(reader.organisation)
