"""A policy for stories that are not about the policy."""

from __future__ import annotations

from typing import Any


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
