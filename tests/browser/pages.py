"""Every page that the hub's routes give, and who opens it. A route that is not here fails ``test_every_page.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.routing import APIRoute

from hub.ui import pages
from tests.browser.family import ROLES

NOBODY = "nobody"
COORDINATOR, CITIZEN, CHILD, OPERATOR = "coordinator", "citizen", "child", "operator"
ADMINISTRATOR, AUDITOR, OF_KEYS = "administrator", "auditor", "security-administrator"
ADMINISTRATION = frozenset({ADMINISTRATOR, AUDITOR, OF_KEYS})
#: For whom there are no pages yet, but for the one that says so.
PAGELESS = frozenset(ROLES) - {COORDINATOR, CITIZEN, CHILD, OPERATOR} - ADMINISTRATION


@dataclass(frozen=True, slots=True)
class Opened:
    """A page, as somebody opens it.

    :ivar route: whose page it is.
    :ivar path: as what it is opened, with names of ``Family.addresses``; as its route when left out.
    :ivar roles: who gets it.
    :ivar status: of the answer: a page may say that there is none, or that somebody is not known.
    """

    route: str
    roles: frozenset[str]
    path: str = ""
    status: int = 200

    @property
    def where(self) -> str:
        """Return its address, with names of ``Family.addresses`` in it."""
        return self.path or self.route


def _for(role: str, *routes: str, status: int = 200) -> tuple[Opened, ...]:
    return tuple(Opened(route, frozenset({role}), status=status) for route in routes)


def _as(role: str, route: str, path: str) -> Opened:
    return Opened(route, frozenset({role}), path)


PAGES: tuple[Opened, ...] = (
    *_for(NOBODY, "/sign-in", "/sign-in/leaving"),
    *_for(NOBODY, "/sign-in/back", status=401),
    Opened("/sign-in", frozenset({NOBODY}), "/sign-in?left=yes"),
    Opened("/welcome", PAGELESS),
    *_for(
        COORDINATOR,
        "/coordinator",
        "/coordinator/plans/{plan}",
        "/coordinator/plans/{plan}/elements/{element}/history",
        "/coordinator/plans/{plan}/findings",
        "/coordinator/plans/{plan}/goals",
        "/coordinator/plans/{plan}/statements",
        "/coordinator/plans/{plan}/ask",
        "/coordinator/plans/{plan}/who-can-see",
        "/coordinator/families/{plan}",
        "/coordinator/dead-letters/{letter}",
        "/coordinator/consents/{consent}/proof",
    ),
    _as(COORDINATOR, "/coordinator/plans/{plan}/goals/{element}", "/coordinator/plans/{plan}/goals/{joint_goal}"),
    *_for(COORDINATOR, "/coordinator/{rest}", status=404),
    *(
        Opened(route, frozenset({CITIZEN, CHILD}))
        for route in (
            "/citizen",
            "/citizen/goals",
            "/citizen/statements",
            "/citizen/seen",
            "/citizen/who-can-see",
            "/citizen/consents",
            "/citizen/withdrawals",
        )
    ),
    *_for(
        CITIZEN,
        "/citizen/statements/{says}/{element}",
        "/citizen/consents/{plan}",
        "/citizen/consents/{plan}/receipts/{consent}",
        "/citizen/withdrawals/{consent}/proof",
    ),
    _as(CITIZEN, "/citizen/goals/{element}", "/citizen/goals/{own_goal}"),
    _as(CITIZEN, "/citizen/consents/{plan}", "/citizen/consents/{sons_plan}"),
    _as(CITIZEN, "/citizen/consents/{plan}/receipts/{consent}", "/citizen/consents/{plan}/receipts/{given}"),
    _as(CITIZEN, "/citizen/consents/{plan}/{step}", "/citizen/consents/{plan}/unchanged"),
    *_for(CITIZEN, "/citizen/{rest}", status=404),
    *_for(
        OPERATOR,
        "/operations",
        "/operations/dead-letters",
        "/operations/dead-letters/{letter}",
        "/operations/replays",
        "/operations/replays/new",
        "/operations/replays/{replay}",
        "/operations/receipts",
    ),
    _as(OPERATOR, "/operations/trace/{message}", "/operations/trace/{letter}"),
    *_for(OPERATOR, "/operations/trace"),
    *_for(OPERATOR, "/operations/{rest}", status=404),
    Opened("/administration", ADMINISTRATION),
    *_for(
        ADMINISTRATOR,
        "/administration/rules",
        "/administration/rules/new",
        "/administration/rules/drafts/{draft}",
        "/administration/authorities",
        "/administration/requests",
        "/administration/evaluation",
        "/administration/retention",
    ),
    *_for(AUDITOR, "/administration/record"),
    *_for(OF_KEYS, "/administration/clients", "/administration/keys"),
    Opened("/administration/{rest}", ADMINISTRATION, status=404),
)
#: GET routes that give no page of their own, and what they give.
NO_PAGES: Mapping[str, str] = {
    "/static/{name}": "what a page is shown with",
    "/sign-in/start": "leads to the identity provider",
    "/sign-in/left": "leads back to signing in",
    "/coordinator/plans/{plan}/banners": "what an open page asks for by itself",
    "/coordinator/consents/{consent}/proof-file": "a file to keep",
    "/citizen/withdrawals/{consent}/proof-file": "a file to keep",
    "/administration/evaluation/file": "a file to keep",
    "/operations/now": "what an open page asks for by itself",
    "/operations/bell": "what an open page listens to by itself",
    "/operations/replays/{replay}/now": "what an open page asks for by itself",
}


def routes() -> frozenset[str]:
    """Return the GET routes of the hub's pages."""
    found = [route for room in (*pages.ROOMS, pages) for route in room.router.routes]
    return frozenset(one.path_format for one in found if isinstance(one, APIRoute) and "GET" in (one.methods or ()))


def pages_of(role: str) -> tuple[Opened, ...]:
    """Return the pages that a role gets."""
    return tuple(page for page in PAGES if role in page.roles)
