"""The doors of authorities: a document in their own words, or a thin event that says that there is one to fetch."""

from __future__ import annotations

from datetime import datetime
from html import escape
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import ASystem, CorrelationId, Hub, TheBody, TheHub, refuse
from hub.api.problems import CREATED, OK, TAKEN, speaks_xml
from hub.authority import Parcel
from hub.errors import WrongSender
from hub.flow.accept import accept
from hub.flow.announce import announce
from hub.identity.tokens import Caller
from hub.plan.person import Role
from hub.store.inbox import Receipt

router = APIRouter(tags=["authorities"])
RECEIPT_NAMESPACE = "urn:one-plan-hub:receipt:1"
#: Secrets between the caller and the hub, and marks that only an adapter itself may set; no caller's reach an adapter.
_KEPT_BACK = ("authorization", "cookie", "proxy-authorization", "x-hub-")


class SkippedAnswer(TypedDict):
    """What was not taken in: by its position in the document, from 1, and why, as a code."""

    position: int
    code: str


class TakenInAnswer(TypedDict):
    """How much of a document was taken in, and what was not."""

    taken_in: int
    skipped: list[SkippedAnswer]


class ReceiptAnswer(TypedDict):
    """A document is safe; ``received_at`` is in UTC, and a repeat of the document gets the same receipt."""

    receipt: UUID
    received_at: datetime
    correlation_id: str
    outcome: TakenInAnswer


class EventTakenAnswer(TypedDict):
    """A thin event is safe: what it names will be fetched."""

    event: str
    correlation_id: str


@router.post("/in/{authority}", status_code=CREATED, response_model=None)
def take_document(
    authority: str, request: Request, body: TheBody, hub: TheHub, caller: ASystem, correlation_id: CorrelationId
) -> Json[ReceiptAnswer] | Response:
    """Take a document in; the answer is given after it is safe, and a repeat of it gets the same answer."""
    check_sender(authority, hub, caller, correlation_id)
    receipt = accept(parcel_of(authority, request, body, correlation_id), hub.store, hub.authorities)
    status = OK if receipt.is_repeat else CREATED
    if speaks_xml(request):
        return Response(_as_xml(receipt), status, media_type="application/xml")
    return json_response(_as_json(receipt), status)


@router.post("/in/{authority}/events", status_code=TAKEN)
def take_event(
    authority: str, request: Request, body: TheBody, hub: TheHub, caller: ASystem, correlation_id: CorrelationId
) -> Json[EventTakenAnswer]:
    """Take a thin event; the promise to fetch what it names is safe before the answer is given."""
    check_sender(authority, hub, caller, correlation_id)
    event = announce(parcel_of(authority, request, body, correlation_id), hub.store, hub.authorities)
    return json_response({"event": event.event_id, "correlation_id": correlation_id}, TAKEN)


def check_sender(authority: str, hub: Hub, caller: Caller, correlation_id: str) -> None:
    """Only an authority's own system comes in by the authority's door. :raises WrongSender: it is another's."""
    reader = caller.reader
    if reader.role is not Role.AUTHORITY_SYSTEM or reader.organisation != authority:
        refuse(hub, caller, correlation_id, WrongSender("This door is for the authority's own system."))


def parcel_of(authority: str, request: Request, body: bytes, correlation_id: str) -> Parcel:
    """Return what arrived; a header that is there twice has both values, and so is not what either says."""
    given = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
    headers = {name: value for name, value in given.items() if not name.startswith(_KEPT_BACK)}
    return Parcel(authority, body, given.get("content-type", ""), headers, correlation_id, request.state.trace)


def _as_json(receipt: Receipt) -> ReceiptAnswer:
    return {
        "receipt": receipt.id,
        "received_at": receipt.received_at,
        "correlation_id": receipt.correlation_id,
        "outcome": {"taken_in": receipt.outcome["taken_in"], "skipped": receipt.outcome["skipped"]},
    }


def _as_xml(receipt: Receipt) -> bytes:
    """Write the receipt for senders that speak XML; ``Sprunget`` names by position what was not taken in."""
    skipped = "".join(
        f"<Sprunget><Position>{one['position']}</Position><Aarsag>{escape(one['code'])}</Aarsag></Sprunget>"
        for one in receipt.outcome["skipped"]
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Kvittering xmlns="{RECEIPT_NAMESPACE}">'
        f"<KvitteringId>{receipt.id}</KvitteringId>"
        f"<Modtaget>{receipt.received_at.isoformat()}</Modtaget>"
        f"<KorrelationId>{escape(receipt.correlation_id)}</KorrelationId>"
        f"<Optaget>{int(receipt.outcome['taken_in'])}</Optaget>{skipped}</Kvittering>"
    ).encode()
