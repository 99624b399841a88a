"""How another process finds a running ``hub demo``: by a small file of the user's own, there while it stays up."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from hub.errors import Unavailable


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demo: its process, and where each of its programs serves. No token: the file would be a place to steal one."""

    pid: int
    urls: Mapping[str, str]


def state_file() -> Path:
    """Return where a demo of this user says that it runs; a user has one demo to talk to, the latest."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    folder = Path(own) if own and Path(own).is_dir() else Path(tempfile.gettempdir())
    return folder / f"one-plan-hub-demo-{os.getuid()}.json"


@contextmanager
def announced(urls: Mapping[str, str]) -> Iterator[None]:
    """Say that this process is a running demo, until the block ends.

    :raises Unavailable: the file cannot be written.
    """
    place = state_file()
    try:
        _write(place, {"pid": os.getpid(), "urls": dict(urls)})
    except OSError:
        raise Unavailable(
            "The demo cannot write the file by which 'hub demo break' finds it.",
            f"Remove {place}, or set XDG_RUNTIME_DIR to a folder of your own.",
        ) from None
    try:
        yield
    finally:
        with suppress(Unavailable):
            if _read(place).pid == os.getpid():  # a later demo has put its own there
                place.unlink(missing_ok=True)


def find_demo() -> RunningDemo:
    """Return the demo that runs here. :raises Unavailable: there is none."""
    demo = _read(state_file())
    try:
        os.kill(demo.pid, 0)
    except OSError:  # gone; or its number is now somebody else's, whom we may not signal
        raise Unavailable(
            "The demo that ran here is gone; it was ended before it could say so.", "Start another: hub demo"
        ) from None
    return demo


def _write(place: Path, told: Mapping[str, Any]) -> None:
    """Make a file anew, mode 0600, and put it in place: nobody else's file is written, and nobody reads half of one."""
    opened, fresh = tempfile.mkstemp(dir=place.parent, prefix=f"{place.name}.")
    try:
        with open(opened, "wb") as file:
            file.write(orjson.dumps(told))
        os.replace(fresh, place)
    except OSError:
        os.unlink(fresh)
        raise


def _read(place: Path) -> RunningDemo:
    try:
        with open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid != os.getuid() or not stat.S_ISREG(about.st_mode):
                raise _not_ours(place)
            told = orjson.loads(file.read(10_000))
        return RunningDemo(int(told["pid"]), dict(told["urls"]))
    except FileNotFoundError:
        raise Unavailable("No demo is running here.", "Start one in another terminal: hub demo") from None
    except (OSError, ValueError, TypeError, KeyError):
        raise _not_ours(place) from None


def _not_ours(place: Path) -> Unavailable:
    return Unavailable("The file by which a running demo is found was not written by one.", f"Remove {place}.")
