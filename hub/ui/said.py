"""Where a citizen says of the plan's elements that they agree, do not, or ask; and where a coordinator reads it.

A joint goal is its coordinator's to answer for, on the same page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotFound, Unavailable
from hub.flow import statements
from hub.flow.citizen import own_plan
from hub.flow.show import Shown, show_element, show_plan
from hub.flow.statements import Says
from hub.identity.sessions import Session
from hub.ui.cards import Card, Cards
from hub.ui.desk import ACitizen, ACoordinator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.problems import SEE_OTHER
from hub.ui.rendering import page
from hub.ui.statements_page import rows
from hub.ui.unsaved import FAILURES, FormRoute, Unsaved, unsaved

router = APIRouter(route_class=FormRoute, include_in_schema=False)
_CITIZENS = "/citizen/statements"


@dataclass(frozen=True, slots=True)
class Saying:
    """A form in which something is said of an element.

    :ivar card: what it is about; None where that cannot be read any more.
    """

    says: Says
    element: UUID
    card: Card | None
    words: str = ""
    unsaved: Unsaved | None = None


@router.get(_CITIZENS)
def read_said(request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId) -> Response:
    """Show what the citizen has said of the plan, where it stands, and what was answered."""
    return _list(request, desk, session, correlation_id, own_plan(session.caller.reader, desk.store), "/citizen")


@router.get("/citizen/statements/{says}/{element}")
def read_form(
    says: Says, element: UUID, request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId
) -> Response:
    """Show the form in which something is said of an element."""
    card = _card(element, desk, session, correlation_id)
    return _form(request, session, correlation_id, Saying(says, element, card))


@router.post("/citizen/statements/{says}/{element}")
def say(
    says: Says,
    element: UUID,
    request: Request,
    desk: TheDesk,
    session: ACitizen,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Say it."""
    caller, words = session.caller, form.get("words", "")
    try:
        said = statements.say(
            own_plan(caller.reader, desk.store), element, says, words, caller.reader, desk.store,
            desk.settings.answer_days, actor=caller.client, correlation_id=correlation_id,
        )  # fmt: skip
    except FAILURES as error:
        why = unsaved(error, correlation_id)
        try:
            card = _card(element, desk, session, correlation_id)
        except (NotFound, Unavailable):
            card = None
        return _form(request, session, correlation_id, Saying(says, element, card, words, why))
    return RedirectResponse(f"{_CITIZENS}#s-{said.statement.id}", SEE_OTHER)


@router.get("/coordinator/plans/{plan}/statements")
def read_for_coordinator(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show what the citizen has said of a plan, what is overdue first."""
    return _list(request, desk, session, correlation_id, plan, f"/coordinator/plans/{plan}")


@router.post("/coordinator/plans/{plan}/statements/{statement}/answer")
def answer(
    plan: UUID,
    statement: UUID,
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Answer what is said of a joint goal."""
    caller, words = session.caller, form.get("answer", "")
    above = f"/coordinator/plans/{plan}"
    try:
        statements.answer(
            statement, words, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id
        )
    except FAILURES as error:
        failed = {"failed": str(statement), "typed": words, "why": unsaved(error, correlation_id)}
        return _list(request, desk, session, correlation_id, plan, above, failed)
    return RedirectResponse(f"{above}/statements#s-{statement}", SEE_OTHER)


def _list(
    request: Request,
    desk: Desk,
    session: Session,
    correlation_id: str,
    plan: UUID,
    above: str,
    failed: Mapping[str, object] | None = None,
) -> Response:
    caller = session.caller
    asked = {"actor": caller.client, "correlation_id": correlation_id}
    shown = show_plan(plan, caller.reader, desk.store, **asked)
    found = statements.of_plan(plan, caller.reader, desk.store, **asked)
    told = {"failed": "", "typed": "", "why": None, **(failed or {})}
    why = told["why"]
    return page(
        request,
        "statements",
        why.status if isinstance(why, Unsaved) else 200,
        session=session,
        rows=rows(found, shown.view, caller.reader.language),
        above=above,
        who=shown.view.reader.role,
        days=desk.settings.answer_days,
        correlation_id=correlation_id,
        **told,
    )


def _form(request: Request, session: Session, correlation_id: str, saying: Saying) -> Response:
    status = saying.unsaved.status if saying.unsaved else 200
    return page(request, "say", status, session=session, saying=saying, correlation_id=correlation_id)


def _card(element: UUID, desk: Desk, session: Session, correlation_id: str) -> Card:
    caller = session.caller
    shown: Shown = show_element(element, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    seen = shown.view.element(element)
    if seen is None:
        raise NotFound("There is no element with this id that you may see.")
    return Cards(shown.view, shown.at, caller.reader.language).card(seen)
