"""A policy for stories that are not about the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.flow.policies import Editor, draft_policy, publish_draft, publish_first_policy
from hub.store.transaction import Store


def a_generous_policy() -> dict[str, Any]:
    """Return rules by which every authority may see everything that the citizen has said yes to."""
    everybody = ["authority-system", "caseworker", "coordinator", "citizen"]
    return {
        # Everybody speaks for themself from the first birthday on: who speaks for a child is asked elsewhere.
        "ages": {"own_no": 0, "own_yes": 0, "of_age": 0, "custodians": "one", "citation": "A rule of the tests"},
        "purposes": ["one-plan", "citizen-access"],
        "categories": ["cases", "needs", "goals", "activities", "appointments", "contacts", "assessments",
                       "health", "economy", "household", "statements"],
        "rule": [
            {
                "id": "CON-ALL", "effect": "consent", "citation": "A rule of the tests",
                "da": "Borgeren har sagt ja.", "en": "The citizen said yes.",
                "sources": ["*"], "recipients": ["*"], "roles": everybody, "purposes": ["*"], "categories": ["*"],
                "label": "VIP_SAGER",
            }
        ],
    }  # fmt: skip


def publish_policy(document: Mapping[str, Any], store: Store, *, actor: str, correlation_id: str) -> None:
    """Put a policy in force as it is done: the first at once, any later one by two people."""
    if publish_first_policy(document, store, actor=actor, correlation_id=correlation_id):
        return
    draft = draft_policy(document, store, Editor("one", actor), correlation_id=correlation_id)
    publish_draft(draft.id, store, Editor("another", actor), correlation_id=correlation_id)
