"""Take in files that a system drops into a folder: each claimed by one process alone, none lost, none half-read.

    in/        the system writes here, under a name ending in .part that it renames when the file is whole; a detached
               signature comes first, as <name>.sig
    claimed/   one directory for each claim: <host>~<process>~<start>~<claim>/, made by this hub
    receipts/  <SHA-256 of the file>.xml, for the sender: taken in, or refused and why
    refused/   <id>.sealed, encrypted, beside <id>.error.json, which says what was wrong and holds nothing personal

A claim is a rename, which only one of several processes can win. A claim whose process is gone goes back to ``in/``;
so does one that an error cut short. Then a file may be taken in twice, and its message id makes that one effect.
"""

from __future__ import annotations

import heapq
import os
import socket
import stat
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import structlog

from hub.adapters._folder_claim import (
    SIGNATURE,
    Claimed,
    fits,
    folder_errors,
    report,
    return_claim,
    signature_of,
    take_signature,
)
from hub.adapters._folder_receipts import FolderReceipts, clear, write
from hub.authority import Parcel
from hub.clock import new_id, now
from hub.errors import TooLarge, told

#: Header of a parcel that holds a file's detached signature; no caller's header of this name reaches an adapter.
DETACHED = "x-hub-detached-signature"
_UNFINISHED = (".part", ".tmp", ".filepart", ".too-large")
_LONGEST_SIGNATURE = 100_000  # bytes
_BATCH = 500  # files of one look into the folder; so that many waiting files are not listed anew for each claim
#: Larger files are not even read; those between the contract's cap and this one are refused like any other document.
_MOST_READ = 64_000_000
_HERE = socket.gethostname().replace("~", "-")
_START = new_id().hex  # a process id comes back after a restart, this does not
_HELD: set[str] = set()  # claims that a thread of this process works on; another of its own is lost
_log = structlog.get_logger()


