"""``hub evaluation``: whether one plan helps, month by month, of all families together."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from hub.cli.assembly import open_store
from hub.cli.printing import me, print_json, table_of
from hub.clock import new_id
from hub.flow.evaluate import MEASURES, SETTLES, as_csv, evaluate
from hub.settings import read_settings

_MONTH = ["%Y-%m"]


def evaluation(
    first: Annotated[datetime, typer.Option("--from", formats=_MONTH, help="The first month, such as 2026-01.")],
    last: Annotated[datetime, typer.Option("--to", formats=_MONTH, help="The last month.")],
    is_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Report month by month whether one plan helps, of all families together; small numbers are not told."""
    settings = read_settings()
    store = open_store(settings)
    least, said = settings.evaluation_least, {"actor": me(), "correlation_id": str(new_id())}
    months = evaluate(first.date(), last.date(), store, least, **said)
    if is_csv:
        typer.echo(as_csv(months), nl=False)
    elif as_json:
        found = [{"month": f"{one.begins:%Y-%m}", "is_whole": one.is_whole, **one.values} for one in months]
        print_json({"least": least, "months": found})
    else:
        names = [f"{one.begins:%Y-%m}" for one in months]
        rows = [
            {"measure": name} | {month: one.values[name] for month, one in zip(names, months, strict=True)}
            for name in MEASURES
        ]
        Console().print(table_of(["measure", *names], rows))
        typer.echo(
            f"-: of fewer than {least} families, or not known; a month is told {SETTLES.days} days after its end."
        )
