"""One of everything that the FHIR facade tells of a plan: to subscribers, and to the citizen of who saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hub.authority.feeding import Topic
from hub.consent.consent import Capacity, Grant
from hub.consent.decision import Sentence
from hub.consent.reader import Reader
from hub.fhir.audit_out import audit_events
from hub.fhir.consent_provenance import provenance_of
from hub.fhir.subscription_out import subscription_resource
from hub.fhir.versions import versioned
from hub.fhir.words import Resource
from hub.flow.ledger import Ledger
from hub.flow.ledger_known import LegalBasis
from hub.flow.ledger_rows import Disclosure
from hub.flow.ledger_words import Deed
from hub.flow.notification import Kind, Notice, ToldEvent, bundle, standing
from hub.plan.person import Role
from hub.store.subscriptions import Status, Subscription, Terms
from hub.testing.builders import THEN, a_consent

_TERMS = Terms(Topic.CHANGED, "https://children.example/told", "Følge med", ("Authorization: Bearer x",), 3600, 20)
_ONE = Subscription(UUID(int=11), "children", "children", _TERMS, Status.ACTIVE, THEN, last_event=42, told=40)
_BROKEN = replace(_ONE, status=Status.ERROR, trouble="The system of children answered HTTP 503.")
_BASIS = LegalBasis("LAW-D1", "Forvaltningsloven § 28", Sentence("Fordi loven siger det.", "Because the law says so."))
_OF_A_DELIVERY = (Deed.SENT, Deed.FETCHED, Deed.MAY_HAVE_LEFT, Deed.TAKEN_BACK)
_MOTHER = Grant(UUID(int=13), Capacity.CUSTODY, THEN, channel="møde", evidence="J-1")


def told_of_the_plan(person: UUID, plan: UUID, base: str) -> Mapping[str, Resource]:
    """Return what is told, by the name of its file."""
    events = [ToldEvent(41, THEN, None), ToldEvent(42, THEN, plan)]
    of_kind = {Kind.EVENTS: events, Kind.QUERY: events}
    notices = {kind: Notice(kind, _ONE, of_kind.get(kind, []), base, THEN) for kind in Kind if kind is not Kind.STATUS}
    consent = replace(a_consent(person).to("social").given_by(_MOTHER).build(), id=UUID(int=12))
    coordinator = Reader("coordination", Role.COORDINATOR)
    return {
        "Subscription-active": versioned(subscription_resource(_ONE)),
        "Subscription-error": versioned(subscription_resource(_BROKEN)),
        **{f"Bundle-{kind}": bundle(notice) for kind, notice in notices.items()},
        "Bundle-query-status": standing(Notice(Kind.STATUS, _BROKEN, [], base, THEN)),
        "Provenance-consent": provenance_of(consent, THEN + timedelta(minutes=1), coordinator),
        **{f"AuditEvent-{deed}": _event(deed, person, plan) for deed in Deed},
    }


def _event(deed: Deed, person: UUID, plan: UUID) -> Resource:
    delivery = f"{UUID(int=14)}-1" if deed in _OF_A_DELIVERY else ""
    consents = (f"{UUID(int=12)}/1",)
    told = Disclosure(
        deed, THEN, ("social",), "authority-system", "one-plan", ("goals",), (_BASIS,), consents, delivery
    )
    (event,) = audit_events(Ledger(plan, person, (told,), (), False, THEN))
    return versioned(event)
