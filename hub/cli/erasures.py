"""``hub erasures``: which plans are to be erased, whom they wait for, and finishing one that nobody holds any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from hub.cli.assembly import open_store
from hub.cli.printing import me, print_json, table_of
from hub.clock import new_id
from hub.flow.erase import certificates as certificates_of
from hub.flow.erase import finish, waiting
from hub.flow.shred import ShownErasure
from hub.settings import read_settings
from hub.store.sqlite_file import empty_log

_COLUMNS = ("plan", "cause", "asked_at", "approved_at", "legal_hold", "waits_for")


def erasures(
    plan: Annotated[UUID | None, typer.Option("--finish", help="Destroy this plan now, for good.")] = None,
    certificates: Annotated[
        bool, typer.Option("--certificates", help="Print the certificate of each that is done, one a line.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Say which plans are to be erased and whom they wait for; that is the dry run. With --finish, erase one."""
    settings = read_settings()
    store = open_store(settings)
    if certificates:
        for one in certificates_of(store):
            typer.echo(one.decode())
        return
    if plan is not None:
        deadline = timedelta(hours=settings.withdrawal_hours)
        finish(plan, store, deadline, actor=me(), correlation_id=str(new_id()))
        empty_log(store)
    rows = [_row(one) for one in waiting(store)]
    if as_json:
        print_json({"erasures": rows})
        return
    Console().print(table_of(_COLUMNS, rows) if rows else "Nothing: no plan waits to be erased.")


def _row(shown: ShownErasure) -> dict[str, Any]:
    one = shown.erasure
    return {
        "plan": one.plan,
        "cause": one.cause,
        "asked_at": one.asked_at,
        "approved_at": one.approved_at,
        "legal_hold": shown.is_held,
        "waits_for": ", ".join(shown.waits_for),
    }
