"""The pictures of reports are small, the same bytes for the same numbers, and say in words what they show."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bench.measure import Aim, Better, Row

pytestmark = pytest.mark.integration

SLOW, FAST, IN_MS = Aim(Better.LOWER, 1), Aim(Better.LOWER, 10), Aim(Better.LOWER, 50, "ms")


@pytest.fixture
def pictures() -> Any:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: make bench does that")
    return import_module("bench.pictures")


def words(picture: Path) -> list[str]:
    return [
        str(text.xpath("normalize-space()")) for text in etree.parse(picture).iter("{http://www.w3.org/2000/svg}text")
    ]


def many_rows() -> list[Row]:
    return [Row(f"deed {n}", "a bare one", "ms", [4.0], [2.0], (None, FAST, SLOW, IN_MS)[n % 4]) for n in range(48)]


def test_bars_say_each_ratio_and_whether_its_aim_is_met(pictures: Any, tmp_path: Path) -> None:
    pictures.bars("Ratios", many_rows(), tmp_path / "bars.svg")
    said = words(tmp_path / "bars.svg")
    assert [f"deed {n}" in said for n in range(48)] == [True] * 48
    assert said.count("2.00× of a bare one") == 12
    assert said.count("2.00× of a bare one; aim ≤ 10×: met") == 12
    assert said.count("2.00× of a bare one; aim ≤ 1×: missed") == 12
    assert said.count("2.00× of a bare one; 4 ms; aim ≤ 50 ms: met") == 12


def test_pictures_are_small_and_the_same_for_the_same_numbers(pictures: Any, tmp_path: Path) -> None:
    series = {
        name: [(n / 6, 100 + n * 7919 * (step + 1) % 31) for n in range(180)]
        for step, name in enumerate(("hub", "worker", "a", "b", "c"))
    }
    for number in ("1", "2"):
        pictures.bars("Ratios", many_rows(), tmp_path / f"bars-{number}.svg")
        pictures.lines("Memory", "minutes", "MB", series, tmp_path / f"lines-{number}.svg")
    for name in ("bars", "lines"):
        one, other = ((tmp_path / f"{name}-{number}.svg").read_bytes() for number in ("1", "2"))
        assert one == other
        assert len(one) < 60_000
        assert b"<dc:date>" not in one


def test_lines_name_their_axes_and_each_line(pictures: Any, tmp_path: Path) -> None:
    series = {"update": [(1_000, 3.0), (1_000_000, 3.5)], "read": [(1_000, 2.0), (1_000_000, 2.1)]}
    pictures.lines("Growth", "plans", "milliseconds", series, tmp_path / "growth.svg", log_x=True)
    assert {"Growth", "plans", "milliseconds", "update", "read", "1,000", "1,000,000"} <= set(
        words(tmp_path / "growth.svg")
    )
