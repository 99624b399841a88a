"""The hub as real processes: its settings written as an operator would, ``hub serve`` and ``hub worker``."""

from __future__ import annotations

import base64
import os
import re
import signal
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from hub.cli.ports import free_ports
from hub.cli.town import Program
from hub.clock import monotonic

HUB_COMMAND = (sys.executable, "-m", "hub")


class Processes:
    """The processes of one hub; each is a ``hub.cli.town.Program`` with a log of its own in ``folder``.

    :ivar programs: name → program: ``hub``, ``hub-2`` … serve, ``worker``, ``worker-2`` … deliver.
    :ivar ready_seconds: how long each start after the first took until the process said that it was ready.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, Any], *, doors: int, workers: int, command: tuple[str, ...]
    ) -> None:
        """Write the settings; nothing runs yet.

        :param settings: as in the hub's settings file; a mapping becomes a table.
        :param doors: how many ``hub serve``. :param workers: how many ``hub worker``.
        :param command: how the hub is run; ``serve`` or ``worker`` is added.
        """
        self.folder, self.programs, self.ready_seconds = folder, dict[str, Program](), list[float]()
        file = folder / "hub.toml"
        file.touch(mode=0o600)
        file.write_text("\n".join(_toml(settings)) + "\n")
        for number, port in enumerate(free_ports(doors), start=1):
            environment = {"HUB_SETTINGS_FILE": str(file), "HUB_PORT": str(port)}
            self._add(_numbered("hub", number), [*command, "serve"], f"http://127.0.0.1:{port}", environment)
        for number in range(1, workers + 1):
            self._add(_numbered("worker", number), [*command, "worker"], "", {"HUB_SETTINGS_FILE": str(file)})

    def start(self, name: str) -> float:
        """Start one and wait until it says that it is ready; return how many seconds that took."""
        begun = monotonic()
        is_first = self.programs[name].process is None
        self.programs[name].start()
        seconds = monotonic() - begun
        if not is_first:
            self.ready_seconds.append(seconds)
        return seconds

    def start_all(self) -> None:
        """Start those that do not run, side by side."""
        wanted = [name for name, program in self.programs.items() if not program.is_running]
        with ThreadPoolExecutor() as side_by_side:
            list(side_by_side.map(self.start, wanted))

    def stop(self, name: str) -> None:
        """End one in good order (SIGTERM)."""
        self.programs[name].stop()

    def kill(self, *names: str) -> None:
        """End some, or without names all that run, as the kernel would: SIGKILL, all before any is waited for."""
        running = [self.programs[name] for name in names or self.programs if self.programs[name].is_running]
        for program in running:
            self.signal(program, signal.SIGKILL)
        for program in running:
            if program.process is not None:
                program.process.wait(10)

    def signal(self, program: Program, number: signal.Signals) -> None:
        """Send a signal to one that runs."""
        if program.process is not None:
            program.process.send_signal(number)

    def dead(self) -> list[str]:
        """Return the names of those that ran and run no more."""
        return [name for name, one in self.programs.items() if one.process is not None and not one.is_running]

    def end(self) -> None:
        """End all, workers first."""
        for program in reversed(self.programs.values()):
            program.stop()

    def lines_naming(self, numbers: Iterable[str]) -> int:
        """Count the lines of all logs in which a person's number stands, with or without its dash."""
        spellings = [f"{number[:6]}-?{number[6:]}" for number in numbers]
        if not spellings:
            return 0
        pattern = re.compile("|".join(spellings))
        logs = [program.log for program in self.programs.values() if program.log.exists()]
        return sum(1 for log in logs for line in log.read_text(errors="replace").splitlines() if pattern.search(line))

    def memory(self, name: str) -> int:
        """Return the resident memory of one, in bytes. Linux only."""
        process = self.programs[name].process
        status = Path(f"/proc/{process.pid if process else 0}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def _add(self, name: str, command: list[str], url: str, environment: dict[str, str]) -> None:
        log = self.folder / f"{name}.log"
        self.programs[name] = Program(name, command, url, log, environment)


def random_key() -> str:
    """Return a key for the hub's settings."""
    return base64.b64encode(os.urandom(32)).decode()


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _toml(settings: Mapping[str, Any], table: str = "") -> list[str]:
    """Write TOML, plain values before tables; JSON spells texts and numbers as TOML does."""
    plain = {name: value for name, value in settings.items() if not isinstance(value, Mapping)}
    lines = [f"[{table}]"] if table and (plain or not settings) else []
    lines += [f"{name} = {orjson.dumps(value).decode()}" for name, value in plain.items()]
    for name, value in settings.items():
        if isinstance(value, Mapping):
            lines += _toml(value, f"{table}.{name}" if table else name)
    return lines
