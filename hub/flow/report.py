"""The access report (GDPR art. 15): all that the hub holds about a citizen, as far as the citizen may see it.

Made in one transaction and written down as an export. Asked for by the coordinator on the citizen's behalf it has what
is in both their views (docs/adr/0040). No parent and no operator gets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Consent
from hub.consent.reader import Reader
from hub.consent.view import Seen
from hub.flow.circle import members_told
from hub.flow.hold import tells_nobody
from hub.flow.ledger import Ledger, as_citizen, ledger_of, open_own, own_views, shared
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.flow.restrict import told_of as restrictions_told
from hub.plan.element import Period
from hub.plan.person import Membership, Person, Role
from hub.settings import Settings
from hub.store.accepted_findings import AcceptedFinding
from hub.store.consent_requests import ConsentRequest
from hub.store.corrections import Correction
from hub.store.notices import Notice, NoticeKind
from hub.store.plans import StoredPlan
from hub.store.proposals import Proposal
from hub.store.restrictions import Restriction
from hub.store.statements import Statement
from hub.store.transaction import Store, Unit

#: By whom an organisation is told numbers of people that it has not used itself: nobody is.
_NO_ORGANISATION = ""


@dataclass(frozen=True, slots=True)
class Register:
    """What the hub knows of the person by the person register.

    :ivar numbers: the day of birth of each number that the person may be told, and whose number it is.
    """

    numbers: tuple[tuple[str, str], ...]
    died: date | None
    protections: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Emergency:
    """Emergency access to the plan, and the reason that was given for it."""

    organisation: str
    opened_at: datetime
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long something is kept, by the settings; None: for as long as the plan."""

    what: str
    days: float | None


@dataclass(frozen=True, slots=True)
class AccessReport:
    """All that the hub holds about a citizen.

    :ivar is_on_behalf: the coordinator has asked; then it may hold less than the citizen's own.
    """

    plan: UUID
    person: Person
    is_on_behalf: bool
    elements: Sequence[Seen]
    may_be_partial: bool
    has_protected_address: bool
    members: Sequence[Membership]
    consents: Sequence[Consent]
    emergencies: Sequence[Emergency]
    restrictions: Sequence[Restriction]
    corrections: Sequence[Correction]
    statements: Sequence[Statement]
    accepted: Sequence[AcceptedFinding]
    requests: Sequence[ConsentRequest]
    proposals: Sequence[Proposal]
    notices: Sequence[Notice]
    register: Register
    kept: Sequence[Kept]
    ledger: Ledger
    at: datetime


def report_on(
    plan: UUID, reader: Reader, store: Store, settings: Settings, *, actor: str, correlation_id: str
) -> AccessReport:
    """Return the access report of a plan's citizen, and write down that it was made.

    :raises NotFound: there is no plan of which the reader may have it.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = open_own(unit, plan, reader)
        report = _made(unit, stored, reader, settings, at)
        exported = {
            "elements": sorted(str(one.element.id) for one in report.elements),
            "disclosures": len(report.ledger.disclosures),
        }
        unit.audit.record("report-given", actor, at, correlation_id, plan, **exported, **asked_by(reader))
        return report


def _made(unit: Unit, stored: StoredPlan, reader: Reader, settings: Settings, at: datetime) -> AccessReport:
    plan, citizen = stored.plan, as_citizen(stored)
    person, is_silent = unit.people.get(plan.person), tells_nobody(plan, citizen)
    views = own_views(unit, stored, reader)
    elements = shared(views)
    return AccessReport(
        plan=plan.id,
        person=person,
        is_on_behalf=reader.role is not citizen.role,
        elements=elements,
        may_be_partial=any(view.may_be_partial for view in views),
        has_protected_address=plan.has_protected_address and not is_silent,
        members=members_told(unit, stored, citizen, at),
        consents=sorted(unit.consents.of([plan.person]), key=lambda one: (one.given_at, one.id)),
        emergencies=() if is_silent else _emergencies(unit, stored),
        restrictions=restrictions_told(unit, stored, citizen, reader),
        corrections=() if is_silent else _corrections(unit, stored, {one.element.id for one in elements}),
        requests=() if is_silent else unit.consent_requests.of_plan(plan.id, stored.key),
        accepted=() if is_silent else _accepted(unit, stored, {one.element.id for one in elements}),
        proposals=() if is_silent else _proposals(unit, stored, {one.element.id for one in elements}),
        statements=() if is_silent else _statements(unit, stored, reader, {one.element.id for one in elements}),
        notices=() if is_silent else _notices(unit, plan.id, person.id, {one.element.id for one in elements}),
        register=_register(person),
        kept=_kept(settings),
        ledger=ledger_of(unit, stored, reader, at),
        at=now(),
    )


def _notices(unit: Unit, plan: UUID, person: UUID, seen: set[UUID]) -> Sequence[Notice]:
    """Return the letters to the person; none about an appointment that the person does not see."""
    return [
        one
        for one in unit.notices.of_plan(plan)
        if one.person == person and (one.kind is not NoticeKind.APPOINTMENT or one.about in seen)
    ]


def _corrections(unit: Unit, stored: StoredPlan, seen: set[UUID]) -> Sequence[Correction]:
    """Return what was called wrong of what the report has, and what its authority answered."""
    found = unit.corrections.of_plan(stored.plan.id, stored.key)
    return [one for one in found if one.element in seen]


def _proposals(unit: Unit, stored: StoredPlan, seen: set[UUID]) -> Sequence[Proposal]:
    """Return which other times were proposed for appointments that the report has, and what was answered."""
    return [one for one in unit.proposals.of_plan(stored.plan.id, stored.key) if one.element in seen]


def _accepted(unit: Unit, stored: StoredPlan, seen: set[UUID]) -> Sequence[AcceptedFinding]:
    """Return what a coordinator has found all right as it stands, of what is in the report whole."""
    found = unit.accepted_findings.of_plan(stored.plan.id, stored.key)
    return [one for one in found if seen.issuperset(one.elements)]


def _statements(unit: Unit, stored: StoredPlan, reader: Reader, seen: set[UUID]) -> Sequence[Statement]:
    """Return what was said of what the report has and what was answered; the citizen gets their own words of all."""
    found, is_own = unit.statements.of_plan(stored.plan.id, stored.key), reader.role is Role.CITIZEN
    return [one for one in found if one.element in seen or (is_own and one.role == Role.CITIZEN)]


def _emergencies(unit: Unit, stored: StoredPlan) -> Sequence[Emergency]:
    reasons = unit.emergencies.reasons(stored.plan.id, stored.key)
    return [
        Emergency(one.organisation, one.opened_at, reasons[one.id]) for one in unit.emergencies.of_plan(stored.plan.id)
    ]


def _register(person: Person) -> Register:
    known = [(number.masked, number.system) for number in person.numbers_for(_NO_ORGANISATION)]
    return Register(tuple(known), person.died, person.protections)


def _kept(settings: Settings) -> Sequence[Kept]:
    return [
        Kept("plan", None),
        Kept("consents", None),
        Kept("element-versions", settings.keep_history_days),
        Kept("message-bodies", settings.keep_bodies_days),
        Kept("messages", settings.keep_dedupe_days),
        Kept("attempts", settings.keep_attempts_days),
        Kept("notices", settings.keep_notices_days),
        Kept("audit-entries", settings.keep_audit_days),
    ]
