"""What a soak found, and whether that is well: nothing lost, nothing refused, and nothing that grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import sqrt
from operator import itemgetter
from statistics import fmean, linear_regression

from bench.vitals import Vitals

#: What a process may grow by in an hour, in parts of its size.
MOST_GROWTH = 0.05
#: The first part of a run fills caches, pools and pages; it is not judged.
_WARMS_UP = 1 / 3
_FEWEST, _FEWEST_AT_REST = 10, 3  # samples that a line is drawn through
#: Minutes in which a process comes to rest at least once. What work holds for a while comes and goes by bursts of many
#: samples, and looks like a rise where one of them lies late; what is never given back raises the moments of rest.
_RESTS = 2.0
_HOUR = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """How all stood at one instant.

    :ivar minutes: since the load began.
    :ivar processes: by name; one that has ended is missing.
    :ivar due: deliveries that waited or were under way. :ivar oldest_seconds: how long the oldest of them had.
    :ivar errors: until then.
    """

    minutes: float
    processes: Mapping[str, Vitals]
    due: int
    oldest_seconds: float
    errors: int


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of a soak.

    :ivar ours: names of the hub's own processes, which are judged; the others are told of.
    :ivar errors: what went wrong, with how often; nothing of whom.
    :ivar settled_seconds: from the last deed until nothing was due any more; None: it did not come to that.
    :ivar not_held: each recipient and plan of which something else is held in the end than was last said and shared.
    :ivar audit_faults: what ``hub audit verify`` found.
    """

    ours: Sequence[str]
    samples: Sequence[Sample]
    errors: Mapping[str, int]
    settled_seconds: float | None
    not_held: int
    dead_letters: int
    audit_faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A least-squares line through what one process showed after it had warmed up.

    :ivar size: the mean. :ivar an_hour: the slope. :ivar unsure: the slope's standard error.
    :ivar minutes: how long the line is.
    """

    size: float
    an_hour: float
    unsure: float
    minutes: float

    @property
    def is_flat(self) -> bool:
        """Tell whether a count stays where it is: it has risen by less than one, or by less than it wavers."""
        return self.an_hour * self.minutes / _HOUR < 1 or self.an_hour <= 2 * self.unsure


def judged(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples of the last two thirds of the time."""
    end = samples[-1].minutes if samples else 0.0
    return [one for one in samples if one.minutes >= end * _WARMS_UP]


def line(points: Sequence[tuple[float, float]]) -> Line:
    """Draw the line through (minutes, value) points, of which there are at least three."""
    minutes, values = [x for x, _ in points], [y for _, y in points]
    slope, begin = linear_regression(minutes, values)
    wide = sum((x - fmean(minutes)) ** 2 for x in minutes)
    beside = sum((y - begin - slope * x) ** 2 for x, y in points)
    unsure = sqrt(beside / (len(points) - 2) / wide)
    return Line(fmean(values), slope * _HOUR, unsure * _HOUR, minutes[-1] - minutes[0])


def of_process(samples: Sequence[Sample], name: str, kind: str) -> list[tuple[float, float]]:
    """Return (minutes, value) of a process. :param kind: ``memory``, ``descriptors`` or ``threads``."""
    return [(one.minutes, float(getattr(one.processes[name], kind))) for one in samples if name in one.processes]


def at_rest(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the lowest of (minutes, value) points in each time in which a process rests, the first of equals."""
    return [min(some, key=itemgetter(1)) for _, some in groupby(points, key=lambda point: point[0] // _RESTS)]


def line_of_kind(samples: Sequence[Sample], name: str, kind: str) -> Line | None:
    """Return the line by which the growth of a process is judged; None: too few points for one.

    Memory by all of them, descriptors and threads by those at rest; the size is the mean of all.
    """
    points = of_process(samples, name, kind)
    judged_by = points if kind == "memory" else at_rest(points)
    if len(points) < _FEWEST or len(judged_by) < _FEWEST_AT_REST:
        return None
    return replace(line(judged_by), size=fmean(value for _, value in points))


def faults(soaked: Soaked) -> list[str]:
    """Say everything that is not well; nothing when all is."""
    return [*faults_of_work(soaked), *faults_of_growth(soaked)]


def faults_of_work(soaked: Soaked) -> Iterator[str]:
    """Say what was not done as it should be."""
    yield from (f"{often} times: {what}." for what, often in soaked.errors.items())
    for name in soaked.ours:
        if any(name not in one.processes for one in soaked.samples):
            yield f"{name} ended while it was needed."
    if soaked.settled_seconds is None:
        yield "Deliveries were still due in the end."
    if soaked.not_held:
        yield f"{soaked.not_held} recipients hold something else than was last said and shared."
    if soaked.dead_letters:
        yield f"{soaked.dead_letters} dead letters."
    yield from (f"The audit: {fault}" for fault in soaked.audit_faults)


def faults_of_growth(soaked: Soaked) -> Iterator[str]:
    """Say what grew, of the hub's own processes."""
    seen = judged(soaked.samples)
    if len(seen) < _FEWEST:
        yield f"{len(seen)} samples are too few to tell whether something grows."
        return
    for name in soaked.ours:
        for kind in ("memory", "descriptors", "threads"):
            found = line_of_kind(seen, name, kind)
            if found is None:
                continue  # it has ended, which is told above
            if kind != "memory" and not found.is_flat:
                yield f"{name} grew by {found.an_hour:.1f} {kind} an hour."
            elif kind == "memory" and found.an_hour > MOST_GROWTH * found.size:
                yield f"{name} grew by {found.an_hour / found.size:.1%} of its memory an hour."
