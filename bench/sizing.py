"""How large a hub must be: a municipality's day, and Denmark's, played minute by minute on measured costs.

``python -m bench.sizing`` prints the tables of docs/explanation/scale.md; a test holds the page to them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

#: A weekday hour by hour, of a hundred updates. People work from eight to sixteen; at two systems hand in their nightly
#: corrections. An assumption: no municipality has published a day of these flows.
UPDATES_BY_HOUR = (0, 0, 10, 0, 0, 0, 1, 4, 11, 14, 12, 7, 10, 11, 9, 6, 3, 1, 1, 0, 0, 0, 0, 0)
READINGS_BY_HOUR = (0, 0, 0, 0, 0, 0, 1, 6, 14, 15, 13, 8, 11, 12, 10, 6, 2, 1, 1, 0, 0, 0, 0, 0)
#: Of an hour's updates, the share that comes in its busiest tenth: one system sends what it has saved up.
_BURST, _BURST_MINUTES = 0.4, 6
_MINUTE = 60.0
#: How long after a change everyone should know, at the busiest minute.
LONGEST_WAIT_SECONDS = 60.0
_DAYS_A_YEAR = 250  # on which people work
_YEARS = 5


@dataclass(frozen=True, slots=True)
class Costs:
    """What one thing takes, measured (docs/reports/bench-growth-*.md, bench-2026-11-28.md).

    Milliseconds of one core, PostgreSQL's share included; kilobytes on PostgreSQL's disk with indexes.
    """

    taken_in_ms: float
    delivered_ms: float
    read_ms: float
    plan_kb: float
    update_kb: float


@dataclass(frozen=True, slots=True)
class Habits:
    """What people and systems do; assumptions, each to be replaced by a municipality's own count.

    :ivar plans_per_citizen: families with cases in several administrations, as a share of all who live there.
    :ivar updates_per_plan: messages a working day about one plan.
    :ivar recipients_per_update: systems that hear of it.
    :ivar readings_per_plan: views of a plan a working day, by people and systems.
    """

    plans_per_citizen: float = 0.02
    updates_per_plan: float = 1.5
    recipients_per_update: float = 3.0
    readings_per_plan: float = 2.0


@dataclass(frozen=True, slots=True)
class Played:
    """A day that was played. Rates are those of the busiest minute, a second each.

    :ivar workers: processes of ``hub worker``, each of one core.
    :ivar longest_wait: seconds from a change to its last recipient's receipt.
    :ivar cores: of hub and database together, at the busiest minute.
    """

    plans: int
    updates: float
    deliveries: float
    readings: float
    commits: float
    workers: int
    longest_wait: float
    cores: float
    disk_gb: float


def play(citizens: int, costs: Costs, habits: Habits) -> Played:
    """Play a day with as few workers as bring every update to everyone in time."""
    plans = ceil(citizens * habits.plans_per_citizen)
    updates = [plans * habits.updates_per_plan * share for share in _by_minute(UPDATES_BY_HOUR)]
    readings = [plans * habits.readings_per_plan * share for share in _by_minute(READINGS_BY_HOUR)]
    deliveries = [each * habits.recipients_per_update for each in updates]
    workers = 1
    while (wait := longest_wait(deliveries, workers, costs)) > LONGEST_WAIT_SECONDS:
        workers += 1
    busiest = max(range(len(updates)), key=lambda minute: updates[minute] + readings[minute])
    work = updates[busiest] * costs.taken_in_ms + readings[busiest] * costs.read_ms
    done = min(deliveries[busiest], workers * _MINUTE * 1000 / costs.delivered_ms)
    kept = plans * costs.plan_kb + sum(updates) * _DAYS_A_YEAR * _YEARS * costs.update_kb
    return Played(
        plans=plans,
        updates=max(updates) / _MINUTE,
        deliveries=max(deliveries) / _MINUTE,
        readings=max(readings) / _MINUTE,
        commits=(updates[busiest] + 2 * done + readings[busiest]) / _MINUTE,
        workers=workers,
        longest_wait=wait,
        cores=(work + done * costs.delivered_ms) / 1000 / _MINUTE,
        disk_gb=kept / 1024**2,
    )


def longest_wait(arriving: Sequence[float], workers: int, costs: Costs) -> float:
    """Return how many seconds the delivery that comes at the worst moment waits and takes.

    :param arriving: deliveries that become due in each minute of a day; first come, first served.
    """
    a_minute = workers * _MINUTE * 1000 / costs.delivered_ms
    waiting, most_waiting = 0.0, 0.0
    for each in arriving:
        waiting = max(0.0, waiting + each - a_minute)
        most_waiting = max(most_waiting, waiting)
    return most_waiting / a_minute * _MINUTE + costs.delivered_ms / 1000


def _by_minute(by_hour: Sequence[int]) -> Iterator[float]:
    """Give each minute's share of a day; the first minutes of an hour are a burst."""
    for hour in by_hour:
        share = hour / sum(by_hour)
        for minute in range(60):
            if minute < _BURST_MINUTES:
                yield share * _BURST / _BURST_MINUTES
            else:
                yield share * (1 - _BURST) / (60 - _BURST_MINUTES)


