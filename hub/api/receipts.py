"""Receipts that come later: what became of a delivery that its recipient had only received."""

from __future__ import annotations

import re
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import AnOperator, ARecipient, CorrelationId, TheBody, TheHub
from hub.api.models import Strict, read, schema_of
from hub.errors import Fault, InvalidRequest
from hub.flow.awaited import AwaitedAnswer, awaited
from hub.flow.say_later import Fate, LaterWord, Reason, say_later

router = APIRouter()
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
#: As updates name themselves: by their correlation id, or by their idempotency key or webhook id.
_DELIVERY = rf"^(?:(?P<row>{_UUID})-|[a-z0-9-]{{1,64}}:(?P<plan>{_UUID}):)(?P<sequence>[0-9]{{1,9}})$"


class ReceiptLater(Strict):
    """What became of a delivery."""

    delivery: str = Field(pattern=_DELIVERY.replace("?P<row>", "").replace("?P<plan>", "").replace("?P<sequence>", ""))
    status: Fate
    reason: Reason | None = None


class ReceiptLaterAnswer(TypedDict):
    """What became of a delivery is taken down; ``reason`` goes with ``refused``."""

    delivery: str
    plan: UUID
    sequence: int
    status: Fate
    reason: Reason | None
    correlation_id: str


@router.post("/receipts", tags=["documents"], openapi_extra=schema_of(ReceiptLater))
def give_receipt(
    body: TheBody, hub: TheHub, recipient: ARecipient, correlation_id: CorrelationId
) -> Json[ReceiptLaterAnswer]:
    """Say what became of a delivery that was answered with ``received``: it is taken in, or refused."""
    said: ReceiptLater = read(ReceiptLater, body)
    if (said.status is Fate.REFUSED) is (said.reason is None):
        fault = Fault("reason", "It goes with refused, and with nothing else.", "Give it, or leave it out.")
        raise InvalidRequest("The receipt contradicts itself.", faults=[fault])
    owed = say_later(
        _word(said), recipient.reader.organisation, hub.store, actor=recipient.client, correlation_id=correlation_id
    )
    return json_response(
        {
            "delivery": f"{owed.outbox_id}-{owed.sequence}",
            "plan": owed.plan,
            "sequence": owed.sequence,
            "status": said.status,
            "reason": said.reason,
            "correlation_id": correlation_id,
        }
    )


@router.get("/ops/receipts", tags=["operations"])
def receipts(hub: TheHub, operator: AnOperator) -> Json[AwaitedAnswer]:
    """Say of which deliveries it is not known yet whether they are taken in, and which of them are overdue."""
    return json_response(awaited(hub.store, hub.settings))


def _word(said: ReceiptLater) -> LaterWord:
    found = re.fullmatch(_DELIVERY, said.delivery)
    if found is None:
        raise InvalidRequest("The delivery is named by no id.")
    row, plan = (UUID(found[name]) if found[name] else None for name in ("row", "plan"))
    return LaterWord(int(found["sequence"]), said.status, row, plan, said.reason or "")
