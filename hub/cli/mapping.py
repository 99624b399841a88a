"""``hub mapping``: what becomes of each field of a document that an authority sends, and of codes nobody knows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hub.authority import Document, Fate, Parcel
from hub.cli.assembly import open_store
from hub.cli.printing import print_json
from hub.errors import HubError, Refused, SettingsRefused
from hub.settings import read_settings
from hub.testing.accounting import LeafFate, accounted, silent
from hub.testing.conformance import Kit, kit_of

mapping = typer.Typer(no_args_is_help=True, help="What becomes of each field of a document.")

_REFUSED = 1
_SILENT = "silent"
_COLOURS = {Fate.MAPPED: "green", Fate.WITHHELD: "yellow", Fate.DROPPED: "yellow", _SILENT: "red"}


@mapping.command("check")
def mapping_check(
    file: Annotated[Path, typer.Argument(help="The document; - for standard input.")],
    authority: Annotated[str, typer.Option("--authority", help="Who sends it, such as children.")],
    content_type: Annotated[
        str, typer.Option("--content-type", help="How it is sent; else each of the contract's is tried.")
    ] = "",
    header: Annotated[
        list[str] | None, typer.Option("--header", help="NAME: VALUE that it is sent with; may be repeated.")
    ] = None,
    values: Annotated[bool, typer.Option("--values", help="Show what the fields say: personal data.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Tell what becomes of each field of a document: mapped to what, withheld, or dropped and why."""
    kit, headers = _kit(authority), _headers(header or [])
    types = (content_type,) if content_type else _content_types(kit)
    body = _read(file)
    try:
        document = _taken_in(kit, [Parcel(authority, body, each, headers) for each in types])
    except HubError as error:
        if not as_json:
            raise  # the command line prints it, and ends with 1
        print_json({"taken": False} | _plain_refusal(error))
        raise typer.Exit(_REFUSED) from None
    fates = accounted(document.content, kit.words.ledger(document.contract))
    (_print_as_json if as_json else _print_table)(document, fates, values)
    raise typer.Exit(_REFUSED if silent(fates) else 0)


@mapping.command("unknown")
def mapping_unknown(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """List the codes that authorities send and no code table has, the latest seen first."""
    with open_store(read_settings()).begin(read_only=True) as unit:
        rows = unit.unknown_codes.all()
    if as_json:
        print_json({"unknown_codes": rows})
        return
    columns = ("authority", "system", "code", "times", "first_seen_at", "last_seen_at")
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        told = {**row, "code": row["code"] or "(not like a code of its system)"}
        table.add_row(*(escape(str(told[column])) for column in columns))
    Console().print(table if rows else "Every code that has come is in a code table.")


def _kit(authority: str) -> Kit:
    try:
        kit = kit_of(authority)
    except SettingsRefused as error:
        raise typer.BadParameter(error.diagnostics(), param_hint="--authority") from None
    if not kit.incoming():
        raise typer.BadParameter("nothing comes in from it by its contract", param_hint="--authority")
    return kit


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError:  # its message repeats the name, which may tell of a person
        raise typer.BadParameter("there is no such file, or it cannot be read", param_hint="FILE") from None


def _headers(given: Sequence[str]) -> Mapping[str, str]:
    pairs = [each.partition(":") for each in given]
    if not all(colon and name.strip() for name, colon, _ in pairs):
        raise typer.BadParameter("a header is written NAME: VALUE", param_hint="--header")
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _content_types(kit: Kit) -> tuple[str, ...]:
    """Return how documents come in by the contracts: the usual type first, then those of single examples."""
    usual = [comes_in.content_type for _, comes_in in kit.incoming()]
    special = [each.get("content_type") for sheet, _ in kit.incoming() for each in sheet.special.values()]
    return tuple(dict.fromkeys(each for each in [*usual, *special] if each))


def _taken_in(kit: Kit, parcels: Sequence[Parcel]) -> Document:
    """Return the document, translated once to see that it can be.

    :raises Refused: of those that the ways of sending it give, the one that names the most fields.
    """
    adapter, refusals = kit.adapter(), []
    for parcel in parcels:
        try:
            document = adapter.receive(parcel)
            kit.words.to_plan(document)
        except Refused as error:
            refusals.append(error)
        else:
            return document
    raise max(refusals, key=lambda each: len(each.faults))


def _totals(fates: Sequence[LeafFate]) -> dict[str, int]:
    counts = Counter(one.fate or _SILENT for one in fates)
    return {str(fate): counts[fate] for fate in (*Fate, _SILENT)}


def _rows(fates: Sequence[LeafFate], values: bool) -> list[dict[str, Any]]:
    """Return a row for each leaf with its value, or without values one for each path with how often it is there."""
    plain = [{"path": one.path, "fate": str(one.fate or _SILENT), "note": one.note} for one in fates]
    if values:
        return [row | {"value": one.value} for row, one in zip(plain, fates, strict=True)]
    times = Counter(one.path for one in fates)
    return [row | {"times": times[path]} for path, row in {row["path"]: row for row in plain}.items()]


def _print_as_json(document: Document, fates: Sequence[LeafFate], values: bool) -> None:
    told = {"taken": True, "contract": document.contract, "document": document.kind}
    print_json(told | {"totals": _totals(fates), "leaves": _rows(fates, values)})


def _print_table(document: Document, fates: Sequence[LeafFate], values: bool) -> None:
    last = "value" if values else "times"
    table = Table(box=None, pad_edge=False)
    for name in ("fate", "field", last, "becomes, or why not"):
        table.add_column(name, overflow="fold")  # a path is never cut short
    for row in _rows(fates, values):
        fate = f"[{_COLOURS[row['fate']]}]{row['fate']}[/]"
        table.add_row(fate, escape(row["path"]), escape(_printable(str(row[last]))), escape(row["note"]))
    Console().print(table)
    totals = ", ".join(f"{count} {fate}" for fate, count in _totals(fates).items())
    typer.echo(f"{document.kind} of {document.contract}: {len(fates)} fields, {totals}.")


def _printable(value: str) -> str:
    """Return a value as a terminal may show it: a document may hold what a terminal would obey."""
    return "".join(each if each.isprintable() else "\ufffd" for each in value)


def _plain_refusal(error: HubError) -> dict[str, Any]:
    faults = [{"field": each.field, "sentence": each.sentence, "next": each.next_step} for each in error.faults]
    return {"code": error.code, "sentence": error.sentence, "next": error.next_step, "faults": faults}