#: From docs/reports/bench-growth-2026-11-29.md, a reading over HTTP from bench-view-2026-11-29.md; two cores shared.
#: The disk is what `make bench ARGS="--only growth"` prints of 40,000 plans; an update's is an upper bound.
MEASURED = Costs(taken_in_ms=8, delivered_ms=7, read_ms=4, plan_kb=23, update_kb=10)
ASSUMED = Habits()
#: Who is played: name and citizens (Statistics Denmark, FOLK1A, rounded).
TOWNS = (
    ("a small island municipality", 2_000),
    ("a municipality like Guldborgsund", 60_000),
    ("Aarhus", 370_000),
    ("Copenhagen", 665_000),
    ("all 98 municipalities in one hub", 5_900_000),
)
_OUTAGE_HOURS = 8


def page_tables(costs: Costs, habits: Habits) -> str:
    """Return the tables of docs/explanation/scale.md, in Markdown."""
    played = [(name, citizens, play(citizens, costs, habits)) for name, citizens in TOWNS]
    return "\n".join([*_of_a_day(played), "", *_of_machines(played), "", *_of_an_outage(played, costs, habits)])


def _of_a_day(played: Sequence[tuple[str, int, Played]]) -> Iterator[str]:
    yield "| who | citizens | plans | updates/s | deliveries/s | readings/s | commits/s |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name, citizens, day in played:
        rates = " | ".join(f"{rate:.1f}" for rate in (day.updates, day.deliveries, day.readings, day.commits))
        yield f"| {name} | {citizens:,} | {day.plans:,} | {rates} |"


def _of_machines(played: Sequence[tuple[str, int, Played]]) -> Iterator[str]:
    yield "| who | cores busy | worker processes | longest wait | disk after five years, were nothing cleared |"
    yield "|---|--:|--:|--:|--:|"
    for name, _, day in played:
        yield f"| {name} | {day.cores:.2f} | {day.workers} | {day.longest_wait:.2f} s | {day.disk_gb:,.0f} GB |"


def _of_an_outage(played: Sequence[tuple[str, int, Played]], costs: Costs, habits: Habits) -> Iterator[str]:
    """Tell how long one worker takes to catch up: rows stand, so a plan that changed twice is one delivery."""
    yield f"| who | due after {_OUTAGE_HOURS} hours without a broker, at most | one worker catches up in |"
    yield "|---|--:|--:|"
    for name, _, day in played:
        changed = min(1.0, habits.updates_per_plan * sum(UPDATES_BY_HOUR[8 : 8 + _OUTAGE_HOURS]) / sum(UPDATES_BY_HOUR))
        due = day.plans * changed * habits.recipients_per_update
        yield f"| {name} | {due:,.0f} deliveries | {due * costs.delivered_ms / 1000 / 60:,.1f} min |"


if __name__ == "__main__":
    sys.stdout.write(page_tables(MEASURED, ASSUMED) + "\n")
