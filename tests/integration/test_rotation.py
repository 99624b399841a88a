"""The master key changes while messages come, deliveries leave and people read, and a rotation is killed halfway."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.authority import Authorities
from hub.cli.keys import in_words
from hub.crypto.envelope import Keyring
from hub.errors import SettingsRefused
from hub.flow.accept import accept
from hub.flow.housekeeping import ask as asks_to_clear
from hub.flow.housekeeping import expect, rounds
from hub.flow.rotation import ask, check_keys, standing, step
from hub.flow.show import show_plan
from hub.queue.housekeeper import Housekeeper
from hub.queue.running import Running
from hub.store.rewrapping import WRAPPED
from hub.store.tables import audit, inbox, plans
from hub.store.transaction import Store
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import COORDINATOR, SetUp, authorities_of, eventually
from tests.integration.store.test_sealed_places import Filled, sealed_columns

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
_PLANS, _BEFORE = 20, 700


def test_every_column_that_a_master_key_has_wrapped_is_wrapped_anew(set_up: SetUp) -> None:
    with set_up.store.begin() as unit:
        rows = Filled(unit).rows
        wrapped = {
            column
            for column, some in rows.items()
            for value in unit.connection.execute(sa.select(some[0].table.c[column.split(".")[1]]).where(some[0].which))
            if bytes(value[0]).startswith((1).to_bytes(4) + b"\x02")
        }
    assert wrapped == {str(one.column) for one in WRAPPED}
    assert wrapped < sealed_columns()
    newer = with_keys(set_up, 1, 2)
    ask(newer, "test")
    eventually(lambda: step(newer) is None and not standing(newer).is_under_way)
    assert standing(newer).left == 0
    newest = with_keys(set_up, 2)
    with newest.begin(read_only=True) as unit:
        for some in rows.values():
            assert unit.connection.execute(sa.select(some[0].table).where(some[0].which)).one()
    newer.close()
    newest.close()


def key_of(set_up: SetUp, version: int) -> bytes:
    """Return a master key: the set-up's own is the first."""
    return set_up.settings.keys[1].get_secret_value() if version == 1 else bytes([version]) * 32


def with_keys(set_up: SetUp, *versions: int, in_use: int | None = None) -> Store:
    """Open the same database as a process whose settings have these master keys."""
    keys = {version: key_of(set_up, version) for version in versions}
    keyring = Keyring(keys, set_up.settings.index_key.get_secret_value(), None, in_use)
    return Store(set_up.settings.database_url, keyring, set_up.settings.municipality)


