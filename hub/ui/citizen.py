"""The citizen's pages: my plan, who has seen it, and who may see what. They work without scripts."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.consent.explain import completeness
from hub.errors import NotFound
from hub.flow import ask_consent
from hub.flow.citizen import own_plan
from hub.flow.findings import accepted_in
from hub.flow.ledger import show_ledger
from hub.flow.show import show_plan
from hub.flow.statements import of_plan
from hub.flow.who_can_see import show_who_can_see
from hub.identity.sessions import Session
from hub.ui.citizen_page import citizen_page, seen_page
from hub.ui.desk import ACitizen, CorrelationId, Desk, TheDesk
from hub.ui.looked_at import looked_at
from hub.ui.problems import PageRoute
from hub.ui.rendering import page
from hub.ui.statements_page import newest, rows
from hub.ui.who_page import who_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/citizen")
def read_own_plan(request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId) -> Response:
    """Show the citizen's own plan."""
    caller = session.caller
    plan = _plan(desk, session)
    shown = show_plan(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    marker = completeness(shown.view.may_be_partial)
    language = caller.reader.language
    looked = looked_at(shown, desk.travel, accepted_in([plan], desk.store), language)
    found = of_plan(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    asked = ask_consent.show_requests(
        plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id
    )
    questions = sum(one.is_open for one in asked)
    said = newest(rows(found, shown.view, language))
    return page(
        request,
        "citizen",
        session=session,
        plan=citizen_page(shown, marker, language, looked),
        said=said,
        questions=questions,
    )


@router.get("/citizen/seen")
def read_who_has_seen(request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId) -> Response:
    """Show who has seen the citizen's plan, or got something of it."""
    caller = session.caller
    plan = _plan(desk, session)
    ledger = show_ledger(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    marker = completeness(ledger.may_be_partial)
    return page(request, "seen", session=session, seen=seen_page(ledger, marker, caller.reader.language))


@router.get("/citizen/who-can-see")
def read_who_can_see(request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId) -> Response:
    """Show who may see what of the citizen's plan, and why."""
    caller = session.caller
    plan = _plan(desk, session)
    found = show_who_can_see(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    return page(request, "who", session=session, who=who_page(found, caller.reader.language), home="/citizen")


@router.get("/citizen/{rest:path}")
def nothing(rest: str, session: ACitizen) -> Response:
    """Answer an address that is none of ours as a page, for a person has typed it."""
    raise NotFound("There is no such page.")


def _plan(desk: Desk, session: Session) -> UUID:
    return own_plan(session.caller.reader, desk.store)
