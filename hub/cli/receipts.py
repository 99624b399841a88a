"""``hub receipts``: of which deliveries it is not known yet whether their recipients have taken them in."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from hub.cli.assembly import open_store
from hub.cli.printing import print_json, table_of
from hub.flow.awaited import awaited
from hub.settings import read_settings

_COUNTS = ("recipient", "open", "missing", "oldest_owed_at")
_MISSING = ("recipient", "delivery", "sequence", "owed_at")


def receipts(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """Say who has not said yet what became of deliveries that it received; words that are overdue end with 1."""
    settings = read_settings()
    found = awaited(open_store(settings), settings)
    if as_json:
        print_json(found)
    else:
        console, recipients = Console(), found["recipients"]
        nothing = "Nothing: of every delivery it is known what became of it."
        console.print(table_of(_COUNTS, recipients) if recipients else nothing)
        if found["missing"]:
            overdue = f"[bold red]Nothing said after {found['deadline_hours']} hours:[/]"
            console.print(overdue, table_of(_MISSING, found["missing"]))
    if found["missing"]:
        raise typer.Exit(1)
