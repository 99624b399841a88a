"""The operator's page of a message: from its door to each recipient's receipt."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotFound
from hub.flow.trace import trace
from hub.identity.sessions import Session
from hub.ui.desk import AnOperator, TheDesk
from hub.ui.problems import MISSING, SEE_OTHER, PageRoute
from hub.ui.rendering import page
from hub.ui.trace_page import trace_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_ID = re.compile("[A-Za-z0-9-]{1,64}")


@router.get("/operations/trace")
def find(request: Request, session: AnOperator, id: str = "") -> Response:
    """Show the form that asks for an id, or go to what one names; what is no id is not taken into an address again."""
    wanted = id.strip()
    if not wanted:
        return page(request, "trace", session=session, trace=None, is_unknown=False)
    if not _ID.fullmatch(wanted):
        return _unknown(request, session)
    return RedirectResponse(f"/operations/trace/{quote(wanted)}", SEE_OTHER)


@router.get("/operations/trace/{message}")
def read_trace(message: str, request: Request, desk: TheDesk, session: AnOperator) -> Response:
    """Show what became of a message, step by step."""
    try:
        found = trace(message, desk.store)
    except NotFound:
        return _unknown(request, session)
    return page(request, "trace", session=session, trace=trace_page(found, session.caller.reader.language))


def _unknown(request: Request, session: Session) -> Response:
    return page(request, "trace", MISSING, session=session, trace=None, is_unknown=True)
