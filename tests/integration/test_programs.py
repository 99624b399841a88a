"""A program of the town is started, and said to be ready when it says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.cli.town import Program
from hub.errors import Unavailable

pytestmark = pytest.mark.integration


def program(folder: Path, does: str) -> Program:
    return Program("it", [sys.executable, "-c", does], "", folder / "it.log", {}, start_seconds=10)


def test_one_that_ends_right_after_it_was_ready_has_started(tmp_path: Path) -> None:
    one = program(tmp_path, 'print(\'{"ready":"it"}\')')
    for _ in range(3):
        one.start()
        assert one.process is not None
        one.process.wait(10)
        assert not one.is_running


def test_one_that_ends_before_has_not_and_its_last_words_are_told(tmp_path: Path) -> None:
    earlier = program(tmp_path, 'print(\'{"ready":"it"}\')')
    earlier.start()
    earlier.stop()
    with pytest.raises(Unavailable, match="the port is taken"):
        program(tmp_path, "print('the port is taken')").start()
