"""``hub feeds``: how far recipients that fetch have come, and what their subscribers were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.api.feed import standings
from hub.cli.assembly import joined, open_store
from hub.cli.printing import print_json
from hub.settings import read_settings

_COLUMNS = (
    "recipient", "last_position", "unacknowledged", "oldest_unacknowledged_at", "without_receipt",
    "oldest_without_receipt_at", "read_at",
)  # fmt: skip
_OF_A_WEBHOOK = ("lag", "failures", "paused_until", "last_result")


def feeds(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False) -> None:
    """Say of each feed how much is not acknowledged or has no receipt, and how far its webhook lags behind."""
    settings = read_settings()
    rows: Sequence[Mapping[str, Any]] = standings(open_store(settings), joined(settings))
    if as_json:
        print_json({"feeds": rows})
        return
    table = Table(*_COLUMNS, *(f"webhook_{column}" for column in _OF_A_WEBHOOK), box=None, pad_edge=False)
    for row in rows:
        webhook = row["webhook"] or {}
        cells = (*(row[column] for column in _COLUMNS), *(webhook.get(column) for column in _OF_A_WEBHOOK))
        table.add_row(*("-" if cell in (None, "") else str(cell) for cell in cells))
    Console().print(table if rows else 'No recipient fetches: delivery = "feed" of an authority gives it a feed.')
