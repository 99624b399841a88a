"""How deliveries flow, for whoever looks after them: states, counts and times; no plan, no person, no content."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.clock import monotonic, now
from hub.flow.dead_causes import Cause
from hub.flow.dead_letters import causes_counted
from hub.flow.standing import standings_by
from hub.settings import Settings
from hub.store.subscriptions import Status
from hub.store.transaction import Store

#: How far back deliveries are counted, and in how many parts of it.
SPAN, PARTS = timedelta(hours=1), 12
_MOST_ROWS = 20_000  # of the audit that a look goes through at most
#: A look is shared by all open pages for a twentieth of the time to go into looking, however many there are; but for a
#: second at most, so that what has changed is seen within two.
_SHARED_SECONDS, _SHARED_TIMES, _SHARED_AT_MOST = 0.5, 20, 1.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Deliveries to one recipient.

    :ivar delivered: of the last hour, in twelve parts, the oldest first.
    """

    recipient: str
    due: int
    under_way: int
    dead_letters: int
    oldest_due_at: datetime | None
    delivered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """What an operator sees first.

    :ivar systems: each authority in each direction (:func:`hub.flow.standing.standings`).
    :ivar causes: of each cause of dead letters how many there are, the most first.
    :ivar silenced: of each recipient how many of its FHIR subscriptions are in error.
    :ivar is_whole_hour: whether all deliveries of the hour were counted; else it were more than the look went through.
    """

    at: datetime
    systems: Sequence[Mapping[str, Any]]
    flows: tuple[Flow, ...]
    causes: tuple[tuple[Cause, int], ...]
    silenced: tuple[tuple[str, int], ...]
    is_whole_hour: bool


def glance(names: Iterable[str], store: Store, settings: Settings) -> Glance:
    """Look at how everything flows.

    :param names: authorities that are configured.
    """
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    with store.begin(read_only=True) as unit:
        at = now()
        counted = unit.outbox.counts(at)
        systems = standings_by(unit, names, settings, counted, at)
        silenced = Counter(one["recipient"] for one in unit.subscriptions.standings() if one["status"] == Status.ERROR)
        delivered, is_whole = unit.audit.delivered(at - SPAN, _MOST_ROWS)
        dead = causes_counted(unit)
    for when, recipient in delivered:
        times[recipient].append(when)
    return Glance(
        at,
        systems,
        tuple(_flow(row, times[row["recipient"]], at) for row in counted),
        tuple(sorted(dead.items(), key=lambda item: (-item[1], item[0]))),
        tuple(sorted(silenced.items())),
        is_whole,
    )


class SharedGlance:
    """One look for all pages that are open."""

    def __init__(self, look: Callable[[], Glance]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._known: Glance | None = None
        self._until = 0.0

    def latest(self) -> Glance:
        """Return a look of a moment ago, or look."""
        with self._lock:
            begun = monotonic()
            if self._known is None or begun >= self._until:
                self._known = self._look()
                done = monotonic()
                self._until = done + min(_SHARED_AT_MOST, max(_SHARED_SECONDS, _SHARED_TIMES * (done - begun)))
            return self._known


def _flow(row: Mapping[str, Any], delivered: Sequence[datetime], at: datetime) -> Flow:
    parts, begins = [0] * PARTS, at - SPAN
    for when in delivered:
        parts[min(int((when - begins) / SPAN * PARTS), PARTS - 1)] += 1
    counts = {name: row[name] for name in ("recipient", "due", "under_way", "dead_letters", "oldest_due_at")}
    return Flow(**counts, delivered=tuple(parts))
