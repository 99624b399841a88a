"""The shapes of the access report in JSON; what it has of elements, consents and the ledger is as it is elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from typing_extensions import TypedDict

from hub.api.consent_answers import ConsentAnswer
from hub.api.restrictions import RestrictionAnswer
from hub.api.rights_answers import DisclosureAnswer, HeldAnswer
from hub.api.shapes import ElementAnswer, PartialAnswer, PeriodAnswer, SentenceAnswer
from hub.flow.statements import Says
from hub.plan.person import Role
from hub.store.consent_requests import Answer
from hub.store.notices import NoticeKind, State


class ReportedNumberAnswer(TypedDict):
    """A number of the citizen's, of which the day of birth is shown alone, and of which register it is."""

    number: str
    system: str


class ReportedPersonAnswer(TypedDict):
    """What the hub knows of the citizen by the person register."""

    name: str
    numbers: list[ReportedNumberAnswer]
    has_protected_address: bool
    died: date | None
    protections: list[PeriodAnswer]


class ReportedMemberAnswer(TypedDict):
    """An organisation that takes part in the plan."""

    organisation: str
    role: Role
    period: PeriodAnswer


class ReportedEmergencyAnswer(TypedDict):
    """Emergency access to the plan, and why."""

    organisation: str
    opened_at: datetime
    reason: str


class ReportedCorrectionAnswer(TypedDict):
    """What was called wrong; an answer is a no."""

    element: UUID
    authority: str
    asked_at: datetime
    claim: str
    answered_at: datetime | None
    answer: str


class ReportedProposalAnswer(TypedDict):
    """Another time that was proposed for an appointment."""

    element: UUID
    authority: str
    organisation: str
    proposed: PeriodAnswer
    proposed_at: datetime
    answered_at: datetime | None
    answer: str
    cancelled_at: datetime | None


class ReportedRequestAnswer(TypedDict):
    """What the citizen was asked to consent to; without an answer it is open."""

    recipient: str
    category: str
    organisation: str
    asked_at: datetime
    purpose: str
    answer: Answer | None
    answered_at: datetime | None


class ReportedFindingAnswer(TypedDict):
    """A finding that a coordinator has accepted, until it is reopened."""

    kind: str
    elements: list[UUID]
    organisation: str
    accepted_at: datetime
    reason: str
    reopened_at: datetime | None


class ReportedStatementAnswer(TypedDict):
    """What was said of an element; without a deadline nobody has to answer it."""

    element: UUID
    authority: str
    says: Says
    role: Role
    said_at: datetime
    words: str
    due_at: datetime | None
    answered_at: datetime | None
    answer: str


class ReportedNoticeAnswer(TypedDict):
    """A letter to the citizen."""

    kind: NoticeKind
    state: State
    made_at: datetime
    sent_at: datetime | None


class KeptAnswer(SentenceAnswer):
    """For how many days something is kept; null: for as long as the plan."""

    what: str
    days: float | None


class RightAnswer(SentenceAnswer):
    """A right of the citizen's, by its article of the GDPR."""

    article: str


class ReportAnswer(TypedDict):
    """All that the hub holds about a citizen, as far as the citizen may see it."""

    plan: UUID
    made_at: datetime
    is_on_behalf: bool
    person: ReportedPersonAnswer
    may_be_partial: PartialAnswer
    elements: list[ElementAnswer]
    members: list[ReportedMemberAnswer]
    consents: list[ConsentAnswer]
    emergencies: list[ReportedEmergencyAnswer]
    restrictions: list[RestrictionAnswer]
    corrections: list[ReportedCorrectionAnswer]
    consent_requests: list[ReportedRequestAnswer]
    accepted_findings: list[ReportedFindingAnswer]
    proposals: list[ReportedProposalAnswer]
    statements: list[ReportedStatementAnswer]
    notices: list[ReportedNoticeAnswer]
    kept: list[KeptAnswer]
    rights: list[RightAnswer]
    disclosures: list[DisclosureAnswer]
    held_now: list[HeldAnswer]
