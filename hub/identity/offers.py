"""What somebody whom the provider has let in may be at the hub, by the settings and by what the id token claims.

    people = People(settings.sign_in)
    people.offers(claims)             # (Offer(COORDINATOR, "coordination", "one-plan"),)
    people.citizen(claims)            # or the number of a citizen, who signs in as nothing else

Pure, but for the settings it was made with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hub.consent.reader import ONE_PLAN
from hub.errors import Fault, SettingsRefused
from hub.identity.combinations import forbidden
from hub.identity.tokens import CITIZEN_ACCESS
from hub.plan.identifier import Identifier, NotAnIdentifier, cpr_identifier
from hub.plan.person import Role
from hub.settings.sign_in import RoleRule, SignIn

#: What no rule makes of anybody: machines sign in by keys, and a citizen is who has the number.
_BY_NO_RULE = frozenset({Role.AUTHORITY_SYSTEM, Role.PARTNER, Role.CITIZEN})
_HEIGHT = {"low": 1, "substantial": 2, "high": 3}
#: For whom a citizen speaks.
CITIZEN = "citizen"


@dataclass(frozen=True, slots=True, order=True)
class Offer:
    """One thing that somebody may be.

    :ivar person: the citizen's id at the hub, for the role citizen.
    :ivar kle: groups and subjects of KLE that reads are limited to; none: to none.
    """

    role: Role
    organisation: str
    purpose: str = ONE_PLAN
    person: UUID | None = None
    kle: tuple[str, ...] = ()


class People:
    """Knows what people are by their claims.

    :raises SettingsRefused: a rule names a role that there is not, or that no rule may give.
    """

    def __init__(self, settings: SignIn) -> None:
        faults = [fault for place, rule in enumerate(settings.roles) if (fault := _fault(place, rule, settings.roles))]
        if faults:
            raise SettingsRefused("Some people could not sign in.", faults=faults)
        self._settings = settings
        #: Of all that the settings say: other settings end the sessions that these let begin.
        self.digest = hashlib.sha256(settings.model_dump_json().encode()).digest()

    def is_sure(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the provider is as sure of who they are as the settings ask (NSIS)."""
        if not self._settings.least_level:
            return True
        said = claims.get(self._settings.level_claim)
        level = self._settings.levels.get(said) if isinstance(said, str) else None
        return level is not None and _HEIGHT[level] >= _HEIGHT[self._settings.least_level]

    def offers(self, claims: Mapping[str, Any]) -> tuple[Offer, ...]:
        """Return what staff may be, each once."""
        found = {
            _offer(rule)
            for rule in self._settings.roles
            if all(_has(claims.get(name), value) for name, value in rule.claims.items())
        }
        return tuple(sorted(found))

    def citizen(self, claims: Mapping[str, Any]) -> Identifier | None:
        """Return a citizen's number; None where there is none, or the settings let no citizens in."""
        said = claims.get(self._settings.citizen_claim) if self._settings.citizen_claim else None
        try:
            return cpr_identifier(said, "hub") if isinstance(said, str) else None
        except NotAnIdentifier:
            return None

    def offer(self, role: str, organisation: str, person: UUID | None) -> Offer | None:
        """Return what somebody was let in as, as the settings have it now."""
        if role == Role.CITIZEN:
            return as_citizen(person) if person else None
        rules = (one for one in self._settings.roles if (one.role, one.organisation) == (role, organisation))
        return next((_offer(one) for one in rules), None)


def as_citizen(person: UUID) -> Offer:
    """Return what a citizen is."""
    return Offer(Role.CITIZEN, CITIZEN, CITIZEN_ACCESS, person)


def may_meet(offers: tuple[Offer, ...], also: frozenset[Role] = frozenset()) -> bool:
    """Tell whether one person may have all of these roles (docs/reference/roles.md).

    :param also: roles of the clients that they hold.
    """
    return not forbidden(also.union(one.role for one in offers))


def _has(claim: object, value: str) -> bool:
    """Tell whether a claim is a value, or has it among its values."""
    return claim == value or (isinstance(claim, list) and value in claim)


def _fault(place: int, rule: RoleRule, rules: Sequence[RoleRule]) -> Fault | None:
    known = sorted(set(Role) - _BY_NO_RULE)
    if rule.role not in known:
        return Fault(f"sign_in.roles.{place}.role", "No rule gives this role.", f"Use one of {', '.join(known)}.")
    if rule.kle and rule.role != Role.CASEWORKER:
        return Fault(f"sign_in.roles.{place}.kle", "Only what a caseworker reads is limited by KLE.", "Leave it out.")
    # A session remembers role and organisation; what they may ask for and read must follow from the two.
    if any(_said(one)[:2] == _said(rule)[:2] and _said(one) != _said(rule) for one in rules[:place]):
        sentence = "An earlier rule of the same role and organisation says otherwise what they may ask for or read."
        return Fault(f"sign_in.roles.{place}.purpose", sentence, "Let both say the same.")
    return None


def _said(rule: RoleRule) -> tuple[str, str, str, tuple[str, ...]]:
    return rule.role, rule.organisation, rule.purpose, tuple(sorted(rule.kle))


def _offer(rule: RoleRule) -> Offer:
    return Offer(Role(rule.role), rule.organisation, rule.purpose, kle=tuple(sorted(rule.kle)))
