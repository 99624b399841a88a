"""What is not counted but is: read when Prometheus asks, with a limit, and by one look for all who ask.

So several processes tell the same, a process that has just started knows as much as the others, and a database that is
slow or away makes a scrape poorer (``hub_state_up`` is 0) and never late.
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


class Sample(NamedTuple):
    """One value. :ivar values: of its labels, in their order."""

    instrument: Instrument
    values: tuple[str, ...]
    value: float


class SharedLook:
    """One look at the database for all who ask, never two at once."""

    def __init__(self, look: Callable[[], Sequence[Sample]], seconds: float = _SECONDS) -> None:
        """Look at nothing yet. :param seconds: how long who asks waits at most."""
        self._look, self._seconds = look, seconds
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._is_looking = False
        self._known: Sequence[Sample] | None = None
        self._until = self.took = 0.0

    def latest(self) -> Sequence[Sample] | None:
        """Return what the last look saw, or look; None when the database does not tell, or not in time."""
        with self._lock:
            if not self._is_looking and monotonic() >= self._until:
                self._is_looking, self._done = True, threading.Event()
                # a daemon, so that a database that hangs keeps no process from ending
                threading.Thread(target=self._look_once, name="hub-metrics-look", daemon=True).start()
            done = self._done
        return self._known if done.wait(self._seconds) else None

    def _look_once(self) -> None:
        began, known = monotonic(), None
        try:
            known = self._look()
        except Unavailable:
            pass  # that there is nothing known says it
        finally:
            with self._lock:
                ended = monotonic()
                self.took = ended - began
                self._known, self._is_looking = known, False
                self._until = ended + min(_AT_MOST, max(_AT_LEAST, _TIMES * self.took))
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
        said = self._look.latest()
        up = Sample(STATE_UP, (), 0.0 if said is None else 1.0)
        yield from self._families([up, Sample(STATE_SECONDS, (), self._look.took), *self._of_itself(), *(said or ())])

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
