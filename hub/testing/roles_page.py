"""Write the reference page of roles from what the routes declare (``hub.api.declared``).

python -m hub.testing.roles_page docs/reference/roles.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, cast

from hub.api.app import create_app
from hub.api.declared import Declared, Scope, declared_routes
from hub.errors import NotFound, WrongSender
from hub.identity.combinations import forbidden
from hub.plan.person import Role

_HEADER = """<!-- Written by `make docs` from what the routes declare (hub/api/declared.py); change those. -->

# Roles

Who may call which route of the API. `tests/integration/api/test_roles.py` asks every route in every role, of the
caller's own authority and of another, over HTTP; a route that declares nothing fails `tests/unit/api/test_declared.py`.
Pages have their own roles: coordinator, citizen, operator, and those who look after rules, record and keys.

"""
_ROLES = {
    Role.AUTHORITY_SYSTEM: "an authority's own system: sends, and gets what is due to it",
    Role.CASEWORKER: "somebody who works on a case at an authority",
    Role.COORDINATOR: "somebody of the organisation that coordinates the plan",
    Role.PARTNER: "somebody outside the authorities who takes part, and is told less",
    Role.CITIZEN: "the person whose plan it is, or a parent with custody",
    Role.OPERATOR: "runs the hub: queues, alarms, dead letters; never what a plan says",
    Role.ADMINISTRATOR: "writes the policy, with a second one",
    Role.AUDITOR: "searches and verifies the audit; nothing else",
    Role.SECURITY_ADMINISTRATOR: "looks after clients and keys; sees no secret and no plan",
}
_CELLS = {Scope.HUB: "yes", Scope.AUTHORITY: "own", Scope.PLAN: "own", Scope.LISTED: "own", Scope.NOBODY: "yes"}
_SCOPES = """
**yes**: whichever authority employs the caller. **own**: of the caller's own authority, of plans that the caller's
organisation belongs to, of the citizen's own plan, and no other. What is shown of a plan is decided by consent and
policy besides ([consent](../explanation/consent.md)). Routes under "anyone" are answered without a token.

What another role is told: 404 where a route is about a plan, as if nothing were there; 403 elsewhere. Nobody known:
401. Each refusal is audited.
"""


def page() -> str:
    """Return the page."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEADER
    yield "| role | who that is |\n|---|---|\n"
    for role, told in _ROLES.items():
        yield f"| `{role}` | {told} |\n"
    yield _SCOPES
    yield f"\n| route | {' | '.join(_ROLES)} | else |\n|---|{'---|' * len(_ROLES)}---|\n"
    public = []
    for route, declared in _routes():
        if declared.scope is Scope.NOBODY:
            public.append(route)
            continue
        cells = (_CELLS[declared.scope] if role in declared.roles else "–" for role in _ROLES)
        yield f"| `{route}` | {' | '.join(cells)} | {_else(declared)} |\n"
    yield "\n## Anyone\n\n" + "".join(f"- `{route}`\n" for route in public)
    yield "\n## Roles that never meet in one person\n\n"
    yield "A start with clients of one holder, key or certificate that have both is refused, as is such a sign-in.\n\n"
    yield "| one | other | why |\n|---|---|---|\n"
    for pair in combinations(_ROLES, 2):
        for found in forbidden(frozenset(pair)):
            yield f"| `{pair[0]}` | `{pair[1]}` | {found.why} |\n"


def _routes() -> list[tuple[str, Declared]]:
    nothing = cast(Any, None)  # to read the declarations, nothing behind the routes is needed
    app = create_app(nothing, nothing, nothing, nothing, broker_answers=nothing)
    found = [(route, declared[0]) for route, declared in declared_routes(app) if declared]
    return sorted(found, key=lambda one: (one[0].split()[1], one[0]))


def _else(declared: Declared) -> str:
    if declared.otherwise is None:
        return "403 or 404"
    return {NotFound: "404", WrongSender: "403 `wrong-sender`"}.get(declared.otherwise, "403")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
