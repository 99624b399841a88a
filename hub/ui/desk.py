"""What every page may ask for: the hub behind it, who is signed in, and a form, bounded and from the hub's own page.

A route says so by its parameters: ``def find(desk: TheDesk, session: TheSession, form: ASessionsForm)``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.requests import ClientDisconnect

from hub.errors import InvalidRequest, NotAllowed, TooLarge
from hub.flow.refusal import refusals_written
from hub.identity.sessions import Session, Sessions
from hub.store.transaction import Store
from hub.ui.rendering import language_for

FORM_TOKEN = "form"  # noqa: S105 - the name of a field
_FORM_BYTES, _FORM_FIELDS, _FORM_SECONDS = 10_000, 10, 30
_ELSEWHERE = "The form was not sent from a page of the hub."


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages stand on.

    :ivar public_url: the address that others reach the hub by; empty for the one that a request names.
    :ivar travel: the way between two appointments.
    :ivar deadline: how long a recipient has to confirm that it has deleted.
    """

    store: Store
    sessions: Sessions
    public_url: str
    travel: timedelta
    deadline: timedelta

    @property
    def is_behind_tls(self) -> bool:
        """Tell whether readers come by https, whatever the hub itself hears."""
        return self.public_url.startswith("https:")

    @property
    def cookie(self) -> str:
        """Return the name of the cookie that holds a session's secret; a browser lets no other host set ``__Host-``."""
        return "__Host-hub-session" if self.is_behind_tls else "hub-session"


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _correlation_id(request: Request) -> str:
    known: str = request.state.correlation_id
    return known


TheDesk = Annotated[Desk, Depends(_desk)]
CorrelationId = Annotated[str, Depends(_correlation_id)]


def secret_of(request: Request, desk: Desk) -> str:
    """Return what the session's cookie holds; empty where there is none."""
    return request.cookies.get(desk.cookie, "")


def _session(request: Request, desk: TheDesk) -> Session:
    return desk.sessions.find(secret_of(request, desk), language_for(request))


async def _form(request: Request, desk: TheDesk) -> Mapping[str, str]:
    """Read a form. :raises NotAllowed: it comes from elsewhere; of a field given twice the last counts."""
    if not _is_own(request, desk):
        raise NotAllowed(_ELSEWHERE)
    body = bytearray()
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > _FORM_BYTES:
                    raise TooLarge(f"The form has over {_FORM_BYTES:,} bytes.")
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
TheForm = Annotated[Mapping[str, str], Depends(_form)]


def _sessions_form(
    form: TheForm, session: TheSession, desk: TheDesk, correlation_id: CorrelationId
) -> Mapping[str, str]:
    if not session.has_made(form.get(FORM_TOKEN, "")):
        with refusals_written(desk.store, session.caller.client, correlation_id):
            raise NotAllowed(_ELSEWHERE)
    return form


ASessionsForm = Annotated[Mapping[str, str], Depends(_sessions_form)]
