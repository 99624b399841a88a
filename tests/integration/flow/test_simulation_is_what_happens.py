"""What a simulation says is what then happens, to every recipient and reader, on many generated plans.

By default on some plans over a store; ``HUB_TEST_FULL=1`` takes 1,000. The pure layer is asked about 1,000 in every
run (``tests/unit/consent/test_simulate.py``).
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.generation.seed import SEED
from tests.integration.databases import a_store
from tests.integration.flow.simulating import Story, a_document, publishes
from tests.integration.policy import publish_policy
from tests.integration.world import World

pytestmark = pytest.mark.integration
PLANS = 1_000 if os.environ.get("HUB_TEST_FULL") == "1" else 200
#: Plans of one world, to all of which one change of the policy is made.
TOGETHER = 20


def test_a_simulation_is_what_happens(template: Path, tmp_path: Path) -> None:
    """On SQLite: what is compared is decided by the same functions on either database."""
    touched = published = 0
    for first in range(0, PLANS, TOGETHER):
        file = tmp_path / f"{first}.db"
        shutil.copy(template, file)
        store = a_store(f"sqlite:///{file}")
        chance = random.Random(SEED * 1_000 + first)
        publish_policy(a_document(chance), store, actor="test", correlation_id="c")
        world = World(store)
        stories = [Story(world, random.Random(chance.random()), number) for number in range(TOGETHER)]
        for story in stories:
            story.begins()
            touched += story.changes()
        published += publishes(stories, world, chance, version=2)
        store.close()
    assert touched > PLANS, "most choices touch somebody"
    assert published > PLANS, "and most policies do"
