"""How many small changes of ``hub.consent`` a test notices: what ``make mutation`` tells at its end.

mutmut has written, beside each module that it changed, how the tests ended for each change. ``make mutation`` runs it,
and then this: a table of the modules, and the changes that no test noticed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import orjson
from rich.console import Console
from rich.table import Table

from bench.machine import ROOT

AIM = 0.9
_MUTANTS = ROOT / "mutants" / "hub" / "consent"
# As mutmut writes how a run of the tests ended.
_SURVIVED, _UNTOLD, _ENDLESS = {0}, {5, 33}, {24, 36, 152, 255, -24}


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the changes of one module.

    :ivar endless: changes that made the tests run too long; a test noticed these too.
    :ivar untold: changes that no test reaches; nobody noticed these.
    """

    module: str
    killed: int
    endless: int
    survivors: tuple[str, ...]
    untold: tuple[str, ...]

    @property
    def made(self) -> int:
        """Return how many changes were made and tried."""
        return self.killed + self.endless + len(self.survivors) + len(self.untold)

    @property
    def noticed(self) -> int:
        """Return how many changes a test noticed."""
        return self.killed + self.endless


def scores(folder: Path = _MUTANTS) -> Sequence[Score]:
    """Read what mutmut wrote, module by module; what was not tried is left out."""
    found = (_score(path.name.removesuffix(".py.meta"), _endings(path)) for path in sorted(folder.glob("*.py.meta")))
    return [score for score in found if score.made]


def _endings(path: Path) -> Mapping[str, int | None]:
    endings: Mapping[str, int | None] = orjson.loads(path.read_bytes())["exit_code_by_key"]
    return endings


def _score(module: str, endings: Mapping[str, int | None]) -> Score:
    told = {name.removeprefix("hub.consent."): ending for name, ending in endings.items() if ending is not None}
    survivors = tuple(name for name, ending in told.items() if ending in _SURVIVED)
    untold = tuple(name for name, ending in told.items() if ending in _UNTOLD)
    counted = Counter(ending in _ENDLESS for ending in told.values() if ending not in _SURVIVED | _UNTOLD)
    return Score(module, counted[False], counted[True], survivors, untold)


def picked(most: int, seed: str, folder: Path = _MUTANTS) -> Iterator[str]:
    """Yield the names of changes to try: of each module all, or so many at random where it has more."""
    for path in sorted(folder.glob("*.py.meta")):
        names = sorted(_endings(path))
        yield from names if len(names) <= most else Random(f"{seed}-{path.name}").sample(names, most)  # noqa: S311


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the changes that nobody noticed, and fail below the aim; or pick changes to try."""
    parser = argparse.ArgumentParser(prog="bench.mutation", description="Count the changes that no test notices.")
    parser.add_argument("--pick", type=int, metavar="N", help="print the names of at most N changes of each module")
    parser.add_argument("--seed", default="1", help="where the dice of a pick start")
    chosen = parser.parse_args(arguments)
    if chosen.pick is not None:
        print(*picked(chosen.pick, chosen.seed), sep="\n")
        return
    found, console = scores(), Console(width=120)
    table = Table("module", "tried", "noticed", "of them endless", "survived", "reached by no test", "score", box=None)
    for one in found:
        table.add_row(*_cells(one.module, one.made, one.noticed, one.endless, len(one.survivors), len(one.untold)))
    made, noticed = sum(one.made for one in found), sum(one.noticed for one in found)
    endless, survived = sum(one.endless for one in found), sum(len(one.survivors) for one in found)
    table.add_row(*_cells("all", made, noticed, endless, survived, sum(len(one.untold) for one in found)))
    console.print(table)
    for one in found:
        for name in (*one.survivors, *one.untold):
            console.print(f"mutmut show hub.consent.{name}", highlight=False)
    if not made or noticed / made < AIM:
        console.print(f"Below the aim of {AIM:.0%}.")
        sys.exit(1)


def _cells(module: str, made: int, noticed: int, *counts: int) -> tuple[str, ...]:
    return (module, str(made), str(noticed), *map(str, counts), f"{noticed / made:.1%}" if made else "–")


if __name__ == "__main__":
    main()
