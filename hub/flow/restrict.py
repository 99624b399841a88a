"""Restrict the processing of a plan, or of one element, and lift that again (GDPR arts 18 and 19).

While it is restricted it is kept and used for nothing but what a duty or an emergency demands (``hub.consent.decide``).
Whoever holds it gets a withdrawal at once, as by a revocation: the contracts have no other word for "do not use this".
The citizen is told before a restriction is lifted (art. 18 stk. 3), unless the citizen lifts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.view import view_for
from hub.errors import Conflict, NotAllowed, NotFound
from hub.flow.belonging import NO_PLAN, as_member, may_choose
from hub.flow.circumstances import consents_of
from hub.flow.hold import tells_nobody
from hub.flow.ledger import as_citizen
from hub.flow.owing import decide_anew
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.flow.remind import tell_before_it_is_lifted
from hub.flow.show import look
from hub.plan.person import Role
from hub.store.notices import NoticeKind, State
from hub.store.plans import StoredPlan
from hub.store.restrictions import Restriction, new_restriction
from hub.store.transaction import Store, Unit

_LETTERS = 10
_NONE = "There is no restriction with this id that you may see."
_NO_ELEMENT = "There is no element with this id that you may see."
#: A letter in one of these has told the citizen, as far as the hub can know.
_TOLD = (State.SENT, State.DELIVERED, State.TOLD)


def restrict(
    plan: UUID, element: UUID | None, reason: str, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Restriction:
    """Restrict a plan, or one element of it that the reader sees, from this commit on.

    :raises NotFound: there is no plan, or no element, for which the reader may do so.
    :raises Conflict: it is restricted already.
    """
    with refusals_written(store, actor, correlation_id, asked=element or plan), store.begin() as unit:
        stored, at = _taken(unit, plan, reader)
        if element is not None and look(unit, plan, reader, actor).view.element(element) is None:
            raise NotFound(_NO_ELEMENT)
        said = stated(reason, _LETTERS)
        if element in stored.plan.restricted:
            raise Conflict("This is restricted already.", "Look at the plan's restrictions: they say since when.")
        one = new_restriction(plan, element, (reader.organisation, reader.role, actor), said, at)
        unit.restrictions.add(one, stored.key)
        _weigh_anew(unit, plan, at, correlation_id)
        _audit(unit, "restricted", one, reader, actor, at, correlation_id)
        return one


def announce(wanted: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Restriction:
    """Have the citizen told that a restriction will be lifted; said twice is said once.

    :raises NotFound: there is none that the reader may lift.
    :raises Conflict: it is lifted already.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        stored, one, at = _found(unit, wanted, reader)
        if one.announced_at is None:
            unit.restrictions.announce(wanted, at)
            if _is_the_citizens_to_know(unit, stored, one):
                tell_before_it_is_lifted(unit, stored, wanted, at)
            _audit(unit, "restriction-announced", one, reader, actor, at, correlation_id)
        return replace(one, announced_at=one.announced_at or at)


