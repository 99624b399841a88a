"""A coordinator asks a citizen for a consent: one recipient, one category, and why, in the coordinator's own words.

The citizen answers yes, no or not now; a yes is given like any other consent, and answers the question in the same
transaction (``hub.flow.choose``). A question shares nothing and a no takes nothing away. Of a plan that is held back
from the family nothing is asked until the hold is lifted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import Conflict, NotFound
from hub.flow.belonging import NO_PLAN, may_choose
from hub.flow.hold import tells_nobody
from hub.flow.offers import offer_to
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.consent_requests import Answer, ConsentRequest
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_LETTERS = 10
_NONE = "There is no question with this id that you may answer."
_LOOK = "Look at the plan's questions."


def ask(
    plan: UUID, recipient: str, category: str, purpose: str, reader: Reader, store: Store, *, actor: str,
    correlation_id: str,
) -> ConsentRequest:  # fmt: skip
    """Ask the plan's person whether a recipient may see a category.

    :param purpose: why; the citizen reads it.
    :raises NotFound: there is no plan that the reader coordinates, or no such recipient in it.
    :raises Conflict: a yes would open nothing, or it is asked already.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = unit.plans.take(plan), now()
        if stored is None or reader.role is not Role.COORDINATOR or not _may(unit, stored, reader, at):
            raise NotFound(NO_PLAN)
        said = stated(purpose, _LETTERS)
        offer = offer_to(unit, stored, recipient, reader, at)
        if offer is None:
            raise NotFound("There is no recipient of this name in the plan.", "Look at who takes part.")
        if category not in offer.categories:
            raise Conflict("By the municipality's rules a yes would not open this.", "Ask for something else.")
        asked = unit.consent_requests.of_plan(plan, stored.key)
        if any(one.is_open and (one.recipient, one.category) == (recipient, category) for one in asked):
            raise Conflict("The citizen is asked this already.", _LOOK)
        one = ConsentRequest(new_id(), plan, recipient, category, reader.organisation, actor, at, said)
        unit.consent_requests.add(one, stored.key)
        about = {"request": one.id, "recipient": recipient, "category": category, **asked_by(reader)}
        unit.audit.record("consent-asked", actor, at, correlation_id, plan, **about)
        return one


def show_requests(
    plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[ConsentRequest]:
    """Show the plan's person and its coordinator what was asked and answered, oldest first.

    :raises NotFound: there is no plan of which the reader may see that.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = unit.plans.get(plan, for_delivery=True), now()
        if stored is None or not _may(unit, stored, reader, at):
            raise NotFound(NO_PLAN)
        unit.audit.record("consent-requests-read", actor, at, correlation_id, plan, **asked_by(reader))
        return requests_of(unit, stored, reader)


def show_requests_of(
    plans: Collection[UUID], reader: Reader, store: Store, since: datetime, *, actor: str, correlation_id: str
) -> Mapping[UUID, Sequence[ConsentRequest]]:
    """Show a coordinator what waits for an answer in these plans, and what was answered lately; of others nothing.

    :param since: what was answered before is no news.
    """
    with store.begin() as unit:
        at, found = now(), {}
        for plan in unit.consent_requests.plans_asked(plans):
            stored = unit.plans.get(plan)
            if stored is None or reader.role is not Role.COORDINATOR or not _may(unit, stored, reader, at):
                continue
            asked = [
                one
                for one in requests_of(unit, stored, reader)
                if one.answer is not Answer.TAKEN_BACK and (one.is_open or (one.answered_at or at) >= since)
            ]
            if asked:
                unit.audit.record("consent-requests-read", actor, at, correlation_id, plan, **asked_by(reader))
                found[plan] = asked
        return found


def requests_of(unit: Unit, stored: StoredPlan, reader: Reader) -> Sequence[ConsentRequest]:
    """Return the questions that a reader may know of; whoever asks has looked whether they may at all."""
    return () if tells_nobody(stored.plan, reader) else unit.consent_requests.of_plan(stored.plan.id, stored.key)


def say(
    wanted: UUID, answer: Answer, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ConsentRequest:
    """Answer no or not now, as the person who is asked; or take a question back, as the coordinator.

    :raises NotFound: there is no question that the reader may answer so.
    :raises Conflict: it is answered already; a yes is given as a consent.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        plan = unit.consent_requests.plan_of(wanted)
        stored, at = unit.plans.take(plan), now()
        if stored is None or not _may(unit, stored, reader, at):
            raise NotFound(_NONE)
        found = next((one for one in requests_of(unit, stored, reader) if one.id == wanted), None)
        says = Role.COORDINATOR if answer is Answer.TAKEN_BACK else Role.CITIZEN
        if found is None or reader.role is not says:
            raise NotFound(_NONE)
        if answer is Answer.YES or not found.is_open:
            raise Conflict("This is answered already, or yes is to be given as a consent.", _LOOK)
        unit.consent_requests.answer(wanted, answer, at)
        about = {"request": wanted, "answer": answer, **asked_by(reader)}
        unit.audit.record("consent-request-answered", actor, at, correlation_id, stored.plan.id, **about)
        return next(one for one in unit.consent_requests.of_plan(stored.plan.id, stored.key) if one.id == wanted)


def _may(unit: Unit, stored: StoredPlan, reader: Reader, at: datetime) -> bool:
    return may_choose(unit, stored.plan.id, stored.plan.person, reader, at)
