"""The sandbox's person register as a real server, the adapter that asks it, and a hub that follows people in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from hub.authority import REGISTER, Register, load_register
from hub.clock import now
from hub.consent.reader import Reader
from hub.flow.register_tasks import show_tasks
from hub.queue.registering import RegisterJobs
from hub.store.call_tables import circuits
from hub.store.register_tables import followed
from hub.store.register_tasks import Task
from hub.store.tables import jobs
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox
from tests.integration.world import COORDINATOR, World


@dataclass(frozen=True)
class People:
    """A running register, and as the hub has it."""

    sandbox: Sandbox
    register: Register

    def begins_anew(self) -> None:
        httpx.delete(self.sandbox.url + "/sandbox/people").raise_for_status()

    def lets(self, cpr: str, **change: Any) -> None:
        """Let something become of a person: ``died``, ``alive``, ``new_cpr``, ``protections``."""
        self.sandbox.ask("POST", "/sandbox/people/change", {"cpr": cpr, **change})

    def protects(self, cpr: str, until: date | None = None) -> None:
        day = {} if until is None else {"until": until.isoformat()}
        self.lets(cpr, protections=[{"since": "2026-01-01", **day}])

    def tells_again(self, cpr: str, kind: str = "Person") -> None:
        body = {"cpr": cpr, "kind": kind}
        httpx.post(self.sandbox.url + "/sandbox/people/tell", json=body).raise_for_status()

    def subscriptions(self) -> Mapping[str, str]:
        """Return the number of whom each subscription tells."""
        found: dict[str, str] = self.sandbox.ask("GET", "/sandbox/subscriptions")
        return found

    def behaves(self, **behaviour: Any) -> None:
        self.sandbox.ask("PUT", "/sandbox/behaviour", behaviour)

    def knows_nobody_by(self, *cprs: str) -> None:
        self.sandbox.ask("PUT", "/sandbox/strangers", {"cprs": list(cprs)})


@contextmanager
def a_register(place: Path, **settings: Any) -> Iterator[People]:
    """Run the register until the block ends."""
    with a_sandbox(REGISTER, place) as sandbox:
        register = load_register({"url": sandbox.url, "token": TOKEN, "ask_every": 1, **settings})
        assert register is not None
        yield People(sandbox, register)


def follows(world: World, register: Register) -> RegisterJobs:
    """Do all that there is to do about the register now; return what did it."""
    doing = RegisterJobs(world.store, register, world.settings)
    with world.store.begin() as unit:  # a pause after silence is over, and it is time to ask for changes
        past = now() - timedelta(days=1)
        unit.connection.execute(circuits.update().where(circuits.c.since.is_not(None)).values(open_until=past))
        unit.connection.execute(jobs.update().where(jobs.c.kind == "poll").values(due_at=now()))
    for _ in range(100):
        if doing.turn():
            return doing
    raise AssertionError("jobs never come to an end")


def rows_of(world: World, table: sa.Table = followed) -> Sequence[sa.Row[Any]]:
    with world.store.begin(read_only=True) as unit:
        return unit.connection.execute(sa.select(table)).all()


def tasks(world: World, reader: Reader = COORDINATOR) -> Sequence[Task]:
    return show_tasks(reader, world.store, actor="test", correlation_id="c")


def protected(world: World, plan: UUID) -> frozenset[UUID]:
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    return stored.plan.protected
