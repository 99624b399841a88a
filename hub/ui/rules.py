"""The administrator's pages of the rules: one writes a draft, looks at what it would do, and another publishes it."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.consent.policy_written import read_toml, write_policy, write_toml
from hub.errors import Conflict, InvalidRequest, NotAllowed
from hub.flow.policies import Editor, discard_draft, draft_policy, history, publish_draft, show_draft, show_policy
from hub.flow.simulate_policy import simulate_policy
from hub.identity.sessions import Session
from hub.store.policy_drafts import DiscardReason, DraftState
from hub.ui.desk import ALongForm, AnAdministrator, CorrelationId, Desk, TheDesk
from hub.ui.matrix_page import matrix_rows
from hub.ui.problems import SEE_OTHER, UNFIT, PageRoute
from hub.ui.rendering import page
from hub.ui.rules_page import draft_page, rules_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME = "/administration/rules"


@router.get(_HOME)
def read_rules(request: Request, desk: TheDesk, session: AnAdministrator) -> Response:
    """Show the rules in force, the versions before them, and the drafts that wait for a second person."""
    known, language = show_policy(desk.store), session.caller.reader.language
    shown, rows = rules_page(history(desk.store), language), matrix_rows(known, language)
    return page(request, "rules", session=session, rules=shown, version=known.version, matrix=rows)


@router.get(f"{_HOME}/new")
def read_form(request: Request, desk: TheDesk, session: AnAdministrator) -> Response:
    """Show the rules in force as a document to change."""
    known = show_policy(desk.store)
    return _form(request, session, write_toml(write_policy(known)), str(known.version))


@router.post(f"{_HOME}/drafts")
def draft(
    request: Request, desk: TheDesk, session: AnAdministrator, form: ALongForm, correlation_id: CorrelationId
) -> Response:
    """Keep a draft; every fault of the document is named at once, and what was typed stays."""
    typed, base = form.get("document", ""), form.get("based_on", "")
    try:
        document = read_toml(typed.replace("\r\n", "\n").encode())
        based_on = int(base) if base.isdecimal() and len(base) < 10 else None
        made = draft_policy(
            document, desk.store, _editor(desk, session), correlation_id=correlation_id, based_on=based_on
        )
    except InvalidRequest as error:
        faults = tuple((one.field, f"{one.sentence} {one.next_step}") for one in error.faults)
        return _form(request, session, typed, base, UNFIT, faults or (("", error.sentence),))
    except Conflict as error:
        return _form(request, session, typed, base, UNFIT, (("", f"{error.sentence} {error.next_step}"),))
    return RedirectResponse(f"{_HOME}/drafts/{made.id}", SEE_OTHER)


@router.get(f"{_HOME}/drafts/{{draft}}")
def read_draft(
    draft: UUID, request: Request, desk: TheDesk, session: AnAdministrator, correlation_id: CorrelationId
) -> Response:
    """Show what a draft would change, in the rules and for citizens whom nobody is."""
    return _draft(draft, request, desk, session, correlation_id)


@router.post(f"{_HOME}/drafts/{{draft}}/publish")
def publish(
    draft: UUID,
    request: Request,
    desk: TheDesk,
    session: AnAdministrator,
    form: ALongForm,
    correlation_id: CorrelationId,
) -> Response:
    """Put in force what somebody else has drafted."""
    try:
        publish_draft(draft, desk.store, _editor(desk, session), correlation_id=correlation_id)
    except NotAllowed:
        return _draft(draft, request, desk, session, correlation_id, fault="rules.needs_two")
    except Conflict:
        return _draft(draft, request, desk, session, correlation_id, fault="rules.moved_on")
    return RedirectResponse(f"{_HOME}/drafts/{draft}", SEE_OTHER)


@router.post(f"{_HOME}/drafts/{{draft}}/discard")
def discard(
    draft: UUID, desk: TheDesk, session: AnAdministrator, form: ALongForm, correlation_id: CorrelationId
) -> Response:
    """Say that a draft is not to be published."""
    if form.get("reason") not in set(DiscardReason):
        raise InvalidRequest("The form names no reason.", "Choose one of the list.")
    reason = DiscardReason(form["reason"])
    with suppress(Conflict):  # somebody has decided already: the page says what
        discard_draft(draft, reason, desk.store, _editor(desk, session), correlation_id=correlation_id)
    return RedirectResponse(f"{_HOME}/drafts/{draft}", SEE_OTHER)


def _draft(
    draft: UUID, request: Request, desk: Desk, session: Session, correlation_id: str, fault: str = ""
) -> Response:
    shown, caller = show_draft(draft, desk.store), session.caller
    tried = None
    if shown.draft.state is DraftState.DRAFT:
        tried = simulate_policy(draft, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    is_own = shown.draft.drafted_by == _editor(desk, session).name
    found = draft_page(shown, tried, caller.reader.language, is_own=is_own)
    return page(request, "rules_draft", UNFIT if fault else 200, session=session, draft=found, fault=fault)


def _form(
    request: Request,
    session: Session,
    document: str,
    based_on: str,
    status: int = 200,
    faults: tuple[tuple[str, str], ...] = (),
) -> Response:
    return page(request, "rules_new", status, session=session, document=document, based_on=based_on, faults=faults)


def _editor(desk: Desk, session: Session) -> Editor:
    return Editor(desk.sessions.person_of(session), session.caller.client)
