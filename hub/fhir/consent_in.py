"""A FHIR R4 ``Consent`` read as one of ours, or refused: never narrowed or widened in silence.

Two styles are read. IHE PCF: the root's ``type`` is the base, nested provisions are exceptions. R4 itself: the root has
no type, ``policyRule`` is the base (OPTIN, OPTOUT), and what the root describes is the first exception from it.
What an untyped root's ``period`` means differs between R4's own examples (of the consent in one, of the exception in
another), so it is refused there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.consent.consent import EVERY, Consent, ConsentKind, ConsentStatus, Effect, Exemption, Scope
from hub.errors import InvalidRequest
from hub.fhir import consent_words as words
from hub.fhir.consent_parts import grants_of, scope_of
from hub.fhir.parts import Parts, instant_of, period_of
from hub.plan.element import Period, Sensitivity

#: Some are read; others say nothing of who may see what: a copy of the form, who keeps it, how it was checked.
_ROOT = frozenset(
    (
        *("resourceType", "id", "meta", "language", "text", "extension", "identifier", "status", "scope", "category"),
        *("patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference"),
        *("policyRule", "verification", "provision"),
    )
)
_CONDITIONS = ("actor", "securityLabel", "purpose", "class", "dataPeriod", "data")
_PROVISION = frozenset({"type", "period", "provision", *_CONDITIONS})
_EVERYTHING = {Effect.PERMIT: max(Sensitivity), Effect.DENY: min(Sensitivity)}


@dataclass(frozen=True, slots=True)
class _Said:
    """What the provisions say."""

    effect: Effect
    scope: Scope
    period: Period
    exemptions: tuple[Exemption, ...]


def read_consent(resource: Mapping[str, Any], person: UUID, id: UUID, version: int = 1) -> Consent:
    """Read a resource as a consent.

    :param person: whose data it is about; who ``patient`` refers to is for the caller to find out.
    :raises InvalidRequest: naming every element that cannot be represented, with the reason; no value is repeated.
    """
    parts = Parts(resource, "Consent")
    parts.knows(_ROOT)
    parts.knows_extensions((words.REPLACES,))
    status, kind = _status(parts), _kind(parts)
    said = _said(parts, kind)
    if any(one.value.get("verified") is False for one in parts.children("verification")):
        parts.fault("verification", "It was not verified with the patient, so it does not count.", "Verify it first.")
    given_at = instant_of(parts, "dateTime")
    grants = grants_of(parts, person, given_at)
    if grants and max(grant.at for grant in grants) != given_at:
        parts.fault("dateTime", "It is not when the last of the performers said it.", "Let the two agree.")
    identifier = parts.one("identifier")
    about = f"{identifier.get('system', '')}|{identifier.get('value', '')}" if identifier else ""
    replaces = parts.texts_of(words.REPLACES)
    if parts.faults or not grants:
        raise InvalidRequest("The Consent cannot be represented.", faults=parts.faults)
    return Consent(
        id=id,
        version=version,
        kind=kind,
        person=person,
        grants=grants,
        period=said.period,
        status=status,
        effect=said.effect,
        scope=said.scope,
        exemptions=said.exemptions,
        replaces=frozenset(replaces),
        about=about.removeprefix(f"{words.ABOUT}|"),
    )


def _status(parts: Parts) -> ConsentStatus:
    status = parts.value.get("status")
    if status == words.COUNTS:
        return ConsentStatus.ACTIVE
    if status != words.WITHDRAWN:
        known = isinstance(status, str) and status in words.NEVER_COUNT
        reason = (
            "A consent of this status never counts." if known else "R4 binds it to a list, which has no such status."
        )
        parts.fault("status", reason, "Send it once it is active.")
    return ConsentStatus.WITHDRAWN


def _kind(parts: Parts) -> ConsentKind:
    """Return what it is about: permission to share, unless a category of ours says otherwise."""
    scope = parts.codings("scope")
    if (words.SCOPE, words.PRIVACY) not in scope or len(scope) != 1:
        parts.fault("scope", "Only consents of the scope patient-privacy are about sharing.")
    kinds = {kind.value: kind for kind in ConsentKind}
    found: list[ConsentKind] = []
    for system, code in parts.codings("category"):
        if system == words.KIND and code in kinds:
            found.append(kinds[code])
        elif (system, code) != (words.LOINC, words.CONSENT_DOCUMENT):
            parts.fault("category", "What kind of consent this category means for sharing is not known here.")
    if len({*found}) > 1:
        parts.fault("category", "It is of two kinds at once.", "Send one consent of each.")
    return found[0] if found else ConsentKind.SHARING


def _said(parts: Parts, kind: ConsentKind) -> _Said:
    root = parts.child("provision")
    root.knows(_PROVISION)
    base = {code: effect for effect, code in words.POLICY_RULE.items()}
    rule = parts.codings("policyRule")
    by_rule = next((base[code] for code in base if rule == [(words.ACT_CODE, code)]), None)
    if "type" in root.value:
        effect = _effect(root)
        if by_rule is None and "policyRule" in parts.value:
            parts.fault("policyRule", "Of rules only OPTIN or OPTOUT, one of them, can be represented.")
        if by_rule is not None and by_rule is not effect:
            reason = (
                "policyRule and the root's type say the opposite: to R4 the type is an exception, to IHE PCF the base."
            )
            parts.fault("policyRule", reason, "Let both say the same.")
        said = _Said(effect, _scope(root, effect, kind), period_of(root, "period"), _exemptions(root, effect, kind))
    else:
        said = _untyped(parts, root, by_rule, kind)
    if said.effect is Effect.DENY and said.exemptions and said.scope.label is not min(Sensitivity):
        root.fault("securityLabel", "A no with exceptions is a no whatever the label.", "Leave it out.")
    return said


def _untyped(parts: Parts, root: Parts, base: Effect | None, kind: ConsentKind) -> _Said:
    """Read R4's own style: the base is in policyRule, and the root describes the first exception from it."""
    if base is None:
        parts.fault("policyRule", "The root has no type, so OPTIN or OPTOUT must say the base.", "Add one of the two.")
        base = Effect.DENY
    if "period" in root.value:
        reason = "In a root without type it is the consent's time to some and the exception's to others."
        root.fault("period", reason, "Say the root's type; exceptions belong into nested provisions.")
    everyone = frozenset({EVERY})
    whole = Scope(everyone, everyone, everyone, everyone, _EVERYTHING[base])
    first: tuple[Exemption, ...] = ()
    if any(name in root.value for name in _CONDITIONS):
        first = (Exemption(_scope(root, base.opposite, kind)),)
    return _Said(base, whole, Period(), (*first, *_exemptions(root, base, kind)))


