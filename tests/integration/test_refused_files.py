"""A refused file is opened by whoever runs the hub, with the hub's keys, and never without a word in the audit."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.adapters._folder_receipts import clear
from hub.clock import new_id, now
from hub.crypto.envelope import Keyring, version_of
from hub.queue.folders import refused_place, rewrap_file
from hub.store.migrations import upgrade
from hub.store.tables import audit
from hub.store.transaction import Store
from hub.testing.clock import frozen
from tests.integration.databases import a_keyring, a_store

pytestmark = pytest.mark.integration
#: What a system dropped: no UTF-8, no end of line.
BODY = "<Sag>Prøvesen, 0201609995</Sag>".encode("latin-1")


@dataclass(frozen=True)
class Sealed:
    store: Store
    file: Path
    environment: dict[str, str]

    def open(self, file: Path, authority: str = "children") -> subprocess.CompletedProcess[bytes]:
        return self.runs("refused", "open", str(file), "--authority", authority)

    def runs(self, *words: str, **changed: str) -> subprocess.CompletedProcess[bytes]:
        """Run ``hub``."""
        environment = {**os.environ, **self.environment, **changed}
        return subprocess.run([sys.executable, "-m", "hub", *words], env=environment, capture_output=True, check=False)

    def audited(self) -> list[tuple[str, Any]]:
        with self.store.begin(read_only=True) as unit:
            rows = unit.connection.execute(sa.select(audit.c.action, audit.c.details).order_by(audit.c.row))
            return [(row.action, orjson.loads(row.details)) for row in rows]


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    store = a_store(url)
    upgrade(store)
    file = tmp_path / f"{new_id()}.sealed"
    file.write_bytes(store.keyring.seal_alone(BODY, refused_place("children")))
    assert BODY not in file.read_bytes()
    environment = {
        "HUB_DATABASE_URL": url,
        "HUB_KEYS__1": base64.b64encode(b"\x01" * 32).decode(),
        "HUB_INDEX_KEY": base64.b64encode(b"\x02" * 32).decode(),
    }
    return Sealed(store, file, environment)


def test_the_keys_of_the_tests_are_those_of_the_command(sealed: Sealed) -> None:
    assert a_keyring().unseal_alone(sealed.file.read_bytes(), refused_place("children")) == BODY


def test_a_refused_file_opens_to_the_very_bytes_and_into_the_audit(sealed: Sealed) -> None:
    done = sealed.open(sealed.file)
    assert (done.returncode, done.stdout) == (0, BODY), done.stderr
    details = {"file": sealed.file.stem, "authority": "children"}
    assert sealed.audited() == [("refused-file-opened", details)]


def test_a_file_of_another_authority_stays_closed_and_the_attempt_is_written_down(sealed: Sealed) -> None:
    done = sealed.open(sealed.file, authority="social")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Check --authority" in done.stderr
    assert [(action, details["code"]) for action, details in sealed.audited()] == [("refused", "tampered")]


def test_a_file_whose_name_may_tell_of_a_person_is_not_opened(sealed: Sealed) -> None:
    renamed = sealed.file.rename(sealed.file.with_name("0201609995.sealed"))
    done = sealed.open(renamed)
    assert (done.returncode, done.stdout) == (2, b"")
    assert sealed.audited() == []


def test_nothing_is_written_out_when_the_audit_cannot_be(sealed: Sealed) -> None:
    with sealed.store.begin() as unit:
        unit.connection.exec_driver_sql("DROP TABLE audit")
    done = sealed.open(sealed.file)
    assert done.returncode != 0
    assert done.stdout == b""


def after_a_rotation() -> Keyring:
    return Keyring({1: b"\x01" * 32, 2: b"\x03" * 32}, b"\x02" * 32)


def test_whoever_looks_into_the_folder_meanwhile_leaves_what_a_rotation_is_writing(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = after_a_rotation()
    weeks_ago = now().timestamp() - timedelta(days=20).total_seconds()
    os.utime(sealed.file, (weeks_ago, weeks_ago))
    fsync = os.fsync

    def looked_into(descriptor: int) -> None:
        fsync(descriptor)
        clear(sealed.file.parent, timedelta(days=90))

    monkeypatch.setattr(os, "fsync", looked_into)
    assert rewrap_file(sealed.file, "children", newer)
    assert newer.unseal_alone(sealed.file.read_bytes(), refused_place("children")) == BODY
    assert sealed.file.stat().st_mtime == pytest.approx(weeks_ago), "it goes when it would have gone"


def test_what_a_rotation_left_half_written_goes_after_an_hour(sealed: Sealed) -> None:
    half = sealed.file.with_name(f".{new_id().hex}.unfinished")
    half.write_bytes(b"half")
    for hours, is_there in ((0.9, True), (1.1, False)):
        with frozen(now() + timedelta(hours=hours)):
            clear(sealed.file.parent, timedelta(days=90))
        assert half.exists() is is_there


def test_a_refused_file_that_is_cleared_meanwhile_does_not_stop_a_rotation(sealed: Sealed, tmp_path: Path) -> None:
    place = tmp_path / "children" / "refused"
    place.mkdir(parents=True)
    (place / f"{new_id()}.sealed").symlink_to(tmp_path / "gone")  # listed, and not there once it is read
    stays = sealed.file.rename(place / sealed.file.name)
    wires = orjson.dumps({"children": {"folder": str(place.parent)}}).decode()
    newer = {"HUB_KEYS__2": base64.b64encode(b"\x03" * 32).decode(), "HUB_AUTHORITIES": wires}
    for words, left in ((("status",), 1), (("rotate",), 0)):
        done = sealed.runs("keys", *words, "--json", **newer)
        assert done.returncode == 0, done.stderr
        assert orjson.loads(done.stdout)["refused_files_left"] == left
    assert version_of(stays.read_bytes()) == 2


def test_a_refused_file_that_does_not_open_is_left_and_told_and_stops_no_rotation(
    sealed: Sealed, tmp_path: Path
) -> None:
    place = tmp_path / "children" / "refused"
    place.mkdir(parents=True)
    content = bytearray(sealed.file.read_bytes())
    content[20] ^= 1
    damaged = place / "0.sealed"
    damaged.write_bytes(bytes(content))
    other = sealed.file.rename(place / "1.sealed")
    wires = orjson.dumps({"children": {"folder": str(place.parent)}}).decode()
    newer = {"HUB_KEYS__2": base64.b64encode(b"\x03" * 32).decode(), "HUB_AUTHORITIES": wires}
    done = sealed.runs("keys", "rotate", **newer)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"Refused files of other versions: 1." in done.stdout
    assert (damaged.read_bytes(), version_of(other.read_bytes())) == (bytes(content), 2)
    assert {one.name for one in place.iterdir()} == {damaged.name, other.name}, "nothing half-written is left"
    assert [action for action, _ in sealed.audited()] == ["keys-rotated"]


def test_a_rotation_wraps_refused_files_anew_and_says_how_many_are_left(sealed: Sealed, tmp_path: Path) -> None:
    place = tmp_path / "children" / "refused"
    place.mkdir(parents=True)
    file = sealed.file.rename(place / sealed.file.name)
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
    wires = orjson.dumps({"children": {"folder": str(place.parent)}}).decode()
    newer = {"HUB_KEYS__2": base64.b64encode(b"\x03" * 32).decode(), "HUB_AUTHORITIES": wires}

    def left(*words: str) -> int:
        done = sealed.runs("keys", *words, "--json", **newer)
        assert done.returncode == 0, done.stderr
        found: int = orjson.loads(done.stdout)["refused_files_left"]
        return found

    lure, theirs = file.with_suffix(".unfinished"), tmp_path / "theirs"
    theirs.write_bytes(b"of somebody else's")
    lure.symlink_to(theirs)
    before, whose = file.read_bytes(), file.stat()
    assert (left("status"), left("rotate"), left("status"), left("rotate")) == (1, 0, 0, 0)
    after = file.read_bytes()
    assert after != before
    assert {one.name for one in place.iterdir()} == {file.name, lure.name}
    assert theirs.read_bytes() == b"of somebody else's", "no link in the hub's folder leads out of it"
    now = file.stat()
    assert (now.st_mode, now.st_uid, now.st_gid) == (whose.st_mode, whose.st_uid, whose.st_gid), "readable as it was"
    gone = base64.b64encode(b"\x04" * 32).decode()
    done = sealed.runs("refused", "open", str(file), "--authority", "children", **newer, HUB_KEYS__1=gone)
    assert (done.returncode, done.stdout) == (0, BODY), done.stderr
