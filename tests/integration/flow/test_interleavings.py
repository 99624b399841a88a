"""G4 over random interleavings: no delivery that starts after the commit of a revocation carries what it forbids.

By default some hundreds, others in each run (``HUB_TEST_SEED``); ``HUB_TEST_FULL=1`` runs all ten thousand.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.testing.clock import FrozenClock, frozen
from tests.generation.seed import SEED
from tests.integration.databases import a_store
from tests.integration.flow.interleaving import Interleaving, Unlawful
from tests.integration.world import World

pytestmark = pytest.mark.integration

IS_FULL = os.environ.get("HUB_TEST_FULL") == "1"
SEEDED, BY_HYPOTHESIS, AT_ONCE = (9_000, 1_000, 100) if IS_FULL else (160, 40, 40)
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@contextmanager
def a_world(template: Path, folder: Path) -> Iterator[tuple[World, FrozenClock]]:
    """Make a world and its clock, on a database of its own: in memory, where the machine has a place for that."""
    place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else folder  # noqa: S108 - under a name of its own
    path = place / f"hub-interleavings-{os.getpid()}.db"
    shutil.copy(template, path)
    store = a_store(f"sqlite:///{path}")
    try:
        with frozen(START) as clock:
            yield World(store).begins(), clock
    finally:
        store.close()
        for left in place.glob(f"{path.name}*"):
            left.unlink()


@pytest.mark.slow
@pytest.mark.timeout(0 if IS_FULL else 300)
def test_no_delivery_that_starts_after_a_revocation_carries_what_it_forbids(template: Path, tmp_path: Path) -> None:
    started = revoked = 0
    for first in range(0, SEEDED, AT_ONCE):
        with a_world(template, tmp_path) as (world, clock):
            for number in range(first, min(first + AT_ONCE, SEEDED)):
                one = Interleaving(world, clock, random.Random(SEED * 100_000 + number), number - first)
                try:
                    one.run()
                except Unlawful as unlawful:
                    raise AssertionError(f"HUB_TEST_SEED={SEED}, number {number}: {unlawful}") from unlawful
                started, revoked = started + one.started, revoked + one.revoked
    assert started > 2 * SEEDED, "deliveries must start for this to show anything"
    assert revoked > SEEDED


@pytest.mark.slow
@pytest.mark.timeout(0 if IS_FULL else 300)
def test_no_interleaving_that_hypothesis_finds_carries_what_a_revocation_forbids(
    template: Path, tmp_path: Path
) -> None:
    @settings(max_examples=BY_HYPOTHESIS, database=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def found(chance: random.Random) -> None:
        with a_world(template, tmp_path) as (world, clock):  # of its own: what it finds must come out again the same
            Interleaving(world, clock, chance, 1).run()

    found()


class Forgetful(Interleaving):
    """A hub that takes a consent back and goes on sharing under it."""

    def takes_back(self, consent: UUID) -> None:
        self.said[consent].is_taken_back = True


def test_a_hub_that_forgets_a_revocation_is_found_out(template: Path, tmp_path: Path) -> None:
    found = 0
    with a_world(template, tmp_path) as (world, clock):
        for number in range(10):
            try:
                Forgetful(world, clock, random.Random(number), number).run()
            except Unlawful:
                found += 1
    assert found >= 5
