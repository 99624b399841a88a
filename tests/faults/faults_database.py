"""What befalls a database, under load: it stops at once, breaks its connections, has no room, or its process is killed.

Each on a node, a disk or a file of the scenario's own. Nothing is acknowledged that is not committed; who sends is told
to come again, and soon; and when the database is back, so is the hub, by itself.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from hub.clock import monotonic
from tests.faults.load import Load, under_load, worse_than
from tests.faults.postgresql_node import a_postgresql_node
from tests.faults.scenario import EMBEDDED, SERVERS, Scene, scenario
from tests.faults.small_disk import SmallDisk, a_small_disk
from tests.faults.verdict import Verdict
from tests.patience import wait_for

_PAUSE = threading.Event()
_PLANS = 10
_BACK_SECONDS, _ROOM_SECONDS = 10.0, 30.0


@scenario("database-stopped", set_ups=(SERVERS,))
def database_stopped(scene: Scene) -> Verdict:
    """PostgreSQL is stopped without a word to anybody (``-m immediate``), and starts again, several times."""
    with a_postgresql_node() as node, scene.lab(database_url=node.new_database(), plans=_PLANS) as lab:
        slowest, refused = 0.0, 0
        with under_load(lab) as load:
            for _ in range(scene.size(5, sample=1)):
                load.goes_on(10)
                begun = monotonic()
                node.stop_at_once()
                _PAUSE.wait(2)
                refused += _are_told_to_come_again(scene, load, begun)
                node.start()
                slowest = max(slowest, _is_back(scene, load, monotonic(), _BACK_SECONDS))
        scene.asks(refused > 0, "Nobody was refused while the database was away.")
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, back_seconds=round(slowest, 2), refused=refused)


@scenario("database-connections-broken", set_ups=(SERVERS,))
def database_connections_broken(scene: Scene) -> Verdict:
    """Every connection to PostgreSQL is terminated, again and again; the server itself stays up."""
    with a_postgresql_node() as node, scene.lab(database_url=node.new_database(), plans=_PLANS) as lab:
        slowest, broken, begun = 0.0, 0, monotonic()
        with under_load(lab, rest=0) as load:
            for _ in range(scene.size(20, sample=3)):
                load.goes_on()
                broken += node.terminate_backends()
                slowest = max(slowest, _is_back(scene, load, monotonic(), _BACK_SECONDS))
        refused = _are_told_to_come_again(scene, load, begun)
        drained = scene.settles(lab)
        return scene.judge(
            lab, drained_seconds=drained, back_seconds=round(slowest, 2), connections_broken=broken, refused=refused
        )


@scenario("database-disk-full", is_timed=True)
def database_disk_full(scene: Scene) -> Verdict:
    """The disk of the database is full for a while: nobody gets a receipt for what there is no room for."""
    with _a_database_on_a_small_disk(scene) as (disk, url), scene.lab(database_url=url, plans=_PLANS) as lab:
        with under_load(lab) as load:
            load.goes_on(10)
            begun = monotonic()
            disk.fill()
            wait_for(lambda: _refused(load, begun), lambda refused: refused > 0)
            _PAUSE.wait(scene.size(10, sample=2))
            refused = _are_told_to_come_again(scene, load, begun)
            disk.free()
            back = _is_back(scene, load, monotonic(), _ROOM_SECONDS)
        drained = scene.settles(lab)
        if scene.is_embedded:
            scene.asks(_is_whole(Path(url.removeprefix("sqlite:///"))), "The database is damaged.")
        return scene.judge(lab, drained_seconds=drained, back_seconds=round(back, 2), refused=refused)


@scenario("sqlite-killed", set_ups=(EMBEDDED,))
def sqlite_killed(scene: Scene) -> Verdict:
    """The one process is killed (SIGKILL) at any moment while it writes, and its file is whole each time."""
    dice, kills, damaged = scene.dice(), scene.size(200, sample=5), 0
    with tempfile.TemporaryDirectory(prefix="hub-sqlite-") as folder:
        file = Path(folder) / "hub.db"
        with scene.lab(database_url=f"sqlite:///{file}", plans=_PLANS) as lab:
            with under_load(lab, rest=0) as load:
                for _ in range(kills):
                    load.goes_on(2)
                    _PAUSE.wait(dice.uniform(0, 0.3))
                    lab.processes.kill()
                    lab.store.close()  # so that nobody has the file open, and whoever comes next recovers it
                    damaged += not _is_whole(file)
                    lab.processes.start_all()
            scene.asks(damaged == 0, f"The database was damaged by {damaged} of {kills} kills.")
            drained = scene.settles(lab)
            return scene.judge(lab, drained_seconds=drained, kills=kills, whole=kills - damaged)


@contextmanager
def _a_database_on_a_small_disk(scene: Scene) -> Iterator[tuple[SmallDisk, str]]:
    with ExitStack() as stack:
        disk = stack.enter_context(a_small_disk(96))
        if scene.is_embedded:
            yield disk, f"sqlite:///{disk.folder / 'hub.db'}"
        else:
            yield disk, stack.enter_context(a_postgresql_node(disk.folder)).new_database()


def _are_told_to_come_again(scene: Scene, load: Load, since: float) -> int:
    """Ask that whoever was not acknowledged since an instant was told so, and soon; return how many were."""
    answers = load.since(since)
    scene.missed.extend(worse_than(answers, scene.size(2, sample=15)))  # a sample shares the machine with other tests
    return sum(one.status not in (200, 201) for one in answers)


def _refused(load: Load, since: float) -> int:
    return sum(one.status not in (200, 201) for one in load.since(since))


def _is_back(scene: Scene, load: Load, since: float, seconds: float) -> float:
    """Ask that a message is acknowledged within some seconds of an instant; return how many it took."""
    seconds *= scene.size(1, sample=3)
    while (took := load.first_acknowledged_since(since)) is None and monotonic() - since < seconds:
        _PAUSE.wait(0.05)
    scene.asks(took is not None, f"Nothing was acknowledged within {seconds:.0f} s of the database's return.")
    return seconds if took is None else took


def _is_whole(file: Path) -> bool:
    """Ask SQLite whether a database is whole; of a copy, so that whoever opens it next recovers it as it was left."""
    with tempfile.TemporaryDirectory(prefix="hub-sqlite-") as folder:
        copy = Path(folder) / file.name
        for part in (file, file.with_name(f"{file.name}-wal")):
            if part.exists():
                shutil.copyfile(part, copy.with_name(part.name))
        with closing(sqlite3.connect(copy)) as connection:
            return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
