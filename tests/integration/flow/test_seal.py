"""What was done is sealed afterwards, each row once; what is changed under the hub's feet is refused or found."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from hub.audit.checkpoint import read_checkpoint
from hub.audit.verification import Verdict, verify
from hub.clock import now
from hub.crypto.envelope import Keyring
from hub.crypto.signing import PublicKey
from hub.errors import StoreBusy, Unavailable
from hub.flow.housekeeping import MOST, ask, step
from hub.flow.seal import checkpoint, export, seal, standing
from hub.queue.sealer import Sealer
from hub.settings import Settings
from hub.store.seal_tables import audit_checkpoints, audit_clearings, audit_seals
from hub.store.seals import Kept
from hub.store.tables import audit
from hub.store.transaction import Store
from hub.testing.clock import frozen
from tests.integration.databases import a_store, without_triggers
from tests.integration.world import World, some_settings

pytestmark = pytest.mark.integration


def does(store: Store, times: int = 1) -> None:
    with store.begin() as unit:
        for number in range(times):
            unit.audit.record("read", "test", now(), "c", shown=number)


def seal_all(store: Store) -> int:
    sealed = 0
    while batch := seal(store, is_whole=True):
        sealed += batch
    return sealed


def covered(store: Store, settings: Settings, times: int) -> Kept:
    """Do something so many times, seal it, and sign a checkpoint over it."""
    does(store, times)
    seal_all(store)
    kept = checkpoint(store, settings)
    assert kept is not None
    return kept


def checked(store: Store, *outside: str) -> Verdict:
    return verify(export(store), outside, [store.keyring.signing_key.public])


def rows(store: Store) -> int:
    with store.begin(read_only=True) as unit:
        return unit.connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar_one()


def sealed_rows(store: Store) -> list[int]:
    with store.begin(read_only=True) as unit:
        return list(unit.connection.execute(sa.select(audit_seals.c.row).order_by(audit_seals.c.position)).scalars())


def test_what_was_done_is_sealed_once_and_is_whole(world: World) -> None:
    does(world.store, 1500)
    assert seal(world.store) == 1000
    seal_all(world.store)
    assert seal_all(world.store) == 0
    kept = checkpoint(world.store, some_settings())
    assert kept is not None
    assert len(set(sealed_rows(world.store))) == len(sealed_rows(world.store)) == rows(world.store) == kept.size
    verdict = checked(world.store, kept.note)
    assert (verdict.faults, verdict.witnessed_to) == ([], kept.size)
    assert read_checkpoint(kept.note, world.store.keyring.signing_key.public).origin == "one-plan-hub/0376/audit"


def test_a_row_that_commits_late_is_sealed_though_later_rows_were_sealed_before_it(world: World) -> None:
    if world.store.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite rows commit in the order of their numbers: one writes at a time")
    seal_all(world.store)
    with world.store.begin() as late:
        late.connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # it is late on purpose
        late.audit.record("read", "late", now(), "c")
        number = late.connection.execute(sa.select(sa.func.max(audit.c.row))).scalar_one()
        does(world.store, 12_000)  # more than a look at recent rows looks back
        seal_all(world.store)
        assert number not in sealed_rows(world.store)
    assert seal(world.store) == 0, "too far back for a look at recent rows"
    assert seal(world.store, is_whole=True) == 1
    assert sealed_rows(world.store)[-1] == number
    assert checked(world.store).is_whole


def test_two_processes_seal_each_row_once(world: World) -> None:
    does(world.store, 50)
    other = a_store(world.store.engine.url.render_as_string(hide_password=False))
    if world.store.engine.dialect.name == "postgresql":
        with world.store.begin() as unit:
            assert unit.seals.take()
            assert seal(other) == 0, "somebody else is just doing it"
    assert seal_all(other) > 0
    assert seal_all(world.store) == 0
    other.close()


def test_a_checkpoint_comes_after_so_many_seconds_or_entries_and_not_without_anything_new(world: World) -> None:
    settings = some_settings().model_copy(update={"audit_checkpoint_entries": 10})
    with frozen(now()) as clock:
        seal_all(world.store)
        assert checkpoint(world.store, settings)
        does(world.store)
        seal_all(world.store)
        assert checkpoint(world.store, settings) is None
        clock.advance(timedelta(seconds=60))
        assert checkpoint(world.store, settings)
        clock.advance(timedelta(seconds=60))
        assert checkpoint(world.store, settings) is None, "nothing is new"
        does(world.store, 10)
        seal_all(world.store)
        assert checkpoint(world.store, settings)
    assert checked(world.store).is_whole


@pytest.mark.parametrize("table", [audit, audit_seals, audit_checkpoints, audit_clearings])
def test_the_database_refuses_to_change_or_delete(world: World, table: sa.Table) -> None:
    covered(world.store, some_settings(), 3)
    with world.store.begin() as unit:
        unit.seals.clear(0, 1, now())
    for statement in (table.delete(), table.update().values(municipality="0101")):
        with pytest.raises(DBAPIError, match="never changed"), world.store.begin() as unit:
            unit.connection.execute(statement)


def keeps_house(store: Store, settings: Settings) -> int:
    """Do a round of housekeeping; return how many audit entries it has cleared."""
    ask(store, settings, "test")
    cleared = 0
    while (done := step(store, settings, pause=timedelta(0))) is not None:
        assert done.rows <= MOST
        cleared += done.rows if done.kind == "audit-entries" else 0
    return cleared


def test_what_is_old_is_cleared_in_small_steps_and_the_rest_is_whole(world: World) -> None:
    settings = some_settings()
    with frozen(now()) as clock:
        old = covered(world.store, settings, 2 * MOST + 20)
        clock.advance(timedelta(days=1000))
        assert keeps_house(world.store, settings) == 0
        clock.advance(timedelta(days=1000))
        does(world.store, 5)
        seal_all(world.store)
        gone = keeps_house(world.store, settings)
        assert gone == old.size > 2 * MOST
        with world.store.begin(read_only=True) as unit:
            said = [row for row in unit.audit.recent(None, 10) if row["action"] == "cleared"]
        assert [(row["details"]["cleared"], row["details"]["rows"]) for row in said] == [("audit-entries", gone)]
        assert not checked(world.store, old.note).is_whole, "no checkpoint says yet that they were cleared"
        seal_all(world.store)
        assert checkpoint(world.store, settings)
        verdict = checked(world.store, old.note)
        assert (verdict.faults, verdict.cleared, verdict.witnessed_to) == ([], gone, old.size)
        assert keeps_house(world.store, settings) == 0


def test_what_no_checkpoint_covers_and_what_is_young_is_not_cleared(world: World) -> None:
    settings = some_settings(keep_audit_days=10)
    with frozen(now()) as clock:
        first = covered(world.store, settings, 10)
        does(world.store, 10)
        clock.advance(timedelta(days=11))
        seal_all(world.store)
        assert keeps_house(world.store, settings) == first.size
        clock.advance(timedelta(seconds=60))
        seal_all(world.store)
        assert checkpoint(world.store, settings)
        assert keeps_house(world.store, settings) == 0, "no checkpoint has covered the others for so long"
        clock.advance(timedelta(days=11))
        assert keeps_house(world.store, settings) == 10, "the last one stays, here that of the clearing itself"
        with pytest.raises(DBAPIError, match="never changed"), world.store.begin() as unit:
            unit.connection.execute(audit.delete())


def test_one_who_owns_the_database_is_found(world: World) -> None:
    kept = covered(world.store, some_settings(), 30)
    with world.store.begin() as unit:
        without_triggers(unit)
        row = unit.connection.execute(sa.select(sa.func.max(audit.c.row))).scalar_one()
        unit.connection.execute(audit.update().where(audit.c.row == row).values(actor="nobody"))
    assert any("it was changed" in fault for fault in checked(world.store).faults)
    with world.store.begin() as unit:  # cut off the end, with seal and checkpoint: only a witness knows better
        without_triggers(unit)
        unit.connection.execute(audit.delete().where(audit.c.row == row))
        unit.connection.execute(audit_seals.delete().where(audit_seals.c.row == row))
        unit.connection.execute(audit_checkpoints.delete())
    assert checked(world.store).is_whole
    assert any("the end was cut off" in fault for fault in checked(world.store, kept.note).faults)


_SEALS_AND_DIES = """
import os, signal, sys
from hub.flow.seal import seal
from tests.integration.databases import a_store
while seal(a_store(sys.argv[1])):
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_crash_between_sealing_and_checkpoint_loses_nothing(world: World) -> None:
    does(world.store, 25)
    url = world.store.engine.url.render_as_string(hide_password=False)
    root = str(Path(__file__).parents[3])
    died = subprocess.run([sys.executable, "-c", _SEALS_AND_DIES, url], cwd=root, env=os.environ | {"PYTHONPATH": root})
    assert died.returncode == -9
    assert standing(world.store, some_settings()).checkpoint is None
    assert seal_all(world.store) == 0
    kept = checkpoint(world.store, some_settings())
    assert kept is not None
    assert kept.size == rows(world.store)
    assert checked(world.store, kept.note).is_whole


