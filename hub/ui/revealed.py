"""The coordinator's page of a dead letter: what it would bring now, for a reason, one look at a time."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.dead_letter_deeds import reveal
from hub.identity.sessions import Session
from hub.ui.desk import ACoordinator, ASessionsForm, CorrelationId, TheDesk
from hub.ui.problems import MISSING, UNFIT, PageRoute
from hub.ui.rendering import page
from hub.ui.times import moment
from hub.ui.words import known_word

router = APIRouter(route_class=PageRoute, include_in_schema=False)
#: Where the content of one is, for whoever coordinates its plan.
CONTENT_OF = "/coordinator/dead-letters/{letter}"
_CONFLICT, _MOST_SIGNS = 409, 500


@router.get(CONTENT_OF)
def read_form(letter: UUID, request: Request, session: ACoordinator) -> Response:
    """Show the form that asks to look; whether there is such a letter is told to nobody who has not said why."""
    return _form(letter, request, session)


@router.post(CONTENT_OF)
def look(
    letter: UUID,
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Show it to whoever coordinates its plan; what is refused leaves what was typed."""
    caller, reason = session.caller, form.get("reason", "")
    try:
        if len(reason) > _MOST_SIGNS:
            raise InvalidRequest("The reason is too long.")
        found = reveal(
            letter, reason, caller.reader, desk.store, desk.authorities, actor=caller.client,
            correlation_id=correlation_id,
        )  # fmt: skip
    except InvalidRequest:
        return _form(letter, request, session, UNFIT, "reveal.reason_says_nothing", reason)
    except NotFound:
        return _form(letter, request, session, MISSING, "reveal.none", reason)
    except Conflict:
        return _form(letter, request, session, _CONFLICT, "reveal.again", reason)
    language = caller.reader.language
    return page(
        request,
        "revealed",
        session=session,
        recipient=known_word("authority", str(found["recipient"]), language),
        when=moment(found["as_of"], language),
        content=found["content"],
        because=known_word("because", str(found["because"]), language),
    )


def _form(
    letter: UUID, request: Request, session: Session, status: int = 200, fault: str = "", typed: str = ""
) -> Response:
    return page(request, "reveal", status, session=session, letter=str(letter), fault=fault, typed=typed)
