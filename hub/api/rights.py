"""What a citizen may ask of the hub about the own plan, and the coordinator on the citizen's behalf."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from hub.api.answers import Json, json_response
from hub.api.asking import AChooser, CorrelationId, TheHub
from hub.api.report_answers import report_answer
from hub.api.report_page import report_page
from hub.api.report_shapes import ReportAnswer
from hub.api.rights_answers import LedgerAnswer, ledger_answer
from hub.flow.ledger import show_ledger
from hub.flow.report import report_on

router = APIRouter(tags=["rights"])


@router.get("/plans/{plan}/disclosures")
def disclosures(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[LedgerAnswer]:
    """Tell the citizen and the coordinator who saw, got or gave back what of the plan, when and by which law."""
    found = show_ledger(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(ledger_answer(found))


@router.get("/plans/{plan}/report", response_model=None)
def report(
    plan: UUID,
    hub: TheHub,
    caller: AChooser,
    correlation_id: CorrelationId,
    wanted: Annotated[Literal["json", "html"], Query(alias="as")] = "json",
) -> Json[ReportAnswer] | Response:
    """Give the citizen, or the coordinator on the citizen's behalf, all that the hub holds about the citizen."""
    made = report_on(plan, caller.reader, hub.store, hub.settings, actor=caller.client, correlation_id=correlation_id)
    return report_page(made, caller.reader.language) if wanted == "html" else json_response(report_answer(made))
