"""Find what citizens are to be told by letter, and make notices of it: of each thing and time one, however often.

What is found is only a reason to look: whether a letter goes out, to whom and with which words, is decided when it is
sent (``hub.flow.post``), by what holds then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Capacity, Consent, ConsentStatus
from hub.consent.reader import Reader
from hub.consent.standing import Occasion, renewals
from hub.flow.addressee import addressees, has_own_post
from hub.flow.circumstances import said_by
from hub.flow.emergency import to_inform
from hub.flow.letters import may_go_to_custodians
from hub.flow.passing_over import passed_over
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.emergencies import EmergencyAccess
from hub.store.notice_sources import NoticeSources
from hub.store.notices import NoticeKind, Wanted
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

#: In one transaction, so that nobody waits long.
_BATCH, _PLANS_AT_ONCE = 500, 25


def remind(store: Store, settings: Settings) -> int:
    """Make notices of emergency access, near appointments and missing receipts; return how many at most were found."""
    with store.begin() as unit:
        at = now()
        found = _of_emergencies(unit, at)
        sources = NoticeSources(unit.connection, unit.municipality)
        until = at + timedelta(hours=settings.appointment_hours)
        near = sources.near_appointments(at, until, _BATCH) if settings.appointment_hours else ()
        for wanted in near:
            unit.notices.add(wanted, at)
        missing = sources.missing_receipts(at - timedelta(hours=settings.withdrawal_hours), _BATCH)
        for wanted in missing:
            with passed_over():
                _tell(unit, wanted, at)
    return found + len(near) + len(missing)


def remind_of_consents(after: UUID | None, store: Store, settings: Settings) -> UUID | None:
    """Make notices of consents that end soon, in some plans; return where to go on, None at the end."""
    with store.begin() as unit:
        at, ahead = now(), timedelta(days=settings.reminder_days)
        plans = NoticeSources(unit.connection, unit.municipality).plans_after(after, _PLANS_AT_ONCE)
        for plan in plans:
            with passed_over():
                _tell_what_ends(unit, plan, at, ahead)
    return plans[-1] if len(plans) == _PLANS_AT_ONCE else None


def _tell_what_ends(unit: Unit, plan: UUID, at: datetime, ahead: timedelta) -> None:
    stored = unit.plans.get(plan)
    if stored is not None:
        for consent, end in ending(unit, stored, at, ahead).items():
            _tell(unit, Wanted(NoticeKind.CONSENT_ENDS, plan, None, consent, end), at, stored)


def ending(unit: Unit, stored: StoredPlan, at: datetime, ahead: timedelta) -> dict[UUID, datetime]:
    """Return the consents of a plan's person that end by themselves within a time, and when each does."""
    person = stored.plan.person
    said, ages = said_by(unit, [person], at, stored.plan), unit.policies.in_force().ages
    found = renewals(said.consents, said.circumstances, ages, at, ahead)
    return {one.consent: one.due for one in found if one.occasion is Occasion.EXPIRES and one.due is not None}


def tell_if_spoken_for(
    unit: Unit, consent: Consent, plan: UUID, reader: Reader, at: datetime, correlation_id: str
) -> None:
    """Make a notice where somebody has given or withdrawn a consent for a person who has a say: the person is told."""
    by_another = reader.role is Role.CITIZEN and reader.person != consent.person
    if consent.status is ConsentStatus.ACTIVE:
        by_another = by_another or any(grant.capacity is not Capacity.SELF for grant in consent.grants)
    stored = unit.plans.get(plan) if by_another else None
    if stored is not None and has_own_post(unit, stored, at):
        unit.notices.add(Wanted(NoticeKind.SPOKEN_FOR, plan, consent.person, consent.id, at, correlation_id), at)


def tell_before_it_is_lifted(unit: Unit, stored: StoredPlan, restriction: UUID, at: datetime) -> None:
    """Make a notice that a restriction will be lifted (GDPR art. 18 stk. 3)."""
    _tell(unit, Wanted(NoticeKind.RESTRICTION_ENDS, stored.plan.id, None, restriction, at), at, stored)


def _of_emergencies(unit: Unit, at: datetime) -> int:
    fresh = list(islice(_without_notice(unit), _BATCH))
    for one in sorted(fresh, key=lambda one: one.id):
        with passed_over():
            _tell(unit, Wanted(NoticeKind.EMERGENCY, one.plan, None, one.id, one.opened_at), at)
    return len(fresh)


def _without_notice(unit: Unit) -> Iterator[EmergencyAccess]:
    """Yield the emergency access of which there is no notice, oldest first: however many wait, new ones are reached."""
    waiting = to_inform(unit)
    for first in range(0, len(waiting), _BATCH):
        some = waiting[first : first + _BATCH]
        known = unit.notices.known(NoticeKind.EMERGENCY, [one.id for one in some])
        yield from (one for one in some if one.id not in known)


def _tell(unit: Unit, wanted: Wanted, at: datetime, stored: StoredPlan | None = None) -> None:
    """Make a notice for each to whom a letter about the plan goes now; or one for the coordinator."""
    stored = stored or unit.plans.get(wanted.plan)
    if stored is None:
        return
    for one in addressees(unit, stored, at):
        is_for_custodian = one.person not in (None, stored.plan.person)
        if is_for_custodian and not may_go_to_custodians(wanted.kind):
            continue
        to = Wanted(wanted.kind, wanted.plan, one.person, wanted.about, wanted.moment, wanted.correlation_id)
        unit.notices.add(to, at, by_hand=one.cause)
