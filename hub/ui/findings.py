"""The coordinator's page of what collides in a plan: accept it with a reason, or propose another time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.findings import accept_finding, reopen_finding, show_findings
from hub.flow.propose import cancel, of_plan, propose
from hub.identity.sessions import Session
from hub.ui.desk import ACoordinator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.findings_page import findings_page
from hub.ui.problems import MISSING, SEE_OTHER, UNFIT, PageRoute
from hub.ui.proposed import typed_time
from hub.ui.rendering import page

#: A reason is a few sentences.
MOST_SIGNS = 2_000
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/coordinator/plans/{plan}/findings")
def read_findings(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show what is worth a look in a plan, by which rule, and what of it is accepted."""
    return _page(request, desk, session, correlation_id, plan)


@router.post("/coordinator/plans/{plan}/findings/{finding}/accept")
def accept(
    plan: UUID,
    finding: UUID,
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Say that a finding is all right as it stands, and why."""
    caller, typed = session.caller, " ".join(form.get("reason", "").split())
    accepting = partial(
        accept_finding, plan, finding, typed, caller.reader, desk.store, desk.travel,
        actor=caller.client, correlation_id=correlation_id,
    )  # fmt: skip
    try:
        if len(typed) > MOST_SIGNS:
            raise InvalidRequest("The reason is too long.")
        return _done(accepting, request, desk, session, correlation_id, plan)
    except InvalidRequest:
        return _page(request, desk, session, correlation_id, plan, fault=str(finding), typed=typed)


@router.post("/coordinator/plans/{plan}/findings/{finding}/reopen")
def reopen(
    plan: UUID,
    finding: UUID,
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Take back that a finding is accepted."""
    caller = session.caller
    reopening = partial(
        reopen_finding, plan, finding, caller.reader, desk.store, desk.travel,
        actor=caller.client, correlation_id=correlation_id,
    )  # fmt: skip
    return _done(reopening, request, desk, session, correlation_id, plan)


@router.post("/coordinator/plans/{plan}/proposals")
def propose_time(
    plan: UUID,
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Propose another time for an appointment to the authority that has it."""
    caller, said = session.caller, ""
    try:
        element, start = typed_time(form)
        propose(plan, element, start, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    except (ValueError, OverflowError, InvalidRequest):
        said = "proposals.which_time"
    except Conflict:
        said = "proposals.already"
    except NotFound:
        return _page(request, desk, session, correlation_id, plan, is_gone=True)
    return _page(request, desk, session, correlation_id, plan, wrong_time=said) if said else _back(plan)


@router.post("/coordinator/plans/{plan}/proposals/{proposal}/cancel")
def take_back(
    plan: UUID,
    proposal: UUID,
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Take a proposal back."""
    caller = session.caller
    cancelling = partial(
        cancel, plan, proposal, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id
    )
    return _done(cancelling, request, desk, session, correlation_id, plan)


def _done(
    deed: Callable[[], object], request: Request, desk: Desk, session: Session, correlation_id: str, plan: UUID
) -> Response:
    """Do something about what stands on the page; where it stands otherwise by now, the page says how."""
    try:
        with suppress(Conflict):  # somebody was quicker, or the button was pressed twice
            deed()
    except NotFound:
        return _page(request, desk, session, correlation_id, plan, is_gone=True)
    return _back(plan)


def _back(plan: UUID) -> Response:
    return RedirectResponse(f"/coordinator/plans/{plan}/findings", SEE_OTHER)


def _page(
    request: Request,
    desk: Desk,
    session: Session,
    correlation_id: str,
    plan: UUID,
    *,
    fault: str = "",
    typed: str = "",
    is_gone: bool = False,
    wrong_time: str = "",
) -> Response:
    """Return the page.

    :param fault: the finding whose reason says too little, or is too long; what was typed stands there still.
    :param wrong_time: why another time could not be proposed, as a word of the pages.
    :param is_gone: what somebody had a word on is there no more, as far as they see.
    """
    caller = session.caller
    found = show_findings(
        plan, caller.reader, desk.store, desk.travel, actor=caller.client, correlation_id=correlation_id
    )
    proposed = of_plan(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    told = findings_page(found, proposed, desk.travel, caller.reader.language, caller.client)
    status = UNFIT if fault or wrong_time else MISSING if is_gone else 200
    facts = {"fault": fault, "typed": typed, "is_gone": is_gone, "most": MOST_SIGNS, "wrong_time": wrong_time}
    return page(request, "findings", status, session=session, found=told, **facts)
