"""The report of a full run, for docs/reports."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from hub.clock import now
from tests.faults.verdict import Verdict

_WELL = "all is well"


def page(verdicts: Sequence[Verdict], seed: int, seconds: float) -> str:
    """Return the report as Markdown.

    :param seconds: how long the whole run took.
    """
    bad = [one for one in verdicts if one.faults]
    lines = [
        f"# Faults injected, {now().date()}",
        "",
        f"{len(verdicts)} runs with the seed {seed} in {seconds / 60:.0f} minutes, on {os.cpu_count()} cores, Python "
        f"{platform.python_version()}. {len(bad)} of them found a fault.",
        "",
        f"{sum(one.attempted for one in verdicts)} messages were sent, "
        f"{sum(one.acknowledged for one in verdicts)} acknowledged, {sum(one.lost for one in verdicts)} lost, "
        f"{sum(one.duplicated for one in verdicts)} came into effect twice. Taken in without an answer, and so the "
        f"same again after the repeat or left at that: {sum(one.recovered for one in verdicts)}.",
        "",
        "| scenario | set-up | attempted | acknowledged | lost | twice | unexpected | out of order | late | audit "
        "missing | leaks | ready (s) | measured | fault |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
        *(_row(one) for one in verdicts),
        "",
        f'Run it again: `make faults ARGS="--seed {seed}"`. What the columns mean: `tests/faults/verdict.py`.',
    ]
    return "\n".join(lines) + "\n"


def _row(one: Verdict) -> str:
    counts = (
        one.attempted,
        one.acknowledged,
        one.lost,
        one.duplicated,
        one.unexpected,
        one.order_inversions,
        one.started_after_revocation,
        one.audit_missing,
        one.leaks,
    )
    ready = "" if one.seconds_to_ready is None else f"{one.seconds_to_ready:.2f}"
    measured = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.extra.items())
    cells = (one.scenario, one.set_up, *map(str, counts), ready, measured, " ".join(one.faults) or _WELL)
    return "| " + " | ".join(cells) + " |"
