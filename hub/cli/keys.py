"""``hub keys``: which master keys are needed, and everything wrapped anew by the one in use."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Annotated, Any

import typer

from hub.authority import Authorities
from hub.cli.assembly import joined, open_store
from hub.cli.printing import me, print_json
from hub.crypto.envelope import UNOPENED, VERSION_BYTES, version_of
from hub.flow.rotation import PAUSE, Standing, ask, standing, step
from hub.queue.folders import refused_files, rewrap_file
from hub.settings import read_settings
from hub.store.transaction import Store

keys = typer.Typer(no_args_is_help=True, help="The master keys.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@keys.command("status")
def keys_status(as_json: AsJson = False) -> None:
    """Say how many rows each version of the master key has wrapped; a version that is missing ends with 1."""
    settings = read_settings()
    store, authorities = open_store(settings), joined(settings)
    found = standing(store)
    _say(found, _files_left(store, authorities), as_json)
    if found.missing:
        raise typer.Exit(1)


@keys.command("rotate")
def keys_rotate(
    is_left: Annotated[bool, typer.Option("--no-wait", help="Leave it to the processes that deliver.")] = False,
    as_json: AsJson = False,
) -> None:
    """Wrap anew, by the version in use, what other versions have wrapped; the hub goes on meanwhile. Audited.

    It ends with 1 when it is through and something of other versions is left, such as what does not open.
    """
    settings = read_settings()
    store, authorities = open_store(settings), joined(settings)
    ask(store, me())
    for file, authority in refused_files(authorities):
        with suppress(FileNotFoundError, *UNOPENED):  # cleared since it was listed; or it counts among those left
            rewrap_file(file, authority, store.keyring)
    os.sync()  # the renames too are on the disk before anybody is told that the old key may go
    nothing = threading.Event()
    while not is_left and standing(store).is_under_way:
        while step(store) is not None:
            nothing.wait(PAUSE.total_seconds())
        nothing.wait(0.5)
    found, files_left = standing(store), _files_left(store, authorities)
    _say(found, files_left, as_json)
    if not is_left and (found.left or files_left):
        raise typer.Exit(1)


def told(found: Standing) -> dict[str, Any]:
    """Return how the keys stand, for a program."""
    return {
        "in_use": found.in_use,
        "versions": [
            {"version": version, "rows": rows, "is_missing": version in found.missing}
            for version, rows in found.rows.items()
        ],
        "left": found.left,
        "removable": sorted(found.removable),
        "is_under_way": found.is_under_way,
    }


def in_words(found: Standing) -> str:
    """Return in a sentence how the keys stand."""
    if found.left:
        ended = "; a round has ended without them: they do not open, or were written since" if found.has_ended else ""
        return f"version {found.in_use} is in use; {found.left} rows are left of others{ended}"
    removable = ", ".join(map(str, sorted(found.removable)))
    return f"version {found.in_use} is in use" + (f"; nothing needs version {removable} any more" if removable else "")


def _files_left(store: Store, authorities: Authorities) -> int:
    """Return how many refused files another version than the one in use has wrapped."""
    left = 0
    for file, _ in refused_files(authorities):
        with suppress(FileNotFoundError):  # cleared since it was listed
            left += version_of(file.read_bytes()[:VERSION_BYTES]) != store.keyring.in_use
    return left


def _say(found: Standing, files_left: int, as_json: bool) -> None:
    if as_json:
        print_json({**told(found), "refused_files_left": files_left})
        return
    typer.echo(f"Master key: {in_words(found)}.")
    for version, rows in found.rows.items():
        missing = ", and the settings lack it" if version in found.missing else ""
        typer.echo(f"Version {version}: {rows} rows{missing}.")
    if files_left:
        typer.echo(f"Refused files of other versions: {files_left}.")
    if found.is_under_way:
        typer.echo("A round is under way.")
