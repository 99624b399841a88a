"""``hub housekeeping``: what is cleared after how long, when it was last, and a round of it now."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.cli.assembly import open_store
from hub.cli.printing import me, print_json
from hub.flow.housekeeping import PAUSE, ask, rounds, step
from hub.settings import Settings, read_settings
from hub.store.transaction import Store

_COLUMNS = ("kind", "kept_days", "due_at", "last_ended_at", "last_cleared", "total")


def housekeeping(
    at_once: Annotated[bool, typer.Option("--now", help="Clear now what has been kept for long enough.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Say of each kind of thing how long it is kept and what was cleared last; with --now, clear it."""
    settings = read_settings()
    store = open_store(settings)
    if at_once:
        _clear(store, settings)
    found: Sequence[Mapping[str, Any]] = rounds(store, settings)
    if as_json:
        print_json({"housekeeping": found})
        return
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for row in found:
        table.add_row(*(_cell(row[column]) for column in _COLUMNS))
    Console().print(table)


def _clear(store: Store, settings: Settings) -> None:
    """Do steps until every round has ended; a hub that runs beside does some of them."""
    ask(store, settings, me())
    nothing = threading.Event()
    while any(one["is_due"] for one in rounds(store, settings)):
        if step(store, settings) is None:
            nothing.wait(PAUSE.total_seconds())


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
