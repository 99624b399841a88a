"""``hub refused``: what came by folder, was refused, and lies sealed beside its report."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hub.cli.assembly import open_store
from hub.cli.printing import me
from hub.clock import new_id, now
from hub.errors import Tampered
from hub.flow.refusal import refusals_written
from hub.queue.folders import refused_place
from hub.settings import read_settings

refused = typer.Typer(no_args_is_help=True, help="Files that were refused and lie sealed.")


@refused.callback()
def _refused() -> None:
    """Keep ``open`` a command of its own name; alone, typer would make it the whole of ``hub refused``."""


@refused.command("open")
def refused_open(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file, refused/<id>.sealed.")
    ],
    authority: Annotated[str, typer.Option("--authority", help="Whose folder it lay in, such as children.")],
) -> None:
    """Write a refused file's own bytes to standard output. Audited before a byte is written: it is in the clear."""
    id, actor, correlation_id = _id_of(file), me(), str(new_id())
    store = open_store(read_settings())
    with refusals_written(store, actor, correlation_id, file=id, authority=authority), _in_its_own_words():
        body = store.keyring.unseal_alone(file.read_bytes(), refused_place(authority))
    with store.begin() as unit:
        unit.audit.record("refused-file-opened", actor, now(), correlation_id, file=id, authority=authority)
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def _id_of(file: Path) -> UUID:
    """Return the id the hub gave the file; only an id goes into the audit, for a name may tell of a person."""
    try:
        return UUID(file.name.removesuffix(".sealed"))
    except ValueError:
        raise typer.BadParameter("the file needs the name that the hub gave it: <id>.sealed") from None


@contextmanager
def _in_its_own_words() -> Iterator[None]:
    try:
        yield
    except Tampered:
        raise Tampered(
            "The file does not open: it is of another authority or another key, or it was changed.",
            "Check --authority and HUB_KEYS. If both are right, report a security incident.",
        ) from None
