"""What a resource is rendered among."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.fhir.words import Resource, reference, type_of
from hub.plan.element import Element, Kind
from hub.plan.own import CITIZEN


@dataclass(frozen=True, slots=True)
class Around:
    """What an element stands among: whose plan it is, and the other elements in the view."""

    person: UUID
    elements: Mapping[UUID, Element]
    #: Since when each reads as it does; not of those of which a part is left out (``Seen.registered_at``).
    registered_at: Mapping[UUID, datetime]

    @property
    def patient(self) -> Resource:
        """Return a reference to the plan's person."""
        return reference("Patient", self.person)

    def author_of(self, element: Element) -> Resource:
        """Return a reference to whose element it is."""
        return self.patient if element.authority == CITIZEN else reference("Organization", element.authority)

    def above(self, element: Element) -> Element | None:
        """Return what the element is part of, when that is in the view."""
        return self.elements.get(element.part_of) if element.part_of else None

    def served_by(self, element: Element) -> Element | None:
        """Return what the element is part of, when that is a goal in the view."""
        above = self.above(element)
        return above if above is not None and type_of(above) == "Goal" else None

    def steps_of(self, goal: Element) -> list[Element]:
        """Return the sub-goals of a goal, in the view's order."""
        return [one for one in self.elements.values() if one.part_of == goal.id and one.kind is Kind.SUB_GOAL]