def _exemptions(root: Parts, base: Effect, kind: ConsentKind) -> tuple[Exemption, ...]:
    found: list[Exemption] = []
    for nested in root.children("provision"):
        nested.knows(_PROVISION)
        if "provision" in nested.value:
            nested.fault("provision", "Exceptions go one level deep (IHE PCF).", "Say it without a second level.")
        if _effect(nested) is base:
            nested.fault("type", "It says what the base says, so it is no exception.", "Leave it out.")
        found.append(Exemption(_scope(nested, base.opposite, kind), period_of(nested, "period")))
    return tuple(found)


def _effect(parts: Parts) -> Effect:
    kinds = {effect.value: effect for effect in Effect}
    value = parts.value.get("type")
    if not isinstance(value, str) or value not in kinds:
        parts.fault("type", "R4 binds it to permit and deny.", "Use one of the two.")
        return Effect.DENY
    return kinds[value]


def _scope(parts: Parts, effect: Effect, kind: ConsentKind) -> Scope:
    if kind is ConsentKind.ONE_PLAN:
        for name in (*_CONDITIONS, "provision"):
            if name in parts.value:
                parts.fault(name, "A consent to have one plan is about no part of it.", "Leave it out.")
        return Scope()
    return scope_of(parts, _EVERYTHING[effect])
