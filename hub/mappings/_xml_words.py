"""Read words, days, instants and people out of an XML document that is already valid against its contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lxml import etree

from hub.errors import ContractViolation, Fault
from hub.plan.element import Period
from hub.plan.identifier import Identifier, NotAnIdentifier, cpr_identifier

DANISH_TIME = ZoneInfo("Europe/Copenhagen")


class Branch:
    """An element and its path, for errors that name the field."""

    def __init__(self, element: etree._Element, path: str) -> None:
        self._element, self.path = element, path
        self._namespace = f"{{{etree.QName(element).namespace}}}"

    @classmethod
    def root(cls, element: etree._Element) -> Branch:
        """Begin at a document's root."""
        return cls(element, f"/{etree.QName(element).localname}")

    def within(self, namespace: str) -> Branch:
        """Return the same place, from which names are looked up in another namespace."""
        inner = Branch(self._element, self.path)
        inner._namespace = f"{{{namespace}}}"
        return inner

    def all(self, name: str) -> Iterator[Branch]:
        """Yield every child of the name; a path gets an index where there are several."""
        children = list(self._element.iterchildren(self._namespace + name))
        for number, child in enumerate(children, 1):
            index = f"[{number}]" if len(children) > 1 else ""
            yield Branch(child, f"{self.path}/{name}{index}")

    def get(self, name: str) -> Branch | None:
        """Return the first child of the name, or None."""
        return next(self.all(name), None)

    def at(self, name: str) -> Branch:
        """Return the child of the name; the contract says that it is there."""
        return next(self.all(name))

    @property
    def content(self) -> str:
        """Return the text, comments and processing instructions left out, line ends as they are."""
        return str(self._element.xpath("string()")).strip()

    @property
    def line(self) -> str:
        """Return the text as one line, runs of white space as one space."""
        return " ".join(self.content.split())

    def text(self, name: str) -> str:
        """Return a child's text of any number of lines, "" when it is absent."""
        child = self.get(name)
        return child.content if child else ""

    def word(self, name: str) -> str:
        """Return a child's text as one line, "" when it is absent."""
        child = self.get(name)
        return child.line if child else ""

    def says(self, name: str) -> bool:
        """Read a child of type xs:boolean."""
        return self.word(name) in ("true", "1")

    def instant(self, name: str) -> datetime | None:
        """Read a child of type xs:dateTime with an offset, as UTC."""
        child = self.get(name)
        if child is None or not child.line:
            return None
        try:
            return datetime.fromisoformat(child.line).astimezone(UTC)
        except (ValueError, OverflowError):
            raise child.wrong("This is no instant the hub can hold.", "Use a time of the years 1 to 9999.") from None

    def moment(self, name: str) -> datetime:
        """Read an instant that the contract says is there."""
        found = self.instant(name)
        if found is None:
            raise self.at(name).wrong("An instant is missing.")
        return found

    def day(self, name: str) -> date | None:
        """Read a child of type xs:date; an offset, where one is given, is left out: a Danish day is meant."""
        child = self.get(name)
        if child is None or not child.line:
            return None
        try:
            return date.fromisoformat(child.line[:10])
        except ValueError:
            raise child.wrong("This is no day the hub can hold.", "Use a day of the years 1 to 9999.") from None

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

    def person(self, name: str, issuer: str) -> Identifier:
        """Read a child that holds a CPR or replacement number."""
        return self.at(name).identifier(issuer)

    def identifier(self, issuer: str) -> Identifier:
        """Read the text as a CPR or replacement number; a sentence never repeats it."""
        try:
            return cpr_identifier(self.line, issuer)
        except NotAnIdentifier as error:
            raise self.wrong(str(error), "Send the person's own number.") from None

    def wrong(self, sentence: str, next_step: str = "") -> ContractViolation:
        """Return an error that names this field."""
        return ContractViolation("The document breaks the contract.", faults=[Fault(self.path, sentence, next_step)])


def midnight(day: date) -> datetime:
    """Return the instant at which a day begins in Denmark, as UTC."""
    return datetime.combine(day, time(), DANISH_TIME).astimezone(UTC)
