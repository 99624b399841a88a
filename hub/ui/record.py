"""The auditor's pages: look for what was done, and have the record checked; both are written down themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.flow.auditing import search_audit, verify_audit
from hub.flow.seal import standing
from hub.store.audit_rows import Wanted
from hub.ui.desk import AnAuditor, ASessionsForm, CorrelationId, TheDesk
from hub.ui.problems import PageRoute
from hub.ui.record_page import record_page
from hub.ui.rendering import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME, _PAGE = "/administration/record", 50
_Word = Annotated[str, Query(pattern=r"^[A-Za-z0-9._:@-]{0,64}$")]
_Day = Annotated[str, Query(pattern=r"^(?:\d{4}-\d\d-\d\d)?$")]
_Plan = Annotated[str, Query(pattern=r"^(?:[0-9a-fA-F-]{36})?$")]


@router.get(_HOME)
def search(
    request: Request,
    desk: TheDesk,
    session: AnAuditor,
    correlation_id: CorrelationId,
    actor: _Word = "",
    action: _Word = "",
    correlation: _Word = "",
    plan: _Plan = "",
    since: _Day = "",
    below: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
) -> Response:
    """Show what was done, the newest first; the address holds what it is narrowed to."""
    kept = {"actor": actor, "action": action, "correlation": correlation, "plan": plan, "since": since}
    wanted = Wanted(
        since=_day(since), actor=actor or None, action=action or None, correlation_id=correlation or None,
        plan=_id(plan),
    )  # fmt: skip
    found, then = search_audit(
        wanted, below, _PAGE, desk.store, actor=session.caller.client, correlation_id=correlation_id
    )
    told = record_page(found, then, kept, standing(desk.store, desk.settings), session.caller.reader.language)
    return page(request, "record", session=session, record=told, typed=kept, kept=told.kept)


@router.post(f"{_HOME}/verification")
def verify(
    request: Request, desk: TheDesk, session: AnAuditor, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """Check the whole of the sealed record now."""
    verdict = verify_audit(desk.store, actor=session.caller.client, correlation_id=correlation_id)
    return page(request, "verification", session=session, verdict=verdict)


def _day(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC) if typed else None
    except ValueError:
        return None


def _id(typed: str) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return UUID(int=0)  # no plan's: nothing is found
