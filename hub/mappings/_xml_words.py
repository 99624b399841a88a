"""Words, days, instants and people in XML, whoever's: read out of a document that is valid against its contract, and
written into one so that any text stays well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

from lxml import etree

from hub.errors import ContractViolation, Fault
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period
from hub.plan.identifier import Identifier, NotAnIdentifier, cpr_identifier

# Everything that XML 1.0 cannot carry, lone surrogates included.
_UNCARRIABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{6}[ -]?[0-9]{4}(?![0-9])")


class Branch:
    """An element and its path, for errors that name the field.

    A case has hundreds of fields, so children are looked up in a table that is made once, and paths are put together
    only for an error.
    """

    __slots__ = ("_above", "_children", "_element", "_namespace", "_step")

    def __init__(self, element: etree._Element, step: str, namespace: str, above: Branch | None = None) -> None:
        """Stand at an element.

        :param step: its name, with an index where there are several.
        :param namespace: in which names are looked up.
        """
        self._element, self._step, self._namespace, self._above = element, step, namespace, above
        self._children: dict[str, list[etree._Element]] | None = None

    @classmethod
    def root(cls, element: etree._Element) -> Branch:
        """Begin at a document's root."""
        name = etree.QName(element)
        return cls(element, name.localname, f"{{{name.namespace}}}")

    @property
    def path(self) -> str:
        """Return the way to the element, such as ``/SagOpdatering/Sag/Maal[2]``."""
        return f"{self._above.path if self._above else ''}/{self._step}"

    def within(self, namespace: str) -> Branch:
        """Return the same place, from which names are looked up in another namespace."""
        return Branch(self._element, self._step, f"{{{namespace}}}", self._above)

    def all(self, name: str) -> Iterator[Branch]:
        """Yield every child of the name; a path gets an index where there are several."""
        children = self._named(name)
        for number, child in enumerate(children, 1):
            step = f"{name}[{number}]" if len(children) > 1 else name
            yield Branch(child, step, self._namespace, self)

    def get(self, name: str) -> Branch | None:
        """Return the first child of the name, or None."""
        return next(self.all(name), None)

    def at(self, name: str) -> Branch:
        """Return the child of the name; the contract says that it is there."""
        return next(self.all(name))

    @property
    def content(self) -> str:
        """Return the text, comments and processing instructions left out, line ends as they are."""
        return _text_of(self._element)

    @property
    def line(self) -> str:
        """Return the text as one line, runs of white space as one space."""
        return " ".join(self.content.split())

    def text(self, name: str) -> str:
        """Return a child's text of any number of lines, "" when it is absent."""
        children = self._named(name)
        return _text_of(children[0]) if children else ""

    def word(self, name: str) -> str:
        """Return a child's text as one line, "" when it is absent."""
        return " ".join(self.text(name).split())

    def says(self, name: str) -> bool:
        """Read a child of type xs:boolean."""
        return self.word(name) in ("true", "1")

    def instant(self, name: str) -> datetime | None:
        """Read a child of type xs:dateTime with an offset, as UTC."""
        word = self.word(name)
        if not word:
            return None
        try:
            return datetime.fromisoformat(word).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.at(name).wrong(
                "This is no instant the hub can hold.", "Use a time of the years 1 to 9999."
            ) from None

    def moment(self, name: str) -> datetime:
        """Read an instant that the contract says is there."""
        found = self.instant(name)
        if found is None:
            raise self.at(name).wrong("An instant is missing.")
        return found

    def day(self, name: str) -> date | None:
        """Read a child of type xs:date; an offset, where one is given, is left out: a Danish day is meant."""
        word = self.word(name)
        if not word:
            return None
        try:
            return date.fromisoformat(word[:10])
        except ValueError:
            raise self.at(name).wrong("This is no day the hub can hold.", "Use a day of the years 1 to 9999.") from None

    def days(self, first: str, last: str) -> Period:
        """Read a period of whole Danish days; the last day is part of it."""
        start, end = self.day(first), self.day(last)
        if start and end and end < start:
            raise self.at(last).wrong("The last day lies before the first.", "Correct one of the two days.")
        try:
            return Period(
                midnight(start) if start else None,
                midnight(end + timedelta(days=1)) if end else None,
            )
        except OverflowError:
            where = self.get(last) or self.at(first)
            raise where.wrong("This is no day the hub can hold.", "Use a day of the years 1 to 9999.") from None

    def hours(self, first: str, last: str) -> Period:
        """Read when a meeting begins and ends; the contract says that both are there."""
        start, end = self.moment(first), self.moment(last)
        if end < start:
            raise self.at(last).wrong("The meeting ends before it begins.", "Correct one of the two times.")
        return Period(start, end)

    def person(self, name: str, issuer: str) -> Identifier:
        """Read a child that holds a CPR or replacement number."""
        return self.at(name).identifier(issuer)

    def identifier(self, issuer: str) -> Identifier:
        """Read the text as a CPR or replacement number; a sentence never repeats it."""
        try:
            return cpr_identifier(self.line, issuer)
        except NotAnIdentifier as error:
            raise self.wrong(str(error), "Send the person's own number.") from None

    def open_id(self) -> str:
        """Read the text as an id, which is used in the clear; one that holds what can be a CPR number is refused."""
        for digits in _TEN_DIGITS.findall(self.line):
            with suppress(NotAnIdentifier):
                cpr_identifier(digits, "")
                raise self.wrong(
                    "The id holds ten digits that can be a CPR number; ids are used in the clear.",
                    "Use its number in your system as its id.",
                )
        return self.line

    def wrong(self, sentence: str, next_step: str = "") -> ContractViolation:
        """Return an error that names this field."""
        return ContractViolation("The document breaks the contract.", faults=[Fault(self.path, sentence, next_step)])

    def _named(self, name: str) -> Sequence[etree._Element]:
        """Return the children of the name, in the document's order."""
        if self._children is None:
            self._children = {}
            for child in self._element.iterchildren(etree.Element):
                self._children.setdefault(str(child.tag), []).append(child)
        return self._children.get(self._namespace + name, ())


def _text_of(element: etree._Element) -> str:
    if len(element):  # comments, or elements where a leaf is meant
        return str(element.xpath("string()")).strip()
    return (element.text or "").strip()


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins in Denmark, as UTC."""
    return datetime.combine(day, time(), LOCAL).astimezone(UTC)


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Write a child in the namespace of its parent; a character that XML cannot carry becomes U+FFFD."""
    child = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    child.text = None if text is None else _UNCARRIABLE.sub("\ufffd", text)
    return child


def add_filled(parent: etree._Element, name: str, text: str | None) -> None:
    """Write a child when there is something to write."""
    if text:
        add(parent, name, text)


def new_root(namespace: str, name: str) -> etree._Element:
    """Begin a document whose default namespace is its own."""
    namespaces: dict[str | None, str] = {None: namespace}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=cast("dict[str, str]", namespaces))


def instant_text(at: datetime) -> str:
    """Write an instant with an offset of whole minutes, as xs:dateTime wants it."""
    try:
        return at.astimezone(UTC).isoformat()
    except OverflowError:  # within a day of the years 1 or 9999: nobody means the offset
        return at.replace(tzinfo=UTC).isoformat()


def edge_text(at: datetime | None) -> str:
    """Write one end of a period, "" when it is open."""
    return instant_text(at) if at else ""
