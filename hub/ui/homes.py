"""Which page each role begins at; a role that is not named has none yet, and is told so at ``NO_PAGES``."""

from __future__ import annotations

from collections.abc import Mapping

from hub.plan.person import Role

#: Where a role's pages begin; they all lie beneath it.
HOMES: Mapping[Role, str] = {
    Role.COORDINATOR: "/coordinator",
    Role.CITIZEN: "/citizen",
    Role.OPERATOR: "/operations",
    Role.ADMINISTRATOR: "/administration",
    Role.AUDITOR: "/administration",
    Role.SECURITY_ADMINISTRATOR: "/administration",
}
NO_PAGES = "/welcome"


def destination(role: Role, wanted: str) -> str:
    """Return where somebody goes on who has signed in: to what they wanted, where it is one of their pages."""
    home = HOMES.get(role, NO_PAGES)
    return wanted if wanted == home or wanted.startswith(f"{home}/") else home
