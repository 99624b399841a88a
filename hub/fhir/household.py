"""A household as an R4 ``Group``: the people whose plans its reader reads side by side."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hub.fhir.words import KIND, Resource, reference
from hub.plan.person import Person


def household_of_plans(plan: UUID, people: Sequence[Person]) -> Resource:
    """Return the household of a plan's person, as far as the reader belongs to the plans of its people.

    :param people: whose plans the reader sees, the plan's own person first (``hub.flow.family``).
    """
    return {
        "resourceType": "Group",
        "id": str(plan),
        "active": True,
        "type": "person",
        "actual": True,
        "code": {"coding": [{"system": KIND, "code": "household"}]},
        "quantity": len(people),
        "member": [{"entity": reference("Patient", one.id)} for one in people],
    }
