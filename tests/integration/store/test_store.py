from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import hub.store.engines
from hub.clock import now
from hub.errors import SettingsRefused, StoreBusy, Tampered, UnknownPerson
from hub.flow.policies import publish_first_policy
from hub.flow.show import show_plan
from hub.plan.contribution import PersonFacts
from hub.plan.element import Kind
from hub.plan.identifier import cpr_identifier
from hub.store.element_versions import element_versions
from hub.store.jobs import UNKNOWN_PERSON
from hub.store.migrations import is_current, upgrade
from hub.store.tables import consents, elements, inbox, jobs, metadata, outbox, people, plans
from hub.store.transaction import Store
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_keyring, a_store, an_empty_database
from tests.integration.policy import a_generous_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration

CANARIES = ("Kanariefugl", "Svend Gulnæb", "SAG-GULD-77", "0201609995", "020160-9995", "MSG-GUL-1", "sovereklame")


# --- tables and durability ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_the_migrations_make_the_tables_and_a_second_run_does_nothing(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as url:
        store = a_store(url)
        assert not is_current(store)
        upgrade(store)
        assert is_current(store)
        upgrade(store)
        with store.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
        store.close()


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_several_that_migrate_at_once_make_the_tables_and_publish_the_first_policy_once(
    kind: str, tmp_path: Path
) -> None:
    with an_empty_database(kind, tmp_path) as url:
        processes = [a_store(url) for _ in range(4)]

        def migrates(store: Store) -> bool:
            upgrade(store)
            return publish_first_policy(a_generous_policy(), store, actor="test", correlation_id="c")

        with ThreadPoolExecutor(len(processes)) as pool:
            assert sorted(pool.map(migrates, processes)) == [False, False, False, True]
        with processes[0].begin(read_only=True) as unit:
            assert unit.policies.in_force().version == 1
        for store in processes:
            store.close()


def test_a_new_file_that_another_writes_to_is_waited_for(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "hub.db", isolation_level=None, check_same_thread=False)) as another:
        another.execute("BEGIN IMMEDIATE")
        another.execute("CREATE TABLE made (it INTEGER)")
        store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
        later = threading.Timer(0.3, lambda: another.execute("COMMIT"))
        later.start()
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        later.join()
        store.close()


def test_a_commit_on_sqlite_is_on_the_disk(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    with store.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://127.0.0.1/hub"])
def test_a_database_that_forgets_or_is_not_known_is_refused(url: str) -> None:
    with pytest.raises(SettingsRefused):
        Store(url, a_keyring(), MUNICIPALITY)


def test_a_database_that_does_not_answer_is_busy() -> None:
    store = a_store("postgresql://postgres@127.0.0.1:1/hub")
    with pytest.raises(StoreBusy):
        store.ping()


def test_a_writer_that_waits_too_long_gets_store_busy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.store.engines, "_BUSY_SECONDS", 1)
    store = a_store(url)
    with store.begin() as unit:
        plan = unit.plans.open(unit.people.add(PersonFacts((cpr_identifier("0201609995", "hub"),))), now())
    ends: list[BaseException] = []

    def wait() -> None:
        try:
            with store.begin() as unit:
                unit.plans.lock([plan])
        except StoreBusy as error:
            ends.append(error)

    with store.begin() as unit:
        unit.plans.lock([plan])
        waiter = threading.Thread(target=wait)
        waiter.start()
        waiter.join(8)
    assert len(ends) == 1
    store.close()


