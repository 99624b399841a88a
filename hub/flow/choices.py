"""What citizens have said, as it stands: whose word is missing, whom to ask anew, and how a revocation stands.

Computed whenever it is asked for and never stored: a birthday, or custody that ends, needs no message to show here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Consent
from hub.consent.reader import Reader
from hub.consent.standing import NOTHING_KNOWN, Lack, Renewal, lacks, renewals
from hub.consent.told import told_with_lacks
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, coordinated_by, custodian, may_choose
from hub.flow.circumstances import said_by
from hub.flow.hold import as_told
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.flow.revocation import Standing, standing_of
from hub.plan.identifier import Identifier
from hub.settings import Settings
from hub.store.transaction import Store, Unit

#: Plans that one answer of ``show_renewals`` looks at.
PLANS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One consent, as it stands.

    :ivar lacking: whose word it lacks; without it the consent does not count.
    :ivar renewals: about what somebody must be asked anew, and by when.
    :ivar revoked: how its last revocation stands; None where there was none.
    """

    consent: Consent
    lacking: frozenset[Lack]
    renewals: tuple[Renewal, ...]
    revoked: Standing | None

    def counts(self, at: datetime) -> bool:
        """Tell whether it is in force, given by those who may give it."""
        return self.consent.is_in_force(at) and not self.lacking


def show_choices(
    plan: UUID, reader: Reader, store: Store, settings: Settings, *, actor: str, correlation_id: str
) -> Sequence[Choice]:
    """Show the consents of a plan's person to the person and to the coordinator.

    :raises NotFound: there is no plan of which the reader may see them.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        at = now()
        stored = unit.plans.get(plan)
        if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
            raise NotFound(NO_PLAN)
        unit.audit.record("consents-read", actor, at, correlation_id, plan, **asked_by(reader))
        person = stored.plan.person
        said, ages = said_by(unit, [person], at, as_told(stored.plan, reader)), unit.policies.in_force().ages
        anew = renewals(said.consents, said.circumstances, ages, at, _ahead(settings))
        revoked = unit.revocations.latest_of([consent.id for consent in said.consents])
        deadline = timedelta(hours=settings.withdrawal_hours)
        return [
            Choice(
                consent,
                lacks(consent, said.circumstances[person], ages, at),
                tuple(one for one in anew if one.consent == consent.id),
                standing_of(unit, revoked[consent.id], person, reader, deadline) if consent.id in revoked else None,
            )
            for consent in said.consents
        ]


def show_own_words(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[Choice]:
    """Show a holder of custody what they have said for a child: the own words alone, and whose they still lack.

    Nothing of it is another's: not when, how or until when others have said the same.

    :raises NotFound: there is no plan for which the reader may say anything as a holder of custody.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = unit.plans.get(plan), now()
        parent = custodian(unit, plan, stored.plan.person, reader, at) if stored else None
        if stored is None or parent is None:
            raise NotFound(NO_PLAN)
        unit.audit.record("consents-read", actor, at, correlation_id, plan, **asked_by(reader))
        person, ages = stored.plan.person, unit.policies.in_force().ages
        known = said_by(unit, [person], at).circumstances.get(person, NOTHING_KNOWN)
        own = [one for one in unit.consents.of([person]) if any(grant.by == parent for grant in one.grants)]
        return [Choice(*told_with_lacks(reader, one, known, ages, at), (), None) for one in own]


def show_consent(
    consent_id: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str, version: int | None = None
) -> Consent:
    """Show one consent, as it was said, to its person and to the coordinator.

    :param version: an earlier one, such as a decision or a proof rested on; left out, the newest.
    :raises NotFound: there is none that the reader may see.
    """
    with refusals_written(store, actor, correlation_id, asked=consent_id), store.begin() as unit:
        consents = unit.consents
        found = consents.get(consent_id) if version is None else consents.version(consent_id, version)
        own = unit.plans.of_person(found.person) if found else None
        if found is None or not may_choose(unit, own, found.person, reader, now()):
            raise NotFound("There is no consent with this id that you may see.")
        which = asked_by(reader) if version is None else {"version": version, **asked_by(reader)}
        unit.audit.record("consents-read", actor, now(), correlation_id, own, consent=consent_id, **which)
        return found


def show_consent_history(
    consent_id: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[Consent]:
    """Show every version of a consent, the newest first, to its person and to the coordinator. Errors: as above."""
    newest = show_consent(consent_id, reader, store, actor=actor, correlation_id=correlation_id)
    with store.begin(read_only=True) as unit:
        earlier = [unit.consents.version(consent_id, one) for one in range(newest.version - 1, 0, -1)]
    return [newest, *(one for one in earlier if one is not None)]


def recorded_at(consent: Consent, store: Store) -> datetime:
    """Return when the hub wrote a version of a consent down that its reader has been shown."""
    with store.begin(read_only=True) as unit:
        return unit.consents.recorded_at(consent.id)[consent.version]


def plan_to_choose_for(
    person: UUID | Identifier, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> tuple[UUID, UUID]:
    """Return a person, and the person's plan, for whom the reader may say something.

    :param person: as the hub knows the person, or a number.
    :raises NotFound: there is no such plan.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        found = unit.people.find([person]) if isinstance(person, Identifier) else person
        plan = unit.plans.of_person(found) if found else None
        if found is not None and plan is not None:
            at = now()
            if may_choose(unit, plan, found, reader, at) or custodian(unit, plan, found, reader, at):
                return found, plan
        raise NotFound("There is no plan of this patient that you may see.")


def show_renewals(
    reader: Reader, store: Store, settings: Settings, after: UUID | None, *, actor: str, correlation_id: str
) -> tuple[Mapping[UUID, Sequence[Renewal]], UUID | None]:
    """Name the consents about which somebody must be asked anew, in the plans that the reader coordinates.

    :param after: where an earlier answer has stopped.
    :returns: renewals by plan, and where to go on; None at the end.
    :raises NotAllowed: the reader coordinates nothing.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        at = now()
        plans, further = coordinated_by(reader, unit, after, PLANS_AT_ONCE, at)
        found = {plan: due for plan in plans if (due := renewals_due(unit, plan, _ahead(settings), at))}
        unit.audit.record("renewals-read", actor, at, correlation_id, plans=len(plans))
        return found, further


def renewals_due(unit: Unit, plan: UUID, ahead: timedelta, at: datetime) -> Sequence[Renewal]:
    """Return the consents of a plan about which its person must be asked anew. :param ahead: how long before."""
    stored = unit.plans.get(plan)
    if stored is None:
        return ()
    said = said_by(unit, [stored.plan.person], at, stored.plan)
    return renewals(said.consents, said.circumstances, unit.policies.in_force().ages, at, ahead)


def _ahead(settings: Settings) -> timedelta:
    return timedelta(days=settings.reminder_days)
