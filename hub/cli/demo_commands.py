"""``hub demo``, and how a running demo's systems are broken and mended from another terminal."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import httpx
import typer

from hub.cli.running_demo import find_demo
from hub.cli.town import SYSTEMS
from hub.errors import Unavailable

demo = typer.Typer(help="Run the hub with live authority systems, play families' stories, break and mend.")


class How(StrEnum):
    """How a system is broken, as its sandbox understands it."""

    DOWN = "down"
    SLOW = "slow"
    GARBAGE = "garbage"
    REFUSE = "refuse"


_SAID = {
    How.DOWN: "is down: it closes every connection without an answer",
    How.SLOW: "is slow: it answers after 20 seconds, longer than the hub waits",
    How.GARBAGE: "answers garbage",
    How.REFUSE: "refuses whatever the hub brings or asks",
}


def _known(name: str) -> str:
    if name not in SYSTEMS:
        raise typer.BadParameter(f"the demo's systems are {', '.join(SYSTEMS)}")
    return name


System = Annotated[
    str, typer.Argument(callback=_known, metavar="SYSTEM", help=f"One of the demo's systems: {', '.join(SYSTEMS)}.")
]


@demo.callback(invoke_without_command=True)
def demo_play(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Play the stories, prove them, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Run the hub with live authority systems and play families' stories; stay up, and tell what happens."""
    if context.invoked_subcommand is not None:
        if once or as_json:
            raise typer.BadParameter("--once and --json go with no other command")
        return
    from hub.cli.demo import play  # the demo brings the sandbox with it; the other commands need none of it

    raise typer.Exit(play(once=once, as_json=as_json))


@demo.command("break")
def demo_break(
    system: System, how: Annotated[How, typer.Option("--how", help="down, slow, garbage or refuse.")]
) -> None:
    """Break a system of the running demo: its deliveries, polls and fetches. Its own staff can go on."""
    _tell(system, {"broken": how})
    typer.echo(f"The system of {system} {_SAID[how]}. Mend it with: hub demo mend {system}")


@demo.command("mend")
def demo_mend(system: System) -> None:
    """Let a system of the running demo behave well again."""
    _tell(system, {})
    typer.echo(f"The system of {system} behaves well.")


def _tell(system: str, behaviour: dict[str, Any]) -> None:
    """Tell a system how to behave. :raises Unavailable: no demo runs here, or its system does not answer."""
    address = f"{find_demo().urls[system]}/sandbox/behaviour"
    try:
        httpx.put(address, json=behaviour, timeout=10, trust_env=False).raise_for_status()
    except httpx.HTTPError:
        raise Unavailable(
            f"The demo's system of {system} does not answer.", "See whether the demo has ended; start it: hub demo"
        ) from None
