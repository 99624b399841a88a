"""What a contract says of a document, in one form for XSD and JSON Schema: fields within fields, and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date, datetime
from enum import Enum, auto


class Sort(Enum):
    """What sort of value a leaf holds."""

    TEXT = auto()  # white space counts
    LINE = auto()  # runs of white space are one space
    NUMBER = auto()  # of a person: CPR
    DAY = auto()
    INSTANT = auto()
    WHOLE = auto()
    AMOUNT = auto()
    FLAG = auto()


_DAY = re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_FORMS = {
    Sort.DAY: _DAY,
    Sort.INSTANT: _INSTANT,
    Sort.WHOLE: re.compile(r"[+-]?[0-9]+"),
    Sort.AMOUNT: re.compile(r"[+-]?[0-9]+(\.[0-9]*)?"),
    Sort.FLAG: re.compile(r"true|false|0|1"),
}


@dataclass(frozen=True)
class Value:
    """What a leaf may hold.

    :ivar patterns: each must match; of the alternatives within one, any.
    :ivar is_found_within: a pattern may match any part of the text, as in JSON Schema, not the whole of it, as in XSD.
    :ivar collapses: white space around it and runs within do not count.
    :ivar minimum: of a number; ``shortest`` and ``longest`` of a text.
    """

    sort: Sort
    patterns: tuple[tuple[str, ...], ...] = ()
    words: tuple[str, ...] = ()
    shortest: int = 0
    longest: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    collapses: bool = False
    is_found_within: bool = False

    def fits(self, text: str) -> bool:
        """Tell whether the contract's schema takes the text. Written beside the validators, so that they may differ."""
        text = re.sub("[ \t\r\n]+", " ", text).strip(" ") if self.collapses else text
        is_long_enough = self.shortest <= len(text) <= (len(text) if self.longest is None else self.longest)
        is_known = not self.words or text in self.words
        matches = re.search if self.is_found_within else re.fullmatch
        has_form = all(any(matches(one, text) for one in options) for options in self.patterns)
        return is_long_enough and is_known and has_form and self._is_of_its_sort(text)

    def _is_of_its_sort(self, text: str) -> bool:
        form = _FORMS.get(self.sort)
        if form and not form.fullmatch(text):
            return False
        if self.sort is Sort.WHOLE:
            least, most = self.minimum, self.maximum
            return (least is None or least <= int(text)) and (most is None or int(text) <= most)
        with suppress(ValueError):
            if self.sort is Sort.DAY:
                date.fromisoformat(text[:10])
            if self.sort is Sort.INSTANT:
                datetime.fromisoformat(text)
            return True
        return False


@dataclass(frozen=True)
class Field:
    """An element or a property. A leaf has a value, a branch has fields.

    :ivar most: None without bound.
    :ivar key: the list of ids that a leaf is an id of.
    :ivar refers_to: the list of ids of which a leaf names one.
    :ivar link_may_dangle: the contract survives a reference to nothing.
    """

    name: str
    namespace: str = ""
    least: int = 1
    most: int | None = 1
    value: Value | None = None
    fields: tuple[Field, ...] = ()
    is_nillable: bool = False
    key: str = ""
    refers_to: str = ""
    link_may_dangle: bool = False

    @property
    def repeats(self) -> bool:
        """Tell whether it may be there several times."""
        return self.most is None or self.most > 1

    def names(self) -> Iterator[str]:
        """Yield every name from here down."""
        yield self.name
        for inner in self.fields:
            yield from inner.names()


@dataclass(slots=True)
class Node:
    """A field as one document has it.

    :ivar literal: put on the wire instead of the text, as it stands.
    :ivar attributes: put into an XML tag, as they stand.
    :ivar is_special: its text is bound by more than the schema says.
    :ivar is_spoilt: a piece of dirt lies here; a second one might undo it.
    """

    field: Field
    text: str = ""
    children: list[Node] = made(default_factory=list)
    literal: str | None = None
    attributes: str = ""
    misspelt: str = ""
    is_special: bool = False
    is_spoilt: bool = False

    @property
    def name(self) -> str:
        """Return what it is called on the wire."""
        return self.misspelt or self.field.name

    def copy(self) -> Node:
        """Return a document to change; much faster than deepcopy, which would copy the contract too."""
        twin = copy(self)
        twin.children = [child.copy() for child in self.children]
        return twin

    def walk(self, above: tuple[Node, ...] = ()) -> Iterator[tuple[Node, ...]]:
        """Yield the way to every node, from the root to itself."""
        here = (*above, self)
        yield here
        for child in self.children:
            yield from child.walk(here)

    def leaves(self) -> Iterator[tuple[Node, ...]]:
        """Yield the way to every leaf."""
        return (way for way in self.walk() if way[-1].field.value is not None)

    def child(self, name: str) -> Node | None:
        """Return the first child of the name."""
        return next((child for child in self.children if child.field.name == name), None)
