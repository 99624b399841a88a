"""What one process has counted since it began, and the text of it for Prometheus.

    store.counts.add(DELIVERIES, "social", "delivered")       # done and settled
    unit.tally.add(AUDIT_ENTRIES)                              # counted when, and only if, the transaction commits

A value of a label that is in no list is counted as ``other``: whatever is sent to the hub, no more series come of it
than there are routes, authorities and words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

from hub.metrics.instruments import ALL, OTHER, Instrument, Kind, Of

#: How Prometheus is told what the text is.
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
disable_created_metrics()  # type: ignore[no-untyped-call]


class Tally:
    """What one transaction counts, once it has committed."""

    def __init__(self) -> None:
        self.noted: list[tuple[Instrument, tuple[str, ...], int]] = []

    def add(self, instrument: Instrument, *values: str, by: int = 1) -> None:
        """Note something, by the values of its labels in their order."""
        self.noted.append((instrument, values, by))


class Counts:
    """What one process has counted."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._names: frozenset[str] = frozenset()
        self._instruments: dict[str, Any] = {}
        for one in ALL:
            if one.kind is Kind.COUNTER:
                self._instruments[one.name] = Counter(one.name, one.says, list(one.labels), registry=self._registry)
            elif one.kind is Kind.HISTOGRAM:
                self._instruments[one.name] = Histogram(
                    one.name, one.says, list(one.labels), registry=self._registry, buckets=one.buckets
                )

    def know(self, names: Iterable[str]) -> None:
        """Say which authorities there are; of any other it is counted that there was one, not its name.

        What is counted of them is told from now on, as 0: the first of anything would else not be seen as one more.
        """
        self._names = frozenset(names)
        for one in ALL:
            if one.kind is Kind.COUNTER and Of.AUTHORITIES in one.labels.values():
                lists = (self._names if kind is Of.AUTHORITIES else kind for kind in one.labels.values())
                for values in product(*lists):
                    self._of(one, values)

    def add(self, instrument: Instrument, *values: str, by: int = 1) -> None:
        """Count something that is settled, by the values of its labels in their order."""
        self._of(instrument, values).inc(by)

    def observe(self, instrument: Instrument, seconds: float, *values: str) -> None:
        """Measure how long something took."""
        self._of(instrument, values).observe(seconds)

    def take(self, tally: Tally) -> None:
        """Count what a transaction noted, which has committed."""
        for instrument, values, by in tally.noted:
            self.add(instrument, *values, by=by)

    def listed(self, instrument: Instrument, values: Sequence[str]) -> tuple[str, ...]:
        """Return the values of labels as they are told: what is in no list is ``other``."""
        kinds = zip(instrument.labels.values(), values, strict=True)
        return tuple(value if self._is_listed(kind, value) else OTHER for kind, value in kinds)

    def tell_of(self, state: Collector) -> None:
        """Tell of the state of things too, and of what this process takes (memory, time, descriptors)."""
        self._registry.register(state)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return it as Prometheus reads it (``MEDIA_TYPE``)."""
        return generate_latest(self._registry)

    def _of(self, instrument: Instrument, values: tuple[str, ...]) -> Any:
        known = self._instruments[instrument.name]
        return known.labels(*self.listed(instrument, values)) if instrument.labels else known

    def _is_listed(self, kind: Of | Sequence[str], value: str) -> bool:
        if kind is Of.CODE:
            return True
        return value in (self._names if kind is Of.AUTHORITIES else kind)