def test_the_database_refuses_to_be_emptied(world: World) -> None:
    if world.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    does(world.store, 3)
    there = rows(world.store)
    for table in ("audit", "audit_seals", "audit_checkpoints", "audit_clearings", "people, audit"):
        with pytest.raises(DBAPIError, match="TRUNCATE of audit"), world.store.begin() as unit:
            unit.connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")
    assert rows(world.store) == there


def test_a_seal_of_another_municipality_hides_nothing(world: World) -> None:
    does(world.store)
    seal_all(world.store)
    with world.store.begin() as unit:
        last = unit.connection.execute(sa.select(sa.func.max(audit.c.row))).scalar_one()
        others = {"municipality": "9999", "position": 0, "row": last + 1, "leaf": b"", "link": b""}
        unit.connection.execute(audit_seals.insert(), others)
    does(world.store)
    assert standing(world.store, some_settings()).unsealed == 1
    with pytest.raises((StoreBusy, DBAPIError)):  # until the alarm of the unsealed rings: such a seal is nobody's
        seal_all(world.store)


@pytest.mark.parametrize("gone", [0, 4], ids=["between others", "a beginning"])
def test_who_says_that_all_may_be_cleared_is_found(world: World, gone: int) -> None:
    does(world.store, 9)
    seal_all(world.store)
    with world.store.begin() as unit:
        there = list(unit.connection.execute(sa.select(audit.c.row).order_by(audit.c.row)).scalars())
        said = {"municipality": world.store.municipality, "cleared_to": len(there), "at": now()}
        with pytest.raises(DBAPIError, match="past the last checkpoint"), unit.connection.begin_nested():
            unit.connection.execute(audit_clearings.insert(), said)
    first = checkpoint(world.store, some_settings())
    assert first is not None
    with world.store.begin() as unit:
        unit.connection.execute(audit_clearings.insert(), said | {"cleared_to": first.size})
        unit.connection.execute(audit.delete().where(audit.c.row.in_(there[:gone] or there[-4:-2])))
    does(world.store, 2)
    seal_all(world.store)
    with frozen(now() + timedelta(seconds=61)):
        kept = checkpoint(world.store, some_settings())
    assert kept is not None
    assert "cleared 0\n" in kept.note, "nothing has been there for five years"
    fault = "no checkpoint says" if gone else "only a beginning"
    assert any(fault in found for found in checked(world.store, kept.note).faults)


