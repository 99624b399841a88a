"""The report: what was measured where, as a table for the terminal and a page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.measure import Row

_PREFACE = (
    "One run of `make bench`; [what a report is](README.md) says how to read it. `hub` and `bare` are medians of "
    "rounds that took turns; the spread is the lowest and the highest ratio of two neighbouring rounds."
)
_HEADINGS = ("what", "beside", "unit", "hub", "bare", "ratio", "spread", "aim", "")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a run.

    :ivar about: what its rows measure, in a few sentences.
    """

    title: str
    about: str
    rows: Sequence[Row]


def show(part: Part, console: Console) -> None:
    """Print a part as a table."""
    table = Table(*_HEADINGS, title=part.title, title_justify="left", box=None, pad_edge=False)
    for row in part.rows:
        table.add_row(*_cells(row))
    console.print(table)


def page(parts: Sequence[Part], facts: Mapping[str, str], on: date, skipped: str, picture: str = "") -> str:
    """Return the report as Markdown.

    :param picture: name of the file beside it that shows all ratios; none unless given.
    """
    lines = [f"# Benchmarks, {on.isoformat()}", "", _PREFACE, ""]
    lines += [f"![{_picture_says(parts)}]({picture})", ""] if picture else []
    lines += ["| | |", "|---|---|", *(f"| {name} | {said} |" for name, said in facts.items()), ""]
    for part in parts:
        lines += [f"## {part.title}", "", part.about, "", _row(_HEADINGS), "|---|---|---|--:|--:|--:|---|---|---|"]
        lines += [*(_row(_cells(row)) for row in part.rows), ""]
    told = [f"- {row.what}, beside {row.beside}: {_found(row)}, and the aim is {row.aim}." for row in missed(parts)]
    lines += ["## Aims missed", "", *(told or ["None."])]
    return "\n".join([*lines, *(["", skipped] if skipped else []), ""])


def missed(parts: Sequence[Part]) -> list[Row]:
    """Return the rows that have an aim and do not meet it."""
    return [row for part in parts for row in part.rows if not row.meets_aim]


def _picture_says(parts: Sequence[Part]) -> str:
    """Say what the picture shows to those who do not see it; the tables say each number."""
    rows, misses = [row for part in parts for row in part.rows], missed(parts)
    promised = sum(row.aim is not None for row in rows)
    said = "; ".join(f"{row.what} misses its aim" for row in misses) or "none is missed"
    return f"Bars of all {len(rows)} ratios, {promised} of them with an aim: {said}."


def _found(row: Row) -> str:
    return f"{row.ratio:.2f}×" if row.aim is None or row.aim.is_of_ratio else f"{median(row.hub):,.0f} {row.unit}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> tuple[str, ...]:
    low, high = row.spread
    return (
        row.what,
        row.beside,
        row.unit,
        f"{median(row.hub):.0f}",
        f"{median(row.bare):.0f}",
        f"{row.ratio:.2f}×",
        f"{low:.2f}–{high:.2f}",
        str(row.aim or "none"),
        "" if row.aim is None else "met" if row.meets_aim else "missed",
    )
