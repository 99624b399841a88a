"""Witnesses are given each checkpoint of the audit; one that does not answer stops nobody, and is seen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.audit.checkpoint import read_checkpoint
from hub.audit.verification import verify
from hub.authority import load_witnesses
from hub.clock import monotonic, now
from hub.errors import SettingsRefused, Unavailable
from hub.flow.seal import Standing, checkpoint, export, seal, standing
from hub.queue.running import Running
from hub.queue.witnesses import Witnesses
from hub.settings import Settings
from hub.store.seal_tables import audit_checkpoints, audit_seals
from hub.store.tables import audit
from hub.store.transaction import Store
from hub.testing.clock import frozen
from tests.integration.databases import a_store, without_triggers
from tests.integration.set_up import SetUp, eventually
from tests.integration.world import World, some_settings

pytestmark = pytest.mark.integration


@dataclass
class Service:
    """A witness on a real socket."""

    url: str = ""
    status: int = 201
    notes: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)


@contextmanager
def a_service() -> Iterator[Service]:
    service = Service()

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            service.types.add(f"{self.path} {self.headers['content-type']}")
            if service.status < 300:
                service.notes.append(body)
            self.send_response(service.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    service.url = f"http://127.0.0.1:{server.server_port}/checkpoints"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def witnessed_by(*addresses: str) -> Settings:
    return some_settings(audit_witnesses=list(addresses), audit_checkpoint_entries=1)


def loop_of(store: Store, settings: Settings) -> Witnesses:
    return Witnesses(store, load_witnesses(settings.audit_witnesses), settings)


def does_and_seals(store: Store, settings: Settings, times: int = 1) -> None:
    """Do something, seal it and sign a checkpoint, so many times."""
    for _ in range(times):
        with store.begin() as unit:
            unit.audit.record("read", "test", now(), "c", shown=1)
        while seal(store, is_whole=True):
            pass
        assert checkpoint(store, settings)


def of(found: Standing, address: str) -> tuple[int, int, bool, bool]:
    """Return size, missing, whether it has trouble and whether it is late."""
    one = next(one for one in found.witnesses if one.witness == address)
    return one.size, one.missing, bool(one.trouble), one.is_late


def test_a_service_is_posted_each_checkpoint_once_as_it_was_signed(world: World) -> None:
    with a_service() as service:
        settings = witnessed_by(service.url)
        loop = loop_of(world.store, settings)
        assert loop.turn() > 0, "there is nothing yet"
        does_and_seals(world.store, settings, 3)
        for _ in range(3):
            loop.turn()
        key = world.store.keyring.signing_key.public
        assert [read_checkpoint(note, key).size for note in service.notes] == [
            2,
            3,
            4,
        ]  # the world has published a policy before
        assert service.types == {"/checkpoints text/plain; charset=utf-8"}
        assert verify(export(world.store), service.notes, [key]).witnessed_to == 4
        found = standing(world.store, settings)
        assert of(found, service.url) == (4, 0, False, False)
        assert found.witnesses[0].taken_at is not None
        does_and_seals(world.store, settings)
        loop_of(world.store, settings).turn()  # as after a restart: it goes on where it was
        assert len(service.notes) == 4


@pytest.mark.parametrize("status", [500, 503, 404, 403, 302])
def test_a_service_that_fails_is_seen_and_is_given_later_what_it_lacks(world: World, status: int) -> None:
    with a_service() as service, frozen(now()) as clock:
        service.status = status
        settings = witnessed_by(service.url)
        loop = loop_of(world.store, settings)
        does_and_seals(world.store, settings, 2)
        for _ in range(3):
            with pytest.raises(Unavailable):
                loop.turn()
        assert of(standing(world.store, settings), service.url) == (0, 2, True, False)
        assert standing(world.store, settings).is_well, "it is no alarm at once"
        clock.advance(timedelta(seconds=61))
        assert of(standing(world.store, settings), service.url) == (0, 2, True, True)
        assert not standing(world.store, settings).is_well
        service.status = 200
        loop.turn()
        assert len(service.notes) == 2
        assert of(standing(world.store, settings), service.url) == (3, 0, False, False)
        assert standing(world.store, settings).is_well


def test_one_that_does_not_answer_keeps_no_other_from_its_checkpoints(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    folder = tmp_path / "witness"
    folder.mkdir()
    with a_service() as service:
        settings = witnessed_by(dead, service.url, str(folder))
        loop = loop_of(world.store, settings)
        does_and_seals(world.store, settings, 2)
        with pytest.raises(Unavailable):
            loop.turn()
        assert len(service.notes) == 2
        notes = [path.read_text("utf-8") for path in sorted(folder.glob("*.checkpoint"))]
        assert notes == service.notes
        assert of(standing(world.store, settings), dead) == (0, 2, True, False)


def test_a_folder_that_is_not_there_is_given_everything_once_it_is_and_again_when_it_is_emptied(
    world: World, tmp_path: Path
) -> None:
    folder = tmp_path / "witness"
    settings = witnessed_by(str(folder))
    with frozen(now()) as clock:
        loop = loop_of(world.store, settings)
        does_and_seals(world.store, settings, 2)
        with pytest.raises(Unavailable):
            loop.turn()
        folder.mkdir()
        for _ in range(2):
            clock.advance(timedelta(seconds=16))
            loop.turn()
            files = sorted(folder.iterdir())
            assert [path.name for path in files] == ["000000000002.checkpoint", "000000000003.checkpoint"]
            for path in files:
                path.unlink()


@pytest.mark.parametrize("cut", [1, 3], ids=["another of its size", "fewer than it has"])
def test_a_witness_that_knows_more_than_the_hub_is_an_alarm_and_keeps_what_it_has(
    world: World, tmp_path: Path, cut: int
) -> None:
    folder = tmp_path / "witness"
    folder.mkdir()
    settings = witnessed_by(str(folder))
    with frozen(now()) as clock:
        loop = loop_of(world.store, settings)
        does_and_seals(world.store, settings, 3)
        loop.turn()
        kept = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
        end_is_cut_off(world.store, cut)
        clock.advance(timedelta(seconds=1))
        does_and_seals(world.store, settings, 2)
        for _ in range(3):
            clock.advance(timedelta(seconds=16))
            with pytest.raises(Unavailable, match="holds other checkpoints"):
                loop.turn()
        found = standing(world.store, settings)
        assert (found.is_well, found.witnesses[0].differs) == (False, True)
        assert kept.items() <= {path.name: path.read_text("utf-8") for path in folder.iterdir()}.items()


def test_a_witness_that_has_another_checkpoint_of_the_same_size_is_an_alarm(world: World, tmp_path: Path) -> None:
    settings = witnessed_by(str(tmp_path))
    does_and_seals(world.store, settings, 2)
    (tmp_path / "000000000002.checkpoint").write_text("another hub's", "utf-8")
    with pytest.raises(Unavailable):
        loop_of(world.store, settings).turn()
    found = standing(world.store, settings).witnesses[0]
    assert (found.trouble, found.differs) == ("witness-differs", True)
    assert (tmp_path / "000000000002.checkpoint").read_text("utf-8") == "another hub's"


def test_a_folder_whose_files_the_hub_may_not_read_goes_on_being_given_checkpoints(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "witness"
    folder.mkdir()
    settings = witnessed_by(str(folder))
    does_and_seals(world.store, settings)
    loop_of(world.store, settings).turn()

    def kept_shut(path: Path, *_: object) -> str:
        raise PermissionError("it is its keeper's")

    does_and_seals(world.store, settings)
    loop = loop_of(world.store, settings)
    with monkeypatch.context() as patched:  # root, who may run these tests, reads everything
        patched.setattr(Path, "read_text", kept_shut)
        loop.turn()
    assert [path.name for path in sorted(folder.iterdir())] == ["000000000002.checkpoint", "000000000003.checkpoint"]


def test_an_empty_file_that_the_end_of_power_has_left_is_written_anew(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    folder.mkdir()
    settings = witnessed_by(str(folder))
    does_and_seals(world.store, settings)
    (folder / "000000000002.checkpoint").touch()
    loop_of(world.store, settings).turn()
    assert (folder / "000000000002.checkpoint").stat().st_size
    assert standing(world.store, settings).is_well


def end_is_cut_off(store: Store, entries: int) -> None:
    """Lose the last entries with their seals and checkpoints, as a restored copy does, or an owner of the database."""
    with store.begin() as unit:
        without_triggers(unit)
        last = unit.seals.last()
        assert last is not None
        first_gone = last.position + 1 - entries
        rows = sa.select(audit_seals.c.row).where(audit_seals.c.position >= first_gone)
        unit.connection.execute(audit.delete().where(audit.c.row.in_(rows)))
        unit.connection.execute(audit_seals.delete().where(audit_seals.c.position >= first_gone))
        unit.connection.execute(audit_checkpoints.delete().where(audit_checkpoints.c.size > first_gone))


def test_two_processes_give_a_witness_each_checkpoint_once(world: World) -> None:
    with a_service() as service:
        settings = witnessed_by(service.url)
        does_and_seals(world.store, settings, 20)
        other = a_store(world.store.engine.url.render_as_string(hide_password=False))
        threads = [threading.Thread(target=loop_of(store, settings).turn) for store in (world.store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        loop_of(world.store, settings).turn()
        assert len(service.notes) == 20
        other.close()


@pytest.mark.parametrize(
    "address", ["http://witness.example/", "ftp://witness.example/", "https://a:b@witness.example/"]
)
def test_an_address_that_cannot_be_used_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load_witnesses(["/mnt/witness", address])
    assert [fault.field for fault in refused.value.faults] == ["audit_witnesses.1"]
    assert "a:b" not in refused.value.diagnostics()


def test_a_silent_witness_does_not_hold_up_sealing(set_up: SetUp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing for ten seconds
        settings = witnessed_by(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        witnesses = load_witnesses(settings.audit_witnesses)
        changed = {"audit_witnesses": settings.audit_witnesses, "audit_checkpoint_entries": 1}
        running = Running(
            set_up.store, set_up.broker, {}, set_up.settings.model_copy(update=changed), witnesses=witnesses
        )
        running.start()
        try:
            eventually(lambda: standing(set_up.store, settings).checkpoint)
            for _ in range(3):
                began = monotonic()
                with set_up.store.begin() as unit:
                    unit.audit.record("read", "test", now(), "c", shown=1)
                eventually(lambda: standing(set_up.store, settings).unsealed == 0)
                assert monotonic() - began < 9, "a call to the witness takes ten"
            assert running.health()["hub-sealer"]["trouble"] == ""
            silent.close()
            eventually(lambda: running.health()["hub-witnesses"]["trouble"], 20)
        finally:
            assert running.stop(20)
