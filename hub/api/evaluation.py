"""The report on what one plan is for, month by month: as JSON, or as CSV for a spreadsheet."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.api.answers import json_response
from hub.api.asking import AnEvaluator, CorrelationId, TheHub
from hub.flow.evaluate import as_csv, evaluate, month_of

router = APIRouter(tags=["evaluation"])
MonthText = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
FromMonth = Annotated[str, Query(alias="from", pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


@router.get("/evaluation")
def evaluation(
    hub: TheHub,
    caller: AnEvaluator,
    correlation_id: CorrelationId,
    first: FromMonth,
    to: MonthText,
    wanted: Annotated[Literal["json", "csv"], Query(alias="as")] = "json",
) -> Response:
    """Report month by month whether one plan helps: contacts, overlaps, speed, consents, of all families together."""
    least = hub.settings.evaluation_least
    said = {"actor": caller.client, "correlation_id": correlation_id}
    months = evaluate(month_of(first), month_of(to), hub.store, least, **said)
    if wanted == "csv":
        return Response(as_csv(months), media_type="text/csv; charset=utf-8")
    return json_response(
        {
            "least": least,
            "months": [
                {"month": f"{one.begins:%Y-%m}", "is_whole": one.is_whole, "values": one.values} for one in months
            ],
        }
    )
