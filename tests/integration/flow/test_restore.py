"""A database that comes back from a copy: what is erased again by its certificate, and what follows for recipients.

``tests/deploy/test_backup.py`` does the same with a dump, a real PostgreSQL and real processes.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority.legal_holds import LegalHold
from hub.crypto.signing import SigningKey
from hub.errors import Tampered
from hub.flow.erase import approve, ask, certificates, finish
from hub.flow.legal_hold import hold, lift_hold
from hub.flow.restore import Restored, erased_since, restored
from hub.store.circuits import Direction
from hub.store.rights_tables import erasures
from hub.store.tables import outbox, people, plans
from hub.testing.builders import a_contribution
from tests.integration.databases import a_store
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.flow.test_erase import CASEWORKER, a_shared_plan
from tests.integration.world import COORDINATOR, World, some_settings

pytestmark = pytest.mark.integration


@pytest.fixture
def world(template: Path, tmp_path: Path) -> World:
    shutil.copy(template, tmp_path / "hub.db")
    settings = some_settings(
        authorities={"social": {}, "employment": {}}, person_register={"url": "http://127.0.0.1:9"}
    )
    return World(a_store(f"sqlite:///{tmp_path / 'hub.db'}"), settings=settings).begins()


def copied(world: World, folder: Path) -> World:
    """Return the hub as it would be after its database came back from a copy that is made now."""
    with sqlite3.connect(str(world.store.engine.url.database)) as old, sqlite3.connect(folder / "copy.db") as new:
        old.backup(new)
    old.close()
    new.close()
    return World(a_store(f"sqlite:///{folder / 'copy.db'}"), settings=world.settings)


def erases(world: World, plan: UUID) -> None:
    ask(plan, COORDINATOR, world.store, actor="one", correlation_id="c")
    approve(plan, CASEWORKER, world.store, actor="another", correlation_id="c")
    world.drains()
    finish(plan, world.store, timedelta(), actor="operator", correlation_id="c")


def comes_back(copy: World, lines: Sequence[bytes]) -> Restored:
    return restored(erased_since(lines, copy.store), copy.store, copy.settings, actor="test")


def count(world: World, table: sa.Table) -> int:
    with world.store.begin(read_only=True) as unit:
        return int(unit.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_a_plan_is_erased_again_with_its_person_and_its_certificate_stays_as_it_was(
    world: World, tmp_path: Path
) -> None:
    plan = a_shared_plan(world)
    copy = copied(world, tmp_path)
    erases(world, plan)
    kept = certificates(world.store)
    assert comes_back(copy, kept).erased == [plan]
    assert (count(copy, plans), count(copy, people), count(copy, outbox)) == (0, 0, 0)
    assert certificates(copy.store) == kept
    assert comes_back(copy, kept).erased == [], "it may be run again"


def test_what_stood_in_the_way_when_the_copy_was_made_stands_there_no_more(world: World, tmp_path: Path) -> None:
    plan = a_shared_plan(world)
    held = hold(plan, LegalHold.CASE, "Sagen er anket", CASEWORKER, world.store, actor="me", correlation_id="c")
    ask(plan, COORDINATOR, world.store, actor="one", correlation_id="c")
    copy = copied(world, tmp_path)
    lift_hold(held.id, CASEWORKER, world.store, actor="me", correlation_id="c")
    approve(plan, CASEWORKER, world.store, actor="another", correlation_id="c")
    world.drains()
    finish(plan, world.store, timedelta(), actor="operator", correlation_id="c")
    assert comes_back(copy, certificates(world.store)).erased == [plan]
    with copy.store.begin(read_only=True) as unit:
        [row] = unit.connection.execute(sa.select(erasures)).all()
    assert (row.asked_by, row.approved_by, row.done_at is not None) == ("one", "restore", True)


def test_a_plan_that_the_copy_does_not_know_is_passed_by(world: World, tmp_path: Path) -> None:
    by_the_danish_rules(world)
    copy = copied(world, tmp_path)
    erases(world, a_shared_plan(world))
    assert comes_back(copy, certificates(world.store)).erased == []


def test_whoever_is_not_the_hub_erases_nothing(world: World, tmp_path: Path) -> None:
    plan = a_shared_plan(world)
    copy = copied(world, tmp_path)
    erases(world, plan)
    [kept] = certificates(world.store)
    statement = {"kind": "one-plan-hub:erasure:1", "municipality": "0376", "plan": str(plan)}
    forged = SigningKey(b"\x07" * 32).sign(statement)
    another = copy.store.keyring.signing_key.sign({**statement, "kind": "one-plan-hub:revocation:1"})
    for line in (forged, another, kept.replace(b"0376", b"0377"), b"{}"):
        with pytest.raises(Tampered):
            comes_back(copy, [kept, line])
    assert count(copy, plans) == 1, "one bad line, and none of it is done"


def test_recipients_take_what_comes_next_and_nothing_comes_before_they_are_released(
    world: World, tmp_path: Path
) -> None:
    a_shared_plan(world)
    copy = copied(world, tmp_path)
    for version in range(3, 6):
        world.accepts(a_contribution("children").version(version).with_draft("g1", title=f"Ro {version}").build())
        world.drains()
    with world.store.begin(read_only=True) as unit:
        had = unit.connection.execute(sa.select(sa.func.max(outbox.c.sequence))).scalar_one()
    assert set(comes_back(copy, []).held) == {"social", "employment"}
    with copy.store.begin(read_only=True) as unit:
        least = unit.connection.execute(sa.select(sa.func.min(outbox.c.sequence))).scalar_one()
        held = {(one.authority, one.direction) for one in unit.breakers.all() if one.held_at}
    assert least > had
    assert held == {("social", Direction.RECIPIENT), ("employment", Direction.RECIPIENT)}
