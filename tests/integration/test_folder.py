"""Files dropped into a folder: each taken in once, none lost, none half-read; real files, real processes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from structlog.testing import capture_logs

from hub.adapters import _folder, _folder_claim
from hub.adapters._folder import DETACHED, FolderIntake
from hub.adapters.children import ChildrenAdapter
from hub.authority import Acknowledgement
from hub.clock import new_id, now
from hub.errors import ContractViolation, Fault, SourceDown

pytestmark = pytest.mark.integration
BODY = b"<SagOpdatering/>"
A_RECEIPT = Acknowledgement(new_id(), now(), "c-1", outcome={"taken_in": 1, "skipped": []})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "drop"


def drop(folder: Path, name: str, body: bytes = BODY, minutes_old: int = 0) -> Path:
    waiting = folder / "in"
    waiting.mkdir(parents=True, exist_ok=True)
    path = waiting / name
    path.write_bytes(body)
    then = now().timestamp() - minutes_old * 60
    os.utime(path, (then, then))
    return path


def an_intake(folder: Path, settle: float = 0, lost_after: float = 900) -> FolderIntake:
    return FolderIntake(folder, "children", "application/xml", settle=settle, lost_after=lost_after)


def names(folder: Path, part: str) -> list[str]:
    return sorted(path.name for path in (folder / part).iterdir())


def files(folder: Path) -> Counter[str]:
    return Counter(path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file())


def take(intake: FolderIntake) -> bytes | None:
    with intake.claim() as claimed:
        if claimed is None:
            return None
        claimed.taken_in(A_RECEIPT)
        return claimed.parcel.body


def test_a_dropped_file_is_claimed_and_taken_in(folder: Path) -> None:
    drop(folder, "a.xml", b"<a/>")
    intake = an_intake(folder)
    with intake.claim() as claimed:
        assert claimed is not None
        assert claimed.parcel.body == b"<a/>"
        assert (claimed.parcel.authority, claimed.parcel.content_type) == ("children", "application/xml")
        assert names(folder, "in") == []
        claimed.taken_in(A_RECEIPT)
    assert files(folder) == {"receipts": 1}, "the hub has it, sealed; no clear copy stays"
    assert names(folder, "claimed") == []
    assert take(intake) is None


def test_an_empty_or_missing_folder_holds_nothing(folder: Path) -> None:
    assert take(an_intake(folder)) is None


def test_the_oldest_file_comes_first(folder: Path) -> None:
    for name, age in (("b", 5), ("c", 9), ("a", 1)):
        drop(folder, f"{name}.xml", name.encode(), minutes_old=age)
    intake = an_intake(folder)
    assert [take(intake) for _ in range(4)] == [b"c", b"b", b"a", None]


@pytest.mark.parametrize("name", ["a.xml.part", "a.tmp", "a.XML.PART", "a.filepart", ".a.xml", "a.too-large"])
def test_a_file_whose_name_says_unfinished_is_left_alone(folder: Path, name: str) -> None:
    drop(folder, name)
    assert take(an_intake(folder)) is None
    assert names(folder, "in") == [name]


def test_a_file_that_was_just_touched_is_left_alone_though_its_time_is_old(folder: Path) -> None:
    path = drop(folder, "a.xml", minutes_old=60)
    intake = an_intake(folder, settle=2)
    assert take(intake) is None
    while now().timestamp() - path.stat().st_ctime < 2.05:
        time.sleep(0.05)
    assert take(intake) == BODY


def test_what_is_no_file_is_left_alone(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.xml"
    outside.write_bytes(b"<secret/>")
    (folder / "in").mkdir(parents=True)
    (folder / "in" / "link.xml").symlink_to(outside)
    (folder / "in" / "folder.xml").mkdir()
    os.mkfifo(folder / "in" / "pipe.xml")
    assert take(an_intake(folder)) is None


@pytest.mark.timeout(20)
def test_a_signature_that_is_no_file_is_told_as_none_that_fits_and_nothing_waits_for_it(
    folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.sig"
    outside.write_bytes(b"<secret/>")
    drop(folder, "a.xml", b"<a/>")
    drop(folder, "b.xml", b"<b/>")
    os.mkfifo(folder / "in" / "a.xml.sig")
    (folder / "in" / "b.xml.sig").symlink_to(outside)
    intake = an_intake(folder)
    for _ in range(2):
        with intake.claim() as claimed:
            assert claimed is not None
            assert claimed.parcel.headers == {DETACHED: ""}


def test_an_error_puts_the_file_back_unharmed(folder: Path) -> None:
    drop(folder, "a.xml", b"<a/>")
    intake = an_intake(folder)
    with pytest.raises(RuntimeError), intake.claim():
        raise RuntimeError("the database is busy")
    assert names(folder, "claimed") == []
    assert (folder / "in" / "a.xml").read_bytes() == b"<a/>"
    assert take(intake) == b"<a/>"


def test_a_file_put_back_never_replaces_a_newer_one_of_its_name(folder: Path) -> None:
    drop(folder, "a.xml", b"<old/>")
    with an_intake(folder).claim():
        drop(folder, "a.xml", b"<new/>")
    intake = an_intake(folder)
    assert {take(intake), take(intake)} == {b"<old/>", b"<new/>"}


def test_a_name_may_be_used_again(folder: Path) -> None:
    intake = an_intake(folder)
    for body in (b"<a/>", b"<b/>"):
        drop(folder, "a.xml", body)
        assert take(intake) == body


def test_a_refused_file_is_kept_sealed_beside_a_report_that_holds_nothing_personal(folder: Path) -> None:
    drop(folder, "0505159995-lars.xml", b"<CPR>0505159995</CPR>")
    error = ContractViolation("It breaks the contract.", faults=[Fault("/Sag/CPR", "This is no number.", "Mend it.")])
    with an_intake(folder).claim() as claimed:
        assert claimed is not None
        claimed.refused(error, b"sealed bytes", "c-1")
    sealed, report = (next((folder / "refused").glob(f"*.{end}")) for end in ("sealed", "error.json"))
    assert sealed.name.removesuffix(".sealed") == report.name.removesuffix(".error.json")
    assert sealed.read_bytes() == b"sealed bytes"
    told = orjson.loads(report.read_bytes())
    assert told.pop("at")
    assert told == {
        "code": "contract-violation",
        "sentence": "It breaks the contract.",
        "next_step": error.next_step,
        "faults": [{"field": "/Sag/CPR", "sentence": "This is no number.", "next_step": "Mend it."}],
    }
    left = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in left if b"0505159995" in path.read_bytes() or "0505159995" in path.name]


@pytest.mark.parametrize(("days", "is_there"), [(89, True), (91, False)])
def test_a_refused_file_and_its_report_are_deleted_after_ninety_days(folder: Path, days: int, is_there: bool) -> None:
    drop(folder, "a.xml")
    with an_intake(folder).claim() as claimed:
        assert claimed is not None
        claimed.refused(ContractViolation("It breaks the contract."), b"sealed bytes", "c-1")
    then = now().timestamp() - days * 86_400
    for path in (folder / "refused").iterdir():
        os.utime(path, (then, then))
    assert take(an_intake(folder)) is None
    assert len(names(folder, "refused")) == (2 if is_there else 0)


def test_a_crash_between_claim_and_taken_in_gives_the_file_back(folder: Path) -> None:
    drop(folder, "a.xml", b"<a/>")
    crash(folder)
    assert names(folder, "in") == []
    assert take(an_intake(folder)) == b"<a/>"
    assert files(folder) == {"receipts": 1}


@pytest.mark.parametrize("length", [200, 201, 251, 252, 255])
def test_a_file_of_the_longest_name_is_claimed_given_back_and_taken_in_like_any_other(
    folder: Path, length: int
) -> None:
    drop(folder, "ø" * ((length - 5) // 2) + "a" * ((length - 5) % 2) + "b.xml", b"<long/>", minutes_old=9)
    assert len(os.fsencode(names(folder, "in")[0])) == length
    drop(folder, "a.xml", b"<a/>")
    intake = an_intake(folder)
    with intake.claim() as claimed:  # and does not settle it
        assert claimed is not None
        assert claimed.parcel.body == b"<long/>"
    crash(folder)
    assert {take(intake), take(intake)} == {b"<long/>", b"<a/>"}
    assert files(folder) == {"receipts": 2}


def test_a_signature_follows_its_file_under_a_shorter_name(folder: Path) -> None:
    drop(folder, "a" * 251)
    drop(folder, "a" * 251 + ".sig", b"signed")
    with an_intake(folder).claim() as claimed:
        assert claimed is not None
        assert claimed.parcel.headers == {DETACHED: "signed"}
    with an_intake(folder).claim() as claimed:
        assert claimed is not None
        assert claimed.parcel.headers == {DETACHED: "signed"}
        claimed.taken_in(A_RECEIPT)
    assert files(folder) == {"receipts": 1}


@pytest.mark.parametrize("length", [220, 251])
def test_a_long_name_and_its_signature_meet_again_after_a_crash_between_the_two(folder: Path, length: int) -> None:
    drop(folder, "a" * length)
    drop(folder, "a" * length + ".sig", b"signed")
    claim = folder / "claimed" / "elsewhere~1~start~claim"
    claim.mkdir(parents=True)
    (folder / "in" / ("a" * length)).rename(claim / ("a" * length))
    with an_intake(folder, lost_after=-1).claim() as claimed:
        assert claimed is not None
        assert claimed.parcel.headers == {DETACHED: "signed"}


@pytest.mark.parametrize("length", [252, 255])
def test_a_claim_of_an_earlier_hub_whose_name_is_too_long_is_given_back(folder: Path, length: int) -> None:
    claim = folder / "claimed" / "elsewhere~1~start~claim"
    claim.mkdir(parents=True)
    (claim / ("a" * length)).write_bytes(BODY)
    assert take(an_intake(folder, lost_after=-1)) == BODY
    assert files(folder) == {"receipts": 1}


def test_a_long_name_that_is_taken_again_meanwhile_replaces_nothing(folder: Path) -> None:
    drop(folder, "a" * 251, b"<old/>")
    with an_intake(folder).claim():
        drop(folder, "a" * 251, b"<new/>")
    intake = an_intake(folder)
    assert {take(intake), take(intake)} == {b"<old/>", b"<new/>"}


def test_a_file_that_cannot_be_read_just_now_is_given_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(folder, "a.xml")
    intake = an_intake(folder)

    def unreadable(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", unreadable)
        with pytest.raises(SourceDown, match="Input/output error"), intake.claim():
            pass
    assert (names(folder, "in"), names(folder, "claimed")) == (["a.xml"], [])
    assert take(intake) == BODY


def test_a_claim_that_could_not_be_given_back_is_recovered_without_a_restart(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "a.xml")
    intake = an_intake(folder)

    def gone(*_: Path) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patched:
        patched.setattr(_folder_claim, "return_claim", gone)
        with pytest.raises(SourceDown, match="Stale file handle"), intake.claim():
            pass
    assert names(folder, "in") == []
    assert take(intake) == BODY


def test_a_lost_claim_that_cannot_be_given_back_holds_up_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder, "lost.xml")
    crash(folder)
    drop(folder, "a.xml", b"<a/>")

    def gone(*_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(_folder, "return_claim", gone)
    with capture_logs() as logs:
        assert take(an_intake(folder)) == b"<a/>"
    assert {"claim-not-returned"} == {log["event"] for log in logs}


def test_a_claim_of_another_machine_is_lost_only_when_it_is_old(folder: Path) -> None:
    claim = folder / "claimed" / "elsewhere~1~start~claim"
    claim.mkdir(parents=True)
    (claim / "a.xml").write_bytes(BODY)
    assert take(an_intake(folder)) is None
    old = now().timestamp() - 1000
    os.utime(claim, (old, old))
    assert take(an_intake(folder)) == BODY


def test_a_living_claim_is_not_taken_from_its_process(folder: Path) -> None:
    drop(folder, "a.xml")
    with an_intake(folder).claim() as claimed:
        assert claimed is not None
        assert take(an_intake(folder, lost_after=0)) is None
        claimed.taken_in(A_RECEIPT)
    assert files(folder) == {"receipts": 1}


def test_two_hundred_files_are_each_claimed_once_by_several_at_a_time(folder: Path) -> None:
    for number in range(200):
        drop(folder, f"{number}.xml", str(number).encode())

    def take_all(_: int) -> list[bytes]:
        intake, taken = an_intake(folder), []
        while (body := take(intake)) is not None:
            taken.append(body)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [body for bodies in pool.map(take_all, range(4)) for body in bodies]
    assert sorted(taken, key=int) == [str(number).encode() for number in range(200)]
    assert files(folder) == {"receipts": 200}


def test_two_hundred_files_survive_processes_that_crash(folder: Path) -> None:
    for number in range(200):
        drop(folder, f"{number}.xml", str(number).encode())
    for _ in range(5):
        crash(folder)
    intake = an_intake(folder)
    taken = []
    while (body := take(intake)) is not None:
        taken.append(int(body))
    assert sorted(taken) == list(range(200))
    assert files(folder) == {"receipts": 200}


def test_a_folder_that_cannot_be_used_is_a_source_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "drop").write_text("a file where the folder should be")
    with pytest.raises(SourceDown, match="drop folder"), an_intake(tmp_path / "drop").claim():
        pass


def test_an_adapter_without_a_folder_claims_nothing() -> None:
    adapter = ChildrenAdapter({})
    assert adapter.folder is None
    with adapter.claim() as claimed:
        assert claimed is None


def crash(folder: Path) -> None:
    """Claim a file in a process that then dies without a goodbye."""
    story = f"""
        import os
        from pathlib import Path
        from hub.adapters._folder import FolderIntake
        with FolderIntake(Path({str(folder)!r}), "children", "application/xml", settle=0).claim() as claimed:
            assert claimed is not None
            os._exit(137)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(story)], check=False)
    assert ended.returncode == 137
