"""The services that authorities' systems call: SOAP, of which nothing is known here but the address.

The adapter reads the call and writes the answer (:class:`hub.authority.Serves`); a refusal is written by
``problems.answer``, as everywhere.
"""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.asking import ANYONE, ASystem, CorrelationId, Hub, TheBody, TheHub
from hub.api.inbound import check_sender, parcel_of
from hub.api.problems import SERVICES, service_of
from hub.authority import Acknowledgement, Reply, Serves
from hub.errors import InvalidRequest, NotFound
from hub.flow.accept import accept
from hub.flow.refusal import refusals_written

router = APIRouter(tags=["authorities"])
#: A name, an IPv4 or IPv6 address, and a port.
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


@router.post(SERVICES + "{authority}")
def call_service(
    authority: str, request: Request, body: TheBody, hub: TheHub, caller: ASystem, correlation_id: CorrelationId
) -> Response:
    """Take in what a call brings; the answer is given after it is safe, and a repeat gets the same receipt."""
    parcel = parcel_of(authority, request, body, correlation_id)
    request.state.call = parcel  # a refusal from here on answers this very call
    check_sender(authority, hub, caller, correlation_id)
    with refusals_written(hub.store, caller.client, correlation_id):
        service = _service(authority, hub)
    receipt = accept(parcel, hub.store, hub.authorities)
    told = Acknowledgement(receipt.id, receipt.received_at, receipt.correlation_id, receipt.is_repeat)
    return _response(service.acknowledge(parcel, told))


@router.get(SERVICES + "{authority}", dependencies=[ANYONE])
def describe_service(authority: str, request: Request, hub: TheHub) -> Response:
    """Give a service's description, ``?wsdl`` or ``?xsd``, with the address by which the caller reaches it."""
    service = _service(authority, hub)
    address = f"{_base_url(request, hub)}{SERVICES}{authority}"
    which = request.scope["query_string"].decode("latin-1").partition("=")[0].lower()
    return _response(service.describe(which, address))


def _service(authority: str, hub: Hub) -> Serves:
    service = service_of(authority, hub.authorities)
    if service is None:
        raise NotFound("There is no service that this authority's system calls.")
    return service


def _base_url(request: Request, hub: Hub) -> str:
    """Return the address others reach the hub by: the one that is set, else the one the caller has used.

    :raises InvalidRequest: the caller's Host is none; it would stand in the description.
    """
    if hub.settings.public_url:
        return hub.settings.public_url
    host = request.headers["host"]
    if not _HOST.fullmatch(host):
        raise InvalidRequest("The Host is no name or address.", "Send the Host by which you reach the hub.")
    return f"{request.scope['scheme']}://{host}"


def _response(reply: Reply) -> Response:
    return Response(reply.body, reply.status, media_type=reply.content_type)
