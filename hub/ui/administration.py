"""The pages of those who look after the rules, the record and the keys: each sees their own part, and no plan."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.errors import NotFound
from hub.flow.housekeeping import rounds
from hub.flow.keyring_told import clients_told, keys_told
from hub.identity.sessions import Session
from hub.ui.administration_page import Rows, client_rows, key_facts, retention_rows
from hub.ui.desk import AnAdministrator, ASecurityAdministrator, CorrelationId, TheDesk, only
from hub.ui.homes import HOMES
from hub.ui.problems import PageRoute
from hub.ui.rendering import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME = "/administration"
SomebodyOfHere = Annotated[Session, only(*(role for role, home in HOMES.items() if home == _HOME))]


@router.get(_HOME)
def read_administration(request: Request, session: SomebodyOfHere) -> Response:
    """Show what the reader's role looks after."""
    return page(request, "administration", session=session, role=str(session.caller.reader.role))


@router.get(f"{_HOME}/retention")
def read_retention(request: Request, desk: TheDesk, session: AnAdministrator) -> Response:
    """Show how long each kind of thing is kept, and when it was cleared last."""
    rows = retention_rows(rounds(desk.store, desk.settings), session.caller.reader.language)
    return _listed(request, session, "admin.retention", "admin.retention_lead", rows)


@router.get(f"{_HOME}/clients")
def read_clients(
    request: Request, desk: TheDesk, session: ASecurityAdministrator, correlation_id: CorrelationId
) -> Response:
    """Show who may call the hub, in which role, and by what; no secret, and no hash of one."""
    caller = session.caller
    found = clients_told(desk.store, desk.settings, actor=caller.client, correlation_id=correlation_id)
    rows = client_rows(found, caller.reader.language)
    return _listed(request, session, "admin.clients", "admin.clients_lead", rows)


@router.get(f"{_HOME}/keys")
def read_keys(
    request: Request, desk: TheDesk, session: ASecurityAdministrator, correlation_id: CorrelationId
) -> Response:
    """Show which keys there are, by their versions, and when certificates end."""
    caller = session.caller
    found = keys_told(desk.store, desk.settings, actor=caller.client, correlation_id=correlation_id)
    return page(request, "keys", session=session, keys=key_facts(found, caller.reader.language))


@router.get(f"{_HOME}/{{rest:path}}")
def nothing(rest: str, session: SomebodyOfHere) -> Response:
    """Answer an address that is none of ours as a page, for a person has typed it."""
    raise NotFound("There is no such page.")


def _listed(request: Request, session: Session, title: str, lead: str, rows: Rows) -> Response:
    return page(request, "listed", session=session, title=title, lead=lead, rows=rows)
