"""Consents in JSON, to those who may change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.api.answers import period_answer, when
from hub.consent.consent import Consent, Exemption, Grant, Scope
from hub.consent.standing import Renewal
from hub.flow.choices import Choice
from hub.flow.revise import Revised
from hub.flow.revocation import Standing


def consents_answer(plan: UUID, choices: Sequence[Choice], at: datetime) -> dict[str, Any]:
    """Return all consents of a plan's person, oldest first, and of each that was withdrawn how that stands."""
    ordered = sorted(choices, key=lambda one: (one.consent.given_at, one.consent.id))
    return {"plan": plan, "consents": [_choice(one, at) for one in ordered]}


def renewals_answer(found: Mapping[UUID, Sequence[Renewal]], after: UUID | None) -> dict[str, Any]:
    """Return whom to ask anew, by plan."""
    plans = [{"plan": plan, "ask_anew": [renewal_answer(one) for one in due]} for plan, due in sorted(found.items())]
    return {"plans": plans, "after": after}


def _choice(choice: Choice, at: datetime) -> dict[str, Any]:
    return {
        **consent_answer(choice.consent),
        "in_force": choice.counts(at),
        "lacks": sorted(choice.lacking),
        "ask_anew": [renewal_answer(one) for one in choice.renewals],
        "revocation": _revoked(choice.revoked),
    }


def renewal_answer(renewal: Renewal) -> dict[str, Any]:
    """Return about what somebody must be asked anew, and by when."""
    return {"consent": renewal.consent, "occasion": renewal.occasion, "due": when(renewal.due)}


def consent_answer(consent: Consent) -> dict[str, Any]:
    """Return what was said, as it was said."""
    return {
        "consent": consent.id,
        "version": consent.version,
        "kind": consent.kind,
        "effect": consent.effect,
        "status": consent.status,
        "given_at": when(consent.given_at),
        "period": period_answer(consent.period),
        **_scope(consent.scope),
        "replaces": sorted(consent.replaces),
        "exemptions": [_exemption(one) for one in consent.exemptions],
        "given_by": [_grant(one) for one in consent.grants],
    }


def _exemption(exemption: Exemption) -> dict[str, Any]:
    return {"period": period_answer(exemption.period), **_scope(exemption.scope)}


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "sources": sorted(scope.sources),
        "recipients": sorted(scope.recipients),
        "purposes": sorted(scope.purposes),
        "categories": sorted(scope.categories),
        "label": scope.label.name,
        "elements": sorted(scope.elements),
        "data_period": period_answer(scope.data_period),
    }


def _grant(grant: Grant) -> dict[str, Any]:
    """Return whose word it is, as what they gave it and how; who exactly they are is not told here."""
    return {
        "capacity": grant.capacity,
        "at": when(grant.at),
        "text_version": grant.text_version,
        "language": grant.language,
        "channel": grant.channel,
        "evidence": grant.evidence,
    }


def revised_answer(revised: Revised) -> dict[str, Any]:
    """Return what giving or withdrawing a consent has done."""
    consent = revised.consent
    return {
        "consent": consent.id,
        "version": consent.version,
        "kind": consent.kind,
        "status": consent.status,
        "plan": revised.plan,
        "period": period_answer(consent.period),
        "replaces": sorted(consent.replaces),  # sector plans: while it applies the one plan stands in for them
        "plans_due": len(revised.plans),
        "deliveries_under_way": revised.under_way,
        "revocation": revised.revocation,
        "applies": not revised.lacking,
        "lacks": sorted(revised.lacking),
    }


def _revoked(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    return {
        "revocation": standing.revocation.id,
        "withdrawn_at": when(standing.revocation.at),
        "recipients": standing.recipients,
        "receipts_awaited": standing.awaited,
        "receipts_missing": standing.missing,
    }
