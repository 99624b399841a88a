"""What every page may ask for: the hub behind it, who is signed in, and a form, bounded and from the hub's own page.

A route says so by its parameters: ``def find(desk: TheDesk, session: TheSession, form: ASessionsForm)``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from hub.authority import Authorities
from hub.errors import InvalidRequest, NotAllowed, TooLarge
from hub.flow.at_a_glance import SharedGlance
from hub.flow.contract_check import ContractCheck
from hub.flow.refusal import refusals_written
from hub.identity.sessions import COOKIE, Session, Sessions
from hub.identity.signing_in import SignIns
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.transaction import Store
from hub.ui.bell import Bell
from hub.ui.rendering import language_for

FORM_TOKEN = "form"  # noqa: S105 - the name of a field
_FORM_BYTES, _FORM_FIELDS, _FORM_SECONDS = 10_000, 40, 30
#: For a document, such as the rules, each sign of it percent-encoded.
_LONG_FORM_BYTES = 300_000
_ELSEWHERE = "The form was not sent from a page of the hub."


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages stand on.

    :ivar public_url: the address that others reach the hub by; empty for the one that a request names.
    :ivar travel: the way between two appointments.
    :ivar deadline: how long a recipient has to confirm that it has deleted.
    :ivar ahead: how long before a consent ends the citizen is to be asked anew.
    :ivar settings: what else an operator has set.
    :ivar authorities: whom the hub sends to.
    :ivar contract_check: tries an adapter against its contract.
    :ivar glances: how everything flows, for pages that ask by themselves.
    :ivar bell: rings for them.
    :ivar sign_ins: how people come in through the identity provider; None where none is configured.
    :ivar takes_tokens: whether a client's token opens pages.
    """

    store: Store
    sessions: Sessions
    public_url: str
    travel: timedelta
    deadline: timedelta
    ahead: timedelta
    settings: Settings
    authorities: Authorities
    contract_check: ContractCheck
    glances: SharedGlance
    bell: Bell
    sign_ins: SignIns | None = None
    takes_tokens: bool = True

    @property
    def is_behind_tls(self) -> bool:
        """Tell whether readers come by https, whatever the hub itself hears."""
        return self.public_url.startswith("https:")

    @property
    def cookie(self) -> str:
        """Return the name of the cookie that holds a session's secret; a browser lets no other host set ``__Host-``."""
        return self.cookie_called(COOKIE)

    def cookie_called(self, name: str) -> str:
        """Return how a cookie of this name is called here."""
        return f"__Host-{name}" if self.is_behind_tls else name


# Coroutines, as what only looks at the request needs no thread of its own.
async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _correlation_id(request: Request) -> str:
    known: str = request.state.correlation_id
    return known


TheDesk = Annotated[Desk, Depends(_desk)]
CorrelationId = Annotated[str, Depends(_correlation_id)]


def secret_of(request: Request, desk: Desk) -> str:
    """Return what the session's cookie holds; empty where there is none."""
    return request.cookies.get(desk.cookie, "")


def _session(request: Request, desk: TheDesk) -> Session:
    return desk.sessions.find(secret_of(request, desk), language_for(request))


async def read_form(request: Request, desk: TheDesk) -> Mapping[str, str]:
    """Read a form, once. :raises NotAllowed: it comes from elsewhere; of a field given twice the last counts."""
    return await _typed(request, desk, _FORM_BYTES)


async def _long_form(request: Request, desk: TheDesk) -> Mapping[str, str]:
    return await _typed(request, desk, _LONG_FORM_BYTES)


async def _typed(request: Request, desk: Desk, most: int) -> Mapping[str, str]:
    known: Mapping[str, str] | None = getattr(request.state, "typed", None)
    if known is None:
        known = request.state.typed = await _read_form(request, desk, most)
    return known


async def _read_form(request: Request, desk: Desk, most: int) -> Mapping[str, str]:
    if not _is_own(request, desk):
        raise NotAllowed(_ELSEWHERE)
    body = bytearray()
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise TooLarge(f"The form has over {most:,} bytes.")
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FORM_FIELDS))
    except (TimeoutError, ClientDisconnect):
        raise InvalidRequest("The form did not arrive in time.") from None
    except ValueError:
        raise InvalidRequest("The form cannot be read.") from None


def _is_own(request: Request, desk: Desk) -> bool:
    """Tell whether a page of the hub sent this: what the browser says of it, which no script can say otherwise."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == (desk.public_url or f"http://{request.headers['host']}")


TheSession = Annotated[Session, Depends(_session)]


def only(*roles: Role) -> Any:
    """Return the dependency by which a page says whose it is: it gives their session, and refuses everybody else."""

    def in_role(session: TheSession, desk: TheDesk, correlation_id: CorrelationId) -> Session:
        return _of_roles(roles, session, desk, correlation_id)

    return Depends(in_role)


def left_open(role: Role) -> Any:
    """Return the same for what a page asks by itself: nobody need sit before it, so it keeps no session alive."""

    def still_in_role(request: Request, desk: TheDesk, correlation_id: CorrelationId) -> Session:
        session = desk.sessions.find(secret_of(request, desk), language_for(request), is_use=False)
        return _of_roles((role,), session, desk, correlation_id)

    return Depends(still_in_role)


def _of_roles(roles: Sequence[Role], session: Session, desk: Desk, correlation_id: str) -> Session:
    """Return the session of somebody in one of these roles. :raises NotAllowed: they are something else."""
    if session.caller.reader.role not in roles:
        with refusals_written(desk.store, session.caller.client, correlation_id):
            named = " or ".join(sorted(roles))
            raise NotAllowed(f"These pages are for the role {named}.", "Sign in as what they are for.")
    return session


ACoordinator = Annotated[Session, only(Role.COORDINATOR)]
ACitizen = Annotated[Session, only(Role.CITIZEN)]
AnOperator = Annotated[Session, only(Role.OPERATOR)]
AnAdministrator = Annotated[Session, only(Role.ADMINISTRATOR)]
AnAuditor = Annotated[Session, only(Role.AUDITOR)]
ASecurityAdministrator = Annotated[Session, only(Role.SECURITY_ADMINISTRATOR)]
TheForm = Annotated[Mapping[str, str], Depends(read_form)]


def _sessions_form(
    form: TheForm, session: TheSession, desk: TheDesk, correlation_id: CorrelationId
) -> Mapping[str, str]:
    return _made_here(form, session, desk, correlation_id)


def _sessions_long_form(
    form: Annotated[Mapping[str, str], Depends(_long_form)],
    session: TheSession,
    desk: TheDesk,
    correlation_id: CorrelationId,
) -> Mapping[str, str]:
    return _made_here(form, session, desk, correlation_id)


def _made_here(form: Mapping[str, str], session: Session, desk: Desk, correlation_id: str) -> Mapping[str, str]:
    if not session.has_made(form.get(FORM_TOKEN, "")):
        with refusals_written(desk.store, session.caller.client, correlation_id):
            raise NotAllowed(_ELSEWHERE)
    return form


ASessionsForm = Annotated[Mapping[str, str], Depends(_sessions_form)]
ALongForm = Annotated[Mapping[str, str], Depends(_sessions_long_form)]
