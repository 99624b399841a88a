"""What recipients owe that somebody must look after: what they may keep of what was taken back, and their word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.flow.standing_shapes import OwedAlarm
from hub.settings import Settings
from hub.store.circuits import Circuit, Direction, State
from hub.store.transaction import Unit

#: How long a withdrawal may wait for a recipient that answers; deploy/prometheus/alerts.yaml has the same hour.
_LONG = timedelta(hours=1)
WITHDRAWALS_WAIT, RECEIPTS_MISSING, WORDS_MISSING = "withdrawals-wait", "receipts-missing", "words-missing"


@dataclass(frozen=True, slots=True)
class Owing:
    """What a recipient owes.

    :ivar withdrawals_waiting: plans of which it must give something up, while what says so is due to it.
    :ivar withdrawals_since: when the hub knew it of the first of them.
    :ivar receipts_missing: elements that it has not confirmed in time to have deleted.
    :ivar words_missing: deliveries that it has received, and not said in time whether they are taken in.
    """

    withdrawals_waiting: int = 0
    receipts_missing: int = 0
    words_missing: int = 0
    withdrawals_since: datetime | None = None


NOTHING = Owing()


def owed_by_recipients(unit: Unit, settings: Settings, at: datetime) -> Mapping[str, Owing]:
    """Return what recipients owe, by name; those who owe nothing may be left out."""
    waiting = unit.outbox.withdrawals_due()
    deletions = unit.withdrawals.counts(at, timedelta(hours=settings.withdrawal_hours))
    words = {row["recipient"]: row for row in unit.later_receipts.counts(at - timedelta(hours=settings.receipt_hours))}
    none = {"missing": 0}
    return {
        name: Owing(
            waiting[name].plans if name in waiting else 0,
            deletions.get(name, none)["missing"],
            words.get(name, none)["missing"],
            waiting[name].since if name in waiting else None,
        )
        for name in {*waiting, *deletions, *words}
    }


def alarm_of(circuit: Circuit, owed: Owing, at: datetime) -> OwedAlarm:
    """Say that somebody may keep what was taken back, or has not said what became of what it was sent."""
    if circuit.direction is Direction.SOURCE:
        owed = NOTHING
    alarms = {
        RECEIPTS_MISSING: owed.receipts_missing > 0,
        WITHDRAWALS_WAIT: owed.withdrawals_since is not None
        and (circuit.state(at) is not State.CLOSED or at - owed.withdrawals_since > _LONG),
        WORDS_MISSING: owed.words_missing > 0,
    }
    return {
        "withdrawals_waiting": owed.withdrawals_waiting,
        "receipts_missing": owed.receipts_missing,
        "words_missing": owed.words_missing,
        "withdrawals_since": owed.withdrawals_since,
        "alarm": next((alarm for alarm, rings in alarms.items() if rings), ""),
    }
