"""``hub consent simulate``: what a consent given or withdrawn, or another policy, would do to a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from hub.api.choice_answers import simulated_answer
from hub.api.consent_models import GivenConsent
from hub.api.consents import to_give
from hub.api.models import read
from hub.cli.assembly import Rooms, open_rooms
from hub.cli.policy import read_document
from hub.cli.printing import me, print_json
from hub.flow.simulate import simulate_for
from hub.flow.simulated import Simulated, ToGive, ToPublish, ToWithdraw
from hub.store.policies import check_policy

_FILE = {"exists": True, "dir_okay": False}
_WHO = ("recipient", "role", "exchange", "purpose")
_DELIVERIES = ("recipient", "additions", "withdrawals")


def consent_simulate(
    plan: Annotated[UUID, typer.Option("--plan", help="The plan.")],
    give: Annotated[Path | None, typer.Option("--give", help="A consent, as POST /consents takes it.", **_FILE)] = None,
    withdraw: Annotated[UUID | None, typer.Option("--withdraw", help="The consent that would be withdrawn.")] = None,
    policy: Annotated[Path | None, typer.Option("--policy", help="A policy, in TOML or JSON.", **_FILE)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Say who would gain and lose what of a plan, and what would be sent. Audited: it tells of what is withheld."""
    if sum(one is not None for one in (give, withdraw, policy)) != 1:
        raise typer.BadParameter("name one of --give, --withdraw and --policy")
    rooms = open_rooms()
    wanted = _wanted(rooms, give, withdraw, policy)
    actor = me()
    found = simulate_for(plan, wanted, rooms.store, rooms.authorities, rooms.settings, actor=actor)
    answers = [simulated_answer(one) for one in found]
    if as_json:
        print_json(answers)
        return
    for one, answer in zip(found, answers, strict=True):
        _print(one, answer)


def _wanted(
    rooms: Rooms, give: Path | None, withdraw: UUID | None, policy: Path | None
) -> ToGive | ToWithdraw | ToPublish:
    if withdraw is not None:
        return ToWithdraw(withdraw)
    if policy is not None:
        with rooms.store.begin(read_only=True) as unit:
            newest = unit.policies.in_force().version
        return ToPublish(check_policy(read_document(policy), newest + 1))
    given = read(GivenConsent, give.read_bytes() if give else b"")
    return to_give(given, rooms.settings.coordinator, rooms.settings.consent_months)


def _print(found: Simulated, answer: Mapping[str, Any]) -> None:
    console = Console()
    console.print(f"Plan {found.plan}:")
    rows = [
        [*(one[column] for column in _WHO), *map(str, (len(one["gains"]), len(one["loses"]), len(one["changes"]))),
         " ".join(sorted({cell["category"] for cell in one["categories"]}))]
        for one in answer["recipients"]
    ]  # fmt: skip
    _table(console, (*_WHO, "gains", "loses", "changes", "categories"), rows, "Nobody would see more or less.")
    sent = [[str(one[column]) for column in _DELIVERIES] for one in answer["deliveries"]]
    _table(console, _DELIVERIES, sent, "Nothing is ever sent of it.")
    if answer["lacks"]:
        console.print(f"It would not count before this word is given: {', '.join(answer['lacks'])}.")
    for one in answer["ask_anew"]:
        console.print(f"Ask anew: consent {one['consent']}, {one['occasion']}, by {one['due'] or 'now'}.")


def _table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console.print(table if rows else nothing)
