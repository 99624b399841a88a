"""``hub dlq``: what needs a person, in groups of one cause and singly; to look at, to discard and to take along."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.markup import escape

from hub.cli.assembly import open_rooms, open_store
from hub.cli.printing import me, or_dash, print_json, table_of
from hub.clock import new_id
from hub.flow.dead_causes import Cause
from hub.flow.dead_letter_deeds import discard, discard_group
from hub.flow.dead_letters import Wanted, groups, listed, show
from hub.settings import read_settings

dlq = typer.Typer(no_args_is_help=True, help="Dead letters: what needs a person.")

GROUP = Annotated[str, typer.Option("--group", help="Only a group, by the id that the list gives it.")]
CAUSE = Annotated[Cause | None, typer.Option("--cause", help="Only a cause.")]
RECIPIENT = Annotated[str, typer.Option("--recipient", help="Only a recipient, such as social.")]
AS_JSON = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
_GROUP = ("group", "kind", "cause", "recipient", "count", "oldest", "newest", "text")
_SINGLE = ("id", "kind", "cause", "recipient", "type", "dead_at", "attempts", "after_replay", "note", "correlation_id")
_TRIED = ("sequence", "started_at", "finished_at", "outcome", "note")
_EXPORTED = (
    "id", "kind", "group", "cause", "type", "recipient", "channel", "note", "dead_at", "attempts", "sequence",
    "correlation_id", "after_replay", "fix",
)  # fmt: skip
_PAGE = 500
#: What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    CSV = "csv"


@dlq.command("list")
def dlq_list(
    group: GROUP = "",
    cause: CAUSE = None,
    recipient: RECIPIENT = "",
    singly: Annotated[bool, typer.Option("--all", help="List them singly, the newest 500.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """List what needs a person, in groups that ended alike, each with what most likely mends it."""
    wanted, store = Wanted(group, cause, recipient), open_store(read_settings())
    if singly:
        _print(as_json, listed(wanted, store, _PAGE), _SINGLE)
        return
    found = [_row(one) for one in groups(wanted, store)]
    _print(as_json, found, _GROUP)
    for one in [] if as_json else found:
        Console().print(f"{one['group']}: {escape(one['fix'])}", highlight=False)


@dlq.command("show")
def dlq_show(
    id: Annotated[UUID, typer.Argument(help="A dead letter, as hub dlq list --all names it.")], as_json: AS_JSON = False
) -> None:
    """Say all of one but its content: origin, attempts, and the shape of what would leave now. Audited."""
    rooms = open_rooms()
    shown: Mapping[str, Any] = show(id, rooms.store, rooms.authorities, actor=me(), correlation_id=str(new_id()))
    if as_json:
        print_json(shown)
        return
    console = Console()
    for name in (*_EXPORTED, "trace"):
        console.print(f"{name:15} {escape(_text(shown[name]))}", highlight=False)
    _print(False, shown["origin"], ("deed", "by", "at", "receipt"))
    _print(False, shown["tried"], _TRIED)
    leaves = shown["would_leave"]
    if leaves:
        console.print(f"As it would leave now: {leaves['document'] or 'nothing, ' + leaves['because']}")
        print_json(leaves["shape"])


@dlq.command("discard")
def dlq_discard(
    reason: Annotated[str, typer.Option("--reason", help="Why, in words of ten letters or more; name nobody.")],
    id: Annotated[UUID | None, typer.Argument(help="A dead letter, as hub dlq list --all names it.")] = None,
    group: GROUP = "",
    as_json: AS_JSON = False,
) -> None:
    """Let one, or a group, be no dead letter any more without bringing anything; for good. Audited."""
    if (id is None) == (not group):
        raise typer.BadParameter("name one dead letter by its id, or a group by --group")
    store, correlation_id = open_store(read_settings()), str(new_id())
    if id is not None:
        discard(id, reason, store, actor=me(), correlation_id=correlation_id)
        done = [id]
    else:
        done = list(discard_group(group, reason, store, actor=me(), correlation_id=correlation_id))
    if as_json:
        print_json({"discarded": done, "correlation_id": correlation_id})
        return
    Console().print(f"Discarded: {len(done)}. The next change of these plans leaves as ever; withdrawals do too.")


@dlq.command("export")
def dlq_export(
    form: Annotated[Format, typer.Option("--format", help="One JSON object a line, or a table.")] = Format.JSONL,
    group: GROUP = "",
    cause: CAUSE = None,
    recipient: RECIPIENT = "",
) -> None:
    """Write all of them to standard output, without content, for another program or a spreadsheet."""
    rows = _every(Wanted(group, cause, recipient))
    if form is Format.JSONL:
        for row in rows:
            typer.echo(orjson.dumps(row).decode())
        return
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_EXPORTED)
    table.writerows([_harmless(_text(row[column])) for column in _EXPORTED] for row in rows)
    typer.echo(text.getvalue(), nl=False)


def _every(wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    store, last = open_store(read_settings()), None
    while page := listed(wanted, store, _PAGE, last):
        yield from page
        last = page[-1]["id"]


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def _print(as_json: bool, rows: Any, columns: tuple[str, ...]) -> None:
    if as_json:
        print_json(rows)
        return
    Console().print(
        table_of(columns, rows, lambda value: escape(_text(value))) if rows else f"Nothing: no {columns[0]} to show."
    )


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return or_dash(value)
