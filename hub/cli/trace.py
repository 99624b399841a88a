"""``hub trace``: what became of a message, step by step, from its door to each recipient's receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hub.cli.assembly import open_store
from hub.cli.printing import print_json
from hub.flow.trace import as_told
from hub.flow.trace import trace as follow
from hub.settings import read_settings

_COLUMNS = ("step", "begun_at", "seconds", "who", "what", "rules")
#: What of a step is told in the column ``what``, in this order.
_TOLD = (
    "told_as", "receipt", "decision", "shown", "withdrawn", "taken_in", "skipped", "outcome", "code", "cause", "topic",
    "not_before",
)  # fmt: skip
_COLOURS = {"refused": "red", "dead-letter": "red", "later": "yellow", "nothing-to-say": "yellow", "settled": "green"}


def trace(
    id: Annotated[
        str,
        typer.Argument(
            help="A correlation id, the id of a receipt or of a delivery, the name that a recipient was told "
            "(delivery-sequence), or a W3C trace id."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Say what became of a message: each step with its two times, what was decided and by which rules."""
    found = as_told(follow(id, open_store(read_settings())))
    if as_json:
        print_json(found)
        return
    console = Console()
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for step in found["steps"]:
        table.add_row(*(escape(cell) for cell in _cells(step)), style=_COLOURS.get(step["step"]))
    console.print("correlation ids: " + escape(", ".join(found["correlation_ids"]) or "none is known"))
    console.print(table)


def _cells(step: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a step's cells, without colours."""
    who = step.get("recipient") or step.get("authority") or step.get("actor") or ""
    what = ", ".join(f"{name} {_text(step[name])}" for name in _TOLD if step.get(name) not in (None, "", 0))
    rules = [*step.get("rules", ()), *(f"withheld by {rule}" for rule in step.get("withheld_by", ()))]
    return (step["step"], _text(step["begun_at"]), _seconds(step), who, what, ", ".join(rules))


def _seconds(step: Mapping[str, Any]) -> str:
    """Return how long a step took; one that has not ended says so."""
    if step["ended_at"] is None:
        return "not ended"
    return f"{(step['ended_at'] - step['begun_at']).total_seconds():.3f}"


def _text(value: Any) -> str:
    return value.isoformat(sep=" ", timespec="milliseconds") if isinstance(value, datetime) else str(value)
