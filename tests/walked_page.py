"""A page of the documents, walked by its reader: files are written, commands run, what they print is compared."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"\$ (.+)\n((?:(?!\$ ).*\n)*)")


@dataclass(frozen=True)
class Command:
    """One line that the reader types, and what the page says that it prints; ``…`` stands for what differs."""

    line: str
    says: str

    def is_met_by(self, printed: str) -> bool:
        wanted = [re.escape(line).replace("…", ".+") for line in _lines(self.says)]
        found = _lines(printed)
        return len(wanted) == len(found) and all(map(re.fullmatch, wanted, found))


@dataclass(frozen=True)
class Step:
    """A file to write, or commands to run, in the order of the page."""

    file: tuple[str, str] | None = None
    commands: tuple[Command, ...] = ()


def steps(page: str) -> list[Step]:
    """Return what the reader of a page does, in order."""
    files = [(found.start(), Step(file=(found[1], found[2]))) for found in _FILE.finditer(page)]
    consoles = [(found.start(), Step(commands=commands_in(found[1]))) for found in _CONSOLE.finditer(page)]
    return [step for _, step in sorted([*files, *consoles], key=lambda one: one[0])]


def commands_in(block: str) -> tuple[Command, ...]:
    return tuple(Command(line, says) for line, says in _COMMAND.findall(block))


def environment(site: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a reader: the hub's programs on the path; pip installs beside, and fetches nothing."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return ours | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{site}{os.pathsep}{folder}",
        "PIP_TARGET": str(site),
        "PIP_UPGRADE": "1",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "120",
        "LC_ALL": "C.UTF-8",
    }


class Shell:
    """One shell for the whole page: what it exports and starts lasts, and ends with it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.communicate()

    def types(self, line: str) -> tuple[int, str]:
        """Run a line to its end; return its exit code and what it printed, on either stream."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{line}\nprintf '\\036%d\\n' $?\n".encode())
        self._shell.stdin.flush()
        printed = b""
        while b"\x1e" not in printed:
            more = self._shell.stdout.readline()
            assert more, f"the shell ended: {printed.decode()}"
            printed += more
        said, _, code = printed.partition(b"\x1e")
        return int(code), said.decode()


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]
