"""What is not counted but is: read when Prometheus asks, with a limit, and by one look for all who ask.

So several processes tell the same, a process that has just started knows as much as the others, and a database that is
slow or away makes a scrape older, then poorer (``hub_state_up`` is 0), and never late.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from hub.clock import monotonic
from hub.errors import Unavailable
from hub.metrics.counts import Counts
from hub.metrics.instruments import STATE_SECONDS, STATE_UP, Instrument

#: How long a scrape waits for a look; Prometheus itself gives up after ten seconds unless told otherwise.
_SECONDS = 5.0
#: A look is good for twenty times as long as it took, but for a second at least and a minute at most.
_TIMES, _AT_LEAST, _AT_MOST = 20, 1.0, 60.0
#: What was seen is told so long where no look brings anything newer: an alert that waits must not begin anew for one.
_STILL_TOLD = 180.0


class Sample(NamedTuple):
    """One value. :ivar values: of its labels, in their order."""

    instrument: Instrument
    values: tuple[str, ...]
    value: float


class Told(NamedTuple):
    """What the database has told.

    :ivar samples: as it last told them; None: never, or too long ago.
    :ivar is_up: the last look brought something, and nobody has just waited in vain for the next.
    :ivar seconds: how long the last look took, or the one that goes on has taken already.
    """

    samples: Sequence[Sample] | None
    is_up: bool
    seconds: float


class SharedLook:
    """One look at the database for all who ask, never two at once."""

    def __init__(self, look: Callable[[], Sequence[Sample]], seconds: float = _SECONDS) -> None:
        """Look at nothing yet. :param seconds: how long who asks waits at most."""
        self._look, self._seconds = look, seconds
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._is_looking = self._has_told = False
        self._known: Sequence[Sample] | None = None
        self._known_at = self._began = self._until = self._took = 0.0

    def latest(self) -> Told:
        """Return what the last look saw, or look; not in time, or in vain: what was seen before, while that is new."""
        with self._lock:
            if not self._is_looking and monotonic() >= self._until:
                self._is_looking, self._done, self._began = True, threading.Event(), monotonic()
                # a daemon, so that a database that hangs keeps no process from ending
                threading.Thread(target=self._look_once, name="hub-metrics-look", daemon=True).start()
            done = self._done
        is_in_time = done.wait(self._seconds)
        with self._lock:
            at = monotonic()
            so_far = at - self._began if self._is_looking else 0.0
            known = self._known if at - self._known_at < _STILL_TOLD else None
            return Told(known, is_in_time and self._has_told, max(self._took, so_far))

    def _look_once(self) -> None:
        known = None
        try:
            known = self._look()
        except Unavailable:
            pass  # that nothing is told says it
        finally:
            with self._lock:
                ended = monotonic()
                self._took = ended - self._began
                self._has_told, self._is_looking = known is not None, False
                if known is not None:
                    self._known, self._known_at = known, ended
                self._until = ended + min(_AT_MOST, max(_AT_LEAST, _TIMES * self._took))
                self._done.set()


class StateCollector(Collector):
    """Tells the state of things at each scrape."""

    def __init__(self, counts: Counts, look: SharedLook, of_itself: Callable[[], Iterable[Sample]]) -> None:
        """Tell nothing yet.

        :param look: what the database says.
        :param of_itself: what this process knows of itself.
        """
        self._counts, self._look, self._of_itself = counts, look, of_itself

    def describe(self) -> Iterable[Metric]:
        """Name nothing when it is registered: that would look at the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield what there is to tell."""
        told = self._look.latest()
        look = [Sample(STATE_UP, (), float(told.is_up)), Sample(STATE_SECONDS, (), told.seconds)]
        yield from self._families([*look, *self._of_itself(), *(told.samples or ())])

    def _families(self, samples: Iterable[Sample]) -> Iterator[Metric]:
        told: dict[str, tuple[Instrument, dict[tuple[str, ...], float]]] = {}
        for instrument, values, value in samples:
            _, of_one = told.setdefault(instrument.name, (instrument, {}))
            key = self._counts.listed(instrument, values)
            before = of_one.get(key)
            if before is not None:
                value = before + value if instrument.is_summed else max(before, value)
            of_one[key] = value
        for name, (instrument, of_one) in told.items():
            family = GaugeMetricFamily(name, instrument.says, labels=list(instrument.labels))
            for key, value in of_one.items():
                family.add_metric(key, value)
            yield family
