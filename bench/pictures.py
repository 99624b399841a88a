"""Pictures for the reports: bars of ratios beside their aims, and lines over sizes or minutes.

SVG, small, and the same bytes for the same numbers: no date and no dice in them. A colour never says alone what a
picture says: a missed aim is hatched and told in words, and lines differ by dashes and marks too.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from bench.measure import Row

if TYPE_CHECKING:  # matplotlib reads the machine's fonts when it is loaded, so who draws nothing does not load it
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Letters stay letters, which keeps a picture small and lets its words be found; ids come from the salt, not from dice.
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "one-plan-hub",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "hatch.linewidth": 0.6,
}
#: Okabe and Ito's colours: told apart by those who see fewer.
_MET, _MISSED, _NO_AIM = "#0072B2", "#D55E00", "#999999"
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES, _MARKS = ("-", "--", "-.", ":"), ("o", "s", "^", "D", "v", "P", "X")
_TOO_FINE = re.compile(r"(\d\.\d\d)\d+")  # places that nobody sees, and that take a third of the file
_MARKS_UP_TO = 30  # points of a line; more of them are a smear


def bars(title: str, rows: Sequence[Row], path: Path) -> None:
    """Draw a bar for each ratio, from 1× to where it lies, on a logarithmic scale, with a mark at its aim."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(11, 1.2 + 0.3 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(rows))
        axes.barh(
            places,
            [row.ratio - 1 for row in rows],
            left=1,
            height=0.6,
            color=[_colour(row) for row in rows],
            hatch=["" if row.meets_aim else "////" for row in rows],
            edgecolor="white",
        )
        axes.set_xscale("log")
        for place, row in zip(places, rows, strict=True):
            aim = _aim_of_ratio(row)
            if aim is not None:
                axes.plot([aim], [place], "|", markersize=15, color="black")
            at = (max(row.ratio, aim or 1, 1), place)
            axes.annotate(_said(row), at, (6, 0), textcoords="offset points", va="center", fontsize=8)
        axes.margins(x=0.2, y=0.02)
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set_yticks(places, [row.what for row in rows], fontsize=8)
        axes.tick_params(axis="y", left=False)
        axes.invert_yaxis()
        axes.set_xlabel("the hub in multiples of what stands beside it (logarithmic; | is the aim)")
        ticks = [one for one in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if _is_within(one, axes.get_xlim())]
        axes.set_xticks(ticks, [f"{one:g}×" for one in ticks])
        axes.minorticks_off()
        _finish(figure, axes, title, path, "x")


def lines(
    title: str,
    x_label: str,
    y_label: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    path: Path,
    *,
    log_x: bool = False,
) -> None:
    """Draw a line for each series of (x, y); the y axis begins at 0, so that a slope looks as steep as it is.

    :param series: by the name that stands in the legend, such as a process or a set-up.
    :param log_x: for sizes that grow tenfold from one point to the next.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for (name, points), colour, dash, mark in zip(
            series.items(), cycle(_COLOURS), cycle(_DASHES), cycle(_MARKS), strict=False
        ):
            axes.plot(
                [x for x, _ in points],
                [y for _, y in points],
                dash,
                color=colour,
                label=name,
                marker=mark,
                markersize=4,
                markevery=max(1, len(points) // _MARKS_UP_TO),
                linewidth=1.4,
            )
        if log_x:
            axes.set_xscale("log")
            sizes = sorted({x for points in series.values() for x, _ in points})
            axes.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
            axes.minorticks_off()
        axes.set_ylim(bottom=0, top=max((y for points in series.values() for _, y in points), default=1) * 1.1 or 1)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
        _finish(figure, axes, title, path, "both")


def _colour(row: Row) -> str:
    return _NO_AIM if row.aim is None else _MET if row.meets_aim else _MISSED


def _aim_of_ratio(row: Row) -> float | None:
    return row.aim.limit if row.aim is not None and row.aim.is_of_ratio else None


def _said(row: Row) -> str:
    """Say the ratio and the aim, which may be about the hub's own median instead."""
    found = f"{row.ratio:.2f}× of {row.beside}"
    if row.aim is None:
        return found
    own = "" if row.aim.is_of_ratio else f"; {median(row.hub):,.0f} {row.unit}"
    return f"{found}{own}; aim {row.aim}: {'met' if row.meets_aim else 'missed'}"


def _is_within(one: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= one <= limits[1]


def _finish(figure: Figure, axes: Axes, title: str, path: Path, grid: Literal["x", "both"]) -> None:
    axes.grid(axis=grid, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    metadata = {"Date": None, "Creator": None, "Title": title}
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", bbox_inches="tight", metadata=metadata)
    path.write_text(_TOO_FINE.sub(r"\1", drawn.getvalue()), "utf-8")