class Load:
    """Messages and reads, one after the other, at whichever process is there; and every error that they met."""

    def __init__(self, set_up: SetUp, authorities: Authorities, plans: dict[str, UUID]) -> None:
        self.store, self.errors, self.done = set_up.store, list[str](), 0
        self._authorities, self._plans = authorities, plans
        self._versions = dict.fromkeys(plans, 1)
        self._is_over = threading.Event()

    def says(self, cpr: str, goal: str = "Ro om aftenen") -> None:
        self._versions[cpr] += 1
        children: Any = self._authorities["children"].adapter
        told = Told(cpr, case=f"case-{cpr}", version=self._versions[cpr], goals={f"g{cpr}": goal})
        accept(children.message(told), self.store, self._authorities)

    def reads(self, cpr: str) -> None:
        shown = show_plan(self._plans[cpr], COORDINATOR, self.store, actor="test", correlation_id="c")
        assert shown.view.seen, "nothing of the plan is shown"

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Work within the block."""
        with ThreadPoolExecutor(2) as pool:
            working = [pool.submit(self._repeat, what) for what in (self.says, self.reads)]
            try:
                yield
            finally:
                self._is_over.set()
        for one in working:
            one.result()

    def comes_on(self, by: int = 20) -> None:
        """Wait until so much more has been done."""
        before = self.done
        eventually(lambda: self.done >= before + by, 60)

    def _repeat(self, what: Callable[[str], None]) -> None:
        while not self._is_over.is_set():
            for cpr in self._plans:
                try:
                    what(cpr)
                    self.done += 1
                except Exception as error:
                    self.errors.append(f"{what.__name__}: {error!r}")
                if self._is_over.wait(0.01):
                    return


@pytest.mark.slow
def test_the_master_key_changes_under_load_without_an_error_and_the_old_one_is_then_removed(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    plans = {cpr: set_up.opens_plan(authorities, cpr) for cpr in (f"01017001{n:02d}" for n in range(_PLANS))}
    load = Load(set_up, authorities, plans)
    for number in range(_BEFORE):  # enough to be in the middle of
        load.says(list(plans)[number % _PLANS], f"Mål {number}")
    one = with_keys(set_up, 1)
    both = with_keys(set_up, 1, 2, in_use=1)
    newer = with_keys(set_up, 1, 2)
    processes = {id(store): Running(store, set_up.broker, authorities, set_up.settings) for store in (one, both, newer)}
    processes[id(one)].start()
    with load.going_on():
        load.comes_on()
        for goes, comes in ((one, both), (both, newer)):  # two rolling restarts
            processes[id(comes)].start()
            load.store = comes
            load.comes_on()
            assert processes[id(goes)].stop(20)
            load.comes_on()
        left = standing(newer).left
        killed_in_the_middle(set_up, newer, left)
        load.comes_on()
        eventually(lambda: not standing(newer).left and not standing(newer).is_under_way, 60)
        load.comes_on()
    eventually(lambda: all(set_up.row(plan, "social").due_at is None for plan in plans.values()), 30)
    assert processes[id(newer)].stop(20)
    assert load.errors == []
    assert standing(newer).removable == {1}
    with newer.begin(read_only=True) as unit:
        assert not unit.connection.execute(sa.select(audit.c.row).where(audit.c.action == "refused")).all()
        written = unit.connection.execute(sa.select(audit.c.details).where(audit.c.action == "keys-rotated")).scalars()
        assert [orjson.loads(one)["version"] for one in written] == [2]
    without_the_old_key(set_up, load)
    for store in (one, both, newer):
        store.close()


def killed_in_the_middle(set_up: SetUp, store: Store, left: int) -> None:
    """Run ``hub keys rotate`` as a process of its own, and kill it once it has done a part."""
    url = store.engine.url
    settings = {
        "HUB_DATABASE_URL": url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False),
        "HUB_BROKER_URL": set_up.settings.broker_url,
        **{f"HUB_KEYS__{v}": base64.b64encode(key_of(set_up, v)).decode() for v in (1, 2)},
        "HUB_INDEX_KEY": base64.b64encode(set_up.settings.index_key.get_secret_value()).decode(),
    }
    command = [sys.executable, "-m", "hub", "keys", "rotate"]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL) as rotating:
        eventually(lambda: standing(store).left < left, 60)
        rotating.send_signal(signal.SIGKILL)
    assert standing(store).left, "nothing was left: it was not killed in the middle"


def without_the_old_key(set_up: SetUp, load: Load) -> None:
    """Read everything with the new key alone; with the old one alone, or another, nothing starts."""
    newest = load.store = with_keys(set_up, 2)
    check_keys(newest)
    for cpr in load._plans:
        load.reads(cpr)
        load.says(cpr, "Et nyt mål")
    with newest.begin(read_only=True) as unit:
        receipts = unit.connection.execute(sa.select(inbox.c.id).where(inbox.c.body.is_not(None))).scalars().all()
        assert len(receipts) > _BEFORE
        assert all(unit.inbox.body(receipt) for receipt in receipts)
    newest.close()
    old = with_keys(set_up, 1)
    with pytest.raises(SettingsRefused, match="master key version 2, and HUB_KEYS__2 is not set"):
        check_keys(old)
    old.close()


@pytest.mark.parametrize("byte", [0, 20], ids=["version-of-the-key", "key"])
def test_one_wrapped_key_that_does_not_open_stops_neither_the_others_nor_housekeeping(set_up: SetUp, byte: int) -> None:
    authorities = authorities_of(MemoryAdapter("children"))
    some = sorted(set_up.opens_plan(authorities, f"01017001{n:02d}") for n in range(3))
    newer = with_keys(set_up, 1, 2)
    ask(newer, "test")
    expect(newer, set_up.settings)
    flips(newer, some[0], byte)
    asks_to_clear(newer, set_up.settings, "test")
    keeper = Housekeeper(newer, set_up.settings)
    eventually(lambda: keeper.turn() and not standing(newer).is_under_way and not is_clearing(set_up, newer))
    found = standing(newer)
    assert (found.left, found.has_ended, found.removable) == (1, True, frozenset())
    assert "1 rows are left of others; a round has ended without them" in in_words(found)
    with newer.begin(read_only=True) as unit:
        assert all(unit.plans.get(plan) for plan in some[1:])
        (details,) = unit.connection.execute(
            sa.select(audit.c.details).where(audit.c.action == "keys-rotated")
        ).scalars()
    assert orjson.loads(details)["unreadable"] == 1
    flips(newer, some[0], byte)  # restored from a copy: another round takes it along
    ask(newer, "test")
    eventually(lambda: step(newer) is None and not standing(newer).is_under_way)
    assert standing(newer).removable == {1}
    newer.close()


def test_housekeeping_goes_on_though_rotation_fails(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    asks_to_clear(set_up.store, set_up.settings, "test")
    monkeypatch.setattr("hub.flow.rotation.step", raises)
    keeper = Housekeeper(set_up.store, set_up.settings)

    def is_done() -> bool:
        with pytest.raises(ZeroDivisionError):  # it is told, once the others have had their step
            keeper.turn()
        return not is_clearing(set_up, set_up.store)

    eventually(is_done)


def raises(_store: Store) -> None:
    raise ZeroDivisionError


def is_clearing(set_up: SetUp, store: Store) -> bool:
    return any(one["is_due"] for one in rounds(store, set_up.settings))


def flips(store: Store, plan: UUID, byte: int) -> None:
    """Flip a bit of a plan's wrapped key; flipped once more, it is as it was."""
    with store.begin() as unit:
        query = sa.select(plans.c.wrapped_key).where(plans.c.id == plan)
        content = bytearray(unit.connection.execute(query).scalar_one())
        content[byte] ^= 1
        unit.connection.execute(plans.update().where(plans.c.id == plan).values(wrapped_key=bytes(content)))
