"""FHIR subscriptions: a recipient's own system is told, at its own address, that what it may see of a plan has changed.

R4, in the shape of the Subscriptions R5 Backport. Errors are OperationOutcomes (``problems``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api.asking import ASubscriber, CorrelationId, TheBody, TheHub
from hub.api.fhir_answers import base_of, check_current, resource_response, version_response
from hub.api.models import read, schema_of
from hub.api.problems import CREATED
from hub.clock import now
from hub.errors import Fault, InvalidRequest
from hub.fhir.bundle import Found, searchset
from hub.fhir.subscription_in import read_subscription
from hub.fhir.subscription_out import subscription_resource
from hub.fhir.versions import versioned
from hub.flow import subscriptions as flow
from hub.flow.notification import Kind, Notice, bundle, standing
from hub.flow.subscriptions import Subscriber
from hub.identity.tokens import Caller
from hub.store.subscriptions import Status, Subscription, Terms

router = APIRouter(prefix="/fhir/Subscription", tags=["fhir"])
_RESOURCE = dict[str, Any]
_LAST_EVENT = 2**31 - 1

Number = Annotated[int | None, Query(ge=0, le=_LAST_EVENT)]


@router.post("", status_code=CREATED, openapi_extra=schema_of(_RESOURCE))
def create(
    request: Request, body: TheBody, hub: TheHub, caller: ASubscriber, correlation_id: CorrelationId
) -> Response:
    """Subscribe; the address is asked at once whether it will have it, and until it answers nothing else is sent."""
    status, terms = read_subscription(read(_RESOURCE, body))
    if status is not Status.REQUESTED:
        step = "Use requested; the hub makes it active once your address has answered."
        raise _fault("Subscription.status", "A new subscription is requested.", step)
    authority = hub.authorities.get(caller.reader.organisation)
    endpoints = authority.endpoints if authority is not None and authority.role is caller.reader.role else None
    one = flow.subscribe(terms, _who(caller, correlation_id), endpoints, hub.store)
    return version_response(subscription_resource(one), request, CREATED, Location=f"/fhir/Subscription/{one.id}")


@router.get("")
def search(
    request: Request,
    hub: TheHub,
    caller: ASubscriber,
    correlation_id: CorrelationId,
    status: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """List the caller's own subscriptions, all of them or those of some status (comma: or)."""
    wanted = set(status.split(",")) if status else {one.value for one in Status}
    own = flow.own(_who(caller, correlation_id), hub.store)
    matches = [versioned(subscription_resource(one)) for one in own if one.status.value in wanted]
    heeded = [("status", status)] if status else []
    found = Found(matches, total=len(matches))
    return resource_response(searchset(base_of(request, hub), "Subscription", found, heeded))


@router.get("/{subscription}")
def read_one(
    subscription: UUID, request: Request, hub: TheHub, caller: ASubscriber, correlation_id: CorrelationId
) -> Response:
    """Read a subscription of the caller's own; its headers are not told back."""
    one = flow.shown(subscription, _who(caller, correlation_id), hub.store)
    return version_response(subscription_resource(one), request)


@router.put("/{subscription}", openapi_extra=schema_of(_RESOURCE))
def update(
    subscription: UUID,
    request: Request,
    body: TheBody,
    hub: TheHub,
    caller: ASubscriber,
    correlation_id: CorrelationId,
) -> Response:
    """End a subscription (``off``), or have the address of one that is in error asked anew (``requested``)."""
    told: dict[str, Any] = read(_RESOURCE, body)
    status, terms = read_subscription(told)
    if told.get("id") != str(subscription):
        raise _fault("Subscription.id", "It is not the id of the address.", "Send the resource as you have read it.")
    agrees = _agrees_with(terms, request.headers.get("if-match", ""))
    one = flow.change(subscription, status, _who(caller, correlation_id), hub.store, agrees)
    return version_response(subscription_resource(one), request)


@router.get("/{subscription}/$status")
def standing_of(
    subscription: UUID, request: Request, hub: TheHub, caller: ASubscriber, correlation_id: CorrelationId
) -> Response:
    """Say how a subscription stands, and how many events it has had."""
    one = flow.standing(subscription, _who(caller, correlation_id), hub.store)
    return resource_response(standing(Notice(Kind.STATUS, one, (), base_of(request, hub), now())))


@router.get("/{subscription}/$events")
def events_of(
    subscription: UUID,
    request: Request,
    hub: TheHub,
    caller: ASubscriber,
    correlation_id: CorrelationId,
    eventsSinceNumber: Number = None,
    eventsUntilNumber: Number = None,
) -> Response:
    """Give the events from one number to another again, both included, as the caller may hear of them now."""
    until = _LAST_EVENT if eventsUntilNumber is None else eventsUntilNumber
    one, told = flow.events(subscription, eventsSinceNumber or 0, until, _who(caller, correlation_id), hub.store)
    return resource_response(bundle(Notice(Kind.QUERY, one, told, base_of(request, hub), now())))


def _who(caller: Caller, correlation_id: str) -> Subscriber:
    return Subscriber(caller.reader, caller.client, correlation_id)


def _agrees_with(terms: Terms, if_match: str) -> Callable[[Subscription], None]:
    """Return what sees to it that a client changes the status alone, of the version that it has read."""

    def check(one: Subscription) -> None:
        check_current(if_match, subscription_resource(one))
        if replace(terms, headers=()) != replace(one.terms, headers=()):
            step = "End this one and create another."
            raise _fault("Subscription", "Only the status of a subscription can be changed.", step)

    return check


def _fault(field: str, sentence: str, next_step: str) -> InvalidRequest:
    return InvalidRequest("The request has faults.", faults=[Fault(field, sentence, next_step)])
