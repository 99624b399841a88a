"""Hubs whose people sign in through an identity provider: the sandbox's, or a hostile one of the tests'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from hub.cli.ports import free_ports
from hub.sandbox.provider_people import PRIVILEGE
from hub.settings import SignIn
from tests.integration.api.served import Served, served
from tests.integration.sandboxes import TOKEN, Sandbox
from tests.integration.ui.visitor import Visitor

#: Role → the organisation that its privilege is for.
ORGANISATIONS = {
    "coordinator": "coordination", "caseworker": "children", "operator": "operations", "auditor": "audit",
    "administrator": "coordination", "security-administrator": "operations",
}  # fmt: skip


def sign_in_settings(issuer: str, **changed: Any) -> SignIn:
    roles = [
        {
            "claims": {"privileges": PRIVILEGE.format(role=role), "cvr": "29188599"},
            "role": role,
            "organisation": organisation,
        }
        for role, organisation in ORGANISATIONS.items()
    ]
    given = {
        "issuer": issuer, "client_id": "one-plan-hub", "client_secret": TOKEN, "roles": roles, "citizen_claim": "cpr",
        "called": "Prøvelogin",
    }  # fmt: skip
    return SignIn.model_validate(given | changed)


@contextmanager
def a_hub_with(url: str, issuer: str, **changed: Any) -> Iterator[Served]:
    """Serve a hub whose people sign in at an issuer; ``changed`` are settings of signing in that differ."""
    (port,) = free_ports(1)
    with served(url, port=port, sign_in=sign_in_settings(issuer, **changed)) as hub:
        yield hub


def registers(provider: Sandbox, hub: Served, **more: Any) -> None:
    """Let the sandbox's provider know a hub."""
    own = {"redirect_uris": [f"{hub.url}/sign-in/back"], "post_logout_redirect_uris": [f"{hub.url}/sign-in/left"]}
    provider.ask("PUT", "/sandbox/client", own | more)


def knows(provider: Sandbox, *people: Mapping[str, Any]) -> None:
    """Let the sandbox's provider know other people."""
    provider.ask("PUT", "/sandbox/people", list(people))


def starts(visitor: Visitor, wanted: str = "/coordinator", **more: str) -> dict[str, str]:
    """Set out for the provider; return what it is asked."""
    answer = visitor.client.get("/sign-in/start", params={"next": wanted, **more})
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def comes_back(visitor: Visitor, **told: str) -> httpx.Response:
    return visitor.client.get("/sign-in/back", params=told)


def is_sent_back(provider: str, asked: Mapping[str, str], sub: str) -> dict[str, str]:
    """Choose somebody at the sandbox's provider; return what the hub is told."""
    answer = httpx.post(f"{provider}/authorize", data={**asked, "sub": sub})
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def signs_in_as(visitor: Visitor, provider: Sandbox, sub: str, wanted: str = "/coordinator") -> httpx.Response:
    """Sign in as somebody of the sandbox's provider, all the way; return the last page."""
    return comes_back(visitor, **is_sent_back(provider.url, starts(visitor, wanted), sub))


def refusals(hub: Served) -> Sequence[tuple[str, str]]:
    """Return actor and reason of sign-ins that were refused."""
    return [(row["actor"], row["details"]["why"]) for row in hub.audited("refused") if "why" in row["details"]]