def test_a_deadlock_ends_as_store_busy_for_one_of_the_two(url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time")
    store = a_store(url)
    with store.begin() as unit:
        ids = [
            unit.plans.open(unit.people.add(PersonFacts((cpr_identifier(cpr, "hub"),))), now())
            for cpr in ("0201609995", "0101625638")
        ]
    both, ends = threading.Barrier(2), list[StoreBusy]()

    def cross(first: UUID, second: UUID) -> None:
        try:
            with store.begin() as unit:
                unit.plans.lock([first])
                both.wait(5)
                unit.plans.lock([second])
        except StoreBusy as error:
            ends.append(error)

    threads = [threading.Thread(target=cross, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 1
    store.close()


def test_an_empty_pool_is_store_busy(url: str) -> None:
    store = a_store(url)
    store.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    open_ones = [store.engine.connect() for _ in range(40)]
    with pytest.raises(StoreBusy):
        store.ping()
    for connection in open_ones:
        connection.close()
    store.close()


def test_connections_to_a_file_that_a_busy_moment_has_opened_rest_after_it(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    open_ones = [store.engine.connect() for _ in range(5)]
    for connection in open_ones:
        connection.close()
    used = set()
    for _ in range(10):
        with store.begin(read_only=True) as unit:
            used.add(id(unit.connection.connection.dbapi_connection))
    assert len(used) == 1
    store.close()


def test_a_key_taken_by_another_is_store_busy_and_any_other_broken_rule_is_a_bug(url: str) -> None:
    store = a_store(url)
    facts = PersonFacts((cpr_identifier("0201609995", "hub"),))
    with store.begin() as unit:
        unit.people.add(facts)
    with pytest.raises(StoreBusy), store.begin() as unit:
        unit.people.add(facts)
    with pytest.raises(sa.exc.IntegrityError), store.begin() as unit:
        unit.plans.open(UUID(int=1), now())
    store.close()


def test_times_come_back_as_they_went_in_and_naive_ones_are_refused(world: World) -> None:
    at = datetime(2026, 7, 1, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with world.store.begin() as unit:
        unit.audit.record("x", "test", at, "c")
    found = world.audited("x")[0]["at"]
    assert (found, found.tzinfo) == (at, UTC)
    with pytest.raises(sa.exc.StatementError), world.store.begin() as unit:
        unit.audit.record("x", "test", at.replace(tzinfo=None), "c")


def test_an_error_rolls_everything_back(world: World) -> None:
    def fails() -> None:
        with world.store.begin() as unit:
            unit.audit.record("x", "test", now(), "c")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert world.audited("x") == []


# --- what is in the clear -----------------------------------------------------------------------------------------


def a_telling_story(world: World) -> UUID:
    """Push names, numbers, titles, case ids, message ids and texts through everything that writes."""
    (plan,) = world.opens_plan(name="Svend Gulnæb").plans
    said = a_consent(SOMEBODY).to("social").build()
    world.says(said, plan)
    case = a_contribution("children", "SAG-GULD-77").message("MSG-GUL-1")
    world.accepts(
        case.with_draft("g1", title="Kanariefugl", text="sovereklame", details={"place": "Kanariefugl"}).build()
    )
    world.drains()
    world.accepts(case.version(2).removing("g1", "Kanariefugl").build())
    social = world.systems["social"]
    social.reason = "Kanariefugl skal bevares"
    world.drains()
    with pytest.raises(UnknownPerson):
        world.accepts(a_contribution("social", "SAG-GULD-77").about("0101625638").with_draft("Kanariefugl").build())
    show_plan(plan, COORDINATOR, world.store, actor="test", correlation_id="c")
    return plan


def test_nothing_of_a_person_stands_in_the_database_in_the_clear(world: World, tmp_path: Path) -> None:
    a_telling_story(world)
    written: list[bytes] = []
    with world.store.begin(read_only=True) as unit:
        for table in metadata.sorted_tables:
            for row in unit.connection.execute(sa.select(table)):
                written += [cell if isinstance(cell, bytes) else str(cell).encode() for cell in row]
    written += [path.read_bytes() for path in tmp_path.glob("hub.db*")]
    everything = b"\n".join(written)
    assert len(everything) > 5_000
    hits = [canary for canary in CANARIES if canary.encode() in everything]
    hits += [canary for canary in CANARIES if canary.encode("utf-16-le") in everything]
    assert not hits


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (people, "identity"), (people, "wrapped_key"), (plans, "state"), (plans, "wrapped_key"), (plans, "content"),
        (elements, "content"), (consents, "content"), (inbox, "body"),
    ],
    ids=lambda value: getattr(value, "name", value),
)  # fmt: skip
@pytest.mark.parametrize("byte", [5, 20, -1])
def test_a_flipped_bit_is_found_and_nothing_is_shown(world: World, table: sa.Table, column: str, byte: int) -> None:
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    receipt = world.accepts(a_contribution("children").with_draft("g1").build())
    key = next(iter(table.primary_key.columns))
    with world.store.begin() as unit:
        for row in unit.connection.execute(sa.select(table)).all():
            content = bytearray(row._mapping[column])
            content[byte] ^= 1
            unit.connection.execute(
                table.update().where(key == row._mapping[key.name]).values({column: bytes(content)})
            )
    with pytest.raises(Tampered):
        read_all(world, plan, receipt.id)


def read_all(world: World, plan: UUID, receipt: UUID) -> None:
    with world.store.begin() as unit:
        unit.inbox.body(receipt)
        stored = unit.plans.get(plan)
        assert stored is not None
        for element in stored.plan.elements:
            element_versions(unit.connection, stored, element)
        unit.consents.of([stored.plan.person])
        unit.people.get(stored.plan.person)


def test_an_element_copied_to_another_row_does_not_open(world: World) -> None:
    (plan,) = world.opens_plan().plans
    receipt = world.accepts(a_contribution("children").with_draft("g1").with_draft("g2").build())
    with world.store.begin() as unit:
        first, second = unit.connection.execute(sa.select(elements)).all()
        unit.connection.execute(elements.update().where(elements.c.row == second.row).values(content=first.content))
    with pytest.raises(Tampered):
        read_all(world, plan, receipt.id)


# --- history ------------------------------------------------------------------------------------------------------


def history(world: World, element: UUID) -> list[Any]:
    with world.store.begin(read_only=True) as unit:
        query = sa.select(elements).where(elements.c.id == element).order_by(elements.c.row)
        return list(unit.connection.execute(query).all())


def test_every_version_of_an_element_is_kept_without_a_gap(world: World) -> None:
    world.opens_plan()
    for version, title in ((1, "A"), (2, "B"), (3, "A")):
        world.accepts(a_contribution("children").version(version).with_draft("g1", title=title).build())
    world.accepts(a_contribution("children").version(4).removing("g1").build())
    rows = history(world, an_id("children", "g1"))
    assert len(rows) == 3
    assert [row.superseded_at for row in rows[:-1]] == [row.registered_at for row in rows[1:]]
    assert rows[-1].superseded_at is not None


def test_the_same_content_under_a_new_version_adds_no_row_and_is_no_newer(world: World) -> None:
    (plan,) = world.opens_plan().plans
    case = a_contribution("children").with_draft("g1")
    world.accepts(case.build())
    (before,) = history(world, an_id("children", "g1"))
    world.accepts(case.version(2).build())
    (after,) = history(world, an_id("children", "g1"))
    assert (after.registered_at, after.superseded_at) == (before.registered_at, None)
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        element = stored.plan.elements[an_id("children", "g1")]
    assert (element.order.version, element.registered_at) == (2, before.registered_at)


def test_an_element_that_is_only_linked_anew_is_no_newer(world: World) -> None:
    """A link may lead to what a reader does not see; the time that is told would tell of it."""
    (plan,) = world.opens_plan().plans
    case = a_contribution("children").with_draft("g1").with_draft("g2")
    world.accepts(case.with_draft("a1", part_of="g1").build())
    world.accepts(case.version(2).with_draft("a1", part_of="g2").build())
    before, after = history(world, an_id("children", "a1"))
    assert before.superseded_at == after.registered_at, "what was linked before stays on record"
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        element = stored.plan.elements[an_id("children", "a1")]
    assert (element.part_of, element.registered_at) == (an_id("children", "g2"), before.registered_at)


# --- jobs, rings --------------------------------------------------------------------------------------------------


def test_a_job_is_leased_by_one_and_by_another_when_the_lease_ran_out(world: World) -> None:
    at = now()
    with world.store.begin() as unit:
        unit.jobs.add_fetches("social", ["b", "a", "a"], at, "c")
    with world.store.begin() as unit:
        taken = [unit.jobs.lease(at, 60, ["social"]) for _ in range(3)]
        assert {job.reference for job in taken if job} == {"a", "b"}
        assert taken[2] is None
        assert unit.jobs.lease(at + timedelta(seconds=60), 60, ["social"]) is not None
        assert unit.jobs.lease(at + timedelta(seconds=60), 60, ["children"]) is None
    with world.store.begin() as unit:
        assert taken[0] is not None
        unit.jobs.done(taken[0], at)
        assert unit.connection.execute(sa.select(sa.func.count()).where(jobs.c.due_at.is_not(None))).scalar() == 2, (
            "a lease that ran out and was taken settles nothing"
        )


def test_what_waits_for_a_plan_is_due_when_one_opens(world: World) -> None:
    with world.store.begin() as unit:
        unit.jobs.add_fetches("social", ["a"], now(), "c")
        job = unit.jobs.lease(now(), 60, ["social"])
        assert job is not None
        unit.jobs.park(job, now(), UNKNOWN_PERSON)
    world.opens_plan()
    with world.store.begin() as unit:
        again = unit.jobs.lease(now(), 60, ["social"])
    assert again is not None


def test_rings_are_taken_by_one_relay_and_urgent_ones_first(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    with world.store.begin() as unit:
        unit.outbox.mark_due([plan], now(), "c", urgent=True, but_not="social")
    with world.store.begin() as unit:
        rings = unit.outbox.take_rings(10, now())
        assert unit.outbox.take_rings(10, now()) == []
    assert [ring.is_urgent for ring in rings] == [True, True, False]


def test_rings_of_a_relay_that_died_are_taken_again_when_silence_has_lasted(world: World) -> None:
    world.opens_plan()
    taken = at = now()
    with world.store.begin() as unit:
        rings = unit.outbox.take_rings(10, taken, timedelta(seconds=20))
    with world.store.begin() as unit:
        assert unit.outbox.take_rings(10, at + timedelta(seconds=19)) == []
    with world.store.begin() as unit:
        again = unit.outbox.take_rings(10, at + timedelta(seconds=20))
    assert {ring.id for ring in again} == {ring.id for ring in rings} != set()


def under_way(world: World, begun_before: int) -> list[UUID]:
    """Have deliveries of a plan under way, each of which was begun so often before and never ended."""
    (plan,) = world.opens_plan().plans
    rows = [world.row(plan, name).id for name in ("children", "employment", "social")]
    with world.store.begin() as unit:
        unit.connection.execute(outbox.update().values(attempts=begun_before))
        for row in rows:
            lease = unit.outbox.lease(row, now(), 60)
            assert lease is not None
            unit.outbox.starts(lease, 1, b"")
    return rows


def ringing(world: World) -> list[timedelta]:
    """Return when each row is rung for, from the end of its lease or, where there is none, from when it was due."""
    with world.store.begin(read_only=True) as unit:
        rows = unit.connection.execute(sa.select(outbox)).all()
    return sorted(row.ring_after - (row.lease_until or row.not_before) for row in rows)


def test_what_was_under_way_as_a_worker_died_comes_back_as_its_lease_ends_and_the_second_time_each_at_its_own(
    world: World,
) -> None:
    under_way(world, begun_before=0)
    assert ringing(world) == [timedelta(0)] * 3
    with world.store.begin() as unit:
        unit.outbox.start_afresh(now())
    under_way(world, begun_before=1)
    found = ringing(world)
    assert len(set(found)) == 3
    assert timedelta(0) <= found[0] < found[2] <= timedelta(seconds=60)


def test_a_process_that_starts_after_a_crash_rings_for_suspects_one_after_the_other(world: World) -> None:
    under_way(world, begun_before=1)
    at = now()
    with world.store.begin() as unit:
        unit.outbox.start_afresh(at)
        rows = unit.connection.execute(sa.select(outbox.c.ring_after).order_by(outbox.c.ring_after)).scalars().all()
    assert [ring_after - at for ring_after in rows] == [timedelta(seconds=place) for place in (1, 2, 3)]


def test_what_became_due_while_a_ring_was_under_way_rings_again_at_once(world: World) -> None:
    (plan,) = world.opens_plan().plans
    with world.store.begin() as unit:
        rings = unit.outbox.take_rings(10, now())
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    with world.store.begin() as unit:
        unit.outbox.not_rung(rings, now() + timedelta(seconds=60))
    assert world.row(plan, "social").ring_after <= now()


def test_a_household_member_is_remembered_as_someone_the_plan_concerns(world: World) -> None:
    (plan,) = world.opens_plan().plans
    relative = cpr_identifier("1502779995", "children")
    named = a_contribution("children").with_draft("h", Kind.HOUSEHOLD_MEMBER, concerns=(relative,)).build()
    world.accepts(replace(named, others=(PersonFacts((relative,)),)))
    with world.store.begin() as unit:
        person = unit.people.find([relative])
        assert person is not None
        assert list(unit.plans.concerning(person)) == [plan]
    world.accepts(a_contribution("children").version(2).removing("h").build())
    with world.store.begin() as unit:
        assert list(unit.plans.concerning(person)) == []
