"""The hub's pages, for whoever serves them beside the API.

    add_pages(api, store, identity, settings, authorities, contract_check)

They stand behind the same door as the API: what it refuses reaches no page, and every answer gets its headers.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from hub.authority import Authorities
from hub.errors import NotFound
from hub.flow.at_a_glance import SharedGlance, glance
from hub.flow.contract_check import ContractCheck
from hub.identity.offers import People
from hub.identity.sessions import Sessions
from hub.identity.signing_in import SignIns
from hub.identity.tokens import Identity
from hub.settings import Settings
from hub.store.transaction import Store
from hub.ui import (
    administration,
    asking,
    assets,
    by_provider,
    citizen,
    connected,
    consents,
    coordinator,
    dead_letters,
    evaluated,
    findings,
    history,
    live,
    operations,
    own_goals,
    receipts,
    record,
    replays,
    requested,
    revealed,
    rules,
    said,
    signing_in,
    traces,
    watched,
    withdrawals,
)
from hub.ui.bell import Bell
from hub.ui.desk import Desk
from hub.ui.operations_page import mark_of
from hub.ui.problems import PageRoute

#: The modules whose routes are pages, or what pages are shown with.
ROOMS = (
    assets, signing_in, by_provider, coordinator, revealed, live, history, findings, consents, withdrawals,
    asking, own_goals, said, citizen, dead_letters, replays, traces, receipts, watched, operations, rules, record,
    connected, requested, evaluated, administration,
)  # fmt: skip
router = APIRouter(route_class=PageRoute, include_in_schema=False)
for room in ROOMS:
    router.include_router(room.router)


def add_pages(
    app: FastAPI,
    store: Store,
    identity: Identity,
    settings: Settings,
    authorities: Authorities,
    contract_check: ContractCheck,
) -> None:
    """Let an application serve the pages too. :param contract_check: tries an adapter; the kit is of a floor above."""
    travel = timedelta(minutes=settings.travel_minutes)
    deadline, ahead = timedelta(hours=settings.withdrawal_hours), timedelta(days=settings.reminder_days)
    people = People(settings.sign_in) if settings.sign_in else None
    sessions = Sessions(store, identity, people)
    sign_ins = (
        SignIns(settings.sign_in, people, sessions, store, settings.address) if settings.sign_in and people else None
    )
    takes_tokens = sign_ins is None or sessions.takes_tokens
    glances = SharedGlance(partial(glance, authorities, store, settings))
    app.state.desk = Desk(
        store, sessions, settings.public_url, travel, deadline, ahead, settings, authorities, contract_check,
        glances, Bell(partial(mark_of, glances)), sign_ins, takes_tokens,
    )  # fmt: skip
    app.include_router(router)


def close_pages(app: FastAPI) -> None:
    """Let go of the pages that listen for news: the hub is about to end."""
    desk: Desk = app.state.desk
    desk.bell.close()


@router.get("/coordinator/{rest:path}")
def nothing(rest: str) -> Response:
    """Answer an address that is none of ours as a page, for a person has typed it."""
    raise NotFound("There is no such page.")
