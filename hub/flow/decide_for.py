"""Answer a question about permissions: may this recipient see things of this kind, and why.

Whether there is anything of the kind in the plan does not show: only permissions decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.decide import decide
from hub.consent.decision import Decision
from hub.consent.explain_others import of_another
from hub.consent.reader import Exchange, Reader
from hub.consent.subject import Subject
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, as_one_of, may_choose, may_open
from hub.flow.circle import members_told
from hub.flow.circumstances import consents_of
from hub.flow.hold import as_told
from hub.flow.reading import as_reading
from hub.flow.refusal import refusals_written
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class Question:
    """May somebody see what an authority wrote, of a category and a label, about the plan's person alone?

    :ivar recipient: a member of the plan's circle; empty for whoever asks, as they are.
    """

    plan: UUID
    authority: str
    category: str
    label: Sensitivity
    recipient: str = ""
    role: Role = Role.AUTHORITY_SYSTEM
    purpose: str = "one-plan"
    exchange: Exchange = Exchange.DISCLOSE


def decide_for(question: Question, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Decision:
    """Decide a question of the citizen or the coordinator about a recipient, or of a reader about themself.

    :raises NotFound: there is no such plan, or no such member of it, that the reader may ask about.
    """
    with refusals_written(store, actor, correlation_id, asked=question.plan), store.begin() as unit:
        stored = unit.plans.get(question.plan, for_delivery=True)
        policy = unit.policies.in_force(for_delivery=True)
        if stored is None:
            raise NotFound(NO_PLAN)
        plan, at = stored.plan, now()
        asked = _asked(unit, stored, question, reader, actor, at)
        told = as_told(plan, reader if question.recipient else asked)
        subject = Subject(
            plan.id,
            plan.person,
            question.authority,
            question.category,
            question.label,
            frozenset({plan.person}),
            is_held=told.is_held,
            is_restricted=told.is_restricted,
        )
        unit.audit.record(
            "decided", actor, at, correlation_id, plan.id, recipient=asked.organisation, category=question.category
        )
        consents = consents_of(unit, told, policy, at)
        decision = decide(subject, asked, policy, consents, at)
        if not question.recipient:
            return decision
        own, to_citizen = consents.get(plan.person, ()), reader.role is Role.CITIZEN
        return replace(decision, sentence=of_another(decision, policy, own, to_citizen=to_citizen))


def _asked(unit: Unit, stored: StoredPlan, question: Question, reader: Reader, client: str, at: datetime) -> Reader:
    """Return whom the question is about. :raises NotFound: nobody the reader may ask about."""
    plan = stored.plan
    if not question.recipient:
        if not may_open(unit, plan.id, plan.person, reader, at):
            raise NotFound(NO_PLAN)
        return as_reading(unit, plan.id, reader, client, at)
    members = members_told(unit, stored, reader, at)
    if not may_choose(unit, plan.id, plan.person, reader, at) or question.recipient not in {m.member for m in members}:
        raise NotFound("There is no plan with this id, and no such member of one, that you may ask about.")
    about = Reader(question.recipient, question.role, question.purpose, exchange=question.exchange)
    return as_one_of(plan.id, members, about)