def test_nothing_is_put_in_the_place_of_what_stands(world: World) -> None:
    if world.store.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL has no REPLACE")
    covered(world.store, some_settings(), 3)
    with world.store.begin() as unit:
        unit.seals.clear(0, 1, now())
    for table in (audit, audit_seals, audit_checkpoints, audit_clearings):
        replace = f"INSERT OR REPLACE INTO {table.name} SELECT * FROM {table.name} LIMIT 1"  # noqa: S608 - our names
        with pytest.raises(DBAPIError, match="REPLACE of"), world.store.begin() as unit:
            unit.connection.exec_driver_sql(replace)
    assert checked(world.store).entries == rows(world.store) + 1


def test_what_another_key_of_the_hubs_has_signed_before_is_whole(world: World) -> None:
    """The signing key may be another one day; its public half stays among HUB_OLD_PROOF_KEYS."""
    settings = some_settings(keep_audit_days=1)
    with frozen(now()) as clock:
        first = covered(world.store, settings, 3)
        before, world.store.keyring = world.store.keyring, another_signs(world.store.keyring.signing_key.public)
        does(world.store)
        seal_all(world.store)
        clock.advance(timedelta(days=2))
        assert keeps_house(world.store, settings) == first.size
        seal_all(world.store)
        last = checkpoint(world.store, settings)
        assert last is not None
        assert f"cleared {first.size}\n" in last.note
        keys = world.store.keyring.public_keys
        assert len(keys) == 2
        for given in (keys, ()):
            assert verify(export(world.store), [first.note, last.note], given).faults == []
        assert not verify(export(world.store), [], keys[:1]).is_whole
        world.store.keyring = before


def another_signs(old: PublicKey) -> Keyring:
    """Return the keys of the tests, but another that signs."""
    return Keyring({1: b"\x01" * 32}, b"\x02" * 32, b"\x05" * 32, old_proof_keys=[old])


def test_rows_that_another_process_keeps_from_being_sealed_are_the_sealers_trouble(world: World) -> None:
    if world.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one process")
    with frozen(now()) as clock:
        does(world.store)
        sealer = Sealer(world.store, some_settings())
        with world.store.begin() as hangs:
            assert hangs.seals.take()
            assert sealer.turn() > 0, "it has not waited for long yet"
            clock.advance(timedelta(seconds=61))
            with pytest.raises(Unavailable, match="HUB_AUDIT_LAG_SECONDS"):
                sealer.turn()
        sealer.turn()
        assert standing(world.store, some_settings()).is_well


def test_rows_that_wait_for_long_are_an_alarm(world: World) -> None:
    settings = some_settings()
    with frozen(now()) as clock:
        does(world.store, 3)
        clock.advance(timedelta(seconds=61))
        assert standing(world.store, settings).is_late
        seal_all(world.store)
        found = standing(world.store, settings)
        assert (found.unsealed, found.oldest_seconds, found.is_late) == (0, 0.0, False)


def test_an_export_tells_each_entry_as_it_was_written(world: World) -> None:
    does(world.store)
    seal_all(world.store)
    last = orjson.loads(list(export(world.store))[-1])
    assert (last["entry"]["action"], last["entry"]["details"]) == ("read", '{"shown":0}')
