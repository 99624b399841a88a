"""What an operator asks for now: a job that waits is due at once, and where none waits nobody is told that one does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.clock import now
from hub.store.jobs import JobKind
from tests.integration.world import World

pytestmark = pytest.mark.integration


def test_where_no_job_waits_none_is_hurried(world: World) -> None:
    with world.store.begin() as unit:
        assert not unit.jobs.hurry("social", now())
        unit.jobs.ensure(JobKind.POLL, "social", now() + timedelta(minutes=5))
        assert unit.jobs.hurry("social", now())
        assert unit.jobs.waiting(now()) == {"social": 1}
