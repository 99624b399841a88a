"""Parse JSON from outside: bounded, by one parser, and silent about what it holds.

tree = parse(body, known_words)       # or TooLarge, or ContractViolation naming the place
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from hub.errors import ContractViolation, Fault, TooLarge

MAX_BYTES = 10_000_000
MAX_VALUES = 500_000  # a parsed value takes up to 60 bytes for its 2 in the body: without a cap 10 MB become 300 MB
MAX_DEPTH = 64

#: Where a fault is that has no field of its own.
WHOLE = "(document)"
SEND_UTF8 = "Send the document as JSON (RFC 8259) in UTF-8 without a byte order mark."
_UNKNOWN = "(unknown)"
_BOM = b"\xef\xbb\xbf"

# Characters that XML 1.0 cannot carry: taken in here, they could never be delivered to a recipient that speaks XML.
_UNCARRIABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# How valid JSON can say them: escaped, or as the bytes of U+FFFE and U+FFFF. What has neither needs no second look.
_MAY_BE_UNCARRIABLE = re.compile(rb"\\[ubf]|\xef\xbf[\xbe\xbf]")
# Possessive, and used on valid JSON only: it never scans a byte twice.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]:,]', re.DOTALL)

Path = tuple[str | int, ...]


def parse(body: bytes, known_words: frozenset[str] = frozenset()) -> Any:
    """Parse JSON strictly: no NaN, no byte order mark, no invalid UTF-8, no field twice, nothing XML cannot carry.

    :param known_words: the field names that an error may repeat; others may be personal data.
    :raises TooLarge: over 10 MB, or over 500 000 values.
    :raises ContractViolation: anything else.
    """
    _check_size(body)
    if body.startswith(_BOM):
        raise _unreadable("The document begins with a byte order mark.")
    if not body.strip():
        raise _unreadable("The document is empty.")
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _unreadable(f"The document is not valid JSON; reading stopped at {place}.") from None
    fields = _count_fields(tree)
    if _MAY_BE_UNCARRIABLE.search(body):
        _check_texts(tree, known_words)
    # Outside strings, a colon of valid JSON is a field. If the body has more fields than the tree, a later one has
    # replaced an earlier one of the same name. Nothing is parsed a second time, so nothing can be read two ways.
    if _STRING.sub(b"", body).count(b":") != fields:
        where = show_path(_repeated_field(body), known_words)
        raise ContractViolation(
            "An object of the document has the same field twice.",
            faults=(Fault(where, "The field is there twice.", "Send each field of an object once."),),
        )
    return tree


def show_path(path: Path, known_words: frozenset[str]) -> str:
    """Write a path such as ``Delmaal[2].Id``; a name outside the contract's words is not repeated."""
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            shown += ("." if shown else "") + (step if step in known_words else _UNKNOWN)
    return shown or WHOLE


def most_values(body: bytes) -> int:
    """Return an upper bound of the values in a body: commas and brackets inside texts count too."""
    return 1 + body.count(b",") + body.count(b"[") + body.count(b"{")


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BYTES:
        raise TooLarge(f"The document has over {MAX_BYTES:,} bytes.")
    if most_values(body) > MAX_VALUES:
        raise TooLarge(f"The document has over {MAX_VALUES:,} values.")


def _unreadable(sentence: str) -> ContractViolation:
    return ContractViolation(sentence, faults=(Fault(WHOLE, sentence, SEND_UTF8),))


@dataclass(frozen=True, slots=True)
class _Place:
    """A value and the way to it, linked upwards: a tuple per value would be as long as the tree is deep."""

    value: Any
    step: str | int | None = None
    above: _Place | None = None

    def path(self) -> Path:
        steps: list[str | int] = []
        place: _Place | None = self
        while place is not None and place.step is not None:
            steps.append(place.step)
            place = place.above
        return tuple(reversed(steps))

    def below(self) -> Iterator[_Place]:
        inner = self.value.items() if isinstance(self.value, dict) else enumerate(self.value)
        for step, value in inner:
            yield _Place(value, step, self)


def _count_fields(tree: Any) -> int:
    """Check how deep the tree is and return how many fields it has."""
    fields, depth, level = 0, 1, [tree]
    while containers := [value for value in level if isinstance(value, (dict, list))]:
        if depth > MAX_DEPTH:
            raise _unreadable(f"The document is nested more than {MAX_DEPTH} deep.")
        level, depth = [], depth + 1
        for container in containers:
            if isinstance(container, dict):
                fields += len(container)
                level.extend(container.values())
            else:
                level.extend(container)
    return fields


def _check_texts(tree: Any, known_words: frozenset[str]) -> None:
    """Check the characters of every text and name."""
    waiting = [_Place(tree)]
    while waiting:
        place = waiting.pop()
        value = place.value
        if isinstance(value, str):
            _check_text(value, place, known_words)
        elif isinstance(value, (dict, list)):
            if isinstance(value, dict):
                _check_text("".join(value), place, known_words)
            waiting.extend(place.below())


def _check_text(text: str, place: _Place, known_words: frozenset[str]) -> None:
    if _UNCARRIABLE.search(text):
        field = show_path(place.path(), known_words)
        sentence = "holds a control character, which no XML recipient could be given."
        raise ContractViolation(
            "The document holds a control character.",
            faults=(Fault(field, sentence, "Remove all characters below U+0020 but tab and line breaks."),),
        )


def _repeated_field(body: bytes) -> Path:
    """Find the first field that is there twice in valid JSON; only ever asked to name a refusal."""
    objects: list[set[str] | None] = []  # the names seen, or None for an array
    steps: list[str | int] = []
    name = b""
    for token in _TOKEN.findall(body):
        if token in (b"{", b"["):
            objects.append(set() if token == b"{" else None)
            steps.append("" if token == b"{" else 0)
        elif token in (b"}", b"]"):
            objects.pop()
            steps.pop()
        elif token == b":" and (seen := objects[-1]) is not None:
            steps[-1] = field = orjson.loads(name)
            if field in seen:
                return tuple(steps)
            seen.add(field)
        elif token == b"," and isinstance(last := steps[-1], int):
            steps[-1] = last + 1
        else:
            name = token
    return ()
