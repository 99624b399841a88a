"""``hub demo``: a town on loopback, a family's story, and what everyone knows in the end."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import orjson
import typer
from rich.console import Console

from hub.cli.story import Story
from hub.cli.town import Town


def play(*, once: bool, as_json: bool) -> int:
    """Start the town, play the story, and stay up until told to stop, or, ``once``, end by itself.

    :return: exit code: 0 only if everything came out right.
    """
    console = Console(quiet=as_json, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, the town ends its programs too
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder, Town(Path(folder)) as town:
        console.print("[bold]One citizen, one plan[/]: the hub and its authority systems are up, each on its own.\n")
        story = Story(town, console)
        story.play()
        if as_json:
            typer.echo(orjson.dumps(story.result(), option=orjson.OPT_INDENT_2).decode())
        _tell_where(town, story, console)
        if not once:
            console.print("\nThe town stays up. Stop it with Ctrl-C; everything in it is then gone.")
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    return 0 if story.came_out_right else 1


def _tell_where(town: Town, story: Story, console: Console) -> None:
    console.print("\n[bold]Where[/]")
    for name, program in town.programs.items():
        console.print(f"  {name:12} {program.url}")
    console.print("[bold]Tokens[/] (Authorization: Bearer …)")
    for caller in ("coordinator", "operator", "children", "social"):
        console.print(f"  {caller:12} {town.tokens[caller]}")
    hub, token = town.url("hub"), town.tokens["coordinator"]
    console.print("[bold]Try[/]")
    console.print(f"  curl -H 'Authorization: Bearer {token}' {hub}/plans/{story.plan}", soft_wrap=True)
