"""What an operator's open pages hear and ask for by themselves: that something has moved, how all flows, a replay.

Nobody need sit before a page that asks, so a question keeps no session alive.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from hub.errors import HubError
from hub.flow.replays import show
from hub.identity.sessions import Session, Sessions
from hub.plan.person import Role
from hub.ui.desk import TheDesk, left_open
from hub.ui.operations_page import operations_page
from hub.ui.problems import FragmentRoute
from hub.ui.rendering import part
from hub.ui.replays_page import replay_page

router = APIRouter(route_class=FragmentRoute, include_in_schema=False)
ALeftOpenPage = Annotated[Session, left_open(Role.OPERATOR)]


@router.get("/operations/bell")
async def listen(desk: TheDesk, session: ALeftOpenPage) -> Response:
    """Ring whenever how all flows has moved, for as long as the session may see it."""
    rings = desk.bell.rings(
        hash(session.secret), partial(may_listen, session.secret, session.caller.reader.language, desk.sessions)
    )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(rings, headers=headers, media_type="text/event-stream")


def may_listen(secret: str, language: str, sessions: Sessions) -> bool:
    """Tell whether a session is still an operator's; that it is asked is no use of it."""
    try:
        return sessions.find(secret, language, is_use=False).caller.reader.role is Role.OPERATOR
    except HubError:
        return False


@router.get("/operations/now")
def read_now(request: Request, desk: TheDesk, session: ALeftOpenPage, known: str = "") -> Response:
    """Return how all flows now; nothing where the page has that (``known``) already."""
    found = operations_page(desk.glances.latest(), session.caller.reader.language)
    return part(request, "operations_now", found.version, known, session=session, ops=found, is_still=False)


@router.get("/operations/replays/{replay}/now")
def read_replay_now(replay: UUID, request: Request, desk: TheDesk, session: ALeftOpenPage, known: str = "") -> Response:
    """Return how a replay goes now; nothing where the page has that (``known``) already."""
    found = replay_page(show(replay, desk.store), None, session.caller.reader.language)
    return part(request, "replay_now", found.version, known, session=session, replay=found)
