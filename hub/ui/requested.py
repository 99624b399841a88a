"""The administrator's page of what citizens have asked for by right: which is open, since when, and by when."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.flow.rights_asked import Wanted, requests
from hub.store.rights_asked import Right
from hub.ui.desk import AnAdministrator, CorrelationId, TheDesk
from hub.ui.problems import PageRoute
from hub.ui.rendering import page
from hub.ui.requested_page import Show, requested_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/administration/requests")
def read_requests(
    request: Request,
    desk: TheDesk,
    session: AnAdministrator,
    correlation_id: CorrelationId,
    right: Right | None = None,
    show: Show = Show.OPEN,
) -> Response:
    """Show what was asked for; the address holds what it is narrowed to."""
    caller, wanted = session.caller, Wanted(show is Show.OPEN, right)
    found = requests(wanted, desk.store, actor=caller.client, correlation_id=correlation_id)
    told = requested_page(wanted, found, caller.reader.language)
    return page(request, "requested", session=session, requested=told, kept=told.kept)
