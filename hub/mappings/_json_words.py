"""Words, days and instants in JSON, whoever's: read out of a document that is valid against its contract, and the rules
that a JSON Schema cannot state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hub.errors import Fault
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period, Sensitivity


def folded(word: str) -> str:
    """Return a word as tables of words spell it: lower case, one space between its parts."""
    return " ".join(word.casefold().split())


def ladder(word: str | None) -> Sensitivity | None:
    """Return the step of the sensitivity ladder; None where nothing is said."""
    return Sensitivity[word] if word else None


def yes(said: bool) -> str:
    """Return a flag as details say it."""
    return "yes" if said else "no"


def days(item: Mapping[str, Any], first: str = "Start", last: str = "Slut") -> Period:
    """Return a period of whole Danish days; the last one is still in it."""
    return Period(midnight(item.get(first)), midnight(item.get(last), days_later=1))


def midnight(day: str | None, days_later: int = 0) -> datetime | None:
    """Return the instant at which a day begins in Denmark."""
    if day is None:
        return None
    begins = datetime.combine(date.fromisoformat(day) + timedelta(days=days_later), time(), LOCAL)
    return begins.astimezone(UTC)  # two times of one zone are subtracted by the clock on the wall


def instant(text: str | None) -> datetime | None:
    """Read an instant with its offset, as UTC."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def instant_text(at: datetime | None) -> str | None:
    """Write an instant of RFC 3339, in UTC: an offset of old local time has seconds, which RFC 3339 cannot write."""
    if at is None:
        return None
    try:
        at = at.astimezone(UTC)
    except OverflowError:  # within a day of the first or the last instant there is
        at = at.replace(tzinfo=UTC)
    return at.isoformat().replace("+00:00", "Z")


def repeated_ids(name: str, items: list[dict[str, Any]]) -> Iterator[Fault]:
    """Yield a fault for each entry of a list whose ``Id`` an earlier one has."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item["Id"] in seen:
            yield Fault(f"{name}[{index}].Id", "is the Id of another entry too.", "Give each entry its own Id.")
        seen.add(item["Id"])


def reversed_times(where: str, item: Mapping[str, Any], edges: tuple[str, str]) -> Iterator[Fault]:
    """Yield a fault where the second of two times, or days, lies before the first."""
    first, last = edges
    if first in item and last in item and datetime.fromisoformat(item[last]) < datetime.fromisoformat(item[first]):
        yield Fault(f"{where}{last}", f"lies before {first}.", "Send the two in order.")
