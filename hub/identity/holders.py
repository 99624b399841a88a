"""Who is behind a client: one person, or one machine, may have several.

Clients are one person's where the settings name the same ``holder``, or where they sign with the same key or show the
same certificate, for then whoever has the one has the other. A client that names none is a person of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hub.errors import Fault
from hub.identity.combinations import forbidden
from hub.plan.person import Role
from hub.settings import Client

_NEXT = "Give the roles to two people, each with a client of their own."


def person_of(name: str, clients: Mapping[str, Client]) -> str:
    """Return who answers for what a client does: its holder, or the client itself where none is named."""
    client = clients.get(name)
    return (client.holder if client else "") or name


def combination_faults(clients: Mapping[str, Client]) -> list[Fault]:
    """Return a fault for each person, key or certificate whose clients have roles that must not meet."""
    behind: dict[tuple[str, str], dict[str, Role]] = defaultdict(dict)
    for name, client in clients.items():
        for sign in _signs(person_of(name, clients), client):
            behind[sign][name] = Role(client.role)
    told: dict[object, Fault] = {}
    for (kind, _), roles in behind.items():
        for pair in forbidden(frozenset(roles.values())):
            names = tuple(sorted(name for name, role in roles.items() if role in (pair.one, pair.other)))
            sentence = f"{', '.join(names)} have one {kind}, and {pair.one} with {pair.other} is forbidden. {pair.why}"
            told.setdefault((names, pair), Fault(f"clients.{names[0]}.role", sentence, _NEXT))
    return list(told.values())


def _signs(person: str, client: Client) -> Iterator[tuple[str, str]]:
    """Yield what tells that two clients are one person's: kind and value; values of public keys alone, no secret."""
    yield "holder", person
    if client.certificate_sha256:
        yield "certificate", client.certificate_sha256
    for key in client.keys:
        yield "key", str(key.get("n") or (key.get("x"), key.get("y")))
