"""One soak: a town of real processes under steady load, looked at again and again, and asked in the end what it has."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import hub_deliveries
from bench.set_ups import Servers, operated
from bench.soak_families import Family, not_held
from bench.soak_load import Load
from bench.soak_verdict import Sample, Soaked
from bench.vitals import vitals
from bench.waiting import waited
from hub.cli import town as towns
from hub.cli.ports import free_ports
from hub.cli.town import SYSTEMS, Program, Town
from hub.clock import monotonic, now
from hub.errors import Unavailable

_SETTLES_SECONDS, _LOOK_SECONDS = 120.0, 0.1
#: As deploy/ starts the hub.
DEPLOYED: Mapping[str, str] = {"MALLOC_ARENA_MAX": "2"}
_ERROR = re.compile(r'"event": ?"([^"]*)".*"level": ?"(?:error|critical)"')


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a soak should be.

    :ivar minutes: of load. :ivar every: seconds between two samples.
    :ivar warm_up: deeds before that, as fast as they are done; by them it is measured what the machine does.
    :ivar rate: deeds a second; None for half of what the machine does.
    """

    minutes: float = 30
    every: float = 10
    warm_up: int = 400
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What a soak did, and what came of it.

    :ivar rate: deeds a second. :ivar capacity: the most that were done in a second; None: not measured.
    :ivar done: deed → how often. :ivar put_off: deed → how often it was told to come again, and did.
    :ivar seconds: of each deed, from when it was due to its answer.
    """

    soaked: Soaked
    rate: float
    capacity: float | None
    done: Mapping[str, int]
    put_off: Mapping[str, int]
    seconds: Sequence[float]


@contextmanager
def soaked_town(servers: Servers | None) -> Iterator[Town]:
    """Start the hub and the authorities' systems: all in one process, or on servers two doors and a worker."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="hub-soak-")))
        if servers is None:
            yield stack.enter_context(Town(folder, towns.SetUp(environment=DEPLOYED)))
            return
        own = stack.enter_context(operated(servers))
        stack.callback(hub_deliveries.forget_queues, own)
        given = towns.SetUp(own.database_url, own.broker_url, own.prefix, environment=DEPLOYED)
        town = stack.enter_context(Town(folder, given))
        first = town.programs["hub"]
        (port,) = free_ports(1)
        environment = {**first.environment, "HUB_PORT": str(port)}
        url = f"http://127.0.0.1:{port}"
        town.programs["hub-2"] = Program("hub-2", first.command, url, folder / "hub-2.log", environment)
        town.programs["hub-2"].start()
        yield town


def soak(town: Town, families: Sequence[Family], wanted: Wanted, tell: Callable[[str], None]) -> Run:
    """Put a town under load for as long as is wanted, and look at it meanwhile.

    :param tell: is told how it goes, sentence by sentence.
    """
    doors = [program.url for name, program in town.programs.items() if name.startswith("hub")]
    load, ours = Load(town, families, doors), [name for name in town.programs if name not in towns.AROUND]
    try:
        _settled(town)
        capacity = _warmed_up(town, load, wanted.warm_up)
        rate = wanted.rate or (capacity or 1) / 2
        tell(f"{rate:.1f} deeds a second for {wanted.minutes:g} minutes; {len(families)} families.")
        samples = _looked_at(town, load, rate, wanted, tell)
        settled = _settled(town)
        soaked = Soaked(
            ours=ours,
            samples=samples,
            errors={**load.errors, **_errors_in_logs(town, ours)},
            settled_seconds=settled,
            not_held=_not_held_in_the_end(town, families),
            dead_letters=sum(one["dead_letters"] for one in _queues(town)),
            audit_faults=_audit_faults(town),
        )
        return Run(soaked, rate, capacity, dict(load.done), dict(load.put_off), list(load.seconds))
    finally:
        load.close()


def _warmed_up(town: Town, load: Load, deeds: int) -> float | None:
    """Do so many deeds as fast as desks come free; return how many of the later ones were done in a second."""
    if not deeds:
        return None
    load.most_a_second(deeds // 4, lambda: _settled(town))
    return load.most_a_second(deeds - deeds // 4, lambda: _settled(town))


def _looked_at(town: Town, load: Load, rate: float, wanted: Wanted, tell: Callable[[str], None]) -> list[Sample]:
    """Let the load go on in a thread of its own, and take samples until it ends."""
    is_over, samples, begun = threading.Event(), list[Sample](), monotonic()
    at_work = threading.Thread(target=load.at_rate, args=(rate, wanted.minutes * 60, is_over))
    at_work.start()
    try:
        while at_work.is_alive():
            samples.append(_sample(town, load, (monotonic() - begun) / 60))
            if len(samples) % 30 == 0:
                tell(f"{_said(samples[-1])} {', '.join(load.errors)}")
            at_work.join(max(0.0, begun + len(samples) * wanted.every - monotonic()))
    finally:
        is_over.set()
        at_work.join()
    return samples


def _sample(town: Town, load: Load, minutes: float) -> Sample:
    queues = _queues(town)
    oldest = min((datetime.fromisoformat(one["oldest_due_at"]) for one in queues if one["oldest_due_at"]), default=None)
    seen = {name: vitals(program.process.pid) for name, program in _watched(town) if program.process is not None}
    there = {name: found for name, found in seen.items() if found is not None}
    waited = (now() - oldest).total_seconds() if oldest else 0.0
    return Sample(minutes, there, sum(one["due"] for one in queues), waited, load.errors.total())


def _watched(town: Town) -> list[tuple[str, Program]]:
    """Return the hub's own processes, and then the authorities' systems."""
    named = [*(name for name in town.programs if name not in towns.AROUND), *SYSTEMS]
    return [(name, town.programs[name]) for name in named]


def _said(sample: Sample) -> str:
    memory = ", ".join(f"{name} {one.memory / 1e6:.0f} MB" for name, one in sample.processes.items())
    return f"{sample.minutes:.0f} min: {memory}; {sample.due} due, {sample.errors} errors."


def _queues(town: Town) -> list[dict[str, Any]]:
    answer = town.ask("operator", "GET", "/ops/queues")
    if not answer.is_success:
        raise Unavailable(f"The hub answered the operator {answer.status_code}.", "Read hub.log.")
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def _settled(town: Town) -> float | None:
    """Wait until nothing is due; return how many seconds that took, None: it did not come to that."""
    return _until(lambda: not any(one["due"] for one in _queues(town)))


def _not_held_in_the_end(town: Town, families: Sequence[Family]) -> int:
    """Count what is not held as it should be, once polls and fetches have had their time."""
    _until(lambda: not list(not_held(town, families)))
    return len(list(not_held(town, families)))


def _until(holds: Callable[[], bool]) -> float | None:
    return waited(holds, _SETTLES_SECONDS, _LOOK_SECONDS)


def _audit_faults(town: Town) -> list[str]:
    try:
        found: list[str] = town.hub_command("audit", "verify", "--json")["faults"]
    except Unavailable as error:
        return [str(error)]
    return found


def _errors_in_logs(town: Town, ours: Sequence[str]) -> dict[str, int]:
    logs = {name: town.programs[name].log.read_text(errors="replace") for name in ours}
    return Counter(
        f"{name}: the error {event!r} in its log" for name, log in logs.items() for event in _ERROR.findall(log)
    )
