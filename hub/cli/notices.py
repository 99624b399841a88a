"""``hub notices``: what citizens have not been told yet, and to let a dead letter be tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from hub.api.notices import operators_rows
from hub.cli.assembly import open_store
from hub.cli.printing import me, print_json
from hub.clock import new_id
from hub.flow.told import replay_notice
from hub.settings import read_settings
from hub.store.notices import State

notices = typer.Typer(no_args_is_help=True, help="Letters to citizens: what waits, and what failed.")
_COLUMNS = ("notice", "kind", "state", "cause", "attempts", "made_at", "due_at")
_NO_POST = "[bold yellow]No post is configured (HUB_POST__URL): letters wait, and none goes out.[/]"


@notices.command("list")
def notices_list(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """Name the notices that wait for a sender, the coordinator or an operator; a dead one ends with 1."""
    settings = read_settings()
    with open_store(settings).begin(read_only=True) as unit:
        counts = unit.notices.counts()
        rows: Sequence[Mapping[str, Any]] = operators_rows(unit.notices.open())
    if as_json:
        told = {"post": bool(settings.post), "counts": counts, "notices": rows}
        print_json(told)
    else:
        table = Table(*_COLUMNS, box=None, pad_edge=False)
        for row in rows:
            cells = ("-" if row[column] in (None, "") else str(row[column]) for column in _COLUMNS)
            table.add_row(*cells, style="bold red" if row["state"] is State.DEAD else None)
        console = Console()
        if not settings.post:
            console.print(_NO_POST)
        console.print(table if rows else "Nothing: every citizen has been told.")
    if any(row["state"] is State.DEAD for row in rows):
        raise typer.Exit(1)


@notices.command("replay")
def notices_replay(notice: Annotated[UUID, typer.Argument(help="A dead notice, as the list names it.")]) -> None:
    """Let a dead notice be tried again, once its cause is gone. Audited."""
    store = open_store(read_settings())
    replay_notice(notice, store, actor=me(), correlation_id=str(new_id()))
    Console().print("It is sent again by itself.")
