"""The report on what one plan is for, month by month: as JSON, or as CSV for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import WithJsonSchema
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import AnEvaluator, CorrelationId, TheHub
from hub.flow.evaluate import MEASURES, as_csv, evaluate, month_of

router = APIRouter(tags=["evaluation"])
MonthText = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
FromMonth = Annotated[str, Query(alias="from", pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "By measure; null: of too few families to be told, the month is not whole, or it is not known.",
    "properties": {name: {"type": ["integer", "null"]} for name in MEASURES},
    "required": [*MEASURES],
}


class MonthAnswer(TypedDict):
    """One month, such as ``2026-01``; it is whole once it can be told."""

    month: str
    is_whole: bool
    values: Annotated[Mapping[str, int | None], WithJsonSchema(_SCHEMA)]


class EvaluationAnswer(TypedDict):
    """What one plan is for, month by month; a number of fewer families than ``least`` is not told."""

    least: int
    months: list[MonthAnswer]


@router.get("/evaluation", response_model=None)
def evaluation(
    hub: TheHub,
    caller: AnEvaluator,
    correlation_id: CorrelationId,
    first: FromMonth,
    to: MonthText,
    wanted: Annotated[Literal["json", "csv"], Query(alias="as")] = "json",
) -> Json[EvaluationAnswer] | Response:
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
