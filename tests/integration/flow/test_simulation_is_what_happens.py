"""What a simulation says is what then happens, to every recipient and reader, on many generated plans.

By default on 200 plans over a store, of grown people and of children for whom others speak, some of them held back,
each with authorities and a partner; ``HUB_TEST_FULL=1`` takes 1,000. The pure layer is asked about 1,000 in every run
(``tests/unit/consent/test_simulate.py``).
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.generation.seed import SEED
from tests.integration.databases import a_store
from tests.integration.flow.simulating import SCHOOL, Partner, Story, a_document, publishes
from tests.integration.policy import publish_policy
from tests.integration.world import World

pytestmark = pytest.mark.integration
PLANS = 1_000 if os.environ.get("HUB_TEST_FULL") == "1" else 200
#: Plans of one world, to all of which one change of the policy is made.
TOGETHER = 20


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, PLANS, TOGETHER))
def test_a_simulation_is_what_happens(first: int, template: Path, tmp_path: Path) -> None:
    """On SQLite: what is compared is decided by the same functions on either database."""
    shutil.copy(template, tmp_path / "hub.db")
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    chance = random.Random(SEED * 1_000 + first)
    publish_policy(a_document(chance), store, actor="test", correlation_id="c")
    world = World(store)
    world.systems[SCHOOL] = Partner(SCHOOL)
    stories = [Story(world, random.Random(chance.random()), number) for number in range(TOGETHER)]
    touched = 0
    for story in stories:
        story.begins()
        touched += story.changes()
    assert touched, "choices touch somebody"
    # One policy in some hundreds touches nobody; the next one does.
    assert any(publishes(stories, world, chance, version=version) for version in range(2, 6)), "and policies do"
    store.close()
