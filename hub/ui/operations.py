"""The operator's pages: how everything flows, and what may be done about a system; nothing of what flows."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.at_a_glance import glance
from hub.flow.standing import Asked, called, hold, probe, release
from hub.identity.sessions import Session
from hub.store.circuits import Direction, HoldReason
from hub.ui.desk import AnOperator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.operations_page import OperationsPage, operations_page
from hub.ui.problems import SEE_OTHER, PageRoute
from hub.ui.rendering import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME = "/operations"


@router.get(_HOME)
def read_operations(
    request: Request, desk: TheDesk, session: AnOperator, still: Literal["yes"] | None = None
) -> Response:
    """Show how each system stands, what waits, and what needs a person; ``still`` shows it as it was, and stays so."""
    kept = {"still": still} if still else {}
    return page(request, "operations", session=session, ops=_seen(desk, session), is_still=bool(still), kept=kept)


@router.post(f"{_HOME}/systems/{{authority}}/{{deed}}")
def see_to(
    authority: str,
    deed: str,
    desk: TheDesk,
    session: AnOperator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Hold a system, release it, or end its pause; who was quicker has done it already."""
    configured = called(desk.authorities, desk.settings)
    asked = Asked(authority, [_way(form)], configured, session.caller.client, correlation_id)
    with suppress(Conflict):  # somebody else has, or the pause has ended by itself: the page says how it stands
        _do(deed, asked, form, desk)
    return RedirectResponse(_HOME, SEE_OTHER)


def _do(deed: str, asked: Asked, form: Mapping[str, str], desk: Desk) -> None:
    match deed:
        case "hold":
            hold(asked, _reason(form), desk.store)
        case "release":
            release(asked, desk.store, desk.settings)
        case "probe":
            probe(asked, desk.store, desk.settings)
        case _:
            raise NotFound("There is no such page.")


def _way(form: Mapping[str, str]) -> Direction:
    if form.get("way") not in set(Direction):
        raise InvalidRequest("The form names no direction.")
    return Direction(form["way"])


def _reason(form: Mapping[str, str]) -> HoldReason:
    if form.get("reason") not in set(HoldReason):
        raise InvalidRequest("The form names no reason.", "Choose one of the list.")
    return HoldReason(form["reason"])


def _seen(desk: Desk, session: Session) -> OperationsPage:
    return operations_page(glance(desk.authorities, desk.store, desk.settings), session.caller.reader.language)


@router.get(f"{_HOME}/{{rest:path}}")
def nothing(rest: str, session: AnOperator) -> Response:
    """Answer an address that is none of ours as a page, for a person has typed it."""
    raise NotFound("There is no such page.")
