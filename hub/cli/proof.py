"""``hub proof``: check a proof that a citizen holds. Needs no settings, no database and no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from hub.cli.printing import print_json
from hub.crypto.signing import PublicKey, verify
from hub.errors import InvalidRequest

proof = typer.Typer(no_args_is_help=True, help="Proofs of revocations, which citizens keep.")
_UNTRUSTED = (
    "Whose key that is, the file alone cannot show. Compare it with GET /proof-keys of the hub, or check again with "
    "--key.\n"
)


@proof.command("verify")
def proof_verify(
    file: Annotated[Path, typer.Argument(help="The proof, byte for byte as the hub gave it.", exists=True)],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="The hub's key: x of GET /proof-keys, or a file of what it answered."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Check that a proof is unchanged and signed by the hub; a changed byte ends with 1."""
    trusted = [found for text in key or () for found in _keys(text)]
    document = verify(file.read_bytes(), trusted)
    statement = document["statement"]
    if as_json:
        told = {"unchanged": True, "trusted": bool(trusted), "key": document["key"], "statement": statement}
        print_json(told)
        return
    typer.echo(f"Unchanged, and signed by the key {document['key']}.")
    typer.echo("\n".join(_lines(statement)))
    if not trusted:
        sys.stderr.write(_UNTRUSTED)


def _keys(text: str) -> list[PublicKey]:
    """Read a key, or a file with a JWK set. :raises InvalidRequest: it is neither."""
    path = Path(text)
    if not path.is_file():
        return [PublicKey.read(text)]
    try:
        return [PublicKey.read(one["x"]) for one in orjson.loads(path.read_bytes())["keys"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise InvalidRequest("The file of the key is no JWK set.", "Save what GET /proof-keys answers.") from None


def _lines(statement: dict[str, Any]) -> list[str]:
    if "erasure" in statement:
        known = "recipients" in statement
        told = map(_told, statement["recipients"]) if known else ["Who held something of it is not known."]
        return [f"Plan {statement['plan']}, erased at {statement['erased_at']}.", *told]
    consent = statement["consent"]
    lines = [f"Consent {consent['id']}, version {consent['version']}, withdrawn at {statement['withdrawn_at']}."]
    for one in statement["recipients"]:
        for withdrawal in one["withdrawals"]:
            at = withdrawal["ended_at"] or withdrawal["sent_at"] or withdrawal["owed_at"]
            lines.append(f"{one['recipient']}: {withdrawal['sentence']['en']} ({withdrawal['state']}, {at})")
    return lines if statement["recipients"] else [*lines, "Nobody held anything that had to be deleted."]


def _told(recipient: dict[str, Any]) -> str:
    """Return how a recipient stood when a plan was erased."""
    kept = f"; it keeps a copy by law: {', '.join(recipient['legal_holds'])}" if recipient["legal_holds"] else ""
    return f"{recipient['recipient']}: {'confirmed' if recipient['confirmed'] else 'not confirmed'}{kept}"
