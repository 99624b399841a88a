"""The commands. Each asks the flow or the store and prints the answer, for people or, with ``--json``, for programs."""

from __future__ import annotations

import base64
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from hub import __version__
from hub.cli.adapters import adapters
from hub.cli.assembly import open_store
from hub.cli.audit import audit
from hub.cli.authorities import authorities
from hub.cli.checking import look_at_everything, rings_waiting
from hub.cli.config import config
from hub.cli.dead_letters import dlq
from hub.cli.demo_commands import demo
from hub.cli.emergencies import emergencies
from hub.cli.erasures import erasures
from hub.cli.evaluation import evaluation
from hub.cli.feeds import feeds
from hub.cli.finding import Level, summary, worst
from hub.cli.housekeeping import housekeeping
from hub.cli.intake import intake
from hub.cli.keys import keys
from hub.cli.mapping import mapping
from hub.cli.notices import notices
from hub.cli.policy import policy, read_document
from hub.cli.printing import me, print_json, table_of
from hub.cli.processes import serve, worker
from hub.cli.proof import proof
from hub.cli.receipts import receipts
from hub.cli.refused import refused
from hub.cli.replays import dlq_replay, replays
from hub.cli.restored import restored
from hub.cli.simulate import consent_simulate
from hub.cli.trace import trace
from hub.cli.withdrawals import withdrawals
from hub.clock import new_id, now
from hub.consent.reader import ONE_PLAN, Reader
from hub.flow.policies import publish_first_policy
from hub.flow.show import explain_for, show_plan
from hub.identity.tokens import new_token
from hub.plan.person import Role
from hub.settings import read_settings
from hub.store.circuits import Direction
from hub.store.migrations import upgrade
from hub.store.policies import check_policy

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="One citizen, one plan: the hub.")
consent = typer.Typer(no_args_is_help=True, help="Consents and what follows from them.")
plan = typer.Typer(no_args_is_help=True, help="Plans, as someone may see them.")
app.add_typer(adapters, name="adapters")
app.add_typer(audit, name="audit")
app.add_typer(authorities, name="authorities")
app.add_typer(config, name="config")
app.add_typer(demo, name="demo")
app.add_typer(dlq, name="dlq")
app.add_typer(keys, name="keys")
app.add_typer(mapping, name="mapping")
app.add_typer(consent, name="consent")
app.add_typer(plan, name="plan")
app.add_typer(notices, name="notices")
app.add_typer(policy, name="policy")
app.add_typer(proof, name="proof")
app.add_typer(refused, name="refused")

consent.command("simulate")(consent_simulate)
dlq.command("replay")(dlq_replay)
dlq.add_typer(replays, name="replays")
app.command()(serve)
app.command()(worker)
app.command()(emergencies)
app.command()(evaluation)
app.command()(feeds)
app.command()(housekeeping)
app.command()(intake)
app.command()(receipts)
app.command()(trace)
app.command()(withdrawals)
app.command()(erasures)
app.command()(restored)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
_BREAKER = ("failures", "open_until", "since", "reason", "last_success_at")
_console = Console()


