"""The sealed content of an element, bound to the row that it stands in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import TypeAdapter

from hub.crypto.envelope import names_place_alone, seal, unseal
from hub.plan.element import Element

_ELEMENT = TypeAdapter(Element)


class ElementPlace(NamedTuple):
    """Which row an element's content belongs to.

    :ivar registered_at: of the row, so that no earlier version of the element passes for its newest.
    """

    element: UUID
    plan: UUID
    registered_at: datetime

    def __str__(self) -> str:
        return f"{self.before}|{self.registered_at.astimezone(UTC).isoformat()}"

    @property
    def before(self) -> str:
        """How format 1 named it."""
        return f"elements|{self.element}|{self.plan}"


def seal_element(element: Element, place: ElementPlace, key: bytes) -> bytes:
    """Seal an element under its plan's key."""
    return seal(key, _ELEMENT.dump_json(element), str(place))


def unseal_element(sealed: bytes, place: ElementPlace, key: bytes) -> Element:
    """Open an element. :raises Tampered: changed, or moved here from elsewhere."""
    named = place.before if names_place_alone(sealed) else str(place)
    return _ELEMENT.validate_json(unseal(key, sealed, named))
