"""The benchmarks still run: every part is imported, the cheapest is measured, and a missed aim ends a run with 1."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

import pytest

import bench
from bench import mapping
from bench.measure import Aim, Better, Row
from bench.report import Part, missed, page
from hub.clock import now

PARTS = sorted(path.stem for path in Path(bench.__file__).parent.glob("*.py") if path.stem != "__init__")
#: What `make bench` installs beside what the tests need.
OF_THE_BENCH = ("celery",)
SLOW, FAST = Aim(Better.LOWER, 1), Aim(Better.LOWER, 10)


def a_row(aim: Aim | None) -> Row:
    return Row("a deed", "a bare one", "µs", [4.0], [2.0], aim)


@pytest.mark.files  # what a library does when it is first imported, such as looking at /proc
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_part_is_imported(part: str) -> None:
    try:
        assert importlib.import_module(f"bench.{part}").__doc__
    except ModuleNotFoundError as error:
        if error.name not in OF_THE_BENCH:
            raise
        pytest.skip(f"{error.name} is not installed: make bench does that")


@pytest.mark.slow
@pytest.mark.parametrize("documents", mapping._AUTHORITIES, ids=lambda one: str(one.authority))
def test_mapping_is_measured_and_not_far_from_the_bare_thing(
    documents: mapping.Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "_AUTHORITIES", (documents,))
    monkeypatch.setattr(mapping, "_ROUNDS", 3)
    monkeypatch.setattr(mapping, "_ROUND_SECONDS", 0.01)
    measured = list(mapping.rows())
    assert len(measured) == len(documents.examples)
    assert all(0 < row.ratio < 20 for row in measured), [row.ratio for row in measured]
    assert {row.aim for row in measured} == {None if documents.authority == "social" else mapping.AIM}


def test_a_row_without_an_aim_misses_none() -> None:
    part = Part("A part", "", [a_row(None), a_row(FAST), a_row(SLOW)])
    assert [row.aim for row in missed([part])] == [SLOW]
    written = page([part], {}, now().date(), "")
    assert "| none |  |" in written
    assert written.endswith("2.00×, and the aim is ≤ 1×.\n")


def test_a_report_tells_of_its_picture_in_words() -> None:
    part = Part("A part", "", [a_row(None), a_row(FAST), a_row(SLOW)])
    written = page([part], {}, now().date(), "", "bench.svg")
    assert "![Bars of all 3 ratios, 2 of them with an aim: a deed misses its aim.](bench.svg)" in written
    assert "![" not in page([part], {}, now().date(), "")


@pytest.mark.parametrize(("aim", "ends_with"), [(SLOW, 1), (FAST, 0), (None, 0)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_that_misses_an_aim_ends_with_1(
    aim: Aim | None, ends_with: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in OF_THE_BENCH:
        pytest.importorskip(name, reason=f"{name} is not installed: make bench does that")
    program = importlib.import_module("bench.__main__")

    def rows(_servers: object) -> Sequence[Row]:
        return [a_row(aim)]

    monkeypatch.setattr(program, "_CHAPTERS", (program._Chapter("mapping", "Mapping", "", rows),))
    monkeypatch.setattr(program, "find_servers", lambda: None)
    monkeypatch.setattr(program, "log_as_json", lambda: None)
    assert program.main(["--only", "mapping"]) == ends_with
    assert ("Missed: a deed" in capsys.readouterr().out) is bool(ends_with)
