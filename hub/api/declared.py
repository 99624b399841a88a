"""Who may call a route: said once, where the route is, and both enforced and told.

A route names it by a parameter (``caller: AMember``) or, where nobody need be known, by ``dependencies=[ANYONE]``. What
is declared is the role; whether the plan or the authority is the caller's is the flow's question, and the scope says
which of the two it asks. ``docs/reference/roles.md`` is written from these declarations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from hub.errors import NotAllowed, NotFound, Refused, WrongSender
from hub.identity.combinations import READERS
from hub.plan.person import Role


class Scope(StrEnum):
    """What besides the role is asked of a caller."""

    HUB = "the hub"  # nothing: it is about the hub as a whole
    AUTHORITY = "own authority"  # that it is the caller's organisation's door, feed, delivery
    PLAN = "own plans"  # that the caller's organisation belongs to the plan, or that the plan is the citizen's
    LISTED = "what is their own of it"  # nothing, but what is told or taken is of their own plans and deliveries alone
    NOBODY = "anyone"  # not even who it is


@dataclass(frozen=True, slots=True)
class Declared:
    """Who may call a route.

    :ivar otherwise: what a known caller in another role is told; None where the flow says it, by what was asked.
    :ivar sentence: with which words.
    """

    roles: frozenset[Role]
    scope: Scope
    otherwise: type[Refused] | None = NotAllowed
    sentence: str = ""

    def refusal_of(self, role: Role) -> Refused | None:
        """Return why a role may not call; None: it may, as far as the role goes."""
        is_refused = role not in self.roles and self.otherwise is not None
        return self.otherwise(self.sentence) if is_refused and self.otherwise is not None else None


_CHOOSERS = frozenset({Role.COORDINATOR, Role.CITIZEN})
_STAFF = frozenset({Role.COORDINATOR, Role.CASEWORKER})
_NOTHING = "There is nothing here that you may see."
_OPERATORS, _ADMINISTRATORS = frozenset({Role.OPERATOR}), frozenset({Role.ADMINISTRATOR})
_SYSTEM = frozenset({Role.AUTHORITY_SYSTEM})

NO_ONE_IN_PARTICULAR = Declared(frozenset(Role), Scope.NOBODY)
MEMBER = Declared(READERS, Scope.PLAN, NotFound, _NOTHING)
#: One that looks in all their plans: of others' it finds nothing.
SEARCHER = Declared(READERS, Scope.LISTED, NotFound, _NOTHING)
CHOOSER = Declared(_CHOOSERS, Scope.PLAN, NotFound, _NOTHING)
#: One that gives a consent opens a plan, or shares of one: what the others are told depends on which.
GIVER = Declared(_CHOOSERS, Scope.PLAN, None)
TRIER = Declared(_CHOOSERS | _ADMINISTRATORS, Scope.PLAN, NotFound, _NOTHING)
STAFF = Declared(_STAFF, Scope.PLAN, NotFound, _NOTHING)
STAFF_OR_CITIZEN = Declared(_STAFF | _CHOOSERS, Scope.PLAN, NotFound, _NOTHING)
#: A partner reads alone.
PLAN_WRITER = Declared(_SYSTEM | _STAFF | _CHOOSERS, Scope.PLAN, NotFound, _NOTHING)
COORDINATOR = Declared(frozenset({Role.COORDINATOR}), Scope.PLAN, NotFound, _NOTHING)
COORDINATORS_LIST = Declared(
    frozenset({Role.COORDINATOR}), Scope.LISTED, NotAllowed, "Only a coordinator has this list."
)
AUTHORITY = Declared(_SYSTEM, Scope.AUTHORITY, WrongSender, "This door is for the authority's own system.")
RECIPIENT = Declared(
    _SYSTEM | {Role.PARTNER}, Scope.LISTED, NotAllowed, "Only a recipient's own system may give its receipts."
)
SUBSCRIBER = Declared(
    _SYSTEM | {Role.PARTNER}, Scope.LISTED, NotAllowed, "Only a recipient's own system may subscribe."
)
WRITER = Declared(
    _SYSTEM | _STAFF, Scope.LISTED, NotAllowed, "Only an authority or a coordinator answers for what they wrote."
)
FETCHER = Declared(_SYSTEM | {Role.PARTNER}, Scope.AUTHORITY, None)
OPERATOR = Declared(_OPERATORS, Scope.HUB, NotAllowed, "Only an operator may look after the queues.")
ADMINISTRATOR = Declared(_ADMINISTRATORS, Scope.HUB, NotAllowed, "Only an administrator may change the policy.")
EVALUATOR = Declared(_ADMINISTRATORS, Scope.HUB, NotAllowed, "Only an administrator may evaluate.")
POLICY_READER = Declared(
    _ADMINISTRATORS | _OPERATORS, Scope.HUB, NotAllowed, "Only an administrator or an operator may read the policy."
)
AUDITOR = Declared(frozenset({Role.AUDITOR}), Scope.HUB, NotAllowed, "Only an auditor may search the audit.")
SECURITY_ADMINISTRATOR = Declared(
    frozenset({Role.SECURITY_ADMINISTRATOR}), Scope.HUB, NotAllowed, "Only a security administrator looks after keys."
)

_Dependency = TypeVar("_Dependency", bound=Callable[..., Any])
_BY_DEPENDENCY: dict[Callable[..., Any], Declared] = {}


def stands_for(declared: Declared) -> Callable[[_Dependency], _Dependency]:
    """Note that a dependency enforces a declaration, so that a route that has the one is known by the other."""

    def noted(dependency: _Dependency) -> _Dependency:
        _BY_DEPENDENCY[dependency] = declared
        return dependency

    return noted


def declared_routes(app: FastAPI) -> Iterator[tuple[str, Sequence[Declared]]]:
    """Yield each route of an application, and what it declares: exactly one, where nobody forgot it."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            found = [_BY_DEPENDENCY[call] for call in _calls(route.dependant) if call in _BY_DEPENDENCY]
            for method in sorted(route.methods or ()):
                yield f"{method} {route.path_format}", list(dict.fromkeys(found))


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for inner in dependant.dependencies:
        if inner.call is not None:
            yield inner.call
        yield from _calls(inner)
