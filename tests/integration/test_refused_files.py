"""A refused file is opened by whoever runs the hub, with the hub's keys, and never without a word in the audit."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import new_id
from hub.queue.folders import refused_place
from hub.store.migrations import upgrade
from hub.store.tables import audit
from hub.store.transaction import Store
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
