"""The shapes of what the hub answers about plans: told by ``/openapi.json``, and held by mypy to what is answered.

What a room of the API alone answers has its shape beside the function that answers it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired
from uuid import UUID

from typing_extensions import TypedDict  # the one that pydantic reads before Python 3.12

from hub.consent.decision import Obligation, Outcome, Reason
from hub.consent.policy import Hidden
from hub.plan.element import Kind, Status
from hub.plan.plan import PlanStatus


class SentenceAnswer(TypedDict):
    """A sentence in both languages."""

    da: str
    en: str


PeriodAnswer = TypedDict("PeriodAnswer", {"from": datetime | None, "to": datetime | None})
PeriodAnswer.__doc__ = """From when to when, in Danish time; an open end is null."""


class CodeAnswer(TypedDict):
    """A code of an authority's classification."""

    system: str
    code: str
    text: str


class PersonAnswer(TypedDict):
    """Whose plan it is; of the number the day of birth alone."""

    name: str
    cpr: str | None
    has_protected_address: bool


class PartialAnswer(SentenceAnswer):
    """Whether something may be missing, and what to know of it."""

    value: bool


class WhyAnswer(TypedDict):
    """Why the reader sees an element, by which rules, and until when."""

    sentence: SentenceAnswer
    rule_ids: list[str]
    valid_until: datetime | None


class SourceAnswer(TypedDict):
    """Where an element comes from; the case only for whoever works with its number."""

    system: str
    contract: str
    registered_at: datetime | None
    case: NotRequired[str]


class ElementAnswer(TypedDict):
    """An element as its reader sees it; ``left_out`` names the fields that are withheld."""

    id: UUID
    kind: Kind
    category: str | None
    label: str | None
    authority: str
    status: Status
    title: str
    text: str
    valid: PeriodAnswer
    codes: list[CodeAnswer]
    details: dict[str, str]
    part_of: UUID | None
    left_out: list[Hidden]
    source: SourceAnswer
    why: WhyAnswer


class FindingAnswer(SentenceAnswer):
    """What is worth a look in a plan, between which elements."""

    kind: str
    elements: list[UUID]


class FreshnessAnswer(TypedDict):
    """How old what an authority told is, as far as the reader sees it."""

    authority: str
    newest_registered_at: datetime | None
    is_answering: bool
    not_answering_since: datetime | None


class PlanAnswer(TypedDict):
    """A plan as its reader may see it."""

    plan: UUID
    status: PlanStatus
    person: PersonAnswer
    may_be_partial: PartialAnswer
    elements: list[ElementAnswer]
    findings: list[FindingAnswer]
    sources: list[FreshnessAnswer]
    as_of: datetime


class ConsentVersion(TypedDict):
    """A version of a consent."""

    consent: UUID
    version: int


class ExplainedAnswer(WhyAnswer):
    """Why a reader sees an element, in full."""

    plan: UUID
    element: UUID
    outcome: Outcome
    reason: Reason
    consents: list[ConsentVersion]
    policy_version: int
    left_out: list[Hidden]
    obligations: list[Obligation]
