"""``hub authorities``: how the hub stands with each authority's system, and to hold, release or probe one."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from hub.cli.assembly import open_store
from hub.clock import new_id
from hub.flow.standing import BOTH, Asked, called, hold, probe, release, standings
from hub.settings import Settings, read_settings
from hub.store.circuits import Direction, HoldReason

authorities = typer.Typer(no_args_is_help=True, help="How authorities' systems stand; hold, release or probe one.")

_COLUMNS = (
    "authority", "direction", "state", "since", "reason", "next_probe_at", "under_way", "waiting", "last_success_at",
    "last_attempt_at", "last_result", "alarm",
)  # fmt: skip
_COLOURS = {"closed": "green", "open": "red", "half-open": "yellow", "held": "red"}
_HELD = (
    "No call goes to {name} until it is released: deliveries, fetches and polls wait, and nothing is lost.\n"
    "[bold red]Withdrawals wait too: {name} may keep what a citizen has taken back.[/]\n"
    "Release it with: hub authorities release {name}"
)

Name = Annotated[str, typer.Argument(help="The authority, such as social.")]
Way = Annotated[Direction | None, typer.Option("--direction", help="Only recipient, or only source; else both.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@authorities.command("list")
def authorities_list(as_json: AsJson = False) -> None:
    """Say of each authority how it stands, what waits for it, and when data last got through."""
    settings = read_settings()
    rows = standings(settings.authorities, open_store(settings), settings)
    if as_json:
        typer.echo(orjson.dumps({"authorities": rows}, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row, column) for column in _COLUMNS))
    Console().print(table if rows else "No authority is configured.")


@authorities.command("hold")
def authorities_hold(
    name: Name,
    reason: Annotated[HoldReason, typer.Option("--reason", help="Why: a word of the list.")],
    direction: Way = None,
) -> None:
    """Let no call through until it is released. Audited."""
    settings = read_settings()
    hold(_asked(name, direction, settings), reason, open_store(settings))
    Console().print(_HELD.format(name=name))


@authorities.command("release")
def authorities_release(name: Name, direction: Way = None) -> None:
    """Let calls through again. Audited."""
    settings = read_settings()
    release(_asked(name, direction, settings), open_store(settings), settings)
    Console().print(f"Calls go to {name} again; what has waited follows by itself.")


@authorities.command("probe")
def authorities_probe(name: Name, direction: Way = None) -> None:
    """End a pause now: the next call goes through as a probe. Audited."""
    settings = read_settings()
    is_called = probe(_asked(name, direction, settings), open_store(settings), settings)
    nothing = "Nothing waits just now: the next delivery, fetch or poll is the probe."
    Console().print("The first that waits goes through as a probe." if is_called else nothing)


def _asked(name: str, direction: Direction | None, settings: Settings) -> Asked:
    directions = (direction,) if direction else BOTH
    configured = called(settings.authorities, settings)
    return Asked(name, directions, configured, f"cli:{getpass.getuser()}"[:64], str(new_id()))


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row[column]
    if column == "state":
        return f"[{_COLOURS[value]}]{value}[/]"
    if column == "alarm" and value:
        return f"[bold red]{value} ({row['withdrawals_waiting']})[/]"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value) if value not in (None, "") else "-"
