"""Canaries: made-up numbers and names, and how each would look wherever it got out, whatever it is written in."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

#: The day of birth that all have, and the words in all their names; neither stands in the hub or its tests otherwise.
BORN, FIRST, LAST = "311299", "Kanarie", "Gulnæb"
HOW_MANY = 200
#: Bytes on each side of a find that are shown.
_AROUND = 40


@dataclass(frozen=True, slots=True)
class Canary:
    """One made-up person."""

    cpr: str
    name: str

    @property
    def hyphened(self) -> str:
        """Return the number as people write it."""
        return f"{self.cpr[:6]}-{self.cpr[6:]}"

    @property
    def words(self) -> str:
        """Return free text that tells of the person."""
        return f"{self.name} ({self.hyphened}, {self.cpr}) er fundet alene hjemme om natten."


CANARIES = [
    Canary(f"{BORN}{1000 + 37 * n:04d}", f"{FIRST}{chr(97 + n % 26)}{chr(97 + n // 26)} {LAST}")
    for n in range(HOW_MANY)
]
_NUMBERS = {one.cpr for one in CANARIES}


def hits(content: bytes) -> list[str]:
    """Return what was found of any canary in bytes, with a little of what stands around it."""
    found = [
        _shown(content, match.start())
        for match in re.finditer(rb"311299(?:[- ]|%2[dD]|&#45;)?\d{4}", content)
        if re.sub(rb"(?<=^311299)\D.*(?=\d{4}$)|(?<=^311299)\D(?=\d{4}$)", b"", match[0]).decode() in _NUMBERS
    ]
    small = content.lower()
    found += [_shown(content, at) for needle in _ANY_CASE if (at := small.find(needle)) >= 0]
    found += [_shown(content, at) for needle in _AS_IT_IS if (at := content.find(needle)) >= 0]
    return found


def _shown(content: bytes, at: int) -> str:
    return content[max(0, at - _AROUND) : at + _AROUND].decode("utf-8", "backslashreplace")


def _in_base64(text: bytes) -> Iterator[bytes]:
    """Yield what is common to every base64 of a longer text that holds this one, at each of the three offsets."""
    for before in range(3):
        written = base64.b64encode(b"\0" * before + text)
        yield written[-(-before * 8 // 6) : len(written) - (4 if (before + len(text)) % 3 else 0)]


def _any_case() -> Iterator[bytes]:
    """Yield needles for content in small letters."""
    for word in (FIRST.lower(), LAST.lower()):
        yield from {word.encode(), word.encode("latin-1"), quote(word).lower().encode()}
        yield from (word.encode("utf-16-le"), word.encode("utf-16-be"))
        yield from {
            word.encode().hex().encode(),
            word.title().encode().hex().encode(),
            word.upper().encode().hex().encode(),
        }
    yield from (b"guln\\u00e6b", b"guln&#230;b", b"guln&#xe6;b", b"guln&aelig;b")


def _as_it_is() -> Iterator[bytes]:
    """Yield needles whose case counts."""
    yield from (BORN.encode("utf-16-le"), BORN.encode("utf-16-be"), BORN.encode().hex().encode())
    for text in (BORN, FIRST, FIRST.upper(), FIRST.lower(), LAST, LAST.lower(), LAST.upper()):
        for plain in (text.encode(), text.encode("utf-16-le")):
            yield from _in_base64(plain)


_ANY_CASE, _AS_IT_IS = sorted(set(_any_case())), sorted(set(_as_it_is()))
