"""Somebody at the pages of consents: what these pages ask the flows for, each in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from hub.flow.ask_consent import show_requests
from hub.flow.choices import Choice, show_choices, show_own_words
from hub.flow.offers import Offers, SpokenFor, show_offers
from hub.flow.show import Shown, show_plan
from hub.flow.stopped import StoppedDelivery, show_stopped
from hub.flow.who_can_see import WhoCanSee, show_who_can_see
from hub.identity.sessions import Session
from hub.store.consent_requests import ConsentRequest
from hub.ui.consent_cards import consents_page
from hub.ui.desk import ACitizen, CorrelationId, Desk, TheDesk
from hub.ui.problems import SEE_OTHER
from hub.ui.rendering import page
from hub.ui.spoken import spoken


@dataclass(frozen=True, slots=True)
class Visit:
    """A citizen, and what they ask for."""

    request: Request
    desk: Desk
    session: Session
    correlation_id: str

    @property
    def language(self) -> str:
        """Return ``da`` or ``en``."""
        return self.session.caller.reader.language

    @property
    def months(self) -> int:
        """Return for how many months a yes may hold."""
        return self.desk.settings.consent_months

    def offers(self, plan: UUID) -> Offers:
        """Return what may be chosen. :raises NotFound: nothing, by this citizen."""
        caller, desk = self.session.caller, self.desk
        return show_offers(
            plan, caller.reader, desk.store, desk.authorities, desk.settings.coordinator, actor=caller.client,
            correlation_id=self.correlation_id,
        )  # fmt: skip

    def who_can_see(self, plan: UUID) -> WhoCanSee:
        """Return who sees what as it is."""
        caller = self.session.caller
        return show_who_can_see(
            plan, caller.reader, self.desk.store, actor=caller.client, correlation_id=self.correlation_id
        )

    def shown(self, plan: UUID) -> Shown:
        """Return the plan as the citizen sees it."""
        caller = self.session.caller
        return show_plan(plan, caller.reader, self.desk.store, actor=caller.client, correlation_id=self.correlation_id)

    def choices(self, offers: Offers) -> Sequence[Choice]:
        """Return what was said: of the own plan everything, for a child the own words."""
        caller, store, told = self.session.caller, self.desk.store, self.correlation_id
        if offers.is_parent:
            return show_own_words(offers.plan, caller.reader, store, actor=caller.client, correlation_id=told)
        return show_choices(
            offers.plan, caller.reader, store, self.desk.settings, actor=caller.client, correlation_id=told
        )

    def any_choice(self, offers: Offers, consent: UUID) -> Choice | None:
        """Return one consent of a plan, whether it stands or not."""
        return next((one for one in self.choices(offers) if one.consent.id == consent), None)

    def standing(self, offers: Offers, consent: str) -> Choice | None:
        """Return one consent of a plan that stands; None where a form names none."""
        found = (one for one in self.choices(offers) if str(one.consent.id) == consent)
        return next((one for one in found if one.consent.is_in_force(offers.at)), None)

    def requests(self, offers: Offers) -> Sequence[ConsentRequest]:
        """Return what the citizen is asked; a parent is asked nothing here."""
        caller = self.session.caller
        if offers.is_parent:
            return ()
        return show_requests(
            offers.plan, caller.reader, self.desk.store, actor=caller.client, correlation_id=self.correlation_id
        )

    def stopped(self, consent: UUID) -> Sequence[StoppedDelivery]:
        """Return which deliveries a consent has stopped."""
        caller = self.session.caller
        return show_stopped(
            consent, caller.reader, self.desk.store, actor=caller.client, correlation_id=self.correlation_id
        )

    def cards(
        self, plan: UUID, status: int = 200, *, fault: str = "", note: str = "", children: Sequence[SpokenFor] = ()
    ) -> Response:
        """Answer with the cards as everything stands now.

        :param fault: key of a sentence on why an answer was not kept.
        :param note: key of a sentence on what has become of one.
        """
        offers = self.offers(plan)
        found = None if offers.is_parent else self.who_can_see(plan)
        consents = consents_page(offers, found, self.choices(offers), self.requests(offers), self.language)
        tell = spoken(self.language, is_young=offers.is_young)
        return self.page("consents", status, consents=consents, children=children, fault=fault, note=note, tell=tell)

    def page(self, template: str, status: int = 200, **facts: Any) -> Response:
        """Answer with a page."""
        return page(self.request, template, status, session=self.session, **{"fault": "", **facts})

    def to(self, plan: UUID, where: str) -> Response:
        """Send the browser on, so that going back or loading again sends no form twice."""
        return RedirectResponse(f"/citizen/consents/{plan}/{where}", SEE_OTHER)


def _visit(request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId) -> Visit:
    return Visit(request, desk, session, correlation_id)


AVisit = Annotated[Visit, Depends(_visit)]
