"""The hub's HTTP application.

    app = create_app(store, authorities, settings, access, broker_answers=broker.ping, health=running.health)

Whoever delivers in the same process is started and stopped by ``cli``; the API only asks how it is doing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI

from hub import __version__
from hub.api import (
    audit,
    choices,
    consent_requests,
    consents,
    contracts,
    corrections,
    dead_letters,
    emergencies,
    erasures,
    evaluation,
    feed,
    fhir,
    fhir_consents,
    fhir_search,
    fhir_subscriptions,
    fhir_writes,
    findings,
    goals,
    holds,
    inbound,
    meetings,
    notices,
    oauth,
    operations,
    plans,
    policies,
    problems,
    proposals,
    receipts,
    register_tasks,
    replays,
    restrictions,
    revocations,
    rights,
    security,
    soap,
    statements,
    trace,
)
from hub.api.asking import Hub
from hub.api.crowd import Crowd
from hub.api.described import describe
from hub.api.measured import Measured
from hub.api.middleware import AtTheDoor
from hub.api.traced import Traced
from hub.authority import Authorities, Posts
from hub.identity.access import Access
from hub.settings import Settings
from hub.store.transaction import Store

#: The modules whose routes are the API, in the order in which a request is compared with them, and ``/openapi.json``
#: tells of them: what is asked most comes first, and before fhir and its neighbours, whose {kind} takes any name, those
#: of one kind alone.
_ROOMS = (
    plans, inbound, soap, consents, consent_requests, revocations, fhir_consents, fhir_subscriptions, fhir,
    fhir_search, fhir_writes, contracts, operations, findings, proposals, emergencies, holds, meetings, policies,
    choices, notices, feed, receipts, register_tasks, dead_letters, replays, trace, audit, oauth, rights, restrictions,
    erasures, corrections, security, statements, goals, evaluation,
)  # fmt: skip


def create_app(
    store: Store,
    authorities: Authorities,
    settings: Settings,
    access: Access,
    *,
    broker_answers: Callable[[], object],
    health: Callable[[], Mapping[str, Any]] = dict,
    post: Posts | None = None,
) -> FastAPI:
    """Return the application.

    :param broker_answers: returns when the broker answers; raises BrokerDown when it does not.
    :param health: how each loop of this process is; a loop whose ``trouble`` is not empty makes the hub degraded.
    :param post: how letters reach citizens, and whose receipts are read; None: none is configured.
    """
    app = FastAPI(
        title="One Plan Hub",
        version=__version__,
        # The usual pages of documentation load scripts from elsewhere; the description itself is served.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own spans hold whole addresses and exceptions, once any library of the process has OpenTelemetry on.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.hub = Hub(store, authorities, settings, access, broker_answers, health, post)
    app.state.crowd, app.state.is_going = Crowd(lambda: settings.requests_at_once), False
    feed.open_waiting_room(app, app.state.hub)
    problems.install(app)
    app.add_middleware(Traced)  # inside the door, which names the trace
    app.add_middleware(AtTheDoor)
    app.add_middleware(Measured)  # outermost: what the door refuses takes its time too
    for room in _ROOMS:
        app.include_router(room.router)
    describe(app)
    return app
