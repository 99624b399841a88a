"""The coordinator asks the citizen for a consent: one recipient, one topic, and why."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import Conflict, InvalidRequest
from hub.flow import ask_consent
from hub.flow.offers import show_offers
from hub.identity.sessions import Session
from hub.store.consent_requests import Answer
from hub.ui.asked_page import ask_page
from hub.ui.desk import ACoordinator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.problems import SEE_OTHER, UNFIT, PageRoute
from hub.ui.rendering import page

_MOST_SIGNS, _CONFLICT = 2_000, 409
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/coordinator/plans/{plan}/ask")
def read_form(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show the form that asks, and what was asked before."""
    return _page(plan, request, desk, session, correlation_id, {})


@router.post("/coordinator/plans/{plan}/ask")
def ask(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:  # fmt: skip
    """Ask; what comes from a cell of the table of who knows what has no reason yet, and fills in the form."""
    if "purpose" not in form:
        return _page(plan, request, desk, session, correlation_id, form)
    caller, said = session.caller, " ".join(form["purpose"].split())
    try:
        if len(said) > _MOST_SIGNS or not (form.get("recipient") and form.get("category")):
            raise InvalidRequest("The form lacks something.")
        ask_consent.ask(
            plan, form["recipient"], form["category"], said, caller.reader, desk.store, actor=caller.client,
            correlation_id=correlation_id,
        )  # fmt: skip
    except InvalidRequest:
        return _page(plan, request, desk, session, correlation_id, form, UNFIT, "ask.fault")
    except Conflict:
        return _page(plan, request, desk, session, correlation_id, form, _CONFLICT, "ask.conflict")
    return RedirectResponse(f"/coordinator/plans/{plan}/ask", SEE_OTHER)


@router.post("/coordinator/plans/{plan}/asked/{wanted}/take-back")
def take_back(
    plan: UUID, wanted: UUID, desk: TheDesk, session: ACoordinator, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """Take a question back that is not answered; where it is, the page says so."""
    caller = session.caller
    with suppress(Conflict):
        ask_consent.say(
            wanted, Answer.TAKEN_BACK, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id
        )
    return RedirectResponse(f"/coordinator/plans/{plan}/ask", SEE_OTHER)


def _page(
    plan: UUID, request: Request, desk: Desk, session: Session, correlation_id: str, form: Mapping[str, str],
    status: int = 200, fault: str = "",
) -> Response:  # fmt: skip
    caller, store = session.caller, desk.store
    offers = show_offers(
        plan, caller.reader, store, desk.authorities, desk.settings.coordinator, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    asked = ask_consent.show_requests(plan, caller.reader, store, actor=caller.client, correlation_id=correlation_id)
    shown = ask_page(offers, asked, form, caller.reader.language)
    return page(request, "ask", status, session=session, ask=shown, fault=fault)
