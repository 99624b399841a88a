"""A small disk of a test's own (tmpfs), that can be filled and freed.

    with a_small_disk(48) as disk:
        ...  # a database in disk.folder
        disk.fill(); disk.free()

Only who is root may mount; elsewhere the test is skipped, and says so.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A disk, and the folder that it is."""

    folder: Path

    @property
    def free_bytes(self) -> int:
        """Return what is left of it."""
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize

    def fill(self) -> int:
        """Leave nothing free; return how many bytes that took."""
        taken = 0
        with self._filler.open("ab") as filler:
            while free := self.free_bytes:
                with suppress(OSError):  # a database has taken some of it meanwhile: look again
                    os.posix_fallocate(filler.fileno(), taken, free)
                    taken += free
        return taken

    def free(self) -> None:
        """Give back what ``fill`` took."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


@contextmanager
def a_small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk until the block ends; skip the test where that is not allowed."""
    with tempfile.TemporaryDirectory(prefix="hub-small-disk-") as place:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "hub-small-disk", place]
        done = subprocess.run(mount, capture_output=True, text=True, timeout=30)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here (needs root): {done.stderr.strip()}")
        try:
            yield SmallDisk(Path(place))
        finally:
            # Lazily: a program that still has a file open must not keep the mount for ever.
            subprocess.run(["umount", "-l", place], check=True, timeout=30)
