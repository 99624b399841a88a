"""What a choice comes to: whose plan it is about, who speaks, and which version of which consent would be taken down.

Trying out (``hub.flow.simulate``) and saying in earnest (``hub.flow.choose``) both stand on this, so what somebody was
shown is what then happens. The mark ties the one to the other: it is made of the choice and of all that the answer
rested on, under the plan's key, and where anything of it has changed it is another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.consent.consent import EVERY, Capacity, Consent, ConsentKind, ConsentStatus, Effect
from hub.consent.reader import Reader
from hub.consent.standing import as_it_stands
from hub.consent.told import as_counted_by, common, own_time
from hub.crypto.envelope import keyed_digest
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.belonging import custodian
from hub.flow.circle import members_told
from hub.flow.circumstances import circumstances_of
from hub.flow.hold import as_told
from hub.flow.simulated import Choice, ToGive, ToNarrow, ToWithdraw
from hub.flow.versions import givers_for, in_the_name_of, taken_back
from hub.plan.contribution import PersonFacts
from hub.plan.element import Period
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

_NO_CONSENT = "There is no consent with this id that you may see."


def plan_of(unit: Unit, wanted: Choice) -> StoredPlan | None:
    """Return the plan of the person whose consent it is."""
    if not isinstance(wanted, ToGive):
        consent = unit.consents.get(wanted.consent)
        plan = unit.plans.of_person(consent.person) if consent else None
    elif wanted.plan is not None:
        plan = wanted.plan
    else:
        person = unit.people.find(wanted.numbers)
        plan = unit.plans.of_person(person) if person else None
    return unit.plans.get(plan) if plan else None


def parent_for(unit: Unit, stored: StoredPlan, wanted: Choice, reader: Reader, at: datetime) -> UUID | None:
    """Return the reader who may say the same for a child (``hub.flow.revise``): not open a plan, nor touch what only
    somebody else has said.
    """
    parent = custodian(unit, stored.plan.id, stored.plan.person, reader, at)
    if isinstance(wanted, ToGive):
        return parent if wanted.circle is None else None
    consent = unit.consents.get(wanted.consent)
    return parent if consent and any(grant.by == parent for grant in consent.grants) else None


def next_version(
    unit: Unit,
    wanted: Choice,
    person: UUID,
    asker: Reader | None,
    parent: UUID | None,
    at: datetime,
    known_as: Callable[[PersonFacts], UUID] | None = None,
) -> Consent:
    """Return the consent as a choice would have it taken down.

    :param known_as: as of ``versions.in_the_name_of``.
    :raises NotFound: there is no consent to change.
    :raises Conflict: it cannot be changed so any more.
    """
    if isinstance(wanted, ToGive):
        givers = givers_for(asker, wanted.givers) if asker else wanted.givers
        return in_the_name_of(unit, person, wanted.consent, givers, parent, known_as=known_as)
    before = unit.consents.get(wanted.consent)
    if before is None:
        raise NotFound(_NO_CONSENT)
    if isinstance(wanted, ToNarrow):
        known, ages = circumstances_of(unit, person), unit.policies.in_force().ages
        if as_counted_by(parent, before, known, ages, at).is_over(at):
            raise Conflict("This consent is over, and nothing is shared by it any more.", "Say it again.")
        return narrowed(before, wanted, parent, at)
    return before if before.status is ConsentStatus.WITHDRAWN else taken_back(unit, before, asker, parent, at)


def narrowed(before: Consent, wanted: ToNarrow, parent: UUID | None, at: datetime) -> Consent:
    """Return the next version of a yes, cut to less. Whoever has said yes to more has said yes to that.

    :param parent: who says it, if not the person.
    :raises Conflict: it is none that can be cut, or it has another version by now.
    :raises InvalidRequest: it would not be less.
    """
    is_yes = before.kind is ConsentKind.SHARING and before.effect is Effect.PERMIT
    if not is_yes or before.status is not ConsentStatus.ACTIVE or before.version != wanted.version:
        raise Conflict("This consent has another version by now, or is none that can be cut to less.")
    said = own_time(parent, before) if parent else before.period  # a parent is told of the own time, and cuts that
    listed, ended = before.scope.categories, said.end
    within = wanted.categories <= listed or (EVERY in listed and EVERY not in wanted.categories)
    end = wanted.end or ended
    is_shorter = end is not None and end > at and (ended is None or end <= ended)
    is_less = wanted.categories != listed or end != ended
    if not (wanted.categories and within and is_less and (is_shorter or end == ended)):
        raise InvalidRequest("This would not be less than now.", "Keep fewer categories, or choose an earlier end.")
    by, capacity = (parent, Capacity.CUSTODY) if parent else (before.person, Capacity.SELF)
    own = replace(wanted.how, by=by, capacity=capacity, period=Period(said.start, end))
    others = tuple(one for one in before.grants if (one.by, one.capacity) != (by, capacity))
    scope = replace(before.scope, categories=wanted.categories)
    period = common((before.period, Period(None, end)))
    return replace(before, version=before.version + 1, scope=scope, period=period, grants=(*others, own))


def mark_of(unit: Unit, stored: StoredPlan, wanted: Choice, reader: Reader, parent: UUID | None, at: datetime) -> str:
    """Return the mark of a choice, and of what was said, who takes part and which rules there are; a parent's tells of
    no word but the parent's.

    :param at: when it was tried out.
    """
    policy, person = unit.policies.in_force(), stored.plan.person
    known = circumstances_of(unit, person, as_told(stored.plan, reader))
    standing = (as_it_stands(one, known, policy.ages, at) for one in unit.consents.of([person]))
    said = [
        (one.id, one.version, one.status, one.period.end)
        for one in standing
        if parent is None or any(grant.by == parent for grant in one.grants)
    ]
    members = [] if parent else sorted((one.member, one.role) for one in members_told(unit, stored, reader, at))
    facts = [at, reader.person, parent, _spelled(wanted), policy.version, sorted(said), members]
    return keyed_digest(stored.key, b"choice|" + orjson.dumps(facts, default=str)).hex()


def _spelled(wanted: Choice) -> Sequence[Any]:
    """Return a choice without the instant at which it is said."""
    if isinstance(wanted, ToWithdraw):
        return "withdraw", wanted.consent
    if isinstance(wanted, ToNarrow):
        return "narrow", wanted.consent, wanted.version, sorted(wanted.categories), wanted.end
    consent, scope = wanted.consent, wanted.consent.scope
    lists = (sorted(names) for names in (scope.sources, scope.recipients, scope.purposes, scope.categories))
    return "give", wanted.plan, consent.kind, consent.effect, *lists, scope.label.name, consent.period.end
