"""One plan, one change, one transaction: what would become of the plan's recipients and readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import Authorities
from hub.consent.consent import Consent, ConsentStatus, by_person
from hub.consent.matrix import Seat
from hub.consent.reader import Exchange, Reader
from hub.consent.simulate import Change, Facts, Published, Said, Shift, Together, simulate
from hub.consent.standing import Lack, Renewal, lacks, renewals
from hub.consent.told import as_counted_by
from hub.consent.view import Seen, view_for
from hub.flow.belonging import as_member
from hub.flow.choosing import next_version
from hub.flow.circle import circle_changed, members_told, places_of
from hub.flow.circumstances import circumstances_of, said_by
from hub.flow.deliver import shown_to
from hub.flow.difference import Difference, difference
from hub.flow.hold import as_told, takes_back_only
from hub.flow.simulated import Choice, Delivery, Simulated, ToGive, ToPublish, as_far_as, delivery_as_told
from hub.flow.supposed import supposed
from hub.flow.versions import check_next
from hub.plan.contribution import PersonFacts
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.settings import Settings
from hub.store.holdings import Held
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

#: Who has never been named to the hub; no authority has told of any custody of theirs.
_A_STRANGER = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Simulation:
    """One plan in one transaction, for one asker; None may know all.

    :ivar parent: the asker, who speaks for a child and reads nothing of the plan (``hub.flow.supposed``).
    """

    unit: Unit
    stored: StoredPlan
    asker: Reader | None
    authorities: Authorities
    settings: Settings
    at: datetime
    parent: UUID | None = None

    def of(self, wanted: Choice | ToPublish, person: UUID | None = None) -> Simulated:
        """Return what would become of the plan.

        :param person: whose consent it is; the plan's person when left out.
        """
        whose = person or self.stored.plan.person
        before = self._facts(whose)
        if isinstance(wanted, ToPublish):
            return self._told(before, Published(wanted.policy), None)
        said, known = self._as_said(wanted, whose), before.circumstances[whose]
        consent = as_counted_by(self.parent, said, known, before.policy.ages, self.at)
        change: Change = Said(consent)
        if isinstance(wanted, ToGive) and wanted.circle is not None and whose == self.stored.plan.person:
            come = circle_changed(
                self.unit, self.stored, self.asker, before, (self.settings.coordinator, *wanted.circle),
                self.authorities, self.at,
            )  # fmt: skip
            change = Together((change, come))
        return self._told(before, change, consent)

    def _facts(self, whose: UUID) -> Facts:
        unit, stored = self.unit, self.stored
        if self.parent is not None:
            return supposed(unit, stored, self.parent, self.authorities, self.settings.coordinator, self.at)
        policy = unit.policies.in_force()
        members = members_told(unit, stored, self.asker, self.at)
        told = self._plan
        said = said_by(unit, told.people() | {whose}, self.at, told)
        known = {**said.circumstances, whose: circumstances_of(unit, whose, told)}
        return Facts(places_of(unit, stored, members, self.asker, policy, self.at), policy, said.consents, known)

    @property
    def _plan(self) -> Plan:
        """Return the plan as its asker is told of it."""
        return as_told(self.stored.plan, self.asker) if self.asker else self.stored.plan

    def _as_said(self, wanted: Choice, person: UUID) -> Consent:
        """Return the consent as it would be taken down; who is new to the hub stays so."""
        known_as = self._known_as
        said = next_version(self.unit, wanted, person, self.asker, self.parent, self.at, known_as)
        before = self.unit.consents.get(said.id)
        if said != before:
            check_next(before, said)
        return said

    def _known_as(self, facts: PersonFacts) -> UUID:
        return self.unit.people.find(facts.identifiers) or _A_STRANGER

    def _told(self, before: Facts, change: Change, consent: Consent | None) -> Simulated:
        after = change.made(before)
        shifts = simulate(before, change, self.at)
        seen = None if self.asker is None else self._seen_by(self.asker, before)
        if seen is not None:
            shifts = tuple(as_far_as(shift, seen) for shift in shifts)
        return Simulated(
            self.stored.plan.id,
            self.at,
            tuple(shift for shift in shifts if shift),
            () if self.parent else tuple(self._deliveries(after, shifts, is_told_all=seen is None)),
            consent,
            self._lacking(after, consent),
            self._ask_anew(before, after, consent),
        )

    def _seen_by(self, asker: Reader, before: Facts) -> Mapping[UUID, Seen]:
        """Return what the asker sees now, without an emergency: a simulation is no read under one."""
        if self.parent is not None:
            return {}
        member = as_member(self.unit, self.stored.plan.id, asker, self.at)
        view = view_for(self._plan, member, before.policy, before.standing(self.at), self.at)
        return {one.element.id: one for one in view.seen}

    def _deliveries(self, after: Facts, shifts: Sequence[Shift], *, is_told_all: bool) -> Sequence[Delivery]:
        by_seat = {shift.seat: shift for shift in shifts}
        rows = {recipient: (row, is_dead) for row, recipient, is_dead in self.unit.outbox.of_plan(self.stored.plan.id)}
        found: list[Delivery] = []
        plan = self._plan  # to whom a hold is not told, a partner's count would tell of it
        for (_, seat), place in sorted(after.places.items()):
            delivers = seat.organisation in rows or self._would_be_sent(seat)
            if seat.exchange is not Exchange.DISCLOSE or seat.role is Role.CITIZEN or not delivers:
                continue
            row, is_dead = rows.get(seat.organisation, (None, False))
            held = self.unit.holdings.of(row) if row else Held({}, {})
            # What is dead shows to whoever may know all alone (ADR 48): it may be dead by what the asker does not see.
            only_back = (is_dead and is_told_all) or takes_back_only(plan, place.reader)
            if is_told_all:
                view = view_for(place.plan, place.reader, after.policy, after.standing(self.at), self.at)
                change = difference(shown_to(self.stored, view), held, self.stored.key, only_withdraw=only_back)
                found.append(_delivery(seat, change))
            else:
                found.append(delivery_as_told(by_seat[seat], held, only_back=only_back))
        return found

    def _would_be_sent(self, seat: Seat) -> bool:
        authority = self.authorities.get(seat.organisation)
        return authority is not None and authority.adapter.delivers

    def _lacking(self, after: Facts, consent: Consent | None) -> frozenset[Lack]:
        if consent is None or consent.status is ConsentStatus.WITHDRAWN:
            return frozenset()
        return lacks(consent, after.circumstances[consent.person], after.policy.ages, self.at)

    def _ask_anew(self, before: Facts, after: Facts, consent: Consent | None) -> tuple[Renewal, ...]:
        ahead = timedelta(days=self.settings.reminder_days)
        person = consent.person if consent else self.stored.plan.person
        then, after_it = (
            renewals(by_person(facts.consents).get(person, ()), facts.circumstances, facts.policy.ages, self.at, ahead)
            for facts in (before, after)
        )
        return tuple(one for one in after_it if one not in then)


def _delivery(seat: Seat, change: Difference) -> Delivery:
    return Delivery(seat.organisation, len(change.disclosed), len(change.withdrawn))
