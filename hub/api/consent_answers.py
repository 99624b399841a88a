"""Consents in JSON, to those who may change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from hub.api.answers import period_answer, when
from hub.api.shapes import PeriodAnswer
from hub.consent.consent import Capacity, Consent, ConsentKind, ConsentStatus, Effect, Exemption, Grant, Scope
from hub.consent.standing import Lack, Occasion, Renewal
from hub.flow.choices import Choice
from hub.flow.revise import Revised
from hub.flow.revocation import Standing


class ScopeAnswer(TypedDict):
    """What a consent or an exemption is about; a description is told of what has these members (pydantic)."""

    sources: list[str]
    recipients: list[str]
    purposes: list[str]
    categories: list[str]
    label: str
    elements: list[UUID]
    data_period: PeriodAnswer


class ExemptionAnswer(ScopeAnswer):
    """A part of a consent for which the opposite holds, about what its members name as a consent's do."""

    period: PeriodAnswer


class GrantAnswer(TypedDict):
    """The word of one of those who gave a consent: as what they gave it, and how; not who they are."""

    capacity: Capacity
    at: datetime
    text_version: str
    language: str
    channel: str
    evidence: str


class ConsentAnswer(ScopeAnswer):
    """What was said, as it was said; ``*`` stands for every name.

    ``label`` is of a yes the highest step of the ladder that it covers, of a no the lowest. Without ``elements`` it is
    about all that the rest describes.
    """

    consent: UUID
    version: int
    kind: ConsentKind
    effect: Effect
    status: ConsentStatus
    given_at: datetime
    period: PeriodAnswer
    replaces: list[str]
    exemptions: list[ExemptionAnswer]
    given_by: list[GrantAnswer]


class RenewalAnswer(TypedDict):
    """About which consent somebody must be asked anew, why, and by when; without ``due`` it does not count now."""

    consent: UUID
    occasion: Occasion
    due: datetime | None


class RevokedAnswer(TypedDict):
    """How the latest revocation of a consent stands, in numbers of recipients."""

    revocation: UUID
    withdrawn_at: datetime
    recipients: int
    receipts_awaited: int
    receipts_missing: int


class ChoiceAnswer(ConsentAnswer):
    """A consent as it stands; what lacks somebody's word is not in force. ``*`` stands for every name.

    ``label`` is of a yes the highest step of the ladder that it covers, of a no the lowest. Without ``elements`` it is
    about all that the rest describes.
    """

    in_force: bool
    lacks: list[Lack]
    ask_anew: list[RenewalAnswer]
    revocation: RevokedAnswer | None


class ConsentsAnswer(TypedDict):
    """All consents of a plan's person, oldest first."""

    plan: UUID
    consents: list[ChoiceAnswer]


class PlanRenewalsAnswer(TypedDict):
    """About which consents a plan's person must be asked anew."""

    plan: UUID
    ask_anew: list[RenewalAnswer]


class RenewalsAnswer(TypedDict):
    """Whom to ask anew, by plan; ``after`` is where to go on, null at the end."""

    plans: list[PlanRenewalsAnswer]
    after: UUID | None


class RevisedAnswer(TypedDict):
    """What giving or withdrawing a consent has done; ``replaces`` names sector plans.

    ``plans_due`` counts the plans whose recipients are told next: the person's own, and those of others in which the
    caller sees something that concerns the person. ``deliveries_under_way`` counts what had started before in these and
    may still be on the wire. Of a withdrawal ``revocation`` is its id.
    """

    consent: UUID
    version: int
    kind: ConsentKind
    status: ConsentStatus
    plan: UUID
    period: PeriodAnswer
    replaces: list[str]
    plans_due: int
    deliveries_under_way: int
    revocation: UUID | None
    applies: bool
    lacks: list[Lack]


def consents_answer(plan: UUID, choices: Sequence[Choice], at: datetime) -> ConsentsAnswer:
    """Return all consents of a plan's person, oldest first, and of each that was withdrawn how that stands."""
    ordered = sorted(choices, key=lambda one: (one.consent.given_at, one.consent.id))
    return {"plan": plan, "consents": [_choice(one, at) for one in ordered]}


def renewals_answer(found: Mapping[UUID, Sequence[Renewal]], after: UUID | None) -> RenewalsAnswer:
    """Return whom to ask anew, by plan."""
    return {
        "plans": [
            {"plan": plan, "ask_anew": [renewal_answer(one) for one in due]} for plan, due in sorted(found.items())
        ],
        "after": after,
    }


def _choice(choice: Choice, at: datetime) -> ChoiceAnswer:
    return {
        **consent_answer(choice.consent),
        "in_force": choice.counts(at),
        "lacks": sorted(choice.lacking),
        "ask_anew": [renewal_answer(one) for one in choice.renewals],
        "revocation": _revoked(choice.revoked),
    }


def renewal_answer(renewal: Renewal) -> RenewalAnswer:
    """Return about what somebody must be asked anew, and by when."""
    return {"consent": renewal.consent, "occasion": renewal.occasion, "due": when(renewal.due)}


def consent_answer(consent: Consent) -> ConsentAnswer:
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


def _exemption(exemption: Exemption) -> ExemptionAnswer:
    return {"period": period_answer(exemption.period), **_scope(exemption.scope)}


def _scope(scope: Scope) -> ScopeAnswer:
    return {
        "sources": sorted(scope.sources),
        "recipients": sorted(scope.recipients),
        "purposes": sorted(scope.purposes),
        "categories": sorted(scope.categories),
        "label": scope.label.name,
        "elements": sorted(scope.elements),
        "data_period": period_answer(scope.data_period),
    }


def _grant(grant: Grant) -> GrantAnswer:
    """Return whose word it is, as what they gave it and how; who exactly they are is not told here."""
    return {
        "capacity": grant.capacity,
        "at": when(grant.at),
        "text_version": grant.text_version,
        "language": grant.language,
        "channel": grant.channel,
        "evidence": grant.evidence,
    }


def revised_answer(revised: Revised) -> RevisedAnswer:
    """Return what giving or withdrawing a consent has done."""
    consent = revised.told
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
        "applies": revised.applies,
        "lacks": sorted(revised.lacking),
    }


def _revoked(standing: Standing | None) -> RevokedAnswer | None:
    if standing is None:
        return None
    return {
        "revocation": standing.revocation.id,
        "withdrawn_at": when(standing.revocation.at),
        "recipients": standing.recipients,
        "receipts_awaited": standing.awaited,
        "receipts_missing": standing.missing,
    }
