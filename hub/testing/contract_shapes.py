"""What a contract's files agree on, in one form for XSD, WSDL and OpenAPI: operations, documents, members, values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Direction(StrEnum):
    """Which way a document goes."""

    TO_HUB = "to the hub"
    FROM_HUB = "from the hub"

    @property
    def back(self) -> Direction:
        """Return the other way: that of the answer."""
        return Direction.FROM_HUB if self is Direction.TO_HUB else Direction.TO_HUB


@dataclass(frozen=True, slots=True)
class Member:
    """An element or property, and how often it is there.

    :ivar shape: the key of its shape in :attr:`Agreed.shapes`, or the name of a built-in type.
    :ivar most: None is any number.
    :ivar rules: what must hold within it, such as that ids are unique.
    """

    name: str
    shape: str
    least: int = 1
    most: int | None = 1
    told: str = ""
    is_nillable: bool = False
    rules: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands inside: members in order, or a value.

    :ivar base: ``sequence``, ``choice``, ``object``, ``array``, ``oneOf``, or the type of a value.
    :ivar words: the values of an enumeration; None is no enumeration.
    :ivar lower: ``minLength`` and its like; ``upper`` ``maxLength`` and its like.
    :ivar rules: patterns, formats and exact lengths: each must hold.
    """

    base: str
    told: str = ""
    members: tuple[Member, ...] = ()
    words: tuple[str, ...] | None = None
    lower: Mapping[str, float] = field(default_factory=dict)
    upper: Mapping[str, float] = field(default_factory=dict)
    rules: frozenset[str] = frozenset()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that one side asks of the other.

    :ivar asked: the way that the question goes.
    :ivar facts: what a caller has written into its program: the action, the headers, the documents.
    """

    name: str
    asked: Direction
    told: str = ""
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that the files of one version of a contract say.

    :ivar documents: the outermost members, and the way each goes.
    """

    operations: tuple[Operation, ...]
    documents: tuple[tuple[Direction, Member], ...]
    shapes: Mapping[str, Shape]

    def shape(self, key: str) -> Shape:
        """Return a shape; a built-in type is one without limits."""
        return self.shapes.get(key) or Shape(key)
