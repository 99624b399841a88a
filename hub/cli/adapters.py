"""``hub adapters``: does an installed adapter, with its mapping and its contract, do what the port asks?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hub.cli.adapters_called import adapters_list, adapters_pause, adapters_probe, adapters_resume
from hub.cli.printing import print_json
from hub.errors import SettingsRefused
from hub.testing.conformance import Finding, check_all, kit_of

adapters = typer.Typer(no_args_is_help=True, help="Adapters of authorities: how they stand, and what they can.")


adapters.command("list")(adapters_list)
adapters.command("pause")(adapters_pause)
adapters.command("resume")(adapters_resume)
adapters.command("probe")(adapters_probe)


@adapters.command("check")
def adapters_check(
    name: Annotated[str, typer.Argument(help="The authority, such as youth.")],
    settings: Annotated[
        Path | None,
        typer.Option("--settings", exists=True, dir_okay=False, help="A TOML file of settings, such as kind."),
    ] = None,
    contract: Annotated[
        Path | None,
        typer.Option("--contract", exists=True, file_okay=False, help="The folder of conformance.toml."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Run the conformance kit against an installed adapter; end with 1 when something is not as the port asks."""
    findings = list(check_all(kit_of(name, _read(settings) if settings else None, contract)))
    if as_json:
        print_json([_plain(one) for one in findings])
    else:
        Console().print(_table(findings))
    raise typer.Exit(0 if all(one.is_well for one in findings) else 1)


def _read(settings: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(settings.read_text("utf-8"))
    except tomllib.TOMLDecodeError:  # its message may repeat a secret
        raise SettingsRefused("The file of settings is no valid TOML.", "Correct it and run the check again.") from None


def _plain(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "ok": finding.is_well, "said": finding.said, "next": finding.next_step}


def _table(findings: list[Finding]) -> Table:
    table = Table("", "check", "what was seen, and what to do", box=None, pad_edge=False)
    for one in findings:
        mark = "[green]✓[/green]" if one.is_well else "[red]✗[/red]"
        table.add_row(mark, one.check, f"{one.said} {one.next_step}".replace("[", "\\[").rstrip())
    return table
