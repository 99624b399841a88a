"""The operator's page of a message: from its door to each recipient's receipt."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotFound
from hub.flow.trace import trace
from hub.ui.desk import TheDesk
from hub.ui.operations import AnOperator
from hub.ui.problems import MISSING, SEE_OTHER, PageRoute
from hub.ui.rendering import page
from hub.ui.trace_page import trace_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_ID = re.compile("[A-Za-z0-9-]{1,64}")


@router.get("/operations/trace")
def find(request: Request, session: AnOperator, id: str = "") -> Response:
    """Go to what an id names; ids are harmless in an address, and anything else is not taken there."""
    wanted = id.strip()
    if not _ID.fullmatch(wanted):
        return page(request, "trace", MISSING, session=session, trace=None)
    return RedirectResponse(f"/operations/trace/{quote(wanted)}", SEE_OTHER)


@router.get("/operations/trace/{message}")
def read_trace(message: str, request: Request, desk: TheDesk, session: AnOperator) -> Response:
    """Show what became of a message, step by step."""
    try:
        found = trace(message, desk.store)
    except NotFound:
        return page(request, "trace", MISSING, session=session, trace=None)
    return page(request, "trace", session=session, trace=trace_page(found, session.caller.reader.language))
