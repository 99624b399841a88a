"""Whatever happens in the life of a family, each reader is shown what two second opinions say: no more and no less.

By default a sample is played, so that ``make test`` stays short; ``HUB_TEST_FULL=1`` compares half a million decisions,
other ones in each run (``HUB_TEST_SEED=<number>`` makes the same again). Both say how many it were.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.generation.seed import SEED
from tests.unit.consent.world_of_consents import BORN, STEPS, Counted, World

IS_FULL = os.environ.get("HUB_TEST_FULL") == "1"
DECISIONS = 500_000 if IS_FULL else 15_000
_STEPS_OF_A_LIFE = 25


class Lives(RuleBasedStateMachine):
    """A family to which anything may happen, in any order."""

    world: World

    @initialize(who=st.sampled_from(sorted(BORN)), random=st.randoms(use_true_random=False))
    def begin(self, who: str, random: Random) -> None:
        self.world = World(random, who)

    @invariant()
    def each_reader_sees_what_the_second_opinions_say(self) -> None:
        if hasattr(self, "world"):
            found = self.world.compare()
            assert (found.released, found.withheld) == (0, 0)

    @precondition(lambda self: hasattr(self, "world"))
    @rule()
    def nothing_is_seen_otherwise_before_the_view_is_to_be_checked_again(self) -> None:
        world = self.world
        for reader in world.readers():
            view = world.seen_by(reader, world.at)
            for later in (timedelta(hours=1), timedelta(days=1), timedelta(days=400)):
                if view.recheck_at is None or world.at + later < view.recheck_at:
                    after = world.seen_by(reader, world.at + later)
                    assert [seen.element for seen in after.seen] == [seen.element for seen in view.seen]


def _rule(name: str) -> Callable[[Lives], None]:
    def step(self: Lives) -> None:
        getattr(self.world, name)()

    step.__name__ = name
    return step


for _name in dict.fromkeys(STEPS):
    setattr(Lives, _name, rule()(_rule(_name)))

TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=60 if IS_FULL else 12, stateful_step_count=_STEPS_OF_A_LIFE)


def lives(decisions: int, seed: int) -> Counted:
    """Play one family after the other until so many decisions have been compared."""
    found, number = Counted(), 0
    while found.decisions < decisions:
        random = Random(f"{seed}-{number}")  # told apart by text: neighbouring numbers would begin alike
        world = World(random, sorted(BORN)[number % len(BORN)])
        for _ in range(_STEPS_OF_A_LIFE):
            getattr(world, random.choice(STEPS))()
            found += world.compare()
        number += 1
    return found


@pytest.mark.timeout(1200)
@pytest.mark.laws
def test_nothing_is_wrongly_shown_and_nothing_wrongly_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    found = lives(DECISIONS, SEED)
    with capsys.disabled():
        print(
            f"\nconsent: {found.decisions} decisions compared, {found.shown} shown"
            f" ({'all' if IS_FULL else 'a sample; HUB_TEST_FULL=1 for all'}, HUB_TEST_SEED={SEED}):"
            f" {found.released} wrongly released, {found.withheld} wrongly withheld"
        )
    assert found.decisions >= DECISIONS
    assert 0.05 < found.shown / found.decisions < 0.95  # both answers come often
    assert (found.released, found.withheld) == (0, 0)
