"""``hub intake``: take in, now, what systems have dropped into their folders, and say how far that is."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hub.authority import Authorities, Drops
from hub.cli.assembly import Rooms, open_rooms
from hub.cli.log_lines import log_as_json
from hub.cli.printing import print_json
from hub.clock import monotonic
from hub.errors import HubError, NotFound, SettingsRefused, Unavailable
from hub.queue.folders import take_file
from hub.store.circuits import Direction
from hub.store.inbox import Receipt
from hub.store.migrations import is_current
from hub.store.transaction import Store

#: Seconds in which a file that was touched a moment ago becomes one that is left alone.
_PATIENCE, _LOOK_SECONDS = 2.0, 0.25
_REFUSED = 1
#: Exit code where something was not taken in and will be: run it again.
_NOT_READY = 3


@dataclass(slots=True)
class Taken:
    """What became of one authority's folder; nothing here tells of a file.

    :ivar again: of those taken in, files that the hub had before.
    :ivar reasons: codes of what was refused.
    :ivar stopped: why the rest waits.
    """

    authority: str
    taken_in: int
    again: int
    refused: int
    waiting: int
    reasons: dict[str, int]
    stopped: str = ""


def intake(
    authority: Annotated[str, typer.Argument(help="Whose folder, such as children; else every one.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Take in every file that waits in the drop folders. A hub that runs beside it takes in others meanwhile."""
    log_as_json()
    rooms = open_rooms()
    if not is_current(rooms.store):
        raise SettingsRefused("The database has older tables than this version of the hub.", "Run: hub migrate")
    console = Console(stderr=True)
    found = [_emptied(name, adapter, rooms, console) for name, adapter in _dropping(authority, rooms.authorities)]
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        _print(found)
    raise typer.Exit(_exit_code(found))


def _dropping(authority: str, authorities: Authorities) -> list[tuple[str, Drops]]:
    """Return who drops files. :raises NotFound: nobody does, or the one who is asked for does not."""
    found: list[tuple[str, Drops]] = [
        (name, one.adapter)
        for name, one in authorities.items()
        if isinstance(one.adapter, Drops) and one.adapter.folder is not None and authority in ("", name)
    ]
    if not found:
        raise NotFound(
            "No folder of this authority is watched." if authority else "No authority's folder is watched.",
            "Set folder of the authority, such as HUB_AUTHORITIES__CHILDREN__FOLDER.",
        )
    return found


def _emptied(name: str, adapter: Drops, rooms: Rooms, console: Console) -> Taken:
    counted: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    stopped = ""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(f"{name}: taking files in", total=None)

        def tell(outcome: Receipt | HubError) -> None:
            if isinstance(outcome, Receipt):
                counted["again" if outcome.is_repeat else "first"] += 1
            else:
                reasons[outcome.code] += 1
            done = counted.total() + reasons.total()
            total = progress.tasks[0].total
            progress.update(bar, completed=done, total=max(done, total or done + adapter.waiting()))

        try:
            _check_not_held(name, rooms.store)
            _empty(name, adapter, rooms, tell)
        except Unavailable as error:
            stopped = error.diagnostics()
    return Taken(
        name, counted.total(), counted["again"], reasons.total(), _still_waiting(adapter), dict(reasons), stopped
    )


def _empty(name: str, adapter: Drops, rooms: Rooms, tell: Callable[[Receipt | HubError], None]) -> None:
    """Take files in until none is left that is whole."""
    until, pause = monotonic() + _PATIENCE, threading.Event()
    while True:
        with adapter.claim() as file:
            if file is not None:
                tell(take_file(file, name, rooms.store, rooms.authorities))
        if file is not None:
            until = monotonic() + _PATIENCE
        elif monotonic() > until or not adapter.waiting():
            return
        else:
            pause.wait(_LOOK_SECONDS)


def _check_not_held(name: str, store: Store) -> None:
    """:raises Unavailable: an operator holds the authority, so that nothing comes in from it."""
    with store.begin(read_only=True) as unit:
        is_held = any(
            one.authority == name and one.direction is Direction.SOURCE and one.held_at for one in unit.breakers.all()
        )
    if is_held:
        raise Unavailable(f"{name} is held as a source.", f"Release it with: hub authorities release {name}")


def _still_waiting(adapter: Drops) -> int:
    try:
        return adapter.waiting()
    except Unavailable:
        return 0


def _exit_code(found: list[Taken]) -> int:
    if any(one.stopped or one.waiting for one in found):
        return _NOT_READY
    return _REFUSED if any(one.refused for one in found) else 0


def _print(found: list[Taken]) -> None:
    table = Table("authority", "taken in", "again", "refused", "waiting", "why refused", box=None, pad_edge=False)
    for one in found:
        why = ", ".join(f"{code} {count}" for code, count in sorted(one.reasons.items()))
        table.add_row(one.authority, str(one.taken_in), str(one.again), str(one.refused), str(one.waiting), why or "-")
    console = Console()
    console.print(table)
    for one in found:
        if one.stopped:
            console.print(f"{one.authority}: {one.stopped}")
        if one.refused:
            console.print(f"{one.authority}: why is told in receipts/ and refused/ of its folder.")
