"""``hub withdrawals``: who has not confirmed yet that it has deleted what a citizen has taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from hub.cli.assembly import open_store
from hub.cli.printing import print_json, table_of
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
        print_json({"recipients": rows, "missing": missing})
    else:
        console = Console()
        console.print(
            table_of(_COUNTS, rows) if rows else "Nothing: every recipient has confirmed what it had to delete."
        )
        if missing:
            console.print(
                f"[bold red]No receipt after {settings.withdrawal_hours} hours:[/]", table_of(_MISSING, missing)
            )
    if missing:
        raise typer.Exit(1)
