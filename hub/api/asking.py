"""What every route may ask for: the hub behind it, who is calling, and the body, bounded.

A route says so by its parameters: ``def plans(hub: TheHub, caller: AMember)``; whom it lets in too (``declared``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from hub.api import declared as who
from hub.api.certificates import certificate_shown
from hub.api.declared import Declared, stands_for
from hub.authority import Authorities, Posts
from hub.clock import new_id
from hub.errors import InvalidRequest, NotAuthenticated, Refused, TooLarge
from hub.flow.refusal import refusals_written
from hub.identity.access import Access
from hub.identity.tokens import Caller, language_of
from hub.plan.identifier import holds_cpr
from hub.settings import Settings
from hub.store.transaction import Store

#: Seconds a body may take to arrive.
BODY_SECONDS = 30
_CORRELATION_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Hub:
    """What the routes stand on.

    :ivar broker_answers: returns when the broker answers; raises BrokerDown when it does not.
    :ivar health: how whoever delivers in this process is doing, for ``/readyz``; nothing of a person.
    :ivar post: how letters reach citizens; None where none is configured.
    """

    store: Store
    authorities: Authorities
    settings: Settings
    access: Access
    broker_answers: Callable[[], object]
    health: Callable[[], Mapping[str, Any]]
    post: Posts | None = None


# Coroutines, as is what else only looks: a function would be given a thread for each request, a tenth of a millisecond.
async def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


async def correlation_id(request: Request) -> str:
    """Return the id that ties together all that one request causes."""
    known: str = request.state.correlation_id
    return known


def chosen_correlation_id(offered: str) -> str:
    """Return the caller's own correlation id when it is harmless, else a new one."""
    is_harmless = _CORRELATION_ID.fullmatch(offered) and not holds_cpr(offered)
    return offered if is_harmless else str(new_id())


async def _caller(request: Request) -> Caller:
    hub, headers = await _hub(request), request.headers.getlist("authorization")
    if len(headers) > 1:
        raise NotAuthenticated("The request carries several Authorization headers.")
    authorization, language = "".join(headers), language_of(request.headers.get("accept-language", ""))
    asking = partial(hub.access.caller, authorization, certificate_shown(request, hub.settings), language)
    return await run_in_threadpool(asking) if hub.access.looks_up(authorization) else asking()


TheHub = Annotated[Hub, Depends(_hub)]
TheCaller = Annotated[Caller, Depends(_caller)]
CorrelationId = Annotated[str, Depends(correlation_id)]


def _only(declared: Declared) -> Any:
    """Return the dependency by which a route says who may call it, and which sees to it."""

    @stands_for(declared)
    async def caller_in_role(request: Request, caller: TheCaller) -> Caller:
        refused = declared.refusal_of(caller.reader.role)
        if refused is not None:
            hub, correlation = await _hub(request), await correlation_id(request)
            refusing = partial(refuse, hub, caller, correlation, refused, **_asked_for(request))
            await run_in_threadpool(refusing)
        return caller

    return Depends(caller_in_role)


@stands_for(who.NO_ONE_IN_PARTICULAR)
def _anyone() -> None:
    """Ask nothing."""


ANYONE = Depends(_anyone)
AMember = Annotated[Caller, _only(who.MEMBER)]
ASearcher = Annotated[Caller, _only(who.SEARCHER)]
AChooser = Annotated[Caller, _only(who.CHOOSER)]
AGiver = Annotated[Caller, _only(who.GIVER)]
ATrier = Annotated[Caller, _only(who.TRIER)]
AStaffMember = Annotated[Caller, _only(who.STAFF)]
AStaffMemberOrCitizen = Annotated[Caller, _only(who.STAFF_OR_CITIZEN)]
APlanWriter = Annotated[Caller, _only(who.PLAN_WRITER)]
ACoordinator = Annotated[Caller, _only(who.COORDINATOR)]
AListReader = Annotated[Caller, _only(who.COORDINATORS_LIST)]
ASystem = Annotated[Caller, _only(who.AUTHORITY)]
AWriter = Annotated[Caller, _only(who.WRITER)]
ARecipient = Annotated[Caller, _only(who.RECIPIENT)]
ASubscriber = Annotated[Caller, _only(who.SUBSCRIBER)]
AnOperator = Annotated[Caller, _only(who.OPERATOR)]
AnAdministrator = Annotated[Caller, _only(who.ADMINISTRATOR)]
AnEvaluator = Annotated[Caller, _only(who.EVALUATOR)]
APolicyReader = Annotated[Caller, _only(who.POLICY_READER)]
AnAuditor = Annotated[Caller, _only(who.AUDITOR)]
ASecurityAdministrator = Annotated[Caller, _only(who.SECURITY_ADMINISTRATOR)]


def refuse(hub: Hub, caller: Caller, correlation: str, error: Refused, **asked: Any) -> None:
    """Refuse a known caller at the door, and write it down. :raises Refused: always."""
    with refusals_written(hub.store, caller.client, correlation, **asked):
        raise error


def _asked_for(request: Request) -> dict[str, Any]:
    """Return which route was asked for, and the id in its address; what is no id somebody may have made up."""
    told = {"route": f"{request.method} {request.scope['route'].path_format}"}
    ids = [value for value in map(str, request.path_params.values()) if _UUID.fullmatch(value)]
    return told | ({"asked": ids[0]} if ids else {})


async def _body(request: Request, hub: TheHub, caller: TheCaller) -> bytes:
    """Read the body of a known caller."""
    return await read_body(request, hub.settings.max_body_bytes)


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body; no more of it is kept than is allowed, whatever Content-Length says.

    Twice the limit is read and dropped, so that an honest sender hears the answer before the connection closes.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size <= limit:
                    parts.append(part)
                elif size > 2 * limit:
                    break
    except TimeoutError:
        raise InvalidRequest(f"The body did not arrive within {BODY_SECONDS} seconds.") from None
    except ClientDisconnect:
        raise InvalidRequest("The connection ended before the body did.") from None
    if size > limit:
        raise TooLarge(f"The body has over {limit:,} bytes.")
    return b"".join(parts)


TheBody = Annotated[bytes, Depends(_body)]
