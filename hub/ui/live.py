"""What an open page asks for again and again by itself: the banners of a plan, where they have changed.

Nobody need sit before a page that asks, so a question keeps no session alive, and brings nothing of the plan.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.flow.troubles import watch
from hub.identity.sessions import Session
from hub.plan.person import Role
from hub.ui.banners import banners_of
from hub.ui.desk import CorrelationId, TheDesk, left_open
from hub.ui.problems import FragmentRoute
from hub.ui.rendering import part

router = APIRouter(route_class=FragmentRoute, include_in_schema=False)
ALeftOpenPage = Annotated[Session, left_open(Role.COORDINATOR)]


@router.get("/coordinator/plans/{plan}/banners")
def read_banners(
    plan: UUID, request: Request, desk: TheDesk, session: ALeftOpenPage, correlation_id: CorrelationId, known: str = ""
) -> Response:
    """Return the banners that a plan's page is to show now; nothing where it has them (``known``) already."""
    caller = session.caller
    troubles = watch(plan, caller.reader, desk.store, desk.settings, actor=caller.client, correlation_id=correlation_id)
    live = banners_of(plan, troubles, caller.reader.language)
    return part(request, "banners", live.version, known, live=live)
