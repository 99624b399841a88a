"""``hub withdrawals``: who has not confirmed yet that it has deleted what a citizen has taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from hub.cli.assembly import open_store
from hub.clock import now
from hub.settings import read_settings

_COUNTS = ("recipient", "open", "not_sent", "missing", "oldest_owed_at", "undecided")
_MISSING = ("recipient", "plan", "elements", "owed_at", "last_attempt_at", "last_result")


def withdrawals(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """Say who has not confirmed yet that it has deleted, and which receipts are missing; those end with 1."""
    settings = read_settings()
    at, deadline = now(), timedelta(hours=settings.withdrawal_hours)
    with open_store(settings).begin(read_only=True) as unit:
        found = unit.withdrawals.counts(at, deadline)
        missing = unit.withdrawals.missing(at, deadline)
    rows = [found[name] for name in sorted(found)]
    if as_json:
        typer.echo(
            orjson.dumps({"recipients": rows, "missing": missing}, default=str, option=orjson.OPT_INDENT_2).decode()
        )
    else:
        console = Console()
        console.print(
            _table(_COUNTS, rows) if rows else "Nothing: every recipient has confirmed what it had to delete."
        )
        if missing:
            console.print(
                f"[bold red]No receipt after {settings.withdrawal_hours} hours:[/]", _table(_MISSING, missing)
            )
    if missing:
        raise typer.Exit(1)


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("-" if row[column] in (None, "") else str(row[column]) for column in columns))
    return table
