"""Code tables: which codes the hub knows, from when, and by what name; data files with a source (``tables/*.toml``).

    table = code_tables()["urn:one-plan-hub:star:interview-type"]
    table.text("4")                       # "Opfølgningssamtale"
    table.has("34.10.10", changed_on)     # False before the group was there
    table.has("27.24.00", changed_on)     # False from the day on which it closed

A code that no table has is no error: it passes through with its text, and is counted for an operator
(:func:`unknown_codes`). A system without a table is not judged.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from hub.plan.contribution import Contribution
from hub.plan.danish_time import LOCAL

_OF_A_NUMBER = 10  # digits of a person's number
_BETWEEN = re.compile(r"[.-]")
_BEFORE_GROUP_ENDS = re.compile(r"[A-ZÆØÅ]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A code or a group of codes.

    :ivar valid_to: the first day on which it is none any more.
    """

    text: str
    valid_from: date
    valid_to: date = date.max

    def holds(self, on: date) -> bool:
        """Tell whether it is valid on a day."""
        return self.valid_from <= on < self.valid_to


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The codes of one system.

    :ivar source: who says so.
    :ivar pattern: what a code of the system looks like; anything else may be text that somebody wrote.
    :ivar groups: by what a code starts with (27, 27.24, BL); then not every code of a group is listed, and the
        narrowest group that is there judges a code.
    :ivar is_whole: False where the list names some codes of many: then one that it says nothing of is not unknown.
    """

    system: str
    title: str
    source: str
    pattern: re.Pattern[str]
    codes: Mapping[str, Entry]
    groups: Mapping[str, Entry]
    is_whole: bool = True

    def has(self, code: str, on: date) -> bool:
        """Tell whether a code was known on a day, as far as the list goes."""
        if not self.pattern.fullmatch(code):
            return False
        entry = next((self.groups[group] for group in _groups(code) if group in self.groups), None)
        entry = self.codes.get(code, entry)
        return not self.is_whole if entry is None else entry.holds(on)

    def text(self, code: str) -> str:
        """Return what a code is called; empty when it is not known."""
        return self.codes[code].text if code in self.codes else ""

    def group(self, code: str) -> str:
        """Return what the narrowest group that a code stands in is called; empty when none is known."""
        return next((self.groups[group].text for group in _groups(code) if group in self.groups), "")


@cache
def code_tables() -> Mapping[str, CodeTable]:
    """Return every table by its system."""
    found = (_read(path.read_text("utf-8")) for path in files("hub.plan").joinpath("tables").iterdir())
    return {table.system: table for table in found}


def unknown_codes(contributions: Iterable[Contribution]) -> Mapping[tuple[str, str], int]:
    """Count codes that a table should have and has not, by system and code.

    What does not look like a code of its system is counted under no code (""), for it may say something of somebody.
    """
    tables, found = code_tables(), Counter[tuple[str, str]]()
    for contribution in contributions:
        on = contribution.order.changed_at.astimezone(LOCAL).date()
        for draft in contribution.drafts:
            for code in draft.codes:
                table = tables.get(code.system)
                if table is not None and not table.has(code.code, on):
                    found[code.system, code.code if _may_be_told(table, code.code) else ""] += 1
    return found


def _may_be_told(table: CodeTable, code: str) -> bool:
    """Tell whether a code looks like one of its system, and like nobody's number."""
    return table.pattern.fullmatch(code) is not None and sum(sign.isdigit() for sign in code) < _OF_A_NUMBER


def _groups(code: str) -> Iterator[str]:
    """Yield the groups that a code may stand in, the narrowest first."""
    yield from (code[: end.start()] for end in reversed([*_BETWEEN.finditer(code)]))
    if found := _BEFORE_GROUP_ENDS.match(code):
        yield found[0]


def _read(text: str) -> CodeTable:
    told = tomllib.loads(text)
    entries: dict[str, Mapping[str, Entry]] = {
        kind: {code: _entry(entry) for code, entry in told.get(kind, {}).items()} for kind in ("codes", "groups")
    }
    return CodeTable(
        told["system"],
        told["title"],
        told["source"],
        re.compile(told["pattern"]),
        **entries,
        is_whole=told.get("whole", True),
    )


def _entry(told: Mapping[str, Any]) -> Entry:
    return Entry(told["text"], told["valid_from"], told.get("valid_to", date.max))
