"""Whose word on a delivery is awaited: received, and neither taken in nor refused yet; ids, times and counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from typing_extensions import TypedDict

from hub.clock import now
from hub.settings import Settings
from hub.store.transaction import Store


class AwaitedOfAnswer(TypedDict):
    """Of how many deliveries a recipient's word is awaited, how many of them are overdue, and since when, in UTC."""

    recipient: str
    open: int
    missing: int
    oldest_owed_at: datetime
    is_red: bool


class OverdueAnswer(TypedDict):
    """A delivery that was received, and of which its recipient has not said in time what became of it."""

    recipient: str
    delivery: UUID
    sequence: int
    owed_at: datetime


class AwaitedAnswer(TypedDict):
    """Whose word on deliveries is awaited, and the deliveries of which it is overdue, the oldest first."""

    deadline_hours: int
    recipients: list[AwaitedOfAnswer]
    missing: list[OverdueAnswer]


def awaited(store: Store, settings: Settings) -> AwaitedAnswer:
    """Return, per recipient, of how many deliveries its word is awaited, and name those that are overdue."""
    overdue = now() - timedelta(hours=settings.receipt_hours)
    with store.begin(read_only=True) as unit:
        counted, missing = unit.later_receipts.counts(overdue), unit.later_receipts.missing(overdue)
    return {
        "deadline_hours": settings.receipt_hours,
        "recipients": [
            {
                "recipient": one["recipient"],
                "open": one["open"],
                "missing": one["missing"],
                "oldest_owed_at": one["oldest_owed_at"],
                "is_red": one["missing"] > 0,
            }
            for one in counted
        ],
        "missing": [
            {
                "recipient": one["recipient"],
                "delivery": one["delivery"],
                "sequence": one["sequence"],
                "owed_at": one["owed_at"],
            }
            for one in missing
        ],
    }
