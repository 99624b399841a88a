"""The coordinator's page of what collides in a plan: accept it with a reason, or open it again."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.findings import accept_finding, reopen_finding, show_findings
from hub.identity.sessions import Session
from hub.ui.desk import ACoordinator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.findings_page import findings_page
from hub.ui.problems import MISSING, SEE_OTHER, UNFIT, PageRoute
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
    try:
        if len(typed) > MOST_SIGNS:
            raise InvalidRequest("The reason is too long.")
        accept_finding(
            plan, finding, typed, caller.reader, desk.store, desk.travel, actor=caller.client,
            correlation_id=correlation_id,
        )  # fmt: skip
    except InvalidRequest:
        return _page(request, desk, session, correlation_id, plan, fault=str(finding), typed=typed)
    except NotFound:
        return _page(request, desk, session, correlation_id, plan, is_gone=True)
    except Conflict:  # somebody was quicker, or the button was pressed twice: the page says who and why
        pass
    return _back(plan)


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
    try:
        reopen_finding(
            plan, finding, caller.reader, desk.store, desk.travel, actor=caller.client, correlation_id=correlation_id
        )
    except NotFound:
        return _page(request, desk, session, correlation_id, plan, is_gone=True)
    except Conflict:  # it is open already
        pass
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
) -> Response:
    """Return the page.

    :param fault: the finding whose reason says too little, or is too long; what was typed stands there still.
    :param is_gone: what somebody had a word on is there no more, as far as they see.
    """
    caller = session.caller
    found = show_findings(
        plan, caller.reader, desk.store, desk.travel, actor=caller.client, correlation_id=correlation_id
    )
    told = findings_page(found, desk.travel, caller.reader.language, caller.client)
    status = UNFIT if fault else MISSING if is_gone else 200
    facts = {"fault": fault, "typed": typed, "is_gone": is_gone, "most": MOST_SIGNS}
    return page(request, "findings", status, session=session, found=told, **facts)
