"""The operator's page of receipts: who has received something and not said in time what became of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.flow.awaited import awaited
from hub.ui.desk import AnOperator, TheDesk
from hub.ui.problems import PageRoute
from hub.ui.rendering import page
from hub.ui.times import moment
from hub.ui.words import known_word

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/operations/receipts")
def read_receipts(request: Request, desk: TheDesk, session: AnOperator) -> Response:
    """Show, for each recipient, of how many deliveries its word is awaited, and which of them are overdue."""
    found, language = awaited(desk.store, desk.settings), session.caller.reader.language
    recipients = [
        (known_word("authority", one["recipient"], language), one["open"], one["missing"])
        for one in found["recipients"]
    ]
    missing = [
        (f"{one['delivery']}-{one['sequence']}", known_word("authority", one["recipient"], language),
         moment(one["owed_at"], language))
        for one in found["missing"]
    ]  # fmt: skip
    told: dict[str, Any] = {"recipients": recipients, "missing": missing, "hours": found["deadline_hours"]}
    return page(request, "receipts", session=session, **told)
