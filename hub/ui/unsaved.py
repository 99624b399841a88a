"""A form that was not saved: nothing has changed, what was typed is kept, and the page says what to do next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import Request
from starlette.responses import Response

from hub.errors import Conflict, HubError, InvalidRequest, NotFound, Refused, Unavailable, told
from hub.ui.desk import Desk, read_form
from hub.ui.problems import PageRoute
from hub.ui.rendering import page

#: What a page with a form answers itself; anything else is a page of its own.
FAILURES = (InvalidRequest, Conflict, NotFound, Unavailable)
_CONFLICT, _UNFIT, _MISSING, _LATER = 409, 422, 404, 503
_RETRY_AFTER = "Retry-After"
#: Fields that hold somebody's own words, and nothing that identifies or lets in.
_OWN_WORDS = ("title", "text", "words", "answer")
_log = structlog.get_logger("hub.ui")


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Why a form was not saved.

    :ivar reason: the key of the sentence that says what to do next.
    :ivar fields: what is wrong, by its name in the form.
    """

    status: int
    reason: str
    fields: frozenset[str] = frozenset()


def unsaved(error: HubError, correlation_id: str) -> Unsaved:
    """Return why a form was not saved."""
    if isinstance(error, InvalidRequest):
        return Unsaved(_UNFIT, "unsaved.unfit", frozenset(fault.field for fault in error.faults))
    if isinstance(error, Conflict):
        return Unsaved(_CONFLICT, "unsaved.changed")
    if isinstance(error, NotFound):
        return Unsaved(_MISSING, "unsaved.gone")
    _log.error("failed", status=_LATER, correlation_id=correlation_id, **told(error))
    return Unsaved(_LATER, "unsaved.later")


class FormRoute(PageRoute):
    """A route that takes somebody's words: where the hub cannot even find out who they are, it gives them back."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route; instead of a page that only says to come again stands one with what was typed."""
        answered = super().get_route_handler()

        async def answered_or_given_back(request: Request) -> Response:
            answer = await answered(request)
            if request.method != "POST" or answer.status_code != _LATER or _RETRY_AFTER not in answer.headers:
                return answer
            typed = [words async for words in _typed(request)]
            kept = page(
                request,
                "given_back",
                _LATER,
                why=Unsaved(_LATER, "unsaved.later"),
                typed=typed,
                correlation_id=request.state.correlation_id,
            )
            kept.headers[_RETRY_AFTER] = answer.headers[_RETRY_AFTER]
            return kept

        return answered_or_given_back


async def _typed(request: Request) -> AsyncIterator[str]:
    desk: Desk = request.app.state.desk
    try:
        form = await read_form(request, desk)
    except (Refused, RuntimeError):  # from elsewhere, unreadable, or half read: then there is nothing to give back
        return
    for name in _OWN_WORDS:
        if form.get(name, "").strip():
            yield form[name]
