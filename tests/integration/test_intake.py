"""``hub intake`` as its user runs it: real files, real processes, killed ones among them."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from tests.drop_folder import Dropping, a_case, receipt_name, set_up
from tests.faults.crashing import INTAKE_POINTS

pytestmark = pytest.mark.integration

CRASHING = Path(__file__).parents[1] / "faults" / "crashing.py"
#: Dirt that real systems drop, and what its sender is told.
DIRT = {
    "empty": (b"", "contract-violation"),
    "not-xml": (b"Hej", "contract-violation"),
    "cut-off": (a_case(900)[:-40], "contract-violation"),
    "two-roots": (a_case(901) + b"<mere/>", "contract-violation"),
    "latin-1-called-utf-8": (a_case(902).decode().encode("latin-1"), "contract-violation"),
    "unknown-encoding": (a_case(903).replace(b"UTF-8", b"EBCDIC-X", 1), "contract-violation"),
    "doctype": (b'<!DOCTYPE a [<!ENTITY b "c">]>' + a_case(904).split(b"?>", 1)[-1], "contract-violation"),
    "somebody-else": (a_case(905).replace(b"0505159995", b"1111119999"), "unknown-person"),
}


@pytest.fixture
def dropping(tmp_path: Path) -> Dropping:
    return set_up(tmp_path)


def told(ran: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return what one authority's intake said of itself."""
    (one,) = orjson.loads(ran.stdout)
    assert isinstance(one, dict)
    return one


def test_nothing_to_do_is_well(dropping: Dropping) -> None:
    ran = dropping.intake("children", "--json")
    assert (ran.returncode, told(ran)["taken_in"], told(ran)["waiting"]) == (0, 0, 0)


