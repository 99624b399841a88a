"""A citizen's rights in JSON: the ledger of disclosures."""

from __future__ import annotations

from typing import Any

from hub.api.answers import sentence_answer, when
from hub.consent.explain import completeness
from hub.flow.ledger import HeldNow, Ledger
from hub.flow.ledger_rows import Disclosure


def ledger_answer(ledger: Ledger) -> dict[str, Any]:
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


def disclosure_answer(one: Disclosure) -> dict[str, Any]:
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


def held_answer(one: HeldNow) -> dict[str, Any]:
    """Return what a recipient holds now of what the citizen may see."""
    return {
        "recipient": one.recipient,
        "categories": list(one.categories),
        "elements": one.elements,
        "is_sure": one.is_sure,
    }