@app.command()
def migrate(
    file: Annotated[
        Path | None,
        typer.Option("--policy", help="Your own first policy, not the Danish rules.", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Bring the database to the newest tables, and publish the Danish rules where no policy is there yet."""
    rules = files("hub.consent") / "danish_rules.toml"
    document = read_document(file) if file else tomllib.loads(rules.read_text("utf-8"))
    check_policy(document, 1)  # before anything is changed
    store = open_store(read_settings())
    upgrade(store)
    is_used = publish_first_policy(document, store, actor="hub migrate", correlation_id=str(new_id()))
    _console.print("The database is at the newest tables; a policy is in force.")
    if file and not is_used:
        _console.print("The file was not used, for there was a policy already. Two people change it: hub policy draft")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Look at all that the hub relies on; ends as monitoring plugins do: 0 OK, 1 warning, 2 critical, 3 unknown."""
    findings = look_at_everything()
    rows = [
        {
            "part": one.part,
            "ok": one.level is Level.OK,
            "level": one.level.name.lower(),
            "said": one.said,
            "next": one.next_step,
        }
        for one in findings
    ]
    if not as_json:
        typer.echo(summary(findings))
    _print(as_json, rows, ("part", "level", "said", "next"))
    raise typer.Exit(int(worst(findings)))


@app.command()
def queues(as_json: AsJson = False) -> None:
    """Say what is due to whom, which recipients are paused, how the jobs stand, and how many rings wait."""
    settings = read_settings()
    store = open_store(settings)
    with store.begin(read_only=True) as unit:
        found = {
            "deliveries": unit.outbox.counts(now()),
            "breakers": [
                {"recipient": one.authority} | {column: getattr(one, column) for column in _BREAKER}
                for one in unit.breakers.all()
                if one.direction is Direction.RECIPIENT
            ],
            "jobs": unit.jobs.all(),
            "notices": unit.notices.counts(),
        }
    found["rings"] = rings_waiting(settings)
    if as_json:
        print_json(found)
        return
    _print(False, found["deliveries"], ("recipient", "channel", "due", "under_way", "dead_letters", "oldest_due_at"))
    _print(False, found["breakers"], ("recipient", *_BREAKER))
    _print(False, found["jobs"], ("kind", "authority", "due_at", "attempts", "last_success_at", "last_result"))
    _print(False, found["notices"], ("kind", "state", "notices", "oldest"))
    _print(False, found["rings"], ("queue", "rings"))


@consent.command("explain")
def consent_explain(
    plan_id: Annotated[UUID, typer.Option("--plan", help="The plan.")],
    recipient: Annotated[str, typer.Option("--recipient", help="An authority, such as social.")],
    as_json: AsJson = False,
) -> None:
    """Say of every element whether an authority gets it, and why. Audited: it tells of what is withheld."""
    decided = explain_for(plan_id, recipient, open_store(read_settings()), actor=me())
    rows = [
        {
            "element": element,
            "from": authority,
            "category": category,
            "decision": decision.outcome,
            "reason": decision.reason,
            "rules": list(decision.rule_ids),
            "da": decision.sentence.da,
            "en": decision.sentence.en,
        }
        for element, authority, category, decision in decided
    ]
    _print(as_json, rows, ("element", "from", "category", "decision", "rules", "en"))


@plan.command("show")
def plan_show(
    plan_id: Annotated[UUID, typer.Argument(help="The plan.")],
    organisation: Annotated[str, typer.Option(help="As whom: an authority, or the coordinator.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show a plan as an organisation may see it (the coordinator when none is named). Audited as a read."""
    settings = read_settings()
    name = organisation or settings.coordinator
    role = Role.COORDINATOR if name == settings.coordinator else Role.AUTHORITY_SYSTEM
    shown = show_plan(
        plan_id, Reader(name, role, ONE_PLAN), open_store(settings), actor=me(), correlation_id=str(new_id())
    )
    rows = [
        {
            "element": seen.element.id,
            "from": seen.element.authority,
            "kind": seen.element.kind,
            "title": seen.element.title,
            "status": seen.element.status,
            "why": seen.decision.sentence.en,
        }
        for seen in shown.view.seen
    ]
    _print(as_json, rows, ("from", "kind", "title", "status", "why"))


@app.command("new-key")
def new_key() -> None:
    """Make a key for HUB_KEYS__<version> or HUB_INDEX_KEY: 32 random bytes in base64."""
    typer.echo(base64.b64encode(os.urandom(32)).decode())


@app.command("new-token")
def make_token() -> None:
    """Make a bearer token for a client; give the client the token and the settings only its SHA-256."""
    token, digest = new_token()
    print_json({"token": token, "token_sha256": digest})


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _print(as_json: bool, rows: Any, columns: tuple[str, ...]) -> None:
    if as_json:
        print_json(rows)
        return
    _console.print(table_of(columns, rows, _cell) if rows else f"Nothing: no {columns[0]} to show.")


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "NO"
        case list():
            return " ".join(map(str, value))
        case _:
            return str(value)
