"""Who may be chosen at the sandbox's identity provider: a made-up person for each role, and some who get no further."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: How a broker could name what KOMBIT calls user system roles (docs/explanation/sign-in-through-a-broker.md).
PRIVILEGE = "https://one-plan-hub.example/roles/usersystemrole/{role}/1"
#: Of the municipality.
CVR = "29188599"
#: Of the demo's stories: citizens who have a plan there, and one of whom the hub knows nothing.
WITH_A_PLAN, OF_THE_DEMO, WITHOUT_A_PLAN = "1503879996", "2207909992", "0201709998"
_SUBSTANTIAL, _LOW = "Substantial", "Low"


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Somebody to choose.

    :ivar called: how the page calls them.
    :ivar claims: what the id token says of them.
    """

    sub: str
    called: str
    claims: Mapping[str, Any] = field(repr=False)


def _staff(sub: str, called: str, *roles: str, acr: str = _SUBSTANTIAL) -> MadeUp:
    privileges = [PRIVILEGE.format(role=role) for role in roles]
    return MadeUp(sub, called, {"acr": acr, "cvr": CVR, "privileges": privileges, "name": called.partition(",")[0]})


def _citizen(sub: str, called: str, cpr: str) -> MadeUp:
    return MadeUp(sub, called, {"acr": _SUBSTANTIAL, "cpr": cpr, "name": called.partition(",")[0]})


PEOPLE = (
    _staff("karen", "Karen Prøve, coordinator", "coordinator"),
    _staff("casper", "Casper Prøve, caseworker for children and family", "caseworker"),
    _staff("ditte", "Ditte Prøve, coordinator and caseworker", "coordinator", "caseworker"),
    _staff("olav", "Olav Prøve, operator", "operator"),
    _staff("rikke", "Rikke Prøve, auditor", "auditor"),
    _staff("anders", "Anders Prøve, administrator of the rules", "administrator"),
    _staff("sigrid", "Sigrid Prøve, security administrator", "security-administrator"),
    _citizen("mette", "Mette Test Holm, citizen with a plan", WITH_A_PLAN),
    _citizen("signe", "Signe Test Vang, citizen of the demo's last story", OF_THE_DEMO),
    _citizen("nina", "Nina Test Nielsen, citizen without a plan", WITHOUT_A_PLAN),
    _staff("uffe", "Uffe Prøve, who has no role"),
    _staff("lone", "Lone Prøve, coordinator who signed in too weakly (NSIS Low)", "coordinator", acr=_LOW),
)
