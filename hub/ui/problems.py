"""Every refusal as a page that says what to do next, and nothing of why: no value, no trace, no name."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from hub.errors import InvalidRequest, NotAllowed, NotAuthenticated, NotFound, TooLarge, Unavailable, told
from hub.ui.rendering import page

SEE_OTHER, UNKNOWN, FORBIDDEN, MISSING, UNFIT = 303, 401, 403, 404, 422
_NOTHING, _FAILED = 204, 500
#: What htmx is told: leave the page as it is.
_KEEP = {"Cache-Control": "no-store", "HX-Reswap": "none"}
#: Stands in for a part whose reader is not signed in any more, and asks for it again.
_ASKS_AGAIN = '<div data-hx-get="{path}?ended=yes" data-hx-trigger="every 3s" data-hx-swap="outerHTML"></div>'
_STATUS: dict[type[Exception], int] = {
    InvalidRequest: 400,
    NotAllowed: FORBIDDEN,
    NotFound: MISSING,
    RequestValidationError: MISSING,  # an address that fits no plan
    TooLarge: 413,
    Unavailable: 503,
    Exception: _FAILED,
}
_RETRY_SECONDS = 5
#: A path of the hub's own, one that no browser takes for another host's.
_LOCAL = re.compile(r"(?:/[a-z0-9-]+)+")
HOME = "/coordinator"
_log = structlog.get_logger("hub.ui")


class PageRoute(APIRoute):
    """A route whose errors are pages too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route, with every error answered."""
        answered = super().get_route_handler()

        async def page_or_problem(request: Request) -> Response:
            try:
                return await answered(request)
            except NotAuthenticated:
                return to_sign_in(request)
            except Exception as error:  # the reader of a page gets a page, whatever went wrong
                return _problem(request, error)

        return page_or_problem


class FragmentRoute(PageRoute):
    """A route that a page asks by itself, for a part of itself: an error never ends up in the middle of that page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route; where its reader may have no part any more, the page goes to where they are told so."""
        answered = super().get_route_handler()

        async def part_or_whole(request: Request) -> Response:
            answer = await answered(request)
            if "hx-request" not in request.headers or answer.status_code < SEE_OTHER:
                return answer
            if answer.status_code >= _FAILED:  # it asks again; what it shows meanwhile says of when it is
                return Response(status_code=answer.status_code, headers=_KEEP)
            if answer.status_code == SEE_OTHER and "ended" not in request.query_params:
                return _asks_again(request)
            return Response(status_code=_NOTHING, headers=_KEEP | {"HX-Redirect": request.url.path.rpartition("/")[0]})

        return part_or_whole


def _asks_again(request: Request) -> Response:
    """Let a page be for three seconds whose session has ended: it may be on its way, for its reader has signed out.

    Led elsewhere it would not get where it was going, and the provider's own session would not end.
    """
    part = _ASKS_AGAIN.format(path=html.escape(request.url.path))
    return Response(part, headers=_KEEP | {"HX-Reswap": "outerHTML"}, media_type="text/html")


def to_sign_in(request: Request) -> Response:
    """Send a reader to the sign-in page, and from there back to where they were going."""
    wanted = urlencode({"next": local(request.url.path) if request.method == "GET" else HOME})
    return RedirectResponse(f"/sign-in?{wanted}", SEE_OTHER)


def local(wanted: str) -> str:
    """Return a path of the hub's own, or the first page instead of anything else."""
    return wanted if _LOCAL.fullmatch(wanted) else HOME


def _problem(request: Request, error: Exception) -> Response:
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    correlation_id = ""
    if status >= _FAILED:
        correlation_id = request.state.correlation_id
        _log.error("failed", status=status, correlation_id=correlation_id, **told(error))
    answer = page(request, "error", status, problem=f"error.{status}", correlation_id=correlation_id, home=HOME)
    if isinstance(error, Unavailable):
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after or _RETRY_SECONDS))
    if isinstance(error, TooLarge):
        answer.headers["Connection"] = "close"  # the rest of the form may still be on its way
    return answer
