"""A replay survives kill -9 at any point: every item ends exactly once, whichever process went on with it."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.authority import Authorities
from hub.errors import RecipientRefused
from hub.flow.accept import accept
from hub.flow.deliver import deliver
from hub.flow.replays import Asker, Choice, Manner, freeze, show, start
from hub.flow.settle import Settled
from hub.settings import Settings
from hub.store.replay_rows import Outcome, State
from hub.store.tables import audit
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.environment import environment_of
from tests.integration.queue.replaying import POINTS
from tests.integration.queue.test_two_worker_processes import Recipient, sequences
from tests.integration.set_up import SetUp, authorities_of, eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[3]
ME = Asker("operator", "c")
PEOPLE = [f"010170{number:04d}" for number in range(1, 26)]
KILLS = 5
#: So that the lease of a process that was killed runs out within the test.
QUICK = {"HUB_LEASE_SECONDS": "3", "HUB_RING_AGAIN_SECONDS": "2", "HUB_SWEEP_SECONDS": "1"}


@contextmanager
def a_process(settings: Settings, url: str, folder: Path, *point: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the hub's loops in a process of their own; whoever leaves the block kills it."""
    environment = environment_of(settings, url, "t") | QUICK
    command = [sys.executable, "-m", "tests.integration.queue.replaying", *point]
    with (folder / "log").open("ab") as log:
        running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, cwd=ROOT)
        assert running.stdout is not None
        try:
            assert running.stdout.readline() == b"ready\n", (folder / "log").read_text("utf-8")
            yield running
        finally:
            running.kill()
            running.wait(20)
            running.stdout.close()


def dead_letters(set_up: SetUp, people: list[str]) -> None:
    """Have a delivery to social services end as a dead letter for each of the people."""
    sender, social = MemoryAdapter("children"), MemoryAdapter("social")
    sender.delivers = False
    social.fail_with(RecipientRefused("It will not take it."))
    authorities: Authorities = authorities_of(sender, social)
    for number, cpr in enumerate(people):
        plan = set_up.opens_plan(authorities, cpr)
        told = Told(cpr, case=f"C{number}", goals={f"g{number}": "Ro om aftenen"})
        accept(sender.message(told), set_up.store, authorities)
        row = set_up.row(plan, "social").id
        assert deliver(row, set_up.store, authorities, set_up.settings) is Settled.DEAD


def every_item_has_ended_once(set_up: SetUp, recipient: Recipient, people: list[str]) -> None:
    (replay,) = _audited(set_up, "replay-done")
    found = show(UUID(replay["replay"]), set_up.store)
    assert found.replay.state is State.DONE
    assert [item.outcome for item in found.items] == [Outcome.DELIVERED] * len(people)
    begun = Counter(row["delivery"] for row in _audited(set_up, "replayed"))
    assert begun == Counter(str(item.row) for item in found.items), "each was made due once"
    arrived = sequences(recipient.arrivals)
    assert len(arrived) == len(people)
    assert all(len(set(one)) == 1 for one in arrived.values()), "what came twice came under one sequence"


def _audited(set_up: SetUp, action: str) -> list[dict[str, str]]:
    with set_up.store.begin(read_only=True) as unit:
        query = sa.select(audit.c.details).where(audit.c.action == action)
        return [orjson.loads(details) for details in unit.connection.execute(query).scalars()]


def begin(set_up: SetUp, per_minute: int = 1200) -> None:
    draft = freeze(Choice(), Manner(per_minute=per_minute), "Deres system er rettet.", set_up.store, ME)
    start(draft.replay.id, set_up.store, ME)


@pytest.mark.slow
def test_a_replay_whose_processes_are_killed_again_and_again_ends_every_item_once(
    set_up: SetUp, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    chance, recipient = random.Random(seed), Recipient()
    dead_letters(set_up, PEOPLE)
    begin(set_up, per_minute=600)  # on the ramp this takes longer than all the times until a kill together
    with recipient.served() as url:
        for _ in range(KILLS):
            with a_process(set_up.settings, url, tmp_path):
                threading.Event().wait(chance.uniform(0.05, 1.2))
        assert _audited(set_up, "replay-done") == [], f"it was over before the last kill; seed {seed}"
        with a_process(set_up.settings, url, tmp_path):
            eventually(lambda: _audited(set_up, "replay-done"), 90)
    every_item_has_ended_once(set_up, recipient, PEOPLE)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_replay_killed_at_a_point_ends_every_item_once(set_up: SetUp, point: str, tmp_path: Path) -> None:
    people, recipient, trigger = PEOPLE[:4], Recipient(), tmp_path / "trigger"
    dead_letters(set_up, people)
    begin(set_up)
    with recipient.served() as url:
        trigger.touch()
        with a_process(set_up.settings, url, tmp_path, point, str(trigger)) as dies:
            assert dies.wait(60) == -9
        with a_process(set_up.settings, url, tmp_path):
            eventually(lambda: _audited(set_up, "replay-done"), 60)
    every_item_has_ended_once(set_up, recipient, people)
