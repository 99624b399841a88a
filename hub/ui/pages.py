"""The hub's pages, for whoever serves them beside the API.

    add_pages(api, store, identity, settings)

They stand behind the same door as the API: what it refuses reaches no page, and every answer gets its headers.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from hub.errors import NotFound
from hub.identity.sessions import Sessions
from hub.identity.tokens import Identity
from hub.settings import Settings
from hub.store.transaction import Store
from hub.ui import coordinator, signing_in
from hub.ui.desk import Desk
from hub.ui.problems import PageRoute
from hub.ui.rendering import ICON, STYLE

router = APIRouter(route_class=PageRoute, include_in_schema=False)
for room in (signing_in, coordinator):
    router.include_router(room.router)


def add_pages(app: FastAPI, store: Store, identity: Identity, settings: Settings) -> None:
    """Let an application serve the pages too."""
    travel = timedelta(minutes=settings.travel_minutes)
    deadline = timedelta(hours=settings.withdrawal_hours)
    app.state.desk = Desk(store, Sessions(store, identity), settings.public_url, travel, deadline)
    app.include_router(router)


@router.get("/static/plan.css")
def style() -> Response:
    """Return the stylesheet; its address changes with it, so a browser may keep it."""
    return Response(STYLE, headers={"Cache-Control": "public, max-age=31536000, immutable"}, media_type="text/css")


@router.get("/static/icon.svg")
def icon() -> Response:
    """Return the small picture of a tab."""
    return Response(ICON, headers={"Cache-Control": "public, max-age=86400"}, media_type="image/svg+xml")


@router.get("/coordinator/{rest:path}")
def nothing(rest: str) -> Response:
    """Answer an address that is none of ours as a page, for a person has typed it."""
    raise NotFound("There is no such page.")
