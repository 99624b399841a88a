"""A consent as FHIR R4 ``Consent``, in the shapes of IHE PCF: a root with a type, and one level of exceptions.

What ``hub.fhir.consent_in`` reads back is the same consent (a property test).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.consent.consent import EVERY, Capacity, Consent, ConsentKind, ConsentStatus, Effect, Grant, Scope
from hub.fhir import consent_words as words
from hub.fhir.words import CATEGORY, SENSITIVITY, Resource, filled
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period


def consent_resource(consent: Consent) -> Resource:
    """Return a consent as a resource.

    :raises ValueError: it names nobody somewhere, which FHIR cannot say: a list that is left out there means everybody.
    """
    return filled(
        resourceType="Consent",
        id=str(consent.id),
        meta={"versionId": str(consent.version)},
        extension=[{"url": words.REPLACES, "valueString": plan} for plan in sorted(consent.replaces)],
        identifier=[{"system": words.ABOUT, "value": consent.about}] if consent.about else [],
        status=words.COUNTS if consent.status is ConsentStatus.ACTIVE else words.WITHDRAWN,
        scope={"coding": [{"system": words.SCOPE, "code": words.PRIVACY}]},
        category=[
            {"coding": [{"system": words.LOINC, "code": words.CONSENT_DOCUMENT}]},
            {"coding": [{"system": words.KIND, "code": consent.kind.value}]},
        ],
        patient={"reference": f"Patient/{consent.person}"},
        dateTime=exact(consent.given_at),
        performer=[performer(grant) for grant in consent.grants],
        policyRule={"coding": [{"system": words.ACT_CODE, "code": words.POLICY_RULE[consent.effect]}]},
        provision=_root(consent),
    )


def exact(at: datetime) -> str:
    """Return an instant to the microsecond, in Danish time: a period read back begins and ends where it did."""
    return at.astimezone(LOCAL).isoformat(timespec="microseconds")


def _root(consent: Consent) -> Resource:
    root = _provision(consent.effect, consent.period)
    if consent.kind is ConsentKind.ONE_PLAN:
        return root
    nested = [
        _provision(consent.effect.opposite, exemption.period) | _scope(exemption.scope)
        for exemption in consent.exemptions
    ]
    return root | _scope(consent.scope) | ({"provision": nested} if nested else {})


def _provision(effect: Effect, period: Period) -> Resource:
    return filled(type=effect.value, period=_period(period))


def _scope(scope: Scope) -> Resource:
    actors = [*_actors(scope.sources, words.SOURCES[0]), *_actors(scope.recipients, words.RECIPIENTS[0])]
    return filled(
        actor=actors,
        securityLabel=[{"system": SENSITIVITY, "code": scope.label.name}],
        purpose=[{"system": words.PURPOSE, "code": name} for name in _named(scope.purposes)],
        **{"class": [{"system": CATEGORY, "code": name} for name in _named(scope.categories)]},
        dataPeriod=_period(scope.data_period),
        data=[_data(element) for element in sorted(scope.elements)],
    )


def _actors(names: frozenset[str], role: str) -> list[Resource]:
    coded = {"coding": [{"system": words.PARTICIPATION, "code": role}]}
    return [{"role": coded, "reference": {"reference": f"Organization/{name}"}} for name in _named(names)]


def _named(names: frozenset[str]) -> list[str]:
    """Return whom a list names; nothing where it names everybody. :raises ValueError: it names nobody."""
    if not names:
        raise ValueError("A consent that names nobody cannot be said in FHIR.")
    return [] if EVERY in names else sorted(names)


def _data(element: UUID) -> Resource:
    return {"meaning": "instance", "reference": {"reference": f"urn:uuid:{element}"}}


def performer(grant: Grant) -> Resource:
    """Return whose word it is: as what, when, for how long and how it was given."""
    said: dict[str, Any] = {
        "capacity": {"valueCode": grant.capacity.value},
        "at": {"valueDateTime": exact(grant.at)},
        "period": {"valuePeriod": _period(grant.period)} if grant.period != Period() else None,
        "textVersion": {"valueString": grant.text_version} if grant.text_version else None,
        "language": {"valueCode": grant.language},
        "channel": {"valueString": grant.channel} if grant.channel else None,
        "evidence": {"valueString": grant.evidence} if grant.evidence else None,
    }
    parts = [{"url": name, **value} for name, value in said.items() if value]
    return {
        "extension": [{"url": words.GRANT, "extension": parts}],
        "reference": f"{words.PERFORMER[Capacity(grant.capacity)]}/{grant.by}",
    }


def _period(period: Period) -> Resource:
    """FHIR's ends belong to the period; ours is the first instant after."""
    return filled(
        start=exact(period.start) if period.start else None,
        end=exact(period.end - timedelta(microseconds=1)) if period.end else None,
    )
