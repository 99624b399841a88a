"""Which roles one person may not have together, however that person comes in: by clients, or by a provider's claims.

    forbidden(frozenset({Role.AUDITOR, Role.OPERATOR}))     # (Forbidden(Role.AUDITOR, Role.OPERATOR, "..."),)

Pure: a start with such clients and a sign-in with such claims ask the same question. docs/reference/roles.md has the
table that comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from hub.plan.person import Role

#: Who sees what plans say.
READERS = frozenset({Role.COORDINATOR, Role.CASEWORKER, Role.AUTHORITY_SYSTEM, Role.PARTNER, Role.CITIZEN})
_WHY = {
    Role.AUDITOR: "Who audits a deed must not be who may do it.",
    Role.SECURITY_ADMINISTRATOR: "Who looks after keys and clients must not read what they open.",
    Role.OPERATOR: "Who runs the hub must not read what it carries.",
    Role.ADMINISTRATOR: "Who writes the policy must not be who sees more by it.",
    Role.CITIZEN: "Who is asked as a citizen must not answer as staff.",
}


@dataclass(frozen=True, slots=True)
class Forbidden:
    """Two roles that no one may have both, and why, in a sentence."""

    one: Role
    other: Role
    why: str

    def __str__(self) -> str:
        return f"{self.one} with {self.other}: {self.why}"


def forbidden(roles: frozenset[Role]) -> tuple[Forbidden, ...]:
    """Return each pair among the roles of one person that must not meet in one person; empty: they may."""
    return tuple(_forbidden_pairs(roles))


def _forbidden_pairs(roles: Iterable[Role]) -> Iterable[Forbidden]:
    for pair in combinations(sorted(roles), 2):
        if why := _why_not(frozenset(pair)):
            yield Forbidden(*pair, why)


def _why_not(pair: frozenset[Role]) -> str:
    if Role.AUDITOR in pair:
        return _WHY[Role.AUDITOR]
    for role in (Role.SECURITY_ADMINISTRATOR, Role.OPERATOR, Role.ADMINISTRATOR):
        if role in pair and not READERS.isdisjoint(pair):
            return _WHY[role]
    return _WHY[Role.CITIZEN] if Role.CITIZEN in pair else ""
