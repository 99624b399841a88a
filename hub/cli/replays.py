"""``hub dlq replay`` and ``hub dlq replays``: bring many dead letters back, watch that, and stop it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from hub.api.replays import ForecastAnswer, forecast_told, items_told, replay_told
from hub.cli.assembly import open_rooms, open_store
from hub.cli.printing import me, print_json, table_of
from hub.clock import new_id
from hub.flow.dead_causes import Cause
from hub.flow.replay_forecast import forecast
from hub.flow.replays import Asker, Choice, Manner, ShownReplay, cancel, freeze, show, show_all, start
from hub.settings import read_settings

replays = typer.Typer(no_args_is_help=True, help="Replays of dead letters: how they stand, and their end.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
TheReplay = Annotated[UUID, typer.Argument(help="A replay, as the list names it.")]
_LISTED = ("id", "state", "created_at", "created_by", "ended_why")
_COUNTED = ("waiting", "under-way", "delivered", "failed-again")
_ITEMS = ("id", "recipient", "type", "begun_at", "outcome", "type_again")


def dlq_replay(
    ids: Annotated[list[UUID] | None, typer.Option("--id", help="A dead letter; may be given again.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Only a group, as hub dlq list names it.")] = None,
    cause: Annotated[Cause | None, typer.Option("--cause", help="Only a cause.")] = None,
    recipient: Annotated[str | None, typer.Option("--recipient", help="Only a recipient, such as social.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in ten letters or more; it is kept sealed.")] = "",
    canary: Annotated[int, typer.Option("--canary", help="So many must arrive first.", min=1, max=100)] = 1,
    per_minute: Annotated[int, typer.Option("--per-minute", help="At full rate.", min=1, max=6_000)] = 60,
    stop_percent: Annotated[
        int, typer.Option("--stop-percent", help="Failures among the last 20 that stop it.", min=1, max=100)
    ] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of them.")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Freeze the choice, and do not start yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring dead letters back: those there are now, one first, then slowly more. The running hub does it."""
    choice = Choice(tuple(ids or ()), group, cause, recipient).named()
    rooms = open_rooms()
    if dry_run:
        _print_forecast(as_json, forecast_told(forecast(choice, rooms.store, rooms.authorities, _asker())))
        return
    shown = freeze(choice, Manner(canary, per_minute, stop_percent), reason, rooms.store, _asker())
    if not draft:
        shown = start(shown.replay.id, rooms.store, _asker())
    _print_one(as_json, shown)


@replays.command("list")
def replays_list(as_json: AsJson = False) -> None:
    """List replays, the newest first."""
    found = [replay_told(one) for one in show_all(open_store(read_settings()))]
    if as_json:
        print_json(found)
        return
    _print_table((*_LISTED, *_COUNTED), [{**one, **one["counts"]} for one in found])


@replays.command("show")
def replays_show(replay: TheReplay, as_json: AsJson = False) -> None:
    """Say how a replay stands, with its first 500 items; one that was stopped ends with 1."""
    shown = show(replay, open_store(read_settings()))
    _print_one(as_json, shown, with_items=True)
    if shown.replay.state == "stopped":
        raise typer.Exit(1)


@replays.command("start")
def replays_start(replay: TheReplay, as_json: AsJson = False) -> None:
    """Let a draft begin."""
    _print_one(as_json, start(replay, open_store(read_settings()), _asker()))


@replays.command("cancel")
def replays_cancel(replay: TheReplay, as_json: AsJson = False) -> None:
    """End a replay: what has not begun stays a dead letter."""
    _print_one(as_json, cancel(replay, open_store(read_settings()), _asker()))


def _asker() -> Asker:
    return Asker(me(), str(new_id()))


def _print_one(as_json: bool, shown: ShownReplay, *, with_items: bool = False) -> None:
    told, items = replay_told(shown), items_told(shown)
    if as_json:
        print_json({**told, "items": items} if with_items else told)
        return
    state = f"{told['state']} ({told['ended_why']})" if told["ended_why"] else told["state"]
    counts = ", ".join(f"{number} {name}" for name, number in shown.counts.items() if number)
    typer.echo(f"Replay {told['id']}: {state}; {counts}.")
    if with_items:
        _print_table(_ITEMS, items)
    else:
        typer.echo(f"Look at it: hub dlq replays show {told['id']}")


def _print_forecast(as_json: bool, told: ForecastAnswer) -> None:
    if as_json:
        print_json(told)
        return
    would = tuple(told["would"])
    _print_table(("group", "recipient", "type", *would), [{**one, **one["would"]} for one in told["groups"]])


def _print_table(columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> None:
    table = table_of(columns, rows, lambda value: "-" if value is None else str(value))
    Console().print(table if rows else "Nothing to show.")
