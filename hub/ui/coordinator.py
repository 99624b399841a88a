"""The coordinator's pages: a plan is found by a posted number, and read."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hub.clock import now
from hub.errors import NotFound
from hub.flow import show
from hub.flow.ask_consent import show_requests, show_requests_of
from hub.flow.coordinated import show_coordinated
from hub.flow.family import show_family
from hub.flow.findings import accepted_in
from hub.flow.offers import show_offers
from hub.flow.proof import prove_revocation
from hub.flow.revocation import ShownRevocation
from hub.flow.today import show_today
from hub.flow.who_can_see import show_who_can_see
from hub.identity.sessions import Session
from hub.plan.identifier import NotAnIdentifier, cpr_identifier
from hub.store.consent_requests import ConsentRequest
from hub.ui.asked_page import asked_in_words, asked_today
from hub.ui.banners import banners_of
from hub.ui.cards import Cards
from hub.ui.desk import ACoordinator, ASessionsForm, CorrelationId, Desk, TheDesk
from hub.ui.family_page import family_page
from hub.ui.plan_page import plan_page
from hub.ui.problems import MISSING, SEE_OTHER, UNFIT, PageRoute
from hub.ui.proof_page import proof_page
from hub.ui.rendering import page
from hub.ui.statements_page import unanswered
from hub.ui.timeline import timeline
from hub.ui.today_page import NEW, today_page
from hub.ui.updates_page import update_rows
from hub.ui.who_page import who_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/coordinator")
def read_today(
    request: Request,
    desk: TheDesk,
    session: ACoordinator,
    correlation_id: CorrelationId,
    after: UUID | None = None,
) -> Response:
    """Show what the coordinator's families ask for today, and the form that finds a plan."""
    caller = session.caller
    found, then = show_today(
        caller.reader, desk.store, desk.ahead, after, actor=caller.client, correlation_id=correlation_id
    )
    language = caller.reader.language
    today = today_page(found, then, desk.travel, language)
    asked = show_requests_of(
        [one.shown.view.plan for one in found], caller.reader, desk.store, now() - NEW, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    names = {one.shown.view.plan: one.shown.person.name for one in found}
    rows = asked_today(asked, names, language)
    return page(request, "find", session=session, fault="", today=today, asked=rows)


@router.post("/coordinator")
def find(
    request: Request, desk: TheDesk, session: ACoordinator, form: ASessionsForm, correlation_id: CorrelationId
) -> Response:
    """Go to a person's plan; the number is posted, for an address is written down in many places."""
    caller = session.caller
    try:
        number = cpr_identifier(form.get("cpr", ""), caller.reader.organisation)
        most = desk.settings.lookups_at_most(caller.client)
        plan = show.find_plan(
            [number], caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id, most=most
        )
    except NotAnIdentifier:
        return page(request, "find", UNFIT, session=session, fault="find.not_a_number", today=None, asked=())
    except NotFound:
        return page(request, "find", MISSING, session=session, fault="find.none", today=None, asked=())
    return RedirectResponse(f"/coordinator/plans/{plan}", SEE_OTHER)


@router.get("/coordinator/plans/{plan}")
def read_plan(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show a plan as far as the coordinator may see it."""
    caller = session.caller
    found = show_coordinated(
        plan, caller.reader, desk.store, desk.settings, actor=caller.client, correlation_id=correlation_id
    )
    accepted, language = accepted_in([plan], desk.store), caller.reader.language
    cards = Cards(found.shown.view, found.shown.at, language)
    return page(
        request,
        "plan",
        session=session,
        plan=plan_page(found.shown, desk.travel, language, accepted),
        live=banners_of(plan, found.troubles, language),
        updates=update_rows(found.updates, cards, language),
        unanswered=unanswered(found.unanswered, found.shown, language),
        timeline=timeline(found.shown, language),
        asked=[asked_in_words(one, language) for one in _asked(plan, desk, session, correlation_id)],
    )


@router.get("/coordinator/plans/{plan}/who-can-see")
def read_who_can_see(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show who knows what of a plan, and why."""
    caller = session.caller
    found = show_who_can_see(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    offers = show_offers(
        plan, caller.reader, desk.store, desk.authorities, desk.settings.coordinator, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    askable = frozenset((one.recipient, category) for one in offers.recipients for category in one.categories)
    return page(request, "who", session=session, who=who_page(found, caller.reader.language, askable), home="")


@router.get("/coordinator/families/{plan}")
def read_family(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show the plans of a household side by side, each under its own person's consents."""
    caller = session.caller
    shown = show_family(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)
    accepted = accepted_in([one.view.plan for one in shown], desk.store)
    family = family_page(shown, desk.travel, caller.reader.language, accepted)
    return page(request, "family", session=session, family=family)


@router.get("/coordinator/consents/{consent}/proof")
def read_proof(
    consent: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> Response:
    """Show what became of a revocation, to print for the citizen."""
    shown, document = _proof(consent, desk, session, correlation_id)
    proof = proof_page(shown, document, session.caller.reader.language)
    return page(request, "proof", session=session, proof=proof, file=f"/coordinator/consents/{consent}/proof-file")


@router.get("/coordinator/consents/{consent}/proof-file")
def get_proof(consent: UUID, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId) -> Response:
    """Give the signed document, for the citizen to keep."""
    _, document = _proof(consent, desk, session, correlation_id)
    headers = {"Content-Disposition": f'attachment; filename="{consent}.json"', "Cache-Control": "no-store"}
    return Response(document, headers=headers, media_type="application/json")


def _asked(plan: UUID, desk: Desk, session: Session, correlation_id: str) -> Sequence[ConsentRequest]:
    caller = session.caller
    return show_requests(plan, caller.reader, desk.store, actor=caller.client, correlation_id=correlation_id)


def _proof(consent: UUID, desk: Desk, session: Session, correlation_id: str) -> tuple[ShownRevocation, bytes]:
    caller = session.caller
    return prove_revocation(
        consent, caller.reader, desk.store, desk.deadline, actor=caller.client, correlation_id=correlation_id
    )
