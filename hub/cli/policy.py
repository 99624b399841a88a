"""``hub policy``: the versions of the policy, and the drafts of the next, which two people bring into force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console

from hub.api.models import read
from hub.cli.assembly import open_store
from hub.cli.policy_changes import lines_of
from hub.cli.printing import me, print_json, table_of
from hub.clock import new_id
from hub.consent.policy import Policy
from hub.consent.policy_diff import diff, written_diff
from hub.consent.policy_written import read_toml, write_policy, write_toml
from hub.flow.policies import Editor, discard_draft, draft_policy, history, publish_draft, show_draft, show_policy
from hub.settings import read_settings
from hub.store.policies import check_policy
from hub.store.policy_drafts import DiscardReason
from hub.store.transaction import Store

policy = typer.Typer(no_args_is_help=True, help="The policy: who may see what, in versions; two people change it.")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_VERSIONS = ("version", "published_at", "published_by", "drafted_by")
_DRAFTS = ("draft", "based_on", "drafted_at", "drafted_by")


def _named(name: str) -> str:
    """Take a name as clients have them: the same person is the same name by either door."""
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("write it as the name of a client: lower-case letters, digits and hyphens")
    return name


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
Who = Annotated[str, typer.Option("--as", help="Who you are: the name of your client.", callback=_named)]
File = Annotated[
    Path, typer.Argument(help="The policy, in TOML; in JSON if it is called so.", exists=True, dir_okay=False)
]
Draft = Annotated[UUID, typer.Argument(help="The draft.")]


@policy.command("list")
def policy_list(as_json: AsJson = False) -> None:
    """List the versions, the one in force first, and the drafts that wait to be published."""
    found = history(open_store(read_settings()))
    versions = [
        {
            "version": one.version,
            "published_at": one.published_at,
            "published_by": one.published_by,
            "drafted_by": found.authors.get(one.version),
        }
        for one in found.versions
    ]
    drafts = [
        {"draft": one.id, "based_on": one.based_on, "drafted_at": one.drafted_at, "drafted_by": one.drafted_by}
        for one in found.drafts
    ]
    if as_json:
        print_json({"policies": versions, "drafts": drafts})
        return
    _print_table(_VERSIONS, versions)
    if drafts:
        _print_table(_DRAFTS, drafts)


@policy.command("show")
def policy_show(
    version: Annotated[
        int | None, typer.Argument(help="A version; the one in force when none is named.", min=1, max=2**31 - 1)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a version to standard output in TOML, to be changed and drafted again."""
    document = write_policy(show_policy(open_store(read_settings()), version))
    if as_json:
        print_json(document)
    else:
        typer.echo(write_toml(document), nl=False)


@policy.command("check")
def policy_check(file: File) -> None:
    """Read a policy and name every fault at once; those end with 1. Needs no settings and no database."""
    found = check_policy(read_document(file), 1)
    typer.echo(f"It can be used: {len(found.rules)} rules for {len(found.categories)} categories.")


@policy.command("diff")
def policy_diff(
    before: Annotated[str, typer.Argument(help="A version's number, a draft's id, or a file.")],
    after: Annotated[str, typer.Argument(help="The same.")],
    as_json: AsJson = False,
) -> None:
    """Say what differs between two policies, by rule, by field, and by who may be shown what."""
    found = diff(_policy_of(before), _policy_of(after))
    if as_json:
        print_json(written_diff(found))
    else:
        typer.echo("\n".join(lines_of(found)))


@policy.command("draft")
def policy_draft(
    file: File,
    person: Who,
    based_on: Annotated[int | None, typer.Option("--based-on", help="The version that you began with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a next version for somebody else to publish, and say what it would change. Audited."""
    document, store = read_document(file), open_store(read_settings())
    written = draft_policy(document, store, _editor(person), correlation_id=str(new_id()), based_on=based_on)
    changes = show_draft(written.id, store).changes
    if as_json:
        print_json({"draft": written.id, "based_on": written.based_on, "changes": written_diff(changes)})
        return
    typer.echo("\n".join([f"Draft {written.id}, based on version {written.based_on}:", *lines_of(changes)]))
    typer.echo(f"Next: somebody else publishes it: hub policy publish {written.id} --as NAME")


@policy.command("publish")
def policy_publish(draft: Draft, person: Who) -> None:
    """Put in force what somebody else has drafted. Audited."""
    store = open_store(read_settings())
    published = publish_draft(draft, store, _editor(person), correlation_id=str(new_id()))
    typer.echo(f"Version {published.version} is in force; the sweeper brings every recipient up to date with it.")


@policy.command("discard")
def policy_discard(
    draft: Draft,
    person: Who,
    reason: Annotated[DiscardReason, typer.Option("--reason", help="Why: a word of the list.")],
) -> None:
    """Say that a draft is not to be published. Audited."""
    store = open_store(read_settings())
    discard_draft(draft, reason, store, _editor(person), correlation_id=str(new_id()))
    typer.echo("The draft is discarded; the policy stays as it is.")


def read_document(file: Path) -> Mapping[str, Any]:
    """Read a policy's file. :raises InvalidRequest: it is no TOML, or no JSON where it is called so."""
    if file.suffix.lower() != ".json":
        return read_toml(file.read_bytes())
    document: Mapping[str, Any] = read(dict[str, Any], file.read_bytes())
    return document


def _policy_of(named: str) -> Policy:
    """Return what a number, an id or a file stands for. A file that is called as a number is written ``./3``."""
    if _NUMBER.fullmatch(named):
        return show_policy(_store(), int(named))
    if draft := _as_id(named):
        return check_policy(show_draft(draft, _store()).draft.document, 1)
    file = Path(named)
    if not file.is_file():
        raise typer.BadParameter(f"{file} is no version's number, no draft's id and no file")
    return check_policy(read_document(file), 1)


def _as_id(named: str) -> UUID | None:
    try:
        return UUID(named)
    except ValueError:
        return None


def _store() -> Store:
    return open_store(read_settings())


def _editor(person: str) -> Editor:
    return Editor(person, me())


def _print_table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = table_of(columns, rows, lambda value: "-" if value is None else str(value))
    Console().print(table if rows else "No policy is published yet.")
