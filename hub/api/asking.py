"""What every route may ask for: the hub behind it, who is calling, and the body, bounded.

A route says so by its parameters: ``def plans(hub: TheHub, caller: TheCaller)``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from hub.authority import Authorities, Posts
from hub.clock import new_id
from hub.errors import InvalidRequest, NotAllowed, NotAuthenticated, Refused, TooLarge
from hub.flow.refusal import refusals_written
from hub.identity.tokens import Caller, Identity, language_of
from hub.plan.identifier import NotAnIdentifier, cpr_identifier
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.transaction import Store

#: Seconds a body may take to arrive.
BODY_SECONDS = 30
_CORRELATION_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_TEN_DIGITS = re.compile(r"(?<![0-9])[0-9]{6}[-+ ]?[0-9]{4}(?![0-9])")
#: Ids that are random: a UUID, and a trace id of W3C Trace Context.
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])")


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
    identity: Identity
    broker_answers: Callable[[], object]
    health: Callable[[], Mapping[str, Any]]
    post: Posts | None = None


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def correlation_id(request: Request) -> str:
    """Return the id that ties together all that one request causes."""
    known: str = request.state.correlation_id
    return known


def chosen_correlation_id(offered: str) -> str:
    """Return the caller's own correlation id when it is harmless, else a new one."""
    is_harmless = _CORRELATION_ID.fullmatch(offered) and not holds_cpr(offered)
    return offered if is_harmless else str(new_id())


def holds_cpr(text: str) -> bool:
    """Tell whether a text holds what may be a CPR or replacement number: ten digits that begin with a day and month."""
    return any(_is_cpr(found) for found in _TEN_DIGITS.findall(_ID.sub(" ", text)))


def _is_cpr(digits: str) -> bool:
    try:
        cpr_identifier(digits.replace("+", ""), "unknown")
    except NotAnIdentifier:
        return False
    return True


def _caller(request: Request, hub: Annotated[Hub, Depends(_hub)]) -> Caller:
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise NotAuthenticated("The request carries several Authorization headers.")
    return hub.identity.caller("".join(headers), language_of(request.headers.get("accept-language", "")))


TheHub = Annotated[Hub, Depends(_hub)]
TheCaller = Annotated[Caller, Depends(_caller)]
CorrelationId = Annotated[str, Depends(correlation_id)]


def _operator(hub: TheHub, caller: TheCaller, correlation: CorrelationId) -> Caller:
    if caller.reader.role is not Role.OPERATOR:
        refuse(hub, caller, correlation, NotAllowed("Only an operator may look after the queues."))
    return caller


AnOperator = Annotated[Caller, Depends(_operator)]


def _administrator(hub: TheHub, caller: TheCaller, correlation: CorrelationId) -> Caller:
    if caller.reader.role is not Role.ADMINISTRATOR:
        refuse(hub, caller, correlation, NotAllowed("Only an administrator may change the policy."))
    return caller


AnAdministrator = Annotated[Caller, Depends(_administrator)]


def _policy_reader(hub: TheHub, caller: TheCaller, correlation: CorrelationId) -> Caller:
    if caller.reader.role not in (Role.ADMINISTRATOR, Role.OPERATOR):
        refuse(hub, caller, correlation, NotAllowed("Only an administrator or an operator may read the policy."))
    return caller


APolicyReader = Annotated[Caller, Depends(_policy_reader)]


def refuse(hub: Hub, caller: Caller, correlation: str, error: Refused) -> None:
    """Refuse a known caller at the door, and write it down. :raises Refused: always."""
    with refusals_written(hub.store, caller.client, correlation):
        raise error


async def _body(request: Request, hub: TheHub, caller: TheCaller) -> bytes:
    """Read the body of a known caller; no more of it is kept than is allowed, whatever Content-Length says.

    Twice the limit is read and dropped, so that an honest sender hears the answer before the connection closes.
    """
    limit = hub.settings.max_body_bytes
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
