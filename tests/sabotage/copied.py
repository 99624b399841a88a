"""A copy of the tree in which lines are planted, and the parts of ``make check`` that read it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What the parts read, or need to run.
COPIED = ("hub", "contracts", "docs", "requirements", "tests", "pyproject.toml", "Makefile", "README.md", ".ci")
_LEFT_OUT = shutil.ignore_patterns("screenshots", "reports", "node_modules", "*.woff2", "*.ttf")
_BIN = Path(sys.executable).parent


class Part(StrEnum):
    """A part of ``make check``."""

    LINT = "make lint"
    IMPORTS = "make imports"
    TYPES = "make types"
    TEST = "make test"


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A line that must not be.

    :ivar what: somebody did, in a sentence.
    :ivar file: where it is planted; at the end, unless it replaces something.
    :ivar says: what the part says of it, as a pattern: its rule, and where it is.
    :ivar test: of ``make test``, the test that says so.
    :ivar replaces: a text of the file, which is there once.
    """

    what: str
    part: Part
    file: str
    line: str
    says: str
    test: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a part."""

    status: int
    said: str


class Copy:
    """The tree, copied."""

    def __init__(self, into: Path) -> None:
        self._root = into
        for name in COPIED:
            place = ROOT / name
            if place.is_dir():
                shutil.copytree(place, into / name, ignore=_LEFT_OUT)
            else:
                shutil.copy(place, into / name)

    @contextmanager
    def with_lines(self, sabotages: Iterable[Sabotage]) -> Iterator[None]:
        """Plant lines, and take them out again."""
        before: dict[Path, str | None] = {}
        try:
            for one in sabotages:
                file = self._root / one.file
                text = file.read_text("utf-8") if file.exists() else None
                before.setdefault(file, text)
                file.parent.mkdir(exist_ok=True)
                file.write_text(_planted(one, text or ""), "utf-8")
            yield
        finally:
            for file, text in before.items():
                if text is None:
                    file.unlink(missing_ok=True)
                else:
                    file.write_text(text, "utf-8")

    def run(self, part: Part, sabotages: Sequence[Sabotage]) -> Ran:
        """Run a part over what the sabotages are about."""
        files = sorted({one.file for one in sabotages if (self._root / one.file).exists()})
        tests = sorted({one.test for one in sabotages})
        commands = {
            Part.LINT: ["ruff", "check", "--no-cache", "--output-format", "concise", *files],
            Part.IMPORTS: ["lint-imports", "--no-cache"],
            Part.TYPES: ["mypy", "--cache-dir", str(self._root / ".types"), *files],
            Part.TEST: ["pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *tests],
        }
        program, *asked = commands[part]
        done = subprocess.run(
            [_BIN / program, *asked], cwd=self._root, capture_output=True, text=True, check=False, env=_surroundings()
        )
        # A program that breaks its lines at the width of a terminal is read as if it did not.
        return Ran(done.returncode, re.sub(r"\n {4,}(?=\S)", " ", done.stdout) + done.stderr)


def _surroundings() -> dict[str, str]:
    """Return what a part is run with: a wide terminal, and nothing of the test run that it is started from."""
    own = ("PYTEST_", "COV_", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "COLUMNS": "400", "NO_COLOR": "1"}


def _planted(one: Sabotage, text: str) -> str:
    if not one.replaces:
        return f"{text}\n\n{one.line}\n"
    if text.count(one.replaces) != 1:
        raise ValueError(f"{one.replaces!r} is not there once in {one.file}")
    return text.replace(one.replaces, one.line)
