"""The operator's pages of dead letters: by cause group, singly, and what may be done: replay or discard."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import InvalidRequest, NotFound
from hub.flow.dead_causes import Cause
from hub.flow.dead_letter_deeds import discard
from hub.flow.dead_letters import Wanted, groups, listed, show
from hub.flow.replay import replay
from hub.identity.sessions import Session
from hub.ui.dead_letters_page import dead_letter_page, dead_letters_page
from hub.ui.desk import AnOperator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.problems import SEE_OTHER, UNFIT, PageRoute
from hub.ui.rendering import page
from hub.ui.revealed import CONTENT_OF

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME, _PAGE = "/operations/dead-letters", 50
AGroup = Annotated[str, Query(pattern="^(?:[0-9a-f]{12})?$")]
ARecipient = Annotated[str, Query(pattern="^[a-z0-9-]{0,64}$")]


@router.get(_HOME)
def read_dead_letters(
    request: Request,
    desk: TheDesk,
    session: AnOperator,
    group: AGroup = "",
    cause: Cause | None = None,
    recipient: ARecipient = "",
    after: UUID | None = None,
) -> Response:
    """Show what needs a person: in groups that ended alike, and singly; the address holds what it is narrowed to."""
    wanted = Wanted(group, cause, recipient)
    letters = listed(wanted, desk.store, _PAGE + 1, after)
    found = dead_letters_page(
        wanted, groups(wanted, desk.store), letters[:_PAGE], len(letters) > _PAGE, session.caller.reader.language
    )
    return page(request, "dead_letters", session=session, dead=found, kept=found.kept)


@router.get(f"{_HOME}/{{letter}}")
def read_dead_letter(
    letter: UUID, request: Request, desk: TheDesk, session: AnOperator, correlation_id: CorrelationId
) -> Response:
    """Show all of one but its content."""
    return _letter(letter, request, desk, session, correlation_id)


@router.post(f"{_HOME}/{{letter}}/replay")
def replay_one(
    letter: UUID, desk: TheDesk, session: AnOperator, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """Bring one back; pressed twice, it is brought back once."""
    with suppress(NotFound):  # it is back already, or discarded: the list shows it no more
        replay(letter, desk.store, actor=session.caller.client, correlation_id=correlation_id)
    return RedirectResponse(f"/operations/trace/{letter}", SEE_OTHER)


@router.post(f"{_HOME}/{{letter}}/discard")
def discard_one(
    letter: UUID,
    request: Request,
    desk: TheDesk,
    session: AnOperator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Let one be no dead letter any more, for a reason."""
    typed = form.get("reason", "")
    try:
        discard(letter, typed, desk.store, actor=session.caller.client, correlation_id=correlation_id)
    except InvalidRequest:
        return _letter(letter, request, desk, session, correlation_id, fault="dead.reason_says_nothing", typed=typed)
    return RedirectResponse(_HOME, SEE_OTHER)


def _letter(
    letter: UUID, request: Request, desk: Desk, session: Session, correlation_id: str, fault: str = "", typed: str = ""
) -> Response:
    shown = show(letter, desk.store, desk.authorities, actor=session.caller.client, correlation_id=correlation_id)
    found = dead_letter_page(shown, session.caller.reader.language)
    whole = f"{desk.public_url or str(request.base_url).rstrip('/')}{CONTENT_OF.format(letter=letter)}"
    status = UNFIT if fault else 200
    return page(request, "dead_letter", status, session=session, dead=found, fault=fault, typed=typed, content_at=whole)
