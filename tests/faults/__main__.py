"""Inject every fault, in full: ``make faults``, or ``python -m tests.faults --help``.

One line of JSON per verdict as it comes, a table in the end; exit 1 when a verdict names a fault, 2 when a name is
unknown. With ``--report`` a page is written into docs/reports.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from rich.table import Table

from hub.clock import monotonic, now
from tests.faults.report import page
from tests.faults.scenario import EMBEDDED, SERVERS, Scenario, Scene, scenarios
from tests.faults.verdict import Verdict

_REPORTS = Path(__file__).parents[2] / "docs" / "reports"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return the exit code."""
    asked = _asked(arguments)
    known = scenarios()
    unknown = [name for name in asked.only if not any(known_name.startswith(name) for known_name in known)]
    if unknown:
        sys.stderr.write(f"No scenario is called {', '.join(unknown)}. There are: {', '.join(known)}\n")
        return 2
    runs = [
        (one, set_up)
        for one in known.values()
        if not asked.only or one.name.startswith(tuple(asked.only))
        for set_up in one.set_ups
        if asked.set_up in ("", set_up)
    ]
    if asked.sample:
        runs = sampled(runs, asked.sample, asked.seed)
    sys.stderr.write(f"seed {asked.seed}, {len(runs)} runs\n")
    begun = monotonic()
    verdicts = list(_verdicts(runs, asked))
    _show(verdicts)
    if asked.report:
        file = _REPORTS / f"faults-{now().date()}.md" if asked.report == "auto" else Path(asked.report)
        file.write_text(page(verdicts, asked.seed, monotonic() - begun))
        sys.stderr.write(f"{file}\n")
    if not verdicts:
        sys.stderr.write("Nothing was run, so nothing is known; what is missing stands above.\n")
        return 1
    return 1 if any(one.faults for one in verdicts) else 0


def sampled(runs: Sequence[tuple[Scenario, str]], how_many: int, seed: int) -> list[tuple[Scenario, str]]:
    """Pick some runs by dice; in the order in which they stand."""
    picked = set(random.Random(seed).sample(range(len(runs)), min(how_many, len(runs))))
    return [run for number, run in enumerate(runs) if number in picked]


def _verdicts(runs: Sequence[tuple[Scenario, str]], asked: argparse.Namespace) -> Iterator[Verdict]:
    for one, set_up in runs:
        begun = monotonic()
        verdict = run(one, Scene(one.name, set_up, asked.seed, is_sample=bool(asked.sample), repeats=asked.repeats))
        if verdict is None:
            continue
        line = {**verdict.as_json(), "seconds": round(monotonic() - begun, 1)}
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
        sys.stdout.flush()
        yield verdict


def run(one: Scenario, scene: Scene) -> Verdict | None:
    """Run a scenario; None where it cannot run here. One that breaks off is a verdict with that as its fault."""
    why_not = one.needs() if one.needs else ""
    if why_not:
        sys.stderr.write(f"{one.name} on {scene.set_up} was not run: {why_not}\n")
        return None
    try:
        return one.run(scene)
    except pytest.skip.Exception as reason:
        sys.stderr.write(f"{one.name} on {scene.set_up} was not run: {reason}\n")
        return None
    except Exception as error:
        sys.stderr.write(traceback.format_exc())
        return Verdict(
            one.name, scene.set_up, scene.seed, missed=(f"It broke off: {type(error).__name__}: {error}"[:500],)
        )


def _show(verdicts: Sequence[Verdict]) -> None:
    columns = ("scenario", "set-up", "attempted", "acknowledged", "recovered", "lost", "twice", "ready s", "")
    table = Table(*columns)
    for one in verdicts:
        ready = "" if one.seconds_to_ready is None else f"{one.seconds_to_ready:.1f}"
        counts = (one.attempted, one.acknowledged, one.recovered, one.lost, one.duplicated)
        table.add_row(one.scenario, one.set_up, *map(str, counts), ready, " ".join(one.faults) or "well")
    Console(stderr=True, width=160).print(table)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Inject faults into a real hub.")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="scenarios whose names begin so")
    parser.add_argument("--set-up", choices=(EMBEDDED, SERVERS), default="", help="both unless given")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="where dice start")
    parser.add_argument("--repeats", type=int, default=20, help="how often a crash is repeated")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N runs picked by dice, each short")
    parser.add_argument("--report", nargs="?", const="auto", default="", help="write docs/reports/faults-DATE.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a run that is stopped ends its labs as well
    sys.exit(main())
