"""A soak is well when nothing is lost, nothing is refused, and no process of the hub grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from bench.soak_verdict import Sample, Soaked, at_rest, faults, judged, line
from bench.vitals import Vitals

MEGABYTE = 1_000_000
FLAT = Vitals(100 * MEGABYTE, 40, 20)


def samples(of_hub: Callable[[float], Vitals], minutes: int = 30) -> list[Sample]:
    """Return a sample every ten seconds; the system beside the hub grows all the time, which is its own affair."""
    times = [number / 6 for number in range(minutes * 6)]
    return [Sample(at, {"hub": of_hub(at), "social": Vitals(int(at * 10**9), 1, 1)}, 0, 0.0, 0) for at in times]


def a_soak(seen: Sequence[Sample], **otherwise: object) -> Soaked:
    return replace(Soaked(("hub",), seen, {}, 1.0, 0, 0, ()), **otherwise)  # type: ignore[arg-type]


def test_a_soak_in_which_nothing_grows_and_nothing_is_lost_is_well() -> None:
    assert faults(a_soak(samples(lambda _: FLAT))) == []


@pytest.mark.parametrize(("megabytes_an_hour", "is_well"), [(4.5, True), (6.0, False), (-50.0, True)])
def test_memory_may_grow_by_a_twentieth_of_its_size_an_hour(megabytes_an_hour: float, is_well: bool) -> None:
    grown = samples(lambda at: replace(FLAT, memory=int((100 + megabytes_an_hour * at / 60) * MEGABYTE)))
    found = faults(a_soak(grown))
    assert found == ([] if is_well else ["hub grew by 5.9% of its memory an hour."])


def test_what_is_filled_in_the_first_third_is_not_judged() -> None:
    warmed = samples(lambda at: FLAT if at >= 10 else Vitals(int(at * 10 * MEGABYTE), int(at), int(at)))
    assert judged(warmed)[0].minutes >= 29 / 3
    assert faults(a_soak([one for one in warmed if one.minutes < 9.6 or one.minutes >= 10])) == []


@pytest.mark.parametrize("kind", ["descriptors", "threads"])
def test_a_descriptor_or_a_thread_that_leaks_every_five_minutes_is_found(kind: str) -> None:
    leaking = samples(lambda at: replace(FLAT, **{kind: 40 + int(at / 5)}))
    assert faults(a_soak(leaking)) == [f"hub grew by {line_of(leaking, kind):.1f} {kind} an hour."]


def line_of(seen: Sequence[Sample], kind: str) -> float:
    return line(at_rest([(one.minutes, getattr(one.processes["hub"], kind)) for one in judged(seen)])).an_hour


def test_descriptors_that_come_and_go_are_flat() -> None:
    wavering = samples(lambda at: replace(FLAT, descriptors=40 + int(at * 6) % 7, threads=20 + int(at * 6) % 3))
    assert faults(a_soak(wavering)) == []


def test_a_burst_late_in_the_run_is_no_leak() -> None:
    burst = samples(lambda at: replace(FLAT, descriptors=46 if 24 <= at < 29 and int(at * 6) % 6 else 40))
    assert line([(one.minutes, one.processes["hub"].descriptors) for one in judged(burst)]).an_hour > 5
    assert faults(a_soak(burst)) == []


def test_a_leak_below_bursts_is_found() -> None:
    leaking = samples(lambda at: replace(FLAT, threads=20 + int(at / 6) + (9 if int(at * 6) % 5 else 0)))
    assert [one.split(" by ")[0] for one in faults(a_soak(leaking))] == ["hub grew"]


def test_a_short_run_does_not_pass_for_a_flat_one() -> None:
    assert faults(a_soak(samples(lambda _: FLAT)[:12])) == ["8 samples are too few to tell whether something grows."]
    assert faults(a_soak([])) == ["0 samples are too few to tell whether something grows."]


def test_a_process_that_has_ended_is_told_once() -> None:
    seen = samples(lambda _: FLAT)
    gone = [*seen[:100], *(replace(one, processes={}) for one in seen[100:])]
    assert faults(a_soak(gone)) == ["hub ended while it was needed."]


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ({"errors": {"page: 500": 2}}, "2 times: page: 500."),
        ({"settled_seconds": None}, "Deliveries were still due in the end."),
        ({"not_held": 3}, "3 recipients hold something else than was last said and shared."),
        ({"dead_letters": 1}, "1 dead letters."),
        ({"audit_faults": ["entry 7 was changed"]}, "The audit: entry 7 was changed"),
    ],
)
def test_whatever_was_not_done_is_told(otherwise: Mapping[str, object], said: str) -> None:
    assert faults(a_soak(samples(lambda _: FLAT), **otherwise)) == [said]
