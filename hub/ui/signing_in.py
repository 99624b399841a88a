"""Signing in with a client's token, and out again."""

from __future__ import annotations

from typing import Literal, TypedDict

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotAllowed, NotAuthenticated
from hub.ui.desk import ASessionsForm, CorrelationId, Desk, TheDesk, TheForm, TheSession, secret_of
from hub.ui.homes import destination
from hub.ui.problems import FORBIDDEN, HOME, SEE_OTHER, UNKNOWN, PageRoute, local
from hub.ui.rendering import language_for, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/sign-in")
def sign_in_page(request: Request, desk: TheDesk) -> Response:
    """Show the form; whoever is signed in already goes on."""
    wanted = local(request.query_params.get("next", HOME))
    notice = "sign_in.left" if "left" in request.query_params else ""
    if secret := secret_of(request, desk):
        try:
            session = desk.sessions.find(secret, language_for(request))
        except NotAuthenticated:
            notice = "sign_in.over"
        else:
            return RedirectResponse(destination(session.caller.reader.role, wanted), SEE_OTHER)
    return _form_page(request, desk, wanted, notice=notice)


@router.post("/sign-in")
def sign_in(request: Request, desk: TheDesk, form: TheForm, correlation_id: CorrelationId) -> Response:
    """Begin a session, and go to the page that was wanted."""
    wanted, token, before = local(form.get("next", "")), form.get("token", ""), secret_of(request, desk)
    try:
        session = desk.sessions.begin(token, correlation_id=correlation_id, before=before)
    except NotAuthenticated:
        fault, status = "sign_in.unknown", UNKNOWN
    except NotAllowed:
        fault, status = "sign_in.not_yours", FORBIDDEN
    else:
        answer = RedirectResponse(destination(session.caller.reader.role, wanted), SEE_OTHER)
        answer.set_cookie(desk.cookie, session.secret, **attributes(desk))
        return answer
    return _form_page(request, desk, wanted, status, fault=fault)


@router.post("/sign-out")
def sign_out(desk: TheDesk, session: TheSession, form: ASessionsForm, correlation_id: CorrelationId) -> Response:
    """End the session."""
    desk.sessions.end(session, correlation_id=correlation_id)
    is_the_providers = desk.sign_ins is not None and session.authenticated_at is not None
    answer = RedirectResponse("/sign-in/leaving" if is_the_providers else "/sign-in?left=yes", SEE_OTHER)
    answer.delete_cookie(desk.cookie, **attributes(desk))
    return answer


def _form_page(
    request: Request, desk: Desk, wanted: str, status: int = 200, *, notice: str = "", fault: str = ""
) -> Response:
    provider = None if desk.sign_ins is None else desk.sign_ins.called
    known = {"wanted": wanted, "notice": notice, "fault": fault, "kept": {"next": wanted}}
    return page(request, "sign_in", status, provider=provider, takes_tokens=desk.takes_tokens, **known)


class _Attributes(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


def attributes(desk: Desk) -> _Attributes:
    """Return how a cookie is set that no other site may send."""
    return {"path": "/", "secure": desk.is_behind_tls, "httponly": True, "samesite": "strict"}
