"""The commands that run for good. Nothing is loaded for them that they do not need: a restart is waited for."""

from __future__ import annotations

import typer

from hub.cli.assembly import log_as_json, open_rooms

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def serve() -> None:
    """Serve the API; with SQLite and memory:// also the relay, worker and sweeper."""
    from hub.cli.serving import serve_api

    log_as_json()
    serve_api(open_rooms())


@app.command()
def worker() -> None:
    """Deliver: relay, workers, sweeper and jobs of one process, for PostgreSQL and RabbitMQ."""
    from hub.cli.working import work

    log_as_json()
    work(open_rooms())
