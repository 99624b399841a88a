"""The citizen's pages of consents: who may see what, give, cut and take back, each through a page that checks.

Only an answer "yes" to what that page has shown writes anything down; whatever else comes, or does not come, leaves all
as it was. They work without scripts. A parent with custody has the same pages for a child, without what is in the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from hub.clock import now
from hub.consent.consent import ConsentKind
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow import ask_consent
from hub.flow.choose import confirm
from hub.flow.citizen import own_plan
from hub.flow.offers import spoken_for
from hub.flow.simulate import simulate_choice
from hub.store.consent_requests import Answer
from hub.ui.choice_form import GIVE, NARROW, REFUSE, WITHDRAW, Answered, read_answer, read_shown
from hub.ui.consent_check import check_page
from hub.ui.consent_receipt import receipt_page
from hub.ui.consent_select import select_less, select_more
from hub.ui.consent_visit import AVisit, Visit
from hub.ui.desk import ASessionsForm
from hub.ui.problems import SEE_OTHER, UNFIT, PageRoute

CONFLICT = 409
#: Where somebody is sent on to, and what they are told there.
_NOTES = {
    "unchanged": "consents.unchanged",
    "said-no": "consents.said_no",
    "put-off": "consents.put_off",
}
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/citizen/consents")
def read_own(visit: AVisit) -> Response:
    """Show the own consents, and which children somebody may choose for."""
    caller = visit.session.caller
    children = spoken_for(caller.reader, visit.desk.store, actor=caller.client, correlation_id=visit.correlation_id)
    return visit.cards(own_plan(caller.reader, visit.desk.store), children=children)


@router.get("/citizen/consents/{plan}")
def read_cards(plan: UUID, visit: AVisit) -> Response:
    """Show the consents of the own plan, or what a parent may say for a child."""
    return visit.cards(plan)


@router.post("/citizen/consents/{plan}/answer")
def answer(plan: UUID, visit: AVisit, form: ASessionsForm) -> Response:
    """Take yes or no on a card: a yes asks what to, a no is checked."""
    offers, said = visit.offers(plan), form.get("answer", "")
    recipient = form.get("recipient", "")
    if said == "no":
        return _check(visit, plan, {"kind": REFUSE, "recipient": recipient})
    offer = next((one for one in offers.recipients if one.recipient == recipient), None)
    if said != "yes" or offer is None:
        return visit.cards(plan, UNFIT, fault="consents.not_saved")
    return visit.page("consent_select", select=select_more(offers, offer, visit.months, visit.language))


@router.post("/citizen/consents/{plan}/change")
def change(plan: UUID, visit: AVisit, form: ASessionsForm) -> Response:
    """Take what is to become of a consent: cut it, which asks to what, or take it back, which is checked."""
    if form.get("answer") == WITHDRAW:
        return _check(visit, plan, {"kind": WITHDRAW, "consent": form.get("consent", "")})
    offers = visit.offers(plan)
    found = visit.standing(offers, form.get("consent", ""))
    if form.get("answer") != NARROW or found is None or found.consent.kind is not ConsentKind.SHARING:
        return visit.cards(plan, UNFIT, fault="consents.not_saved")
    return visit.page("consent_select", select=select_less(offers, found.consent, visit.language))


@router.post("/citizen/consents/{plan}/check")
def check(plan: UUID, visit: AVisit, form: ASessionsForm) -> Response:
    """Show what an answer would do; nothing is written but that it was asked."""
    return _check(visit, plan, form)


@router.post("/citizen/consents/{plan}/confirm")
def write_down(plan: UUID, visit: AVisit, form: ASessionsForm) -> Response:
    """Write an answer down, if it is yes to what was shown and all is as it was then."""
    if form.get("answer") != "yes":
        return visit.to(plan, "unchanged")
    offers, caller = visit.offers(plan), visit.session.caller
    try:
        answered, at = read_answer(form, offers, visit.months, now()), now()
        revised = confirm(
            answered.wanted(plan, at, visit.language), read_shown(form), caller.reader, visit.desk.store,
            actor=caller.client, correlation_id=visit.correlation_id, request=answered.request,
        )  # fmt: skip
    except (Conflict, InvalidRequest):
        return visit.cards(plan, CONFLICT, fault="consents.stale")
    return visit.to(plan, f"receipts/{revised.consent.id}")


@router.get("/citizen/consents/{plan}/receipts/{consent}")
def read_receipt(plan: UUID, consent: UUID, visit: AVisit) -> Response:
    """Show what was written down, and what became of what waited."""
    offers = visit.offers(plan)
    found = visit.any_choice(offers, consent)
    if found is None:
        raise NotFound("There is no consent with this id that you may see.")
    stopped = () if offers.is_parent else visit.stopped(consent)
    return visit.page("consent_receipt", receipt=receipt_page(offers, found, stopped, visit.language))


@router.post("/citizen/consents/{plan}/requests/{request}")
def answer_request(plan: UUID, request: UUID, visit: AVisit, form: ASessionsForm) -> Response:
    """Answer what the coordinator asks: a yes asks for how long, a no or not now is kept at once."""
    offers = visit.offers(plan)
    asked = next((one for one in visit.requests(offers) if one.id == request and one.is_open), None)
    said, caller = form.get("answer", ""), visit.session.caller
    if asked is None:
        return visit.cards(plan, CONFLICT, fault="consents.stale")
    if said == Answer.YES:
        offer = next((one for one in offers.recipients if one.recipient == asked.recipient), None)
        if offer is None or asked.category not in offer.categories:
            return visit.cards(plan, CONFLICT, fault="consents.stale")
        return visit.page("consent_select", select=select_more(offers, offer, visit.months, visit.language, asked))
    if said not in (Answer.NO, Answer.NOT_NOW):
        return visit.cards(plan, UNFIT, fault="consents.not_saved")
    try:
        ask_consent.say(
            request, Answer(said), caller.reader, visit.desk.store, actor=caller.client,
            correlation_id=visit.correlation_id,
        )  # fmt: skip
    except Conflict:
        return visit.cards(plan, CONFLICT, fault="consents.stale")
    return visit.to(plan, "said-no" if said == Answer.NO else "put-off")


@router.get("/citizen/consents/{plan}/{step}")
def read_step(plan: UUID, step: str, visit: AVisit) -> Response:
    """Show the cards, and what has become of an answer; a page that a form has brought is not there without it."""
    if step in _NOTES:
        return visit.cards(plan, note=_NOTES[step])
    chosen = visit.request.query_params.get("lang", "")
    wanted = f"?lang={chosen}" if chosen in ("da", "en") else ""
    return RedirectResponse(f"/citizen/consents/{plan}{wanted}", SEE_OTHER)


def _check(visit: Visit, plan: UUID, form: Mapping[str, str]) -> Response:
    offers, caller, at = visit.offers(plan), visit.session.caller, now()
    try:
        answered: Answered = read_answer(form, offers, visit.months, at)
        found = simulate_choice(
            answered.wanted(plan, at, visit.language), caller.reader, visit.desk.store, visit.desk.authorities,
            visit.desk.settings, actor=caller.client, correlation_id=visit.correlation_id,
        )  # fmt: skip
    except InvalidRequest:
        return _asked_again(visit, plan, form)
    except Conflict:
        return visit.cards(plan, CONFLICT, fault="consents.stale")
    if found.plan != plan:
        raise NotFound("There is no consent with this id that you may see.")
    who = None if offers.is_parent else visit.who_can_see(plan)
    shown = None if offers.is_parent else visit.shown(plan)
    return visit.page("consent_check", check=check_page(offers, answered, found, who, shown, visit.language))


def _asked_again(visit: Visit, plan: UUID, form: Mapping[str, str]) -> Response:
    """Ask again for what is missing, with nothing filled in; a form that is no form of ours leads to the cards."""
    offers, fault = visit.offers(plan), "consents.choose"
    offer = next((one for one in offers.recipients if one.recipient == form.get("recipient")), None)
    found = visit.standing(offers, form.get("consent", ""))
    if form.get("kind") == GIVE and offer is not None:
        asked = next((one for one in visit.requests(offers) if str(one.id) == form.get("request")), None)
        select = select_more(offers, offer, visit.months, visit.language, asked)
    elif form.get("kind") == NARROW and found is not None:
        select = select_less(offers, found.consent, visit.language)
    else:
        return visit.cards(plan, UNFIT, fault="consents.not_saved")
    return visit.page("consent_select", UNFIT, select=select, fault=fault)
