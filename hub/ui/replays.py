"""The operator's pages of replays: a choice is frozen, tried on paper, started with a canary, and watched."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.clock import new_id
from hub.errors import Conflict, InvalidRequest, NotFound, StoreBusy, TooLarge
from hub.flow.dead_causes import Cause
from hub.flow.replay_forecast import forecast
from hub.flow.replays import (
    MOST_CANARIES,
    MOST_PER_MINUTE,
    Asker,
    Choice,
    Manner,
    cancel,
    freeze,
    show,
    show_all,
    start,
)
from hub.identity.sessions import Session
from hub.store.replay_rows import State
from hub.ui.desk import AnOperator, ASessionsForm, CorrelationId, TheDesk
from hub.ui.problems import SEE_OTHER, UNFIT, PageRoute
from hub.ui.rendering import page
from hub.ui.replays_page import replay_page, replay_row

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME = "/operations/replays"


@router.get(_HOME)
def read_replays(request: Request, desk: TheDesk, session: AnOperator) -> Response:
    """Show all replays, the newest first."""
    rows = [replay_row(one, session.caller.reader.language) for one in show_all(desk.store)]
    return page(request, "replays", session=session, replays=rows)


@router.get(f"{_HOME}/new")
def read_form(
    request: Request, session: AnOperator, cause: Cause | None = None, recipient: str = "", group: str = ""
) -> Response:
    """Show the form that freezes a choice of dead letters."""
    kept = {"cause": str(cause or ""), "recipient": recipient, "group": group}
    return _form(request, session, kept)


@router.post(_HOME)
def draft(
    request: Request, desk: TheDesk, session: AnOperator, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """Freeze a choice; what dies later is no part of it, and the form sent twice makes one replay."""
    asker, wanted = Asker(session.caller.client, correlation_id), _once(form)
    try:
        freeze(_choice(form).named(), _manner(form), form.get("reason", ""), desk.store, asker, wanted)
    except InvalidRequest:
        return _form(request, session, form, UNFIT, fault="dead.reason_says_nothing")
    except StoreBusy:
        show(wanted, desk.store)  # the form came twice at once, and the other was quicker: it is there
    except (NotFound, TooLarge):
        return _form(request, session, form, UNFIT, fault="replay.nothing_fits")
    return RedirectResponse(f"{_HOME}/{wanted}", SEE_OTHER)


@router.get(f"{_HOME}/{{replay}}")
def read_replay(
    replay: UUID, request: Request, desk: TheDesk, session: AnOperator, correlation_id: CorrelationId
) -> Response:
    """Show how a replay stands; of a draft, what would become of it."""
    shown = show(replay, desk.store)
    would = None
    if shown.replay.state is State.DRAFT:
        asker = Asker(session.caller.client, correlation_id)
        chosen = Choice(ids=tuple(item.row for item in shown.items))
        would = forecast(chosen, desk.store, desk.authorities, asker)
    found = replay_page(shown, would, session.caller.reader.language)
    return page(request, "replay", session=session, replay=found)


@router.post(f"{_HOME}/{{replay}}/start")
def begin(
    replay: UUID, desk: TheDesk, session: AnOperator, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """Let a draft begin, with its canary."""
    with suppress(Conflict):  # it has begun already: the page says so
        start(replay, desk.store, Asker(session.caller.client, correlation_id))
    return RedirectResponse(f"{_HOME}/{replay}", SEE_OTHER)


@router.post(f"{_HOME}/{{replay}}/cancel")
def end(
    replay: UUID, desk: TheDesk, session: AnOperator, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """End a replay: what has not begun stays a dead letter."""
    with suppress(Conflict):  # it has ended already
        cancel(replay, desk.store, Asker(session.caller.client, correlation_id))
    return RedirectResponse(f"{_HOME}/{replay}", SEE_OTHER)


def _form(request: Request, session: Session, typed: Mapping[str, str], status: int = 200, fault: str = "") -> Response:
    known = {name: typed.get(name, "") for name in ("cause", "recipient", "group", "reason")}
    once = typed.get("once") or str(new_id())
    kept = {name: known[name] for name in ("cause", "recipient", "group") if known[name]}
    return page(request, "replay_new", status, session=session, typed=known, once=once, fault=fault, kept=kept)


def _once(form: Mapping[str, str]) -> UUID:
    try:
        return UUID(form.get("once", ""))
    except ValueError:
        raise InvalidRequest("The form is not one of the hub's.") from None


def _choice(form: Mapping[str, str]) -> Choice:
    cause = form.get("cause", "")
    if cause and cause not in set(Cause):
        raise InvalidRequest("There is no such cause.")
    return Choice(
        group=form.get("group") or None, cause=Cause(cause) if cause else None, recipient=form.get("recipient") or None
    )


def _manner(form: Mapping[str, str]) -> Manner:
    usual = Manner()
    try:
        canary, rate = int(form.get("canary") or usual.canary), int(form.get("rate") or usual.per_minute)
    except ValueError:
        raise InvalidRequest("A number is none.") from None
    if not (1 <= canary <= MOST_CANARIES and 1 <= rate <= MOST_PER_MINUTE):
        raise InvalidRequest("A number is out of its bounds.")
    return Manner(canary, rate, usual.stop_percent)
