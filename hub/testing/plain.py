"""Contributions and errors as plain values, for golden files: stable, and readable beside the example."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.errors import HubError
from hub.plan.contribution import Contribution, PersonFacts
from hub.plan.element import Draft
from hub.plan.identifier import CPR, Identifier


def plain_contribution(contribution: Contribution) -> dict[str, Any]:
    """Return everything that a contribution says."""
    order = contribution.order
    return {
        "authority": contribution.authority,
        "source_system": contribution.source_system,
        "contract": contribution.contract,
        "case": contribution.case,
        "message_id": contribution.message_id,
        "order": [order.version, _instant(order.changed_at), order.message_id],
        "coverage": str(contribution.coverage),
        "person": _person(contribution.person),
        "others": [_person(person) for person in contribution.others],
        "drafts": [_draft(draft) for draft in contribution.drafts],
        "removals": [[removal.source_id, removal.reason] for removal in contribution.removals],
    }


def plain_error(error: HubError) -> dict[str, Any]:
    """Return everything that an error tells its reader."""
    faults = [{"field": fault.field, "sentence": fault.sentence} for fault in error.faults]
    return {"code": error.code, "sentence": error.sentence, "next_step": error.next_step, "faults": faults}


def _draft(draft: Draft) -> dict[str, Any]:
    return {
        "source_id": draft.source_id,
        "kind": str(draft.kind),
        "category": draft.category,
        "label": draft.label and draft.label.name,
        "status": str(draft.status),
        "title": draft.title,
        "text": draft.text,
        "valid": [_instant(draft.valid.start), _instant(draft.valid.end)],
        "codes": [[code.system, code.code, code.text] for code in draft.codes],
        "part_of": draft.part_of,
        "concerns": [_identifier(identifier) for identifier in draft.concerns],
        "details": dict(sorted(draft.details.items())),
    }


def _person(person: PersonFacts) -> dict[str, Any]:
    return {
        "identifiers": [_identifier(identifier) for identifier in person.identifiers],
        "name": person.name,
        "has_protected_address": person.has_protected_address,
    }


def _identifier(identifier: Identifier) -> str:
    return ("cpr" if identifier.system == CPR else identifier.system) + " " + identifier.value


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
