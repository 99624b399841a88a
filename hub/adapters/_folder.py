"""Take in files that a system drops into a folder: each claimed by one process alone, none lost, none half-read.

    in/        the system writes here, under a name ending in .part that it renames when the file is whole
    claimed/   one directory for each claim: <host>~<process>~<start>~<claim>/, made by this hub
    refused/   <id>.sealed, encrypted, beside <id>.error.json, which says what was wrong and holds nothing personal

A claim is a rename, which only one of several processes can win. A claim whose process is gone goes back to ``in/``;
so does one that an error cut short. Then a file may be taken in twice, and its message id makes that one effect.
"""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from hub.authority import Parcel
from hub.clock import new_id, now
from hub.errors import HubError, SourceDown, TooLarge

_UNFINISHED = (".part", ".tmp", ".filepart", ".too-large")
_BATCH = 500  # files of one look into the folder; so that many waiting files are not listed anew for each claim
#: Larger files are not even read; those between the contract's cap and this one are refused like any other document.
_MOST_READ = 64_000_000
_HERE = socket.gethostname().replace("~", "-")
_START = new_id().hex  # a process id comes back after a restart, this does not


@dataclass(slots=True)
class Claimed:
    """A claimed file (:class:`hub.authority.ClaimedFile`)."""

    parcel: Parcel
    _path: Path = field(repr=False)
    _root: Path = field(repr=False)
    _is_settled: bool = field(default=False, init=False)

    def taken_in(self) -> None:
        """Delete the file: the hub has it, sealed, and no clear copy of a family's case stays behind."""
        self._path.unlink(missing_ok=True)
        self._settle()

    def refused(self, error: HubError, sealed: bytes) -> None:
        """Put the sealed body and a report into ``refused/``, durably, and delete the clear file."""
        name = str(new_id())
        _write(self._root / "refused" / f"{name}.sealed", sealed)
        _write(self._root / "refused" / f"{name}.error.json", report(error))
        self._path.unlink(missing_ok=True)
        self._settle()

    def give_back(self) -> None:
        """Put an undecided file back to the waiting ones."""
        if not self._is_settled:
            _move(self._path, self._root / "in")
            self._settle()

    def _settle(self) -> None:
        self._is_settled = True
        with suppress(OSError):  # someone found the claim too old and took it over
            self._path.parent.rmdir()


class FolderIntake:
    """The watched folder of one authority. Safe to share between threads; several processes may watch one folder."""

    def __init__(
        self, folder: Path, authority: str, content_type: str, *, settle: float = 1.0, lost_after: float = 900.0
    ) -> None:
        """Watch a folder; its four parts are made when they are missing.

        :param settle: seconds a file must have been left alone before it counts as whole.
        :param lost_after: seconds after which a claim of another machine counts as lost.
        """
        self.folder = folder
        self._authority, self._content_type = authority, content_type
        self._settle, self._lost_after = settle, lost_after
        self._waiting: deque[str] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self) -> Iterator[Claimed | None]:
        """Claim the oldest waiting file; None when there is none.

        :raises SourceDown: the folder cannot be read or written.
        """
        try:
            claimed = self._claim()
        except OSError as error:
            raise SourceDown(
                f"The drop folder of {self._authority} cannot be used ({error.strerror}).",
                "Check that it is there and that the hub may read and write it.",
            ) from None
        try:
            yield claimed
        finally:
            if claimed is not None:
                claimed.give_back()

    def _claim(self) -> Claimed | None:
        for part in ("in", "claimed", "refused"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        while (name := self._next()) is not None:
            source = self.folder / "in" / name
            if self._is_whole(source):
                path = self._won(source)
                if path is not None:
                    body = path.read_bytes()
                    return Claimed(Parcel(self._authority, body, self._content_type), path, self.folder)
        return None

    def _next(self) -> str | None:
        """Return the name of the next candidate; looks into the folder again when those of the last look are tried."""
        with self._lock:
            if not self._waiting:
                self._recover()
                self._waiting.extend(self._oldest())
            return self._waiting.popleft() if self._waiting else None

    def _oldest(self) -> list[str]:
        found: list[tuple[float, str]] = []
        with os.scandir(self.folder / "in") as entries:
            for entry in entries:
                if self._is_whole(Path(entry.path)):
                    with suppress(FileNotFoundError):
                        found.append((entry.stat(follow_symlinks=False).st_mtime, entry.name))
        return [name for _, name in sorted(found)[:_BATCH]]

    def _is_whole(self, path: Path) -> bool:
        """Tell whether a file is complete: its name says so, and nobody has touched it for a while."""
        if path.name.startswith(".") or path.name.lower().endswith(_UNFINISHED):
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
        claim.mkdir()
        try:
            source.rename(claim / source.name)
        except FileNotFoundError:
            claim.rmdir()
            return None
        path = claim / source.name
        if path.stat().st_size > _MOST_READ:
            self._set_aside(path)
            return None
        return path

    def _set_aside(self, path: Path) -> None:
        """Leave a file that is too large to seal where its sender finds it, beside a report."""
        error = TooLarge(f"A file is over {_MOST_READ} bytes; it lies in the folder 'in' with the ending .too-large.")
        name = str(new_id())
        _write(self.folder / "refused" / f"{name}.error.json", report(error))
        path.rename(self.folder / "in" / f"{name}.too-large")
        path.parent.rmdir()

    def _recover(self) -> None:
        """Give files of lost claims back to the waiting ones."""
        for claim in (self.folder / "claimed").iterdir():
            if self._is_lost(claim):
                for path in claim.iterdir():
                    _move(path, self.folder / "in")
                with suppress(OSError):
                    claim.rmdir()

    def _is_lost(self, claim: Path) -> bool:
        host, _, rest = claim.name.partition("~")
        process, _, rest = rest.partition("~")
        start = rest.partition("~")[0]
        if start == _START or not claim.is_dir():
            return False
        if host == _HERE and process.isdecimal() and (int(process) == os.getpid() or not _is_running(int(process))):
            return True
        try:
            return now().timestamp() - claim.stat().st_mtime > self._lost_after
        except FileNotFoundError:
            return False


def report(error: HubError) -> bytes:
    """Return what was wrong as JSON; errors hold no personal data, and nothing else is added but the time."""
    faults = [
        {"field": fault.field, "sentence": fault.sentence, "next_step": fault.next_step} for fault in error.faults
    ]
    content = {
        "code": error.code,
        "sentence": error.sentence,
        "next_step": error.next_step,
        "faults": faults,
        "at": now().isoformat(),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _move(path: Path, folder: Path) -> None:
    """Move a file into a folder without ever replacing another of the same name."""
    with suppress(FileNotFoundError):  # someone found the claim too old and took it over
        try:
            os.link(path, folder / path.name)
            path.unlink()
        except FileNotFoundError:
            raise
        except OSError:  # the name is taken, or the file system (a network share) knows no links
            path.rename(folder / f"{new_id()}-{path.name}")


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is whole on the disk, or not there."""
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
