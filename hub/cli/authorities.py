"""``hub authorities``: how the hub stands with each authority's system, and to hold, release or probe one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.cli.assembly import open_store
from hub.cli.printing import me, print_json
from hub.clock import new_id
from hub.flow.alarms import RECEIPTS_MISSING, WITHDRAWALS_WAIT, WORDS_MISSING
from hub.flow.standing import BOTH, Asked, called, hold, probe, release, standings
from hub.settings import Settings, read_settings
from hub.store.circuits import Direction, HoldReason

authorities = typer.Typer(no_args_is_help=True, help="How authorities' systems stand; hold, release or probe one.")

_COLUMNS = (
    "authority", "direction", "state", "since", "reason", "next_probe_at", "under_way", "waiting", "last_success_at",
    "last_attempt_at", "last_result", "alarm",
)  # fmt: skip
#: What an alarm counts.
_COUNTED = {
    RECEIPTS_MISSING: "receipts_missing", WITHDRAWALS_WAIT: "withdrawals_waiting", WORDS_MISSING: "words_missing",
}  # fmt: skip
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
        print_json({"authorities": rows})
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
    Console().print(held(name, reason, direction))


@authorities.command("release")
def authorities_release(name: Name, direction: Way = None) -> None:
    """Let calls through again. Audited."""
    Console().print(released(name, direction))


@authorities.command("probe")
def authorities_probe(name: Name, direction: Way = None) -> None:
    """End a pause now: the next call goes through as a probe. Audited."""
    settings = read_settings()
    is_called = probe(_asked(name, direction, settings), open_store(settings), settings)
    nothing = "Nothing waits just now: the next delivery, fetch or poll is the probe."
    Console().print("The first that waits goes through as a probe." if is_called else nothing)


def held(name: str, reason: HoldReason, direction: Direction | None) -> str:
    """Let no call through until it is released; return what people are told of that."""
    settings = read_settings()
    hold(_asked(name, direction, settings), reason, open_store(settings))
    return _HELD.format(name=name)


def released(name: str, direction: Direction | None) -> str:
    """Let calls through again; return what people are told of that."""
    settings = read_settings()
    release(_asked(name, direction, settings), open_store(settings), settings)
    return f"Calls go to {name} again; what has waited follows by itself."


def _asked(name: str, direction: Direction | None, settings: Settings) -> Asked:
    directions = (direction,) if direction else BOTH
    configured = called(settings.authorities, settings)
    return Asked(name, directions, configured, me(), str(new_id()))


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row[column]
    if column == "state":
        return f"[{_COLOURS[value]}]{value}[/]"
    if column == "alarm" and value:
        return f"[bold red]{value} ({row[_COUNTED[value]]})[/]"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value) if value not in (None, "") else "-"
