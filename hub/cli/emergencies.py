"""``hub emergencies``: who has opened emergency access, and what nobody has approved in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.api.emergencies import emergencies_for_operators
from hub.cli.assembly import open_store
from hub.cli.printing import print_json
from hub.clock import now
from hub.settings import read_settings

_COLUMNS = ("emergency", "client", "organisation", "opened_at", "until", "is_open", "review", "approve_by")


def emergencies(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """Say of all emergency access how it stands, what nobody has reviewed first; an overdue review ends with 1."""
    with open_store(read_settings()).begin(read_only=True) as unit:
        found: Sequence[Mapping[str, Any]] = emergencies_for_operators(unit.emergencies.latest(), now())
    if as_json:
        print_json({"emergencies": found})
    else:
        table = Table(*_COLUMNS, box=None, pad_edge=False)
        for row in found:
            table.add_row(*(str(row[column]) for column in _COLUMNS), style="bold red" if row["is_red"] else None)
        Console().print(table if found else "Nothing: nobody has opened emergency access.")
    if any(row["is_red"] for row in found):
        raise typer.Exit(1)
