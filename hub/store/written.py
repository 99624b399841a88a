"""Values as they are sealed: JSON by the types that they were written from, and read again by the same.

    _PERSON = Written[Person](Person)
    _PERSON.read(_PERSON.spell(person)) == person

A field that a value was written without gets its default; one that the type has no more is passed over. So rows of an
earlier version of the hub are read as they are.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
_ENCODER = msgspec.json.Encoder()


class Written(Generic[T]):
    """Writes and reads values of one type."""

    def __init__(self, kind: Any) -> None:
        """Prepare for a type: of dataclasses, tuples, lists, mappings, sets, enumerations, UUIDs and instants."""
        self._decoder = msgspec.json.Decoder(kind)

    def spell(self, value: T) -> bytes:
        """Return a value in JSON."""
        return _ENCODER.encode(value)

    def read(self, spelled: bytes) -> T:
        """Return the value. :raises msgspec.ValidationError: it was not written from this type."""
        value: T = self._decoder.decode(spelled)
        return value
