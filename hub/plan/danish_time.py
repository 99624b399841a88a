"""Days and weeks as they are lived in Denmark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/Copenhagen")


def day_of(at: datetime) -> date:
    """Return the Danish day of an instant."""
    return at.astimezone(LOCAL).date()


def months_later(day: date, months: int) -> date:
    """Return the day of the same number so many months later; where the month is too short, its last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    try:
        return day.replace(year=year, month=month)
    except ValueError:  # too short, so not December
        return date(year, month + 1, 1) - timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """A week of ISO 8601, as Danish calendars number them: Monday to Sunday."""

    year: int
    number: int

    @classmethod
    def of(cls, at: datetime) -> IsoWeek:
        """Return the week of an instant, in Danish time."""
        year, number, _ = day_of(at).isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        """Return its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    def later(self, weeks: int) -> IsoWeek:
        """Return the week so many weeks after it."""
        year, number, _ = (self.monday + timedelta(weeks=weeks)).isocalendar()
        return IsoWeek(year, number)
