"""A citizen's rights in JSON: the ledger of disclosures."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from hub.api.answers import sentence_answer, when
from hub.api.shapes import PartialAnswer, SentenceAnswer
from hub.consent.explain import completeness
from hub.flow.ledger import HeldNow, Ledger
from hub.flow.ledger_rows import Disclosure
from hub.flow.ledger_words import Deed


class LegalBasisAnswer(TypedDict):
    """A rule of the policy by which something was disclosed; the citation is empty where the hub itself allows it."""

    rule: str
    citation: str
    sentence: SentenceAnswer


class DisclosureAnswer(TypedDict):
    """One line of the ledger; a role or a purpose that was not written down is null, consents are ``id/version``."""

    what: Deed
    at: datetime
    organisations: list[str]
    role: str | None
    purpose: str | None
    categories: list[str]
    sentence: SentenceAnswer
    legal_bases: list[LegalBasisAnswer]
    own_consents: list[str]


class HeldAnswer(TypedDict):
    """What a recipient holds now; not sure where something was sent and nobody has said that it arrived."""

    recipient: str
    categories: list[str]
    elements: int
    is_sure: bool


class LedgerAnswer(TypedDict):
    """Who saw, got or gave back what of a plan, the newest first, and what recipients hold now."""

    plan: UUID
    disclosures: list[DisclosureAnswer]
    held_now: list[HeldAnswer]
    may_be_partial: PartialAnswer
    as_of: datetime


def ledger_answer(ledger: Ledger) -> LedgerAnswer:
    """Return who saw what of a plan, the newest first, and what recipients hold now."""
    return {
        "plan": ledger.plan,
        "disclosures": [disclosure_answer(one) for one in ledger.disclosures],
        "held_now": [held_answer(one) for one in ledger.held_now],
        "may_be_partial": {
            "value": ledger.may_be_partial,
            **sentence_answer(completeness(ledger.may_be_partial)),
        },
        "as_of": when(ledger.at),
    }


def disclosure_answer(one: Disclosure) -> DisclosureAnswer:
    """Return one line of the ledger: organisations and roles, and no member of staff."""
    return {
        "what": one.deed,
        "at": when(one.at),
        "organisations": list(one.organisations),
        "role": one.role or None,
        "purpose": one.purpose or None,
        "categories": list(one.categories),
        "sentence": sentence_answer(one.sentence),
        "legal_bases": [
            {"rule": basis.rule, "citation": basis.citation, "sentence": sentence_answer(basis.sentence)}
            for basis in one.bases
        ],
        "own_consents": list(one.consents),
    }


def held_answer(one: HeldNow) -> HeldAnswer:
    """Return what a recipient holds now of what the citizen may see."""
    return {
        "recipient": one.recipient,
        "categories": list(one.categories),
        "elements": one.elements,
        "is_sure": one.is_sure,
    }
