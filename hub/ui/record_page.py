"""The audit on a page: who did what and when, with ids, rules and codes; nothing that a plan says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hub.flow.seal import Standing
from hub.ui.times import moment
from hub.ui.words import word


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. :ivar facts: all else that is written down of it."""

    row: int
    when: str
    action: str
    actor: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """All that the template shows. :ivar then: address of the next page; empty at the end."""

    entries: tuple[Entry, ...]
    kept: Mapping[str, str]
    then: str
    sealing: str
    is_well: bool


def record_page(
    found: Sequence[Mapping[str, Any]], then: int | None, wanted: Mapping[str, str], sealing: Standing, language: str
) -> RecordPage:
    """Return the page in ``da`` or ``en``. :param then: the row below which the next page begins."""
    kept = {name: value for name, value in wanted.items() if value}
    more = urlencode(kept | {"below": str(then)}) if then is not None else ""
    told = sealing.told()
    return RecordPage(
        entries=tuple(_entry(row, language) for row in found),
        kept=kept,
        then=f"/administration/record?{more}" if more else "",
        sealing=word("record.sealed", language, sealed=told["sealed"], unsealed=told["unsealed"]),
        is_well=told["is_well"],
    )


def _entry(row: Mapping[str, Any], language: str) -> Entry:
    known = {"plan": row["plan_id"], "correlation": row["correlation_id"], **row["details"]}
    facts = tuple((name, _plain(value)) for name, value in known.items() if value not in (None, "", [], {}))
    return Entry(row["row"], moment(row["at"], language), row["action"], row["actor"], facts)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
