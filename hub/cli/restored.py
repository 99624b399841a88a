"""``hub restored``: the database was restored from a copy; make it fit to be used before a process starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.assembly import open_store
from hub.cli.printing import me, print_json
from hub.flow.restore import erased_since
from hub.flow.restore import restored as make_fit
from hub.settings import read_settings
from hub.store.sqlite_file import empty_log


def restored(
    erased: Annotated[
        Path, typer.Option("--erased", help="Certificates of erasures, one a line, kept outside.", exists=True)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Make a restored database fit to be used: erase again, raise sequences, hold recipients. Run it before serving."""
    settings = read_settings()
    store = open_store(settings)
    certificates = erased_since(erased.read_bytes().splitlines(), store)
    found = make_fit(certificates, store, settings, actor=me())
    empty_log(store)
    if as_json:
        print_json({"erased": found.erased, "held": found.held})
        return
    typer.echo(f"Erased again: {len(found.erased)} of {len(certificates)} plans.")
    typer.echo("Deliveries are held to: " + (", ".join(found.held) or "nobody, for no authority is configured"))
    typer.echo("Enter what citizens have withdrawn since the copy, then: hub authorities release NAME")
