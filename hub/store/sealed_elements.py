"""The sealed content of elements: of each, bound to its row, and of all that stand in a plan, bound to its version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from hub.crypto.envelope import names_place_alone, seal, unseal
from hub.plan.element import Element
from hub.store.written import Written

#: The elements of a plan as they stand, each with the time at which its row was written.
Current = list[tuple[Element, datetime]]

_ELEMENT = Written[Element](Element)
_CURRENT = Written[Current](Current)


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
    return seal(key, _ELEMENT.spell(element), str(place))


def unseal_element(sealed: bytes, place: ElementPlace, key: bytes) -> Element:
    """Open an element. :raises Tampered: changed, or moved here from elsewhere."""
    named = place.before if names_place_alone(sealed) else str(place)
    return _ELEMENT.read(unseal(key, sealed, named))


def seal_current(current: Current, plan: UUID, version: int, key: bytes) -> bytes:
    """Seal the elements of a plan together under its key, for this version of it alone."""
    return seal(key, _CURRENT.spell(current), _together(plan, version))


def unseal_current(sealed: bytes, plan: UUID, version: int, key: bytes) -> Current:
    """Open them. :raises Tampered: changed, of another plan, or of another version of this one."""
    return _CURRENT.read(unseal(key, sealed, _together(plan, version)))


def _together(plan: UUID, version: int) -> str:
    return f"plans|{plan}|content|{version}"
