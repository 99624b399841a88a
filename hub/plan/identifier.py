"""Identifiers of people: CPR numbers, and replacement numbers that are local to whoever issued them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

CPR = "urn:oid:1.2.208.176.1.2"  # dk-core: the central person register
REPLACEMENT = "urn:one-plan-hub:replacement-cpr:"  # + the issuing system; never a match key between systems

_SHAPE = re.compile(r"[0-9]{10}")
_TEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{6}[-+ ]?[0-9]{4}(?![0-9])")
#: Ids that are random: a UUID, and a trace id of W3C Trace Context.
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])")
_SEPARATORS = re.compile(r"[\s-]")
_LETTER_OF, _DIGIT_OF = str.maketrans("0123456789", "ghijklmnop"), str.maketrans("ghijklmnop", "0123456789")
_NOBODY = "0000000000"  # DFDG and DST use it for "no number"
_REPLACEMENT_DAY = 60  # cpr.dk: the day of a replacement number is the day of birth + 60


class NotAnIdentifier(ValueError):
    """The text is no CPR number; the message never repeats the text."""


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One identifier of a person. Its repr hides the value, so that no log or traceback can show it."""

    system: str
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Return the first six digits alone, which is all of a number that is shown to anyone."""
        return f"{self.value[:6]}-****"

    @property
    def birthday(self) -> str:
        """Return the day of birth that the number is made of, as ``ddmmyy``; the century is not decided here."""
        day = int(self.value[:2])
        return f"{day if self.system == CPR else day - _REPLACEMENT_DAY:02}{self.value[2:6]}"

    @property
    def born(self) -> date | None:
        """Return the day of birth, with the century that the seventh digit tells (cpr.dk); None where none is told.

        A replacement number says nothing of the century, nor is its day always the day of birth.
        """
        if self.system != CPR:
            return None
        day, month, year, seventh = int(self.value[:2]), int(self.value[2:4]), int(self.value[4:6]), self.value[6]
        try:
            return date(_century(seventh, year) + year, month, day)
        except ValueError:  # 29 February of a year that has none
            return None


def _century(seventh: str, year: int) -> int:
    if seventh in "0123":
        return 1900
    if seventh in "49":
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800


def cpr_identifier(text: str, issuer: str) -> Identifier:
    """Read a CPR or replacement number as an authority wrote it.

    Spaces and the hyphen are dropped. Modulus 11 is not checked: numbers issued since 2007 may fail it (cpr.dk).
    A replacement number (day + 60) identifies a person only at its issuer, so the issuer becomes part of the system.

    :param text: for example ``0201609995`` or ``020160-9995``.
    :param issuer: the authority that sent the number.
    :raises NotAnIdentifier: not ten digits, no calendar day, or ``0000000000``.
    """
    digits = _SEPARATORS.sub("", text)
    if not _SHAPE.fullmatch(digits) or not digits.isascii():
        raise NotAnIdentifier("A CPR number has ten digits, with or without a hyphen before the last four.")
    if digits == _NOBODY:
        raise NotAnIdentifier("0000000000 means that nobody is named; a person is needed here.")
    day, month = int(digits[:2]), int(digits[2:4])
    is_replacement = _REPLACEMENT_DAY < day <= _REPLACEMENT_DAY + 31
    birth_day = day - _REPLACEMENT_DAY if is_replacement else day
    if not (1 <= birth_day <= _days_in(month)):
        raise NotAnIdentifier("The first four digits of a CPR number are a day and a month.")
    return Identifier(f"{REPLACEMENT}{issuer}" if is_replacement else CPR, digits)


def _days_in(month: int) -> int:
    """Return how many days a month can have, 0 for no month (29 for February: the century is not decided here)."""
    return {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31 if 1 <= month <= 12 else 0)


def holds_cpr(text: str) -> bool:
    """Tell whether a text holds what may be a CPR or replacement number: ten digits that begin with a day and month."""
    return any(_is_cpr(found) for found in _TEN_DIGITS.findall(_ID.sub(" ", text)))


def _is_cpr(digits: str) -> bool:
    try:
        cpr_identifier(digits.replace("+", ""), "unknown")
    except NotAnIdentifier:
        return False
    return True


def in_letters(octets: bytes) -> str:
    """Return octets as text that may be part of an address: in letters alone, for ten digits may be a number."""
    return octets.hex().translate(_LETTER_OF)


def from_letters(text: str) -> bytes:
    """Return the octets of a text. :raises ValueError: it is none of :func:`in_letters`."""
    return bytes.fromhex(text.translate(_DIGIT_OF))
