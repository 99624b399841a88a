"""Citizens whom nobody is: a small fixed set of plans on which a policy is tried out, so that no real plan is opened.

In each plan every authority has one element of every category at every step of the ladder, so whatever a policy opens
or closes shows here. Nothing is random and nothing is made up about anybody: titles say what an element is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count, product
from uuid import UUID, uuid5

from hub.consent.consent import EVERY, Capacity, Consent, ConsentKind, Effect, Grant, Scope
from hub.consent.matrix import Asked, Seat
from hub.consent.policy import Policy
from hub.consent.reader import ONE_PLAN, Exchange, Reader
from hub.consent.simulate import Facts, Place
from hub.plan.element import Detail, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.person import Role
from hub.plan.plan import Plan

_OURS = UUID("0f4a5c1e-8a53-5b0c-9a77-1f6d3f0c2b11")
#: The last stands for every authority that no rule names.
_AUTHORITIES = frozenset({"children", "employment", "social", "youth", "another-authority"})
_PARTNER, _COORDINATOR = "a-partner", "a-coordinator"


@dataclass(frozen=True, slots=True)
class Citizen:
    """A citizen whom nobody is.

    :ivar shares: has said yes to share everything with everybody, up to the label.
    :ivar refuses: organisations to which no is said.
    :ivar names_another: each element names somebody else too, who has said nothing.
    """

    name: str
    has_one_plan: bool = True
    shares: Sensitivity | None = None
    refuses: frozenset[str] = frozenset()
    names_another: bool = False
    has_protected_address: bool = False
    is_held: bool = False

    @property
    def plan(self) -> UUID:
        """Return the id of the plan."""
        return uuid5(_OURS, self.name)

    @property
    def person(self) -> UUID:
        """Return the id of the person."""
        return uuid5(self.plan, "person")


CITIZENS = (
    Citizen("says-yes-to-everything", shares=Sensitivity.VIP_SAGER),
    Citizen("says-yes-to-what-is-confidential", shares=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER),
    Citizen("shares-nothing"),
    Citizen("has-no-one-plan", has_one_plan=False, shares=Sensitivity.VIP_SAGER),
    Citizen("says-no-to-employment", shares=Sensitivity.VIP_SAGER, refuses=frozenset({"employment"})),
    Citizen("names-somebody-else", shares=Sensitivity.VIP_SAGER, names_another=True),
    Citizen("has-a-protected-address", shares=Sensitivity.VIP_SAGER, has_protected_address=True),
    Citizen("is-held-back", shares=Sensitivity.VIP_SAGER, is_held=True),
)


def synthetic_facts(policy: Policy, other: Policy, at: datetime) -> Facts:
    """Return the citizens' plans with everybody who may come to see something by either policy, under the first.

    :param other: organisations and categories that only it names are there too.
    """
    rules = (*policy.rules, *other.rules)
    named = _AUTHORITIES.union(*(rule.sources | rule.recipients for rule in rules)) - {EVERY, _PARTNER, _COORDINATOR}
    categories = policy.categories | other.categories
    purposes = policy.purposes | other.purposes
    places: dict[tuple[UUID, Seat], Place] = {}
    for citizen in CITIZENS:
        plan = _plan(citizen, sorted(named), sorted(categories), at)
        asked = Asked(citizen.plan, citizen.person, tuple(sorted(named)), citizen.is_held)
        for seat, reader in _readers(citizen, sorted(named), sorted(purposes)).items():
            places[citizen.plan, seat] = Place(plan, reader, asked)
    consents = tuple(consent for citizen in CITIZENS for consent in _consents(citizen, at))
    return Facts(places, policy, consents, {})


def _readers(citizen: Citizen, authorities: list[str], purposes: list[str]) -> Mapping[Seat, Reader]:
    roles = [(name, role) for name in authorities for role in (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)]
    roles += [(_PARTNER, Role.PARTNER), (_COORDINATOR, Role.COORDINATOR), ("citizen", Role.CITIZEN)]
    found: dict[Seat, Reader] = {}
    for (name, role), exchange, purpose in product(roles, Exchange, purposes):
        if exchange is Exchange.DISCLOSE and (purpose != ONE_PLAN or role not in (Role.AUTHORITY_SYSTEM, Role.PARTNER)):
            continue
        person = citizen.person if role is Role.CITIZEN else None
        member = frozenset({citizen.plan})
        # A meeting goes on wherever a purpose asks for one, so that its rules show here.
        meets = member if exchange is Exchange.COLLECT else frozenset[UUID]()
        found[Seat(name, role, exchange, purpose)] = Reader(
            name, role, purpose, person, member, exchange=exchange, meetings=meets
        )
    return found


def _plan(citizen: Citizen, authorities: list[str], categories: list[str], at: datetime) -> Plan:
    number = count(1)
    details = {Detail.PROTECTED_ADDRESS: "yes"} if citizen.has_protected_address else {}
    concerns = frozenset({uuid5(citizen.plan, "somebody else")} if citizen.names_another else ())
    elements = (
        Element(
            id=uuid5(citizen.plan, f"{authority}/{category}/{label.name}"),
            kind=Kind.NOTE,
            category=category,
            label=label,
            status=Status.ACTIVE,
            title=f"Synthetic: {category} of {authority}",
            text="",
            valid=Period(),
            codes=(),
            part_of=None,
            concerns=concerns,
            details=details,
            provenance=Provenance(authority, "synthetic", citizen.name, "synthetic", "synthetic/v1"),
            order=OrderKey(next(number), at, "synthetic"),
            registered_at=at,
        )
        for authority, category, label in product(authorities, categories, Sensitivity)
    )
    return Plan(
        citizen.plan, citizen.person, elements={element.id: element for element in elements}, is_held=citizen.is_held
    )


def _consents(citizen: Citizen, at: datetime) -> Iterator[Consent]:
    said = (Grant(citizen.person, Capacity.SELF, at),)
    always = Period()
    if citizen.has_one_plan:
        id = uuid5(citizen.plan, "one plan")
        yield Consent(id, 1, ConsentKind.ONE_PLAN, citizen.person, said, always)
    everything = frozenset({EVERY})
    if citizen.shares is not None:
        scope = Scope(everything, everything, everything, everything, citizen.shares)
        yield Consent(uuid5(citizen.plan, "yes"), 1, ConsentKind.SHARING, citizen.person, said, always, scope=scope)
    if citizen.refuses:
        scope = Scope(everything, citizen.refuses, everything, everything, min(Sensitivity))
        id = uuid5(citizen.plan, "no")
        yield Consent(id, 1, ConsentKind.SHARING, citizen.person, said, always, effect=Effect.DENY, scope=scope)
