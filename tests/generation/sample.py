"""A generated document on its way to the wire: what it says, how it is written, and what is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from tests.generation.contract import Node


class Fate(IntEnum):
    """What must become of a document with a piece of dirt. Of several pieces the worst counts."""

    TAKEN = 0
    EITHER = 1
    REFUSED = 2


@dataclass
class Style:
    """How a document is written. What only one wire knows is left alone by the other."""

    prefix: str = ""
    is_indented: bool = False
    #: ``<?xml …?>`` as it stands; "" for none.
    declaration: str = '<?xml version="1.0" encoding="UTF-8"?>'
    encoding: str = "utf-8"
    mark: bytes = b""
    #: Put before the root, and after it.
    before: str = ""
    after: str = ""
    #: Writes a text: escaped, as CDATA, as references, with comments in it.
    text: Callable[[str], str] | None = None
    #: Puts the root into what carries it, such as an envelope.
    wrap: Callable[[str], str] = str
    content_type: str = ""
    #: Changes the bytes at last.
    change: Callable[[bytes], bytes] = bytes


@dataclass
class Sample:
    """A document."""

    root: Node
    dice: random.Random
    style: Style = field(default_factory=Style)
    fate: Fate = Fate.TAKEN
    #: The names of what was done to it.
    dirt: list[str] = field(default_factory=list)

    def clean(self, wanted: Callable[[Node], object]) -> list[tuple[Node, ...]]:
        """Return the way to every node that is wanted and has no dirt on it yet."""
        return [way for way in self.root.walk() if not way[-1].is_spoilt and wanted(way[-1])]

    def spoil(self, wanted: Callable[[Node], object]) -> tuple[Node, ...] | None:
        """Choose one of the clean nodes that are wanted, to put dirt on; None when there is none."""
        found = self.clean(wanted)
        if not found:
            return None
        way = self.dice.choice(found)
        way[-1].is_spoilt = True
        return way


#: Does something to a document and says what must become of it; None when there was nothing to do it to.
Dirt = Callable[[Sample], Fate | None]


def styled(name: str, fate: Fate, **said: object) -> Dirt:
    """Return a piece of dirt that only changes how the document is written."""

    def dirt(sample: Sample) -> Fate:
        for what, value in said.items():
            setattr(sample.style, what, value)
        return fate

    dirt.__name__ = name
    return dirt


def instead(sample: Sample, wanted: Callable[[Node], object], literal: str) -> Fate | None:
    """Put something else in the place of one of the nodes that are wanted; it is never taken."""
    way = sample.spoil(wanted)
    if way is None:
        return None
    way[-1].literal = literal
    return Fate.REFUSED