def test_every_file_has_its_receipt_and_each_dirty_one_its_reason(dropping: Dropping) -> None:
    expected = {dropping.drop(a_case(number)): "taken in" for number in range(3)}
    for name, (body, reason) in DIRT.items():
        expected[dropping.drop(body, f"{name}.xml")] = reason
    ran = dropping.intake("children", "--json")
    assert dropping.receipts() == expected
    assert ran.returncode == 1
    reasons = Counter(reason for _, reason in DIRT.values())
    assert (told(ran)["taken_in"], told(ran)["refused"], told(ran)["reasons"]) == (3, len(DIRT), reasons)
    assert dropping.files() == {"receipts": len(expected), "refused": 2 * len(DIRT)}, "no clear copy stays"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_an_encoding_that_the_file_names_is_read(dropping: Dropping, encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = a_case().decode().split("?>", 1)[-1]
    dropping.drop(f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(encoding))
    assert told(dropping.intake("--json"))["taken_in"] == 1


def test_the_same_bytes_twice_and_the_same_message_under_two_names_are_one_message(dropping: Dropping) -> None:
    for name in ("a.xml", "b.xml"):
        dropping.drop(a_case(), name)
    ran = dropping.intake("children", "--json")
    assert (told(ran)["taken_in"], told(ran)["again"], dropping.messages()) == (2, 1, 1)
    dropping.drop(a_case(), "a.xml")
    assert told(dropping.intake("children", "--json"))["again"] == 1
    assert dropping.messages() == 1


def test_another_text_under_a_known_message_id_is_refused(dropping: Dropping) -> None:
    dropping.drop(a_case())
    dropping.intake("children")
    dropping.drop(a_case(title="En anden titel"))
    ran = dropping.intake("children", "--json")
    assert (ran.returncode, list(told(ran)["reasons"]), dropping.messages()) == (1, ["id-reused"], 1)  # type: ignore[call-overload]


def test_what_a_system_still_writes_waits(dropping: Dropping) -> None:
    dropping.drop(a_case(0), "ready.xml")
    (dropping.folder / "in" / "b.xml.part").write_bytes(a_case(1)[:200])
    assert told(dropping.intake("children", "--json"))["taken_in"] == 1
    assert [path.name for path in (dropping.folder / "in").iterdir()] == ["b.xml.part"]


@pytest.mark.slow
@pytest.mark.faults
@pytest.mark.parametrize("point", INTAKE_POINTS)
def test_a_crash_at_any_step_loses_no_file_and_takes_none_in_twice(dropping: Dropping, point: str) -> None:
    good, bad = a_case(), DIRT["cut-off"][0]
    for body in (good, bad):
        dropping.drop(body)
    trigger = dropping.folder.parent / "trigger"
    trigger.touch()
    died = dropping.intake("children", command=(sys.executable, str(CRASHING), point, str(trigger)))
    assert died.returncode == -signal.SIGKILL
    for _ in range(2):  # another death right behind it changes nothing
        dropping.intake("children")
    assert dropping.receipts() == {receipt_name(good): "taken in", receipt_name(bad): "contract-violation"}
    assert dropping.files() == {"receipts": 2, "refused": 2}
    assert not list((dropping.folder / "claimed").iterdir())
    assert dropping.messages() == 1


@pytest.mark.slow
def test_a_thousand_files_at_once_by_two_processes_are_each_taken_in_once(dropping: Dropping) -> None:
    receipts = {dropping.drop(a_case(number, cases=10)) for number in range(1_000)}
    with ThreadPoolExecutor(2) as both:
        ran = list(both.map(lambda _: dropping.intake("children", "--json"), range(2)))
    taken = [told(one)["taken_in"] for one in ran]
    assert sum(taken) == 1_000, taken  # type: ignore[arg-type]
    assert all(taken), "both had a share"
    assert dropping.receipts() == dict.fromkeys(receipts, "taken in")
    assert dropping.messages() == 1_000
    assert dropping.files() == {"receipts": 1_000}


def test_on_a_terminal_it_says_how_far_it_is(dropping: Dropping) -> None:
    for number in range(12):
        dropping.drop(a_case(number))
    control, terminal = pty.openpty()
    environment = {**os.environ, **dropping.environment, "TERM": "xterm", "COLUMNS": "120"}
    command = (sys.executable, "-m", "hub", "intake", "children")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=terminal, text=True) as process:
        os.close(terminal)
        shown = b""
        try:
            while part := os.read(control, 65_536):
                shown += part
        except OSError:  # Linux: the other end is closed
            pass
        out = process.stdout.read() if process.stdout else ""
    os.close(control)
    assert process.returncode == 0
    assert b"children: taking files in" in shown
    assert b"12/12" in shown
    assert out.splitlines()[1].split() == ["children", "12", "0", "0", "0", "-"]


def test_a_folder_that_is_not_watched_is_told(dropping: Dropping) -> None:
    ran = dropping.intake("social")
    assert ran.returncode != 0
    assert "HUB_AUTHORITIES__CHILDREN__FOLDER" in ran.stderr


@pytest.mark.slow
def test_an_authority_that_an_operator_holds_is_not_taken_in(dropping: Dropping) -> None:
    dropping.drop(a_case())
    hold = (sys.executable, "-m", "hub", "authorities", "hold", "children", "--reason", "maintenance")
    subprocess.run(hold, env={**os.environ, **dropping.environment}, check=True, capture_output=True)
    ran = dropping.intake("children", "--json")
    assert (ran.returncode, told(ran)["waiting"], dropping.messages()) == (3, 1, 0)
    assert "hub authorities release children" in str(told(ran)["stopped"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(dropping: Dropping) -> None:
    dropping.drop(a_case())
    dropping.folder.chmod(0o500)
    ran = dropping.intake("children", "--json")
    dropping.folder.chmod(0o700)
    assert (ran.returncode, dropping.messages()) == (3, 0)
    assert "Check that it is there" in str(told(ran)["stopped"])


def test_a_folder_that_is_gone_is_made_anew(dropping: Dropping) -> None:
    shutil.rmtree(dropping.folder, ignore_errors=True)
    assert dropping.intake("children").returncode == 0
