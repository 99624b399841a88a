"""Consents: what the citizen has said, given and withdrawn by the citizen or by the plan's coordinator."""

from __future__ import annotations

import calendar
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from hub.api.answers import Json, json_response
from hub.api.asking import AChooser, AGiver, AListReader, CorrelationId, Hub, TheBody, TheHub
from hub.api.consent_answers import (
    ConsentsAnswer,
    RenewalsAnswer,
    RevisedAnswer,
    consents_answer,
    renewals_answer,
    revised_answer,
)
from hub.api.consent_models import GivenConsent, GivenExemption, GivenPeriod, OnePlan, Sharing
from hub.api.models import read, schema_of
from hub.api.problems import CREATED
from hub.clock import new_id, now
from hub.consent.consent import Capacity, Consent, ConsentKind, Effect, Exemption, Grant, Scope
from hub.errors import Fault, InvalidRequest
from hub.flow import revise
from hub.flow.choices import show_choices, show_renewals
from hub.flow.simulated import ToGive
from hub.flow.versions import Giver
from hub.identity.tokens import Caller
from hub.plan.contribution import PersonFacts
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period, Sensitivity
from hub.plan.identifier import cpr_identifier

router = APIRouter(tags=["consents"])
#: Stands in a consent until the flow knows the person.
_NOBODY_YET = UUID(int=0)


@router.get("/consents")
def list_consents(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[ConsentsAnswer]:
    """Read what the plan's person has said yes and no to."""
    found = show_choices(
        plan, caller.reader, hub.store, hub.settings, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(consents_answer(plan, found, now()))


@router.get("/consents/ask-anew")
def list_renewals(
    hub: TheHub, caller: AListReader, correlation_id: CorrelationId, after: UUID | None = None
) -> Json[RenewalsAnswer]:
    """Name the consents about which a coordinator must ask somebody anew, and by when."""
    found, then = show_renewals(
        caller.reader, hub.store, hub.settings, after, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(renewals_answer(found, then))


@router.post("/consents", status_code=CREATED, openapi_extra=schema_of(GivenConsent))
def give_consent(body: TheBody, hub: TheHub, caller: AGiver, correlation_id: CorrelationId) -> Json[RevisedAnswer]:
    """Write down what the citizen says: yes to one plan (which opens it), or yes or no to sharing."""
    given: OnePlan | Sharing = read(GivenConsent, body)
    if isinstance(given, OnePlan):
        revised = _open(given, hub, caller, correlation_id)
    else:
        revised = _share(given, hub, caller, correlation_id)
    return json_response(revised_answer(revised), CREATED)


@router.post("/consents/{consent}/withdraw")
def withdraw(consent: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[RevisedAnswer]:
    """Withdraw a consent: no delivery that rests on it starts from now on, and what was shared is taken back."""
    revised = revise.withdraw(consent, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(revised_answer(revised))


def _open(given: OnePlan, hub: Hub, caller: Caller, correlation_id: str) -> revise.Revised:
    number = cpr_identifier(given.person.cpr, caller.reader.organisation)
    return revise.open_plan(
        PersonFacts((number,), given.person.name),
        consent_of(given, hub.settings.consent_months, now()),
        given.authorities,
        caller.reader,
        hub.store,
        hub.authorities,
        coordinator=hub.settings.coordinator,
        actor=caller.client,
        correlation_id=correlation_id,
        givers=_givers(given, caller.reader.organisation),
    )


def _share(given: Sharing, hub: Hub, caller: Caller, correlation_id: str) -> revise.Revised:
    return revise.give(
        given.plan,
        consent_of(given, hub.settings.consent_months, now()),
        caller.reader,
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
        givers=_givers(given, caller.reader.organisation),
    )


def to_give(given: OnePlan | Sharing, organisation: str, months: int) -> ToGive:
    """Return a consent that somebody would give, for a simulation.

    :param organisation: whoever asks; a number that is no CPR number is its own.
    :param months: for how long a yes holds that names no end.
    """
    consent, givers = consent_of(given, months, now()), tuple(_givers(given, organisation))
    if isinstance(given, Sharing):
        return ToGive(consent, given.plan, givers=givers)
    number = cpr_identifier(given.person.cpr, organisation)
    return ToGive(consent, numbers=(number,), givers=givers, circle=tuple(given.authorities))


def consent_of(given: OnePlan | Sharing, months: int, at: datetime) -> Consent:
    """Return what was sent as a consent; whose it is, and who gives it, the flow fills in."""
    if isinstance(given, OnePlan):
        return Consent(
            id=new_id(),
            version=1,
            kind=ConsentKind.ONE_PLAN,
            person=_NOBODY_YET,
            grants=_how(given, at),
            period=_period(given.period, Effect.PERMIT, months, at),
            replaces=frozenset(given.replaces or ()),
        )
    return Consent(
        id=new_id(),
        version=1,
        kind=ConsentKind.SHARING,
        person=_NOBODY_YET,
        grants=_how(given, at),
        period=_period(given.period, given.effect, months, at),
        effect=given.effect,
        scope=_scope(given, given.effect),
        exemptions=tuple(
            Exemption(_scope(one, given.effect.opposite), Period(one.period.start, one.period.end))
            for one in given.exemptions or ()
        ),
    )


def _how(given: OnePlan | Sharing, at: datetime) -> tuple[Grant, ...]:
    """Return how it is said; whose word it is, the flow knows."""
    how = Grant(
        _NOBODY_YET,
        Capacity.SELF,
        at,
        text_version=given.text_version,
        language=given.language,
        channel=given.channel,
        evidence=given.evidence,
    )
    return (how,)


def _givers(given: OnePlan | Sharing, organisation: str) -> list[Giver]:
    return [
        Giver(one.capacity, PersonFacts((cpr_identifier(one.cpr, organisation),), one.name))
        for one in given.given_by or ()
    ]


def _scope(given: Sharing | GivenExemption, effect: Effect) -> Scope:
    return Scope(
        sources=frozenset(given.sources),
        recipients=frozenset(given.recipients),
        purposes=frozenset(given.purposes),
        categories=frozenset(given.categories),
        label=Sensitivity[given.label] if given.label else _usual_label(effect),
        elements=frozenset(given.elements or ()),
        data_period=Period(given.data_period.start, given.data_period.end),
    )


def _usual_label(effect: Effect) -> Sensitivity:
    """A yes that names no step stops below what is sensitive; a no covers everything."""
    return Sensitivity.FORTROLIGE_PERSONOPLYSNINGER if effect is Effect.PERMIT else Sensitivity.IKKE_FORTROLIGE_DATA


def _period(given: GivenPeriod, effect: Effect, months: int, at: datetime) -> Period:
    """A yes that names no end lasts as long as the municipality lets it; a no lasts until it is withdrawn."""
    period = lasting(Period(given.start, given.end), effect, months, at)
    if period.start and period.end and period.end <= period.start:
        fault = Fault("period.to", "The period ends before it begins.", "Correct one of the two times.")
        raise InvalidRequest("The request has faults.", faults=[fault])
    return period


def lasting(said: Period, effect: Effect, months: int, at: datetime) -> Period:
    """Return for how long something holds: a yes that names no end, as long as the municipality lets it."""
    start = said.start or at
    return Period(start, said.end or (_months_after(start, months) if effect is Effect.PERMIT else None))


def _months_after(at: datetime, months: int) -> datetime:
    """Return the same Danish time of day some months on; 31 January and a month give the last of February."""
    local = at.astimezone(LOCAL)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last), fold=0)
