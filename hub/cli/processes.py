"""The commands that run for good. Nothing is loaded for them that they do not need: a restart is waited for."""

from __future__ import annotations

import typer

from hub.cli.assembly import Rooms, open_rooms
from hub.cli.log_lines import log_as_json

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def serve() -> None:
    """Serve the API; with SQLite and memory:// also the relay, worker and sweeper."""
    from hub.cli.serving import serve_api

    serve_api(_logging_rooms())


@app.command()
def worker() -> None:
    """Deliver: relay, workers, sweeper and jobs of one process, for PostgreSQL and RabbitMQ."""
    from hub.cli.working import work

    work(_logging_rooms())


def _logging_rooms() -> Rooms:
    lines = log_as_json()  # first: whatever is said while the rooms open is said in JSON too
    rooms = open_rooms()
    lines.count_in(rooms.store.counts)
    return rooms
