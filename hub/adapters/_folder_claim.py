"""One claimed file of a drop folder, and what becomes of it: taken in, refused, or given back.

A crash at any step leaves the file claimed, so that it is taken in again: the hub knows the message, gives the answer
of the first time, and each step writes what the first try wrote over again. The clear file goes last.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from hub.adapters._digests import uuid_of
from hub.adapters._folder_receipts import FolderReceipts, write
from hub.authority import Acknowledgement, Parcel
from hub.clock import new_id, now
from hub.errors import HubError, SourceDown

#: A detached signature lies beside its file, under the file's name and this ending.
SIGNATURE = ".sig"
_LONGEST_NAME = 255  # bytes, on every file system that Linux has


@dataclass(slots=True)
class Claimed:
    """A claimed file (:class:`hub.authority.ClaimedFile`)."""

    parcel: Parcel
    _path: Path = field(repr=False)
    _root: Path = field(repr=False)
    _receipts: FolderReceipts = field(repr=False)
    _is_settled: bool = field(default=False, init=False)

    def taken_in(self, receipt: Acknowledgement) -> None:
        """Tell the sender, then delete the file: the hub has it, sealed, and no clear copy stays behind.

        :raises SourceDown: the folder cannot be written.
        """
        with folder_errors(self.parcel.authority):
            self._receipts.taken_in(self._digest, receipt)
            self._settle()

    def refused(self, error: HubError, sealed: bytes, correlation_id: str) -> None:
        """Put the sealed body and a report into ``refused/``, tell the sender, and delete the clear file.

        :raises SourceDown: the folder cannot be written.
        """
        digest = self._digest
        name = str(uuid_of(digest))
        with folder_errors(self.parcel.authority):
            write(self._root / "refused" / f"{name}.sealed", sealed)
            write(self._root / "refused" / f"{name}.error.json", report(error))
            self._receipts.refused(digest, name, error, correlation_id)
            self._settle()

    def give_back(self) -> None:
        """Put an undecided file back to the waiting ones."""
        if not self._is_settled:
            return_claim(self._path.parent, self._root / "in")
            self._is_settled = True

    @property
    def claim(self) -> str:
        """The claim's name."""
        return self._path.parent.name

    @property
    def _digest(self) -> bytes:
        return hashlib.sha256(self.parcel.body).digest()

    def _settle(self) -> None:
        """Delete the file, then its signature: a file that came back without it would be refused."""
        self._path.unlink(missing_ok=True)
        self._is_settled = True
        signature_of(self._path).unlink(missing_ok=True)
        with suppress(OSError):  # someone found the claim too old and took it over
            self._path.parent.rmdir()


def fits(name: str, ending: str) -> bool:
    """Tell whether a file may be called so with an ending behind it."""
    return len(os.fsencode(name + ending)) <= _LONGEST_NAME


def signature_of(path: Path) -> Path:
    """Return where a file's detached signature lies, if it has one."""
    return path.with_name(path.name + SIGNATURE)


def take_signature(source: Path, path: Path) -> None:
    """Move a file's signature after it, if it has one; a name that leaves no room for the ending has none."""
    if fits(source.name, SIGNATURE):
        with suppress(FileNotFoundError):
            signature_of(source).rename(signature_of(path))


@contextmanager
def folder_errors(authority: str) -> Iterator[None]:
    """Tell what goes wrong with files as a source that is down."""
    try:
        yield
    except OSError as error:
        raise SourceDown(
            f"The drop folder of {authority} cannot be used ({error.strerror}).",
            "Check that it is there and that the hub may read and write it.",
        ) from None


def return_claim(claim: Path, folder: Path) -> None:
    """Move a claim's file back into a folder, never replacing another of its name; its signature goes before it."""
    with suppress(FileNotFoundError):  # someone found the claim too old and took it over
        held = list(claim.iterdir())
        for path in held:
            if path.suffix != SIGNATURE:
                _put_back(path, folder)
        for path in held:
            if path.suffix == SIGNATURE:  # of a file that was settled, or it would be gone by now
                path.unlink(missing_ok=True)
    with suppress(OSError):
        claim.rmdir()


def _put_back(path: Path, folder: Path) -> None:
    if not fits(path.name, SIGNATURE):  # of an earlier hub; it can have no signature
        path.rename(folder / new_id().hex)
    elif not _moved(path, folder / path.name):
        other = f"{new_id()}-{path.name}"
        _moved(path, folder / (other if fits(other, SIGNATURE) else new_id().hex))


def _moved(path: Path, to: Path) -> bool:
    """Move a file and its signature. Return False when a name is taken."""
    if to.exists() and to.samefile(path):  # a crash came between the two steps below
        path.unlink()
        return True
    own, its = signature_of(path), signature_of(to)
    if to.exists() or (own.exists() and its.exists()):
        return False
    with suppress(FileNotFoundError):
        own.rename(its)
    try:
        os.link(path, to)
    except FileExistsError:  # just now
        with suppress(FileNotFoundError):
            its.rename(own)
        return False
    except OSError:  # a file system (a network share) that knows no links
        path.rename(to)
        return True
    path.unlink()
    return True


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
