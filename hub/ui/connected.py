"""The administrator's pages of authorities: who is connected, and whether an adapter does what its contract asks."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.flow.contract_check import check_contract
from hub.flow.standing import standings
from hub.ui.authorities_page import authority_cards, check_page
from hub.ui.desk import AnAdministrator, ASessionsForm, CorrelationId, TheDesk
from hub.ui.problems import PageRoute
from hub.ui.rendering import page

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_HOME = "/administration/authorities"


@router.get(_HOME)
def read_authorities(request: Request, desk: TheDesk, session: AnAdministrator) -> Response:
    """Show whose systems are connected, by which contract, in which direction, and when data last got through."""
    found = standings(desk.authorities, desk.store, desk.settings)
    cards = authority_cards(found, desk.authorities, session.caller.reader.language)
    return page(request, "authorities", session=session, cards=cards)


@router.post(f"{_HOME}/{{authority}}/contract-check")
def try_contract(
    authority: str,
    request: Request,
    desk: TheDesk,
    session: AnAdministrator,
    form: ASessionsForm,
    correlation_id: CorrelationId,
) -> Response:
    """Try an adapter against its contract, by the contract's own examples; their system is not called."""
    caller = session.caller
    found = check_contract(
        authority, desk.contract_check, desk.authorities, desk.settings, desk.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    contract = desk.authorities[authority].adapter.contract
    return page(
        request, "contract_check", session=session,
        checked=check_page(authority, contract, found, caller.reader.language),
    )  # fmt: skip
