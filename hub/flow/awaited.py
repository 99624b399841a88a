"""Whose word on a delivery is awaited: received, and neither taken in nor refused yet; ids, times and counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hub.clock import now
from hub.settings import Settings
from hub.store.transaction import Store


def awaited(store: Store, settings: Settings) -> dict[str, Any]:
    """Return, per recipient, of how many deliveries its word is awaited, and name those that are overdue."""
    overdue = now() - timedelta(hours=settings.receipt_hours)
    with store.begin(read_only=True) as unit:
        counted, missing = unit.later_receipts.counts(overdue), unit.later_receipts.missing(overdue)
    return {
        "deadline_hours": settings.receipt_hours,
        "recipients": [{**one, "is_red": one["missing"] > 0} for one in counted],
        "missing": missing,
    }
