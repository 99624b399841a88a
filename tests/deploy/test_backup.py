"""The scripts of ``deploy/backup``, run on a PostgreSQL of our own under real processes that lose their database."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.consent.reader import Reader
from hub.flow.erase import approve, ask, finish
from hub.plan.person import Role
from hub.store.tables import audit, outbox, plans
from tests.deploy.programs import DEPLOY, program
from tests.faults.lab import SERVERS, Lab, a_lab
from tests.faults.postgresql_node import PostgresNode, a_postgresql_node
from tests.faults.recipients import Recipient, answer
from tests.faults.senders import version_in
from tests.integration.set_up import eventually

pytestmark = [pytest.mark.integration, pytest.mark.deploy, pytest.mark.servers, pytest.mark.timeout(600)]

_CASEWORKER = Reader("children", Role.CASEWORKER)
_COORDINATOR = Reader("coordination", Role.COORDINATOR)
_HUB = f"{sys.executable} -m hub"


@dataclass
class Backups:
    """Where dumps lie and what is kept outside; and the hub whose they are."""

    lab: Lab
    node: PostgresNode
    dumps: Path
    outside: Path

    @property
    def environment(self) -> Mapping[str, str]:
        where = urlsplit(self.lab.store.engine.url.render_as_string(hide_password=False))
        return {
            **os.environ,
            **self.lab.processes.programs["hub"].environment,
            "PGHOST": str(where.hostname),
            "PGPORT": str(where.port),
            "PGUSER": str(where.username),
            "PGDATABASE": where.path[1:],
            "HUB": _HUB,
        }

    def run(self, name: str, *arguments: str, **otherwise: str) -> subprocess.CompletedProcess[str]:
        """Run a script, with some of its environment otherwise."""
        command, environment = [str(DEPLOY / "backup" / name), *arguments], {**self.environment, **otherwise}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    def backup(self) -> str:
        """Make a dump; return its name."""
        ran = self.run("backup", str(self.dumps), str(self.outside))
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.split()[-1]

    def restore(self, name: str) -> subprocess.CompletedProcess[str]:
        return self.run("restore", str(self.dumps), str(self.outside), name)

    def hub(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hub", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)

    def loses_the_database(self) -> None:
        """End the hub, and put an empty database where its own was."""
        self.lab.processes.end()
        self.empties_the_database()

    def empties_the_database(self) -> None:
        """Put an empty database where the hub's own is."""
        self.lab.store.close()
        name = self.environment["PGDATABASE"]
        self.node.tell(f'DROP DATABASE "{name}" WITH (FORCE)')
        self.node.tell(f'CREATE DATABASE "{name}"')

    def rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self.lab.store.begin(read_only=True) as unit:
            return unit.connection.execute(query).scalars().all()


@pytest.fixture(scope="module")
def backups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backups]:
    """One hub for all, in the order of this file; the last test leaves it without a database."""
    program("pg_dump", "postgresql-client")
    dumps, outside = (tmp_path_factory.mktemp(name) for name in ("dumps", "outside"))
    with a_postgresql_node() as node:
        settings = {"audit_checkpoint_seconds": 1, "audit_checkpoint_entries": 1}
        with a_lab(SERVERS, database_url=node.new_database(), plans=4, settings=settings) as lab:
            yield Backups(lab, node, dumps, outside)


@contextmanager
def silent(lab: Lab, name: str) -> Iterator[None]:
    """Let a recipient's system answer nobody until the block ends."""
    lab.recipients[name].behaviour = lambda handler, delivery: answer(handler, 503, {}, delivery)
    try:
        yield
    finally:
        lab.recipients[name].behaviour = None


def erase(lab: Lab, plan: UUID) -> None:
    ask(plan, _COORDINATOR, lab.store, actor="one", correlation_id="c")
    approve(plan, _CASEWORKER, lab.store, actor="another", correlation_id="c")
    eventually(lambda: lab.due() == 0 and not any(one.held(plan) for one in lab.recipients.values()), 60)
    finish(plan, lab.store, timedelta(), actor="operator", correlation_id="c")


def versions(recipient: Recipient, plan: UUID) -> set[int]:
    return set(map(version_in, recipient.held(plan).values()))


def test_a_list_of_erasures_that_this_hub_has_not_signed_erases_nothing(backups: Backups, tmp_path: Path) -> None:
    forged = tmp_path / "erased.jsonl"
    forged.write_text('{"statement":{"plan":"' + str(backups.lab.cases[0].plan) + '"}}\n')
    ran = backups.hub("restored", "--erased", str(forged))
    assert ran.returncode == 1
    assert "signed" in ran.stderr
    assert backups.lab.cases[0].plan in backups.rows(sa.select(plans.c.id))


