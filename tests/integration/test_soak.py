"""A soak of some seconds, with real processes: what `make soak` looks at for half an hour is there to be looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.soak_families import not_held, open_families
from bench.soak_verdict import faults_of_work
from bench.soaking import DEPLOYED, Wanted, soak, soaked_town
from bench.vitals import vitals

pytestmark = pytest.mark.integration


@pytest.mark.slow
def test_a_soak_of_some_seconds_loses_nothing_and_looks_at_every_process() -> None:
    with soaked_town(None) as town:
        families = open_families(town, 2)
        run = soak(town, families, Wanted(minutes=0.05, every=0.25, warm_up=0, rate=10), lambda _: None)
        assert list(faults_of_work(run.soaked)) == []
        assert sum(run.done.values()) == 30
        assert set(run.done) >= {"message", "plan", "page"}
        assert all(list(one.processes) == ["hub", "children", "employment", "social"] for one in run.soaked.samples)
        assert all(one.memory > 10**7 and one.descriptors > 5 for one in run.soaked.samples[-1].processes.values())
        families[0].said["social"] += 1  # said, and told to nobody
        assert list(not_held(town, families)) == [("children", families[0])]


def test_the_hub_is_soaked_as_it_is_deployed() -> None:
    deploy = Path(__file__).parents[2] / "deploy"
    units = [(deploy / "systemd" / name).read_text() for name in ("hub-serve.service", "hub-worker@.service")]
    for name, value in DEPLOYED.items():
        assert all(f"\nEnvironment={name}={value}\n" in unit for unit in units)
        assert f" {name}={value} " in (deploy / "Containerfile").read_text()


def test_vitals_are_those_of_the_process(tmp_path: Path) -> None:
    before = vitals(os.getpid())
    assert before is not None
    with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"):
        after = vitals(os.getpid())
    assert after is not None
    assert after.descriptors - before.descriptors == 2
    assert vitals(2**22 + 1) is None
