"""``hub audit``: what was done is sealed; how far, an export of it, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.audit.verification import Verdict, verify
from hub.cli.assembly import open_store
from hub.crypto.signing import PublicKey
from hub.flow.seal import export, standing
from hub.flow.witness import WitnessAnswer
from hub.settings import read_settings

audit = typer.Typer(no_args_is_help=True, help="The sealed audit.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@audit.command("status")
def audit_status(as_json: AsJson = False) -> None:
    """Say how far the audit is sealed, what waits, and how far each witness has come; an alarm ends with 1."""
    settings = read_settings()
    found = standing(open_store(settings), settings)
    told = found.told()
    lines = [f"{name}: {value}" for name, value in told.items() if name != "witnesses"]
    lines += [_of_a_witness(one) for one in told["witnesses"]] or ["No witness: set HUB_AUDIT_WITNESSES."]
    _say(as_json, told, lines)
    if not found.is_well:
        raise typer.Exit(1)


@audit.command("export")
def audit_export(file: Annotated[Path, typer.Argument(help="Where to; must not be there yet.")]) -> None:
    """Write the sealed audit into a file that can be verified without the hub."""
    with file.open("xb") as out:
        out.writelines(export(open_store(read_settings())))
    typer.echo(f"Written. Verify it with: hub audit verify {file} --checkpoint FILE --key KEY")


@audit.command("verify")
def audit_verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export; without it the hub's own database is read.", exists=True)
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option("--checkpoint", help="A checkpoint that a witness has kept.", exists=True)
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="The hub's key: x of GET /proof-keys; also old ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that nothing sealed was changed, deleted, inserted, reordered or cut off; anything else ends with 1."""
    outside = [path.read_text("utf-8") for path in checkpoint or ()]
    trusted = [PublicKey.read(one) for one in key or ()]
    if file is None:
        verdict = verify(export(open_store(read_settings())), outside, trusted)
    else:
        with file.open("rb") as lines:
            verdict = verify(lines, outside, trusted)
    told = {
        "whole": verdict.is_whole,
        "entries": verdict.entries,
        "cleared": verdict.cleared,
        "checked_to": verdict.checked_to,
        "witnessed_to": verdict.witnessed_to,
        "trusted": bool(trusted),
        "faults": verdict.faults,
    }
    _say(as_json, told, _lines(verdict, is_trusted=bool(trusted)))
    if not verdict.is_whole:
        raise typer.Exit(1)


def _of_a_witness(one: WitnessAnswer) -> str:
    """Return a witness in one line."""
    stands = f"{one['size']} entries, since {one['taken_at'] or 'never'}; lacks {one['missing']}"
    trouble = f"; {one['trouble']}" if one["trouble"] else ""
    alarms = "; LATE" * one["is_late"] + "; DIFFERS" * one["differs"]
    return f"witness {one['witness']}: {stands}{trouble}{alarms}"


def _lines(verdict: Verdict, *, is_trusted: bool) -> Iterable[str]:
    yield from verdict.faults
    yield f"{verdict.entries} entries, {verdict.witnessed_to} of them under a checkpoint that was kept outside."
    if verdict.is_whole:
        yield "Whole."
    if not verdict.witnessed_to:
        yield "Who owns the database could have written all of it anew: check with --checkpoint of a witness."
    if not is_trusted:
        yield "Whose key has signed, the file alone cannot show: check with --key."


def _say(as_json: bool, told: Mapping[str, Any], lines: Iterable[str]) -> None:
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(lines))