def lift(wanted: UUID, reason: str, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Restriction:
    """Lift a restriction; recipients are brought up to date.

    :raises NotFound: there is none that the reader may lift.
    :raises NotAllowed: the citizen did not set it.
    :raises Conflict: it is lifted already, or the citizen has not been told yet that it will be.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        stored, one, at = _found(unit, wanted, reader)
        said = stated(reason, _LETTERS)
        if reader.role is Role.CITIZEN and one.role != Role.CITIZEN:
            raise NotAllowed("Somebody else has set this restriction.", "Ask the plan's coordinator to lift it.")
        must_be_told = reader.role is not Role.CITIZEN and _is_the_citizens_to_know(unit, stored, one)
        if must_be_told and not _was_told(unit, one):
            raise Conflict(
                "The citizen has not been told yet that this restriction will be lifted.",
                "Announce it (POST /restrictions/…/announce); lift it once the letter is sent, or you have told them.",
            )
        unit.restrictions.lift(one, actor, said, stored.key, at)
        _weigh_anew(unit, one.plan, at, correlation_id)
        _audit(unit, "restriction-lifted", one, reader, actor, at, correlation_id)
        return replace(one, lifted_by=actor, lifted_at=at, lift_reason=said)


def show_restrictions(
    plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[Restriction]:
    """Show what is and was restricted, when and why. :raises NotFound: no plan of which the reader may see it."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = unit.plans.get(plan, for_delivery=True), now()
        if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
            raise NotFound(NO_PLAN)
        unit.audit.record("restrictions-read", actor, at, correlation_id, plan, **asked_by(reader))
        return told_of(unit, stored, reader)


def told_of(unit: Unit, stored: StoredPlan, *readers: Reader) -> Sequence[Restriction]:
    """Return the restrictions that each of the readers may know of; of a held plan the citizen the citizen's own."""
    found = unit.restrictions.of_plan(stored.plan.id, stored.key)
    for reader in readers:
        seen = _in_sight(unit, stored, reader, found)
        found = [
            one
            for one in found
            if (one.role == reader.role or one.element is None or one.element in seen)
            and (one.role == Role.CITIZEN or not tells_nobody(stored.plan, reader))
        ]
    return found


def _in_sight(unit: Unit, stored: StoredPlan, reader: Reader, found: Sequence[Restriction]) -> frozenset[UUID]:
    """Return the elements of restrictions that a reader would see, were nothing restricted and the plan not held.

    What is gone from the plan counts as it read last.
    """
    asked = {one.element for one in found if one.element is not None}
    if not asked:
        return frozenset()
    plan = replace(unit.plans.with_gone(stored, asked), restricted=frozenset(), is_held=False)
    policy, at = unit.policies.in_force(), now()
    member = as_member(unit, plan.id, reader, at)
    view = view_for(plan, member, policy, consents_of(unit, plan, policy, at), at)
    return frozenset(one.element.id for one in view.seen) & asked


def _is_the_citizens_to_know(unit: Unit, stored: StoredPlan, one: Restriction) -> bool:
    """Tell whether the citizen is told that it will be lifted; a letter about what they do not see would tell of it."""
    is_theirs = one.element is None or one.role == Role.CITIZEN
    return is_theirs or one.element in _in_sight(unit, stored, as_citizen(stored), [one])


def _taken(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, datetime]:
    """Take a plan for writing, so that no read or delivery is decided on the old state after this has committed."""
    stored, at = unit.plans.take(plan), now()
    if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
        raise NotFound(NO_PLAN)
    return stored, at


def _found(unit: Unit, wanted: UUID, reader: Reader) -> tuple[StoredPlan, Restriction, datetime]:
    plan = unit.restrictions.plan_of(wanted)
    stored, at = unit.plans.take(plan), now()
    if stored is None or not may_choose(unit, stored.plan.id, stored.plan.person, reader, at):
        raise NotFound(_NONE)
    one = next((one for one in told_of(unit, stored, reader) if one.id == wanted), None)
    if one is None:
        raise NotFound(_NONE)
    if one.lifted_at is not None:
        raise Conflict("This restriction is lifted already.", "Look at the plan's restrictions: they say when.")
    return stored, one, at


def _was_told(unit: Unit, one: Restriction) -> bool:
    """Tell whether the citizen knows that it will be lifted: every letter about it is sent, or was told by hand."""
    letters = [
        notice
        for notice in unit.notices.of_plan(one.plan)
        if notice.kind is NoticeKind.RESTRICTION_ENDS and notice.about == one.id
    ]
    return bool(letters) and all(notice.state in _TOLD for notice in letters)


def _weigh_anew(unit: Unit, plan: UUID, at: datetime, correlation_id: str) -> None:
    """Have every recipient's view decided anew, urgently, and write down now what each of them must give up."""
    unit.plans.consents_changed([plan])
    decide_anew(unit, [plan], at, correlation_id)


def _audit(
    unit: Unit, action: str, one: Restriction, reader: Reader, actor: str, at: datetime, correlation_id: str
) -> None:
    about = {"restriction": one.id, **({"element": one.element} if one.element else {})}
    unit.audit.record(action, actor, at, correlation_id, one.plan, **about, **asked_by(reader))