class FolderIntake:
    """The watched folder of one authority. Safe to share between threads; several processes may watch one folder."""

    def __init__(
        self,
        folder: Path,
        authority: str,
        content_type: str,
        *,
        settle: float = 1.0,
        lost_after: float = 900.0,
        keep_receipts: timedelta = timedelta(days=30),
        keep_refused: timedelta = timedelta(days=90),
    ) -> None:
        """Watch a folder; its parts are made when they are missing.

        :param settle: seconds a file must have been left alone before it counts as whole.
        :param lost_after: seconds after which a claim of another machine counts as lost.
        :param keep_receipts: how long a receipt stays.
        :param keep_refused: how long a refused file and its report stay.
        """
        self.folder = folder
        self._authority, self._content_type = authority, content_type
        self._settle, self._lost_after = settle, lost_after
        self._receipts = FolderReceipts(folder / "receipts", keep_receipts)
        self._keep_refused = keep_refused
        self._waiting: deque[str] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self) -> Iterator[Claimed | None]:
        """Claim the oldest waiting file; None when there is none.

        :raises SourceDown: the folder cannot be read or written.
        """
        with folder_errors(self._authority):
            claimed = self._claim()
        try:
            yield claimed
        finally:
            if claimed is not None:
                try:
                    with folder_errors(self._authority):
                        claimed.give_back()
                finally:
                    _HELD.discard(claimed.claim)

    def waiting(self) -> int:
        """Count the files that wait, those among them that were touched a moment ago; not what is unfinished.

        :raises SourceDown: the folder cannot be read.
        """
        with folder_errors(self._authority), suppress(FileNotFoundError), os.scandir(self.folder / "in") as entries:
            return sum(1 for entry in entries if _is_named_whole(entry.name) and entry.is_file(follow_symlinks=False))
        return 0

    def _claim(self) -> Claimed | None:
        for part in ("in", "claimed", "receipts", "refused"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        while (name := self._next()) is not None:
            source = self.folder / "in" / name
            if self._is_whole(source):
                path = self._won(source)
                if path is not None and (claimed := self._read(source, path)) is not None:
                    return claimed
        return None

    def _next(self) -> str | None:
        """Return the name of the next candidate; looks into the folder again when those of the last look are tried."""
        with self._lock:
            if not self._waiting:
                self._recover()
                self._receipts.clear()
                self._waiting.extend(self._oldest())
            return self._waiting.popleft() if self._waiting else None

    def _oldest(self) -> list[str]:
        with os.scandir(self.folder / "in") as entries:
            return [name for _, name in heapq.nsmallest(_BATCH, self._whole(entries))]

    def _whole(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[tuple[float, str]]:
        for entry in entries:
            if self._is_whole(Path(entry.path)):
                with suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False).st_mtime, entry.name

    def _is_whole(self, path: Path) -> bool:
        """Tell whether a file is complete: its name says so, and nobody has touched it for a while."""
        if not _is_named_whole(path.name):
            return False
        try:
            about = path.lstat()
        except FileNotFoundError:
            return False
        # The change time: a copying tool may set the modification time to an old one while it still writes.
        is_left_alone = abs(now().timestamp() - about.st_ctime) >= self._settle
        return stat.S_ISREG(about.st_mode) and is_left_alone

    def _won(self, source: Path) -> Path | None:
        """Rename the file into a claim of its own; None when another process was faster."""
        claim = self.folder / "claimed" / f"{_HERE}~{os.getpid()}~{_START}~{new_id().hex}"
        path = claim / (source.name if fits(source.name, SIGNATURE) else new_id().hex)
        _HELD.add(claim.name)
        try:
            claim.mkdir()
            source.rename(path)
        except OSError as error:
            with suppress(OSError):
                claim.rmdir()
            _HELD.discard(claim.name)
            if isinstance(error, FileNotFoundError):
                return None
            raise
        return path

    def _read(self, source: Path, path: Path) -> Claimed | None:
        """Read what is claimed, its signature with it; None when it is too large. One that cannot be is given back."""
        claimed = None
        try:
            take_signature(source, path)
            if path.stat().st_size > _MOST_READ:
                self._set_aside(path)
            else:
                parcel = Parcel(self._authority, path.read_bytes(), self._content_type, _signature_beside(path))
                claimed = Claimed(parcel, path, self.folder, self._receipts)
        except OSError:
            return_claim(path.parent, self.folder / "in")
            raise
        finally:
            if claimed is None:
                _HELD.discard(path.parent.name)
        return claimed

    def _set_aside(self, path: Path) -> None:
        """Leave a file that is too large to seal where its sender finds it, beside a report."""
        error = TooLarge(f"A file is over {_MOST_READ} bytes; it lies in the folder 'in' with the ending .too-large.")
        name = str(new_id())
        write(self.folder / "refused" / f"{name}.error.json", report(error))
        path.rename(self.folder / "in" / f"{name}.too-large")
        signature_of(path).unlink(missing_ok=True)
        path.parent.rmdir()

    def _recover(self) -> None:
        """Give files of lost claims back to the waiting ones; one that cannot be given back holds up nothing else."""
        for claim in (self.folder / "claimed").iterdir():
            if self._is_lost(claim):
                try:
                    return_claim(claim, self.folder / "in")
                except OSError as error:
                    _log.warning("claim-not-returned", authority=self._authority, **told(error))
        clear(self.folder / "refused", self._keep_refused)

    def _is_lost(self, claim: Path) -> bool:
        host, _, rest = claim.name.partition("~")
        process, _, rest = rest.partition("~")
        start = rest.partition("~")[0]
        if not claim.is_dir():
            return False
        if start == _START:
            return claim.name not in _HELD
        if host == _HERE and process.isdecimal() and (int(process) == os.getpid() or not _is_running(int(process))):
            return True
        try:
            return now().timestamp() - claim.stat().st_mtime > self._lost_after
        except FileNotFoundError:
            return False


def _is_named_whole(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith((*_UNFINISHED, SIGNATURE))


def _signature_beside(path: Path) -> dict[str, str]:
    """Return a claimed file's detached signature as a header; one that is too long is told as none that fits."""
    beside = signature_of(path)
    try:
        if not stat.S_ISREG(beside.lstat().st_mode):  # a pipe would be waited for, a link could lead anywhere
            return {DETACHED: ""}
        with beside.open("rb") as file:
            return {DETACHED: file.read(_LONGEST_SIGNATURE).decode("utf-8", "replace")}
    except FileNotFoundError:
        return {}


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
