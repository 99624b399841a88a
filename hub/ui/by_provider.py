"""Signing in through the identity provider: there, back, as what to go on, and out again.

The session's cookie is SameSite=Strict, and no browser sends it along a way that began at the provider. So whoever
comes back gets a page of the hub first, which goes on by itself (docs/adr/0036).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import structlog
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import NotFound, ProviderDown, told
from hub.identity.in_flight import Offered
from hub.identity.offers import Offer
from hub.identity.sessions import digest_of
from hub.identity.signing_in import BACK, LEFT, SignIns, Stopped
from hub.ui.desk import CorrelationId, Desk, TheDesk, TheForm, TheSession, secret_of
from hub.ui.homes import HOMES, destination
from hub.ui.problems import FORBIDDEN, HOME, SEE_OTHER, UNKNOWN, PageRoute, local
from hub.ui.rendering import language_for, page
from hub.ui.signing_in import attributes
from hub.ui.words import known_word

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_UNAVAILABLE, _RETRY_SECONDS = 503, "5"
_ON_THE_WAY, _CHOOSING = "hub-sign-in", "hub-role"
_SIGNED_OUT = "/sign-in?left=yes"
_STATUS: Mapping[str, int] = {"interrupted": UNKNOWN, "not-believed": UNKNOWN, "failed": UNKNOWN}
_log = structlog.get_logger("hub.ui")


@router.get("/sign-in/start")
def start(request: Request, desk: TheDesk) -> Response:
    """Go to the provider; ``anew`` has it ask who they are even if it knows."""
    sign_ins, wanted = _sign_ins(desk), local(request.query_params.get("next", HOME))
    before, anew = digest_of(secret_of(request, desk)), "anew" in request.query_params
    try:
        url, carried = sign_ins.leave(wanted, before=before, anew=anew)
    except ProviderDown as error:
        return _down(request, error)
    answer = RedirectResponse(url, SEE_OTHER)
    # Lax: the way back begins at the provider, and a cookie that is Strict would stay behind.
    answer.set_cookie(
        desk.cookie_called(_ON_THE_WAY),
        carried,
        600,
        path="/",
        secure=desk.is_behind_tls,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get(BACK)
def back(request: Request, desk: TheDesk, correlation_id: CorrelationId) -> Response:
    """Take somebody in whom the provider sends back, or say why not."""
    sign_ins, cookie = _sign_ins(desk), desk.cookie_called(_ON_THE_WAY)
    try:
        known = sign_ins.back(request.cookies.get(cookie, ""), _told_once(request), correlation_id=correlation_id)
    except ProviderDown as error:
        return _down(request, error)
    if isinstance(known, Stopped):
        answer = _stopped(request, known.why)
    elif len(known.offers) == 1:
        answer = _go_on(request, desk, known, known.offers[0], correlation_id)
    else:
        language = language_for(request)
        offers = [(f"role.{one.role}", known_word("authority", one.organisation, language)) for one in known.offers]
        answer = page(request, "choose_role", offers=offers)
        carried = sign_ins.carried(known)
        answer.set_cookie(desk.cookie_called(_CHOOSING), carried, max_age=300, **attributes(desk))
    answer.delete_cookie(cookie, path="/", secure=desk.is_behind_tls, httponly=True, samesite="lax")
    return answer


@router.post("/sign-in/role")
def choose(request: Request, desk: TheDesk, form: TheForm, correlation_id: CorrelationId) -> Response:
    """Go on as one of what somebody may be."""
    cookie = desk.cookie_called(_CHOOSING)
    offered = _sign_ins(desk).choice(request.cookies.get(cookie, ""))
    chosen = form.get("offer", "")
    if offered is None or chosen not in map(str, range(len(offered.offers))):
        return _stopped(request, "interrupted")
    answer = _go_on(request, desk, offered, offered.offers[int(chosen)], correlation_id)
    answer.delete_cookie(cookie, **attributes(desk))
    return answer


@router.get("/welcome")
def welcome(request: Request, session: TheSession) -> Response:
    """Tell somebody for whose role there are no pages yet."""
    role = session.caller.reader.role
    if role in HOMES:
        return RedirectResponse(HOMES[role], SEE_OTHER)
    return page(request, "welcome", session=session, role=f"role.{role}")


@router.get("/sign-in/leaving")
def leaving(request: Request, desk: TheDesk) -> Response:
    """Let the provider end its own session, where it offers that; the hub's has ended."""
    # A page in between: a form may not lead to another site (form-action), not even by a redirect.
    try:
        url = _sign_ins(desk).end_session()
    except ProviderDown:
        url = ""
    return page(request, "leaving", url=url) if url else RedirectResponse(_SIGNED_OUT, SEE_OTHER)


@router.get(LEFT)
def left() -> Response:
    """Take back whoever the provider has signed out."""
    return RedirectResponse(_SIGNED_OUT, SEE_OTHER)


def _go_on(request: Request, desk: Desk, known: Offered, offer: Offer, correlation_id: str) -> Response:
    session = _sign_ins(desk).go_on(known, offer, correlation_id=correlation_id)
    if isinstance(session, Stopped):
        return _stopped(request, session.why)
    answer = page(request, "signed_in", to=destination(offer.role, known.wanted))
    answer.set_cookie(desk.cookie, session.secret, **attributes(desk))
    return answer


def _told_once(request: Request) -> Mapping[str, str]:
    """Return what the provider tells; of what is told twice nothing counts."""
    given = request.query_params.multi_items()
    times = Counter(name for name, _ in given)
    return {name: value for name, value in given if times[name] == 1}


def _stopped(request: Request, why: str) -> Response:
    return page(request, "stopped", _STATUS.get(why, FORBIDDEN), why=f"stopped.{why}")


def _down(request: Request, error: ProviderDown) -> Response:
    _log.error("failed", status=_UNAVAILABLE, correlation_id=request.state.correlation_id, **told(error))
    answer = page(request, "stopped", _UNAVAILABLE, why="stopped.down")
    answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer


def _sign_ins(desk: Desk) -> SignIns:
    if desk.sign_ins is None:
        raise NotFound("There is no such page.")
    return desk.sign_ins
