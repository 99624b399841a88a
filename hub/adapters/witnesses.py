"""The wires of witnesses: a folder that is mounted from elsewhere, and a service that takes a checkpoint by POST.

A service is sent the signed note as it is, ``text/plain``, and answers 2xx once it has it, a repeat too. It gets no
token: the note shows by its signature who has made it, and holds nothing that is secret.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from hub.adapters._folder_receipts import write
from hub.adapters._http import HttpSender, Limits
from hub.adapters._http_address import checked_url
from hub.errors import RecipientDown, WitnessDiffers

_HEADERS = {"Content-Type": "text/plain; charset=utf-8"}
_LIMITS = Limits(total=10)
_MEND = "Mend the folder in HUB_AUDIT_WITNESSES; it is given what it lacks by itself."


class FolderWitness:
    """A folder; each checkpoint is one file."""

    def __init__(self, address: str) -> None:
        """Take a path; whether it is there is seen when it is written to."""
        self.name, self._folder = address, Path(address)

    def has(self) -> int:
        """Return the highest number of a file. :raises RecipientDown: the folder cannot be read."""
        try:
            return max((int(path.stem) for path in self._folder.iterdir() if path.suffix == ".checkpoint"), default=-1)
        except (OSError, ValueError):
            raise RecipientDown("A folder that witnesses the audit cannot be read.", _MEND) from None

    def take(self, size: int, note: str) -> None:
        """Write a checkpoint that is there whole or not at all.

        :raises RecipientDown: the folder does not take it.
        :raises WitnessDiffers: another of this size is there; it stays.
        """
        path = self._folder / f"{size:012d}.checkpoint"
        try:
            if not _has(path, note):
                write(path, note.encode())
        except OSError:
            raise RecipientDown("A folder that witnesses the audit takes no checkpoint.", _MEND) from None


def _has(path: Path, note: str) -> bool:
    """Tell whether a checkpoint lies there; its keeper may let nobody read it. :raises WitnessDiffers: another does."""
    try:
        path.lstat()  # PermissionError: the folder lets nobody look whether it is there
    except FileNotFoundError:
        return False
    try:
        there = path.read_text("utf-8", "replace")
    except PermissionError:
        return True
    if there not in ("", note):
        raise WitnessDiffers("A folder that witnesses the audit has another checkpoint of this size.")
    return bool(there)  # an empty file is what the end of power has left


class HttpWitness:
    """A service; it knows a repeat by its bytes."""

    def __init__(self, address: str) -> None:
        """Take an address; nothing is connected yet. :raises ValueError: not https, nor http on this machine."""
        try:
            parts = urlsplit(checked_url(address))
        except ValueError:
            raise ValueError("begins with https://, or http:// on this machine, and has no user or query") from None
        self.name, self._path = address, parts.path or "/"
        who = f"the witness {parts.hostname}"
        self._sender = HttpSender(f"{parts.scheme}://{parts.netloc}", name=who, limits=_LIMITS)

    def has(self) -> None:
        """It is not asked: the hub remembers what it has taken."""

    def take(self, size: int, note: str) -> None:
        """Post a checkpoint. :raises RecipientDown: and the others that ``HttpSender`` knows."""
        self._sender.request("POST", self._path, note.encode(), _HEADERS)