def test_a_hub_that_is_restored_delivers_what_was_pending_keeps_its_audit_and_what_was_erased_stays_erased(
    backups: Backups,
) -> None:
    lab = backups.lab
    lab.say(20)
    assert lab.settles() is not None
    with silent(lab, "social"):
        lab.say(10)
        waits = sa.select(outbox.c.plan_id).where(outbox.c.recipient == "social", outbox.c.due_at.is_not(None))
        pending = set(backups.rows(waits))
        assert len(pending) > 1
        name = backups.backup()
    # What is lost again: messages and deliveries with later sequences, and a plan that was erased.
    lab.say(20)
    assert lab.settles() is not None
    gone = next(case.plan for case in lab.cases if case.plan in pending)
    erase(lab, gone)
    assert backups.run("keep-erasures", str(backups.outside)).returncode == 0
    had = {one.plan: one.sequence for one in lab.recipients["social"].seen()}
    backups.loses_the_database()

    ran = backups.restore(name)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Whole." in ran.stdout
    assert "Erased again: 1 of 1 plans." in ran.stdout
    assert gone not in backups.rows(sa.select(plans.c.id))
    assert {"restored", "erased-again"} <= set(backups.rows(sa.select(audit.c.action)))

    before = {one.name: len(one.seen()) for one in lab.recipients.values()}
    lab.processes.start_all()
    threading.Event().wait(3)
    assert {one.name: len(one.seen()) for one in lab.recipients.values()} == before, "nothing leaves while it is held"
    for recipient in lab.recipients:
        ran = backups.hub("authorities", "release", recipient, "--direction", "recipient")
        assert ran.returncode == 0, ran.stderr
    eventually(lambda: lab.due() == 0, 60)
    after = {one.name: one.seen()[before[one.name] :] for one in lab.recipients.values()}
    assert {one.plan for one in after["social"]} == pending - {gone}, "what was pending was delivered"
    assert all(one.sequence > had[one.plan] for one in after["social"]), "and later than all that social has had"

    kept = next(case for case in lab.cases if case.plan != gone)
    message = lab.journal.next_message(kept)
    assert lab.send(message) is not None
    eventually(lambda: all(message.version in versions(one, kept.plan) for one in lab.recipients.values()), 60)
    assert not any(one.held(gone) for one in lab.recipients.values())
    ran = backups.hub("audit", "verify", "--checkpoint", str(backups.outside / f"{name}.checkpoint"))
    assert ran.returncode == 0, ran.stdout


def test_what_does_not_fit_is_refused_and_a_restore_that_stops_says_what_is_left_to_do(backups: Backups) -> None:
    backups.lab.say(3)
    eventually(lambda: backups.hub("audit", "status").returncode == 0, 30)
    name = backups.backup()
    not_empty = backups.restore(name)
    assert (not_empty.returncode, "is not empty" in not_empty.stderr) == (1, True)
    arguments = ("restore", str(backups.dumps), str(backups.outside), name)
    unset = backups.run(*arguments, HUB="/nowhere/hub")
    assert (unset.returncode, "nothing was done" in unset.stderr) == (1, True)
    elsewhere = backups.run(*arguments, PGDATABASE=urlsplit(backups.node.new_database()).path[1:])
    assert (elsewhere.returncode, "names another database" in elsewhere.stderr) == (1, True)
    backups.loses_the_database()
    whole = (backups.outside / f"{name}.checkpoint").read_text("utf-8")
    (backups.outside / f"{name}.checkpoint").write_text("no checkpoint\n", "utf-8")
    stopped = backups.restore(name)
    assert stopped.returncode == 1
    assert "NOT FIT TO BE USED: start nothing" in stopped.stderr
    assert f"hub restored --erased {backups.outside}/erased.jsonl" in stopped.stderr
    (backups.outside / f"{name}.checkpoint").write_text(whole, "utf-8")
    backups.empties_the_database()
    with (backups.dumps / f"{name}.dump").open("ab") as dump:
        dump.write(b"x")
    changed = backups.restore(name)
    assert (changed.returncode, f"{name}.dump" in changed.stderr + changed.stdout) == (1, True)
    tables = sa.select(sa.func.count()).select_from(sa.text("pg_tables")).where(sa.text("schemaname = 'public'"))
    assert backups.rows(tables) == [0], "nothing of it was brought in"
