"""Compose a letter from a notice's ids, as it is sent; or find that it must wait, or that there is nothing to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import Letter
from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.view import view_for
from hub.flow.addressee import addressees, has_own_post
from hub.flow.circle import CITIZEN_ACCESS
from hub.flow.circumstances import consents_of
from hub.flow.hold import is_silent
from hub.flow.letters import SUBJECT, text_of
from hub.flow.remind import ending
from hub.flow.withdrawn import is_missing
from hub.plan.element import Status
from hub.plan.identifier import CPR
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.notices import HELD, NOT_ADDRESSED, NOT_SHOWN, Notice, NoticeKind, State
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

_HELD, _NOT_SHOWN = timedelta(minutes=10), timedelta(hours=1)
_IS_OFF = (Status.CANCELLED, Status.COMPLETED, Status.ENTERED_IN_ERROR, Status.ON_HOLD)


@dataclass(frozen=True, slots=True)
class Waits:
    """Not now, and the letter is not to blame."""

    until: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Ends:
    """No letter will go out."""

    state: State
    cause: str


def compose(unit: Unit, notice: Notice, settings: Settings) -> Letter | Waits | Ends:
    """Return the letter that a notice comes to now.

    While a plan is held back from the family, nobody is told anything of it (``hub.flow.hold``): the letter waits.
    """
    stored, at = unit.plans.get(notice.plan, for_delivery=True), now()
    if stored is None:
        return Ends(State.DROPPED, "gone")
    if unit.people.get(stored.plan.person).died is not None:  # by the person register: nobody writes to the dead
        return Ends(State.DROPPED, "deceased")
    if over := _is_over(unit, notice, stored, settings, at):
        return Ends(State.DROPPED, over)
    if is_silent(unit, notice.plan):
        return Waits(at + _HELD, HELD)
    if notice.kind is NoticeKind.APPOINTMENT and not _is_seen(unit, notice.about, stored, at):
        return Waits(min(at + _NOT_SHOWN, notice.moment), NOT_SHOWN)
    return _to(unit, notice, stored, settings, at)


def _to(unit: Unit, notice: Notice, stored: StoredPlan, settings: Settings, at: datetime) -> Letter | Ends:
    """Address it, to who may have it now: a child has come of age, custody has ended, or two people were one."""
    entitled = {unit.people.get(one.person).id for one in addressees(unit, stored, at) if one.person is not None}
    person = unit.people.get(notice.person) if notice.person is not None else None
    if person is None or person.id not in entitled:
        return Ends(State.DROPPED, NOT_ADDRESSED)
    number = next((one for one in person.numbers_for("") if one.system == CPR), None)
    if number is None:
        return Ends(State.BY_HAND, "no-number")
    of_a_child = person.id != unit.people.get(stored.plan.person).id
    text = text_of(notice.kind, settings.public_url, of_a_child=of_a_child)
    return Letter(notice.id, number, SUBJECT, text, notice.made_at)


def _is_over(unit: Unit, notice: Notice, stored: StoredPlan, settings: Settings, at: datetime) -> str:
    """Return why there is nothing to tell any more, as a code; "" while there is."""
    match notice.kind:
        case NoticeKind.APPOINTMENT:
            return _appointment_is_over(unit, notice, stored, at)
        case NoticeKind.CONSENT_ENDS:
            ends = ending(unit, stored, at, timedelta(days=settings.reminder_days))
            return "" if ends.get(notice.about) == notice.moment else "changed"
        case NoticeKind.RECEIPT_MISSING:
            deadline = timedelta(hours=settings.withdrawal_hours)
            owed = unit.revocations.owed(notice.about)
            return "" if any(is_missing(row, at, deadline) for row in owed) else "answered"
        case _:
            return ""


def _appointment_is_over(unit: Unit, notice: Notice, stored: StoredPlan, at: datetime) -> str:
    found = stored.plan.elements.get(notice.about)
    if found is None or found.valid.start != notice.moment or found.status in _IS_OFF:
        return "changed"
    if notice.moment <= at:
        return "past"
    return "" if has_own_post(unit, stored, at) else "child"


def _is_seen(unit: Unit, element: UUID, stored: StoredPlan, at: datetime) -> bool:
    """Tell whether an element stands in the citizen's own view now."""
    citizen = Reader("citizen", Role.CITIZEN, CITIZEN_ACCESS, person=stored.plan.person)
    policy = unit.policies.in_force(for_delivery=True)
    view = view_for(stored.plan, citizen, policy, consents_of(unit, stored.plan, policy, at), at)
    return view.element(element) is not None
