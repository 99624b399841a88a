"""``hub demo``: a town on loopback, families' stories, and then whatever whoever tries it does."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from hub.cli.printing import print_json
from hub.cli.running_demo import announced
from hub.cli.story import Story
from hub.cli.story_collision import Collision
from hub.cli.story_family import Family
from hub.cli.story_letter import LetterStory
from hub.cli.story_new_number import NewNumber
from hub.cli.story_one_plan import OnePlan
from hub.cli.story_outage import Outage
from hub.cli.story_register import RegisterStory
from hub.cli.story_sign_in import SignInStory
from hub.cli.story_withdrawal import Withdrawal
from hub.cli.town import SYSTEMS, Town
from hub.cli.watching import Watching

STORIES = (OnePlan, Collision, Withdrawal, Outage, Family, NewNumber, LetterStory, RegisterStory, SignInStory)
_CALLERS = ("coordinator", "operator", *SYSTEMS)


def play(*, once: bool, as_json: bool) -> int:
    """Start the town, play the stories, and stay up until told to stop, or, ``once``, end by itself.

    :return: exit code: 0 only if everything came out right.
    """
    console = Console(quiet=as_json, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, the town ends its programs too
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder, Town(Path(folder)) as town:
        console.print("[bold]One citizen, one plan[/]: the hub and its authority systems are up, each on its own.")
        stories = [story(town, console) for story in STORIES]
        for story in stories:
            story.play()
        if as_json:
            print_json(_result(town, stories))
        _tell_what_holds(stories, console)
        if not once:
            _tell_where(town, stories, console)
            urls = {name: program.url for name, program in town.programs.items()}
            with announced(urls), suppress(KeyboardInterrupt):
                Watching(lambda path: town.ask("operator", "GET", path), console).watch()
    return 0 if all(story.came_out_right for story in stories) else 1


def _result(town: Town, stories: Sequence[Story]) -> dict[str, Any]:
    """Return everything for a program to read."""
    return {
        "came_out_right": all(story.came_out_right for story in stories),
        "stories": {story.name: story.result() for story in stories},
        "urls": {name: program.url for name, program in town.programs.items()},
        "tokens": {caller: town.tokens[caller] for caller in _CALLERS},
    }


def _tell_what_holds(stories: Sequence[Story], console: Console) -> None:
    proofs = [proof for story in stories for proof in story.proofs]
    wrong = [proof for proof in proofs if not proof.holds]
    said = f"[red]✗ {len(wrong)} of {len(proofs)} did not hold[/]" if wrong else f"[green]✓ all {len(proofs)} hold[/]"
    console.print(f"\n{len(stories)} stories: {said}")


def _tell_where(town: Town, stories: Sequence[Story], console: Console) -> None:
    hub, token = town.url("hub"), town.tokens["coordinator"]
    console.print("\n[bold]Where[/]; each authority's system has a page for its staff")
    for name, program in town.programs.items():
        console.print(f"  {name:12} {program.url}")
    console.print("[bold]Sign in[/], by choosing somebody made up at the sandbox's identity provider")
    console.print(f"  {hub}/sign-in → Karen Prøve, coordinator; others there have pages of their own")
    console.print("[bold]Plans[/], as the coordinator sees them")
    for person, plan in ((person, plan) for story in stories for person, plan in story.plans.items()):
        console.print(f"  {person:22} {hub}/coordinator/plans/{plan}")
    console.print("[bold]Tokens[/] (Authorization: Bearer …)")
    for caller in _CALLERS:
        console.print(f"  {caller:12} {town.tokens[caller]}")
    console.print("[bold]Try[/]")
    for plan in list(stories[0].plans.values())[:1]:
        console.print(f"  curl -H 'Authorization: Bearer {token}' {hub}/plans/{plan}")
    console.print("  hub demo break social --how down, and hub demo mend social, from another terminal")
    console.print("\nThe town stays up; what happens is told here. Stop it with Ctrl-C; everything in it is then gone.")
