"""The administrator's page of whether one plan helps, month by month, and the same as a file for a spreadsheet."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.clock import now
from hub.flow.evaluate import as_csv, evaluate, latest, month_of
from hub.ui.desk import AnAdministrator, CorrelationId, TheDesk
from hub.ui.evaluated_page import evaluated_page
from hub.ui.problems import PageRoute
from hub.ui.rendering import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PAGE = "/administration/evaluation"
_MONTH = r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$"
FromMonth = Annotated[str, Query(alias="from", pattern=_MONTH)]
ToMonth = Annotated[str, Query(pattern=_MONTH)]


@router.get(_PAGE)
def read_evaluation(
    request: Request,
    desk: TheDesk,
    session: AnAdministrator,
    correlation_id: CorrelationId,
    first: FromMonth = "",
    to: ToMonth = "",
) -> Response:
    """Show the last months, or those that are asked for; the address holds which."""
    caller, least = session.caller, desk.settings.evaluation_least
    said = {"actor": caller.client, "correlation_id": correlation_id}
    begins, ends = _asked(first, to)
    months = evaluate(begins, ends, desk.store, least, **said)
    told = evaluated_page(months, least, caller.reader.language)
    return page(request, "evaluated", session=session, evaluated=told, kept=told.kept)


@router.get(f"{_PAGE}/file")
def keep_evaluation(
    desk: TheDesk, session: AnAdministrator, correlation_id: CorrelationId, first: FromMonth = "", to: ToMonth = ""
) -> Response:
    """Give the same as CSV, to keep: what the hub keeps no more it cannot count again."""
    said = {"actor": session.caller.client, "correlation_id": correlation_id}
    begins, ends = _asked(first, to)
    months = evaluate(begins, ends, desk.store, desk.settings.evaluation_least, **said)
    name = f"evaluation-{months[0].begins:%Y-%m}-{months[-1].begins:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(months), headers=headers, media_type="text/csv; charset=utf-8")


def _asked(first: str, to: str) -> tuple[date, date]:
    usual = latest(now())
    return month_of(first) if first else usual[0], month_of(to) if to else usual[1]
