"""Signing in with a client's token, and out again."""

from __future__ import annotations

from typing import Literal, TypedDict

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotAllowed, NotAuthenticated
from hub.ui.desk import ASessionsForm, CorrelationId, Desk, TheDesk, TheForm, TheSession, secret_of
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
            desk.sessions.find(secret, language_for(request))
        except NotAuthenticated:
            notice = "sign_in.over"
        else:
            return RedirectResponse(wanted, SEE_OTHER)
    return page(request, "sign_in", wanted=wanted, notice=notice, fault="", kept={"next": wanted})


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
        answer = RedirectResponse(wanted, SEE_OTHER)
        answer.set_cookie(desk.cookie, session.secret, **_attributes(desk))
        return answer
    return page(request, "sign_in", status, wanted=wanted, notice="", fault=fault, kept={"next": wanted})


@router.post("/sign-out")
def sign_out(desk: TheDesk, session: TheSession, form: ASessionsForm, correlation_id: CorrelationId) -> Response:
    """End the session."""
    desk.sessions.end(session, correlation_id=correlation_id)
    answer = RedirectResponse("/sign-in?left=yes", SEE_OTHER)
    answer.delete_cookie(desk.cookie, **_attributes(desk))
    return answer


class _Attributes(TypedDict):
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


def _attributes(desk: Desk) -> _Attributes:
    return {"path": "/", "secure": desk.is_behind_tls, "httponly": True, "samesite": "strict"}
