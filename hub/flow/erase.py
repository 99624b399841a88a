"""Erase a plan for good: asked for, approved by a second person, taken back from everybody, and then destroyed.

From the approval on nobody belongs to the plan, so every recipient is told to delete what it holds. Once all have
answered, the plan's key and all rows that point to the plan are deleted, and with the person's last plan the person
(docs/adr/0042). A legal hold stops it until the last step. A signed certificate stays, for the citizen. No step needs
that the plan opens, so one that is damaged can be erased too: by people, for it is the evidence of its damage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import eq
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import Conflict, NotAllowed, NotFound
from hub.flow.belonging import NO_PLAN, Same, may_choose
from hub.flow.erasure_told import citizens_copy
from hub.flow.hold import works_with
from hub.flow.passing_over import passed_over
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.flow.shred import ShownErasure, begin, destroy, is_ready, shown_of, told_to
from hub.plan.person import Role
from hub.store.erasures import REQUEST, RETENTION, Erasure, new_erasure
from hub.store.retention import Step
from hub.store.transaction import Store, Unit

ACTOR = "housekeeping"
_NONE = "There is no erasure of a plan with this id that you may see."


def ask(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> ShownErasure:
    """Ask that a plan is erased; nothing is done yet, and the answer says who holds something of it.

    :raises NotFound: there is no plan for which the reader may ask it.
    :raises Conflict: it is asked for already.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        unit.plans.lock([plan])
        person, at = unit.plans.person_of(plan), now()
        if person is None or not may_choose(unit, plan, person, reader, at):
            raise NotFound(NO_PLAN)
        if unit.erasures.of_plan(plan) is not None:
            raise Conflict("It is asked already that this plan is erased.", "Ask a second person to approve it.")
        one = new_erasure(plan, person, REQUEST, coordinator_of(unit, plan, at), actor, at)
        unit.erasures.ask(one)
        unit.audit.record("erasure-asked", actor, at, correlation_id, plan, erasure=one.id, **asked_by(reader))
        return told_to(unit, shown_of(unit, one), reader)


def approve(
    plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str, own: Same = eq
) -> ShownErasure:
    """Approve an erasure that somebody else has asked for: every recipient is told to delete, from this commit on.

    :param own: tells whether two clients are one person's.
    :raises NotFound: there is none of a plan that the reader works with.
    :raises NotAllowed: it is the reader's own.
    :raises Conflict: it is approved already, or a legal hold stands in the way.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        unit.plans.lock([plan])
        one, at = unit.erasures.of_plan(plan), now()
        if one is None or not works_with(unit, plan, one.person, reader, at):
            raise NotFound(_NONE)
        if own(one.asked_by, actor):
            raise NotAllowed("An erasure needs two people.", "Ask somebody else who works with the plan to approve it.")
        return begin(unit, one, actor, at, correlation_id, **asked_by(reader))


def show(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> ShownErasure:
    """Show an erasure to its citizen, and to coordinators of the organisation that asked. :raises NotFound: none."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        one = unit.erasures.of_plan(plan)
        if one is None or not _knows(one, reader):
            raise NotFound(_NONE)
        unit.audit.record("erasure-read", actor, now(), correlation_id, one.plan, erasure=one.id, **asked_by(reader))
        return told_to(unit, shown_of(unit, one), reader)


def finish(plan: UUID, store: Store, deadline: timedelta | None, *, actor: str, correlation_id: str) -> ShownErasure:
    """Destroy the plan, if every recipient has answered, or has had the time to.

    :param deadline: after which a recipient that has not answered is waited for no more; None: it is waited for.
    :raises NotFound: there is no such erasure.
    :raises Conflict: it is not approved, somebody has not answered, or a legal hold stands in the way.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        unit.plans.lock([plan])
        one = unit.erasures.of_plan(plan)
        if one is None:
            raise NotFound(_NONE)
        if one.approved_at is None or one.done_at is not None:
            raise Conflict("This erasure is not approved, or done already.", "List them: hub erasures")
        return destroy(unit, one, deadline, actor, correlation_id)


def certificates(store: Store) -> Sequence[bytes]:
    """Return the signed certificate of every erasure that is done, oldest first: what is to be kept outside."""
    with store.begin(read_only=True) as unit:
        return [one.certificate for one in unit.erasures.done() if one.certificate is not None]


def waiting(store: Store) -> Sequence[ShownErasure]:
    """Return every erasure that is not done, and what it waits for: ids and names of recipients."""
    with store.begin(read_only=True) as unit:
        return [shown_of(unit, one) for one in unit.erasures.waiting()]


def clear(unit: Unit, before: datetime, _position: str, most: int) -> Step:
    """Begin to erase a plan that ended before an instant, or finish one that nobody holds any more.

    One that does not open is left to people, who look at it first: it is refused here, and passed over.
    One in a transaction: whoever takes several plans takes them in one order, or two wait for each other.
    """
    for ended in unit.erasures.ended(before, most):
        with passed_over(), unit.connection.begin_nested():  # what is refused of one is let go of, its lock too
            _begin_if_ended(unit, ended, before)
            return Step(0, "")
    for one in unit.erasures.waiting():
        with passed_over(), unit.connection.begin_nested():
            if _may_be_destroyed(unit, one):
                return Step(int(_destroy_if_ready(unit, one.plan)), "")
    return Step(0, None)


def certificate(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> bytes:
    """Give the signed certificate of an erasure. :raises NotFound: there is none yet that the reader may see."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        one = unit.erasures.of_plan(plan)
        if one is None or one.certificate is None or not _knows(one, reader):
            raise NotFound(_NONE)
        unit.audit.record("proof-given", actor, now(), correlation_id, one.plan, erasure=one.id, **asked_by(reader))
        return citizens_copy(unit, one.certificate) if reader.role is Role.CITIZEN else one.certificate


def _begin_if_ended(unit: Unit, plan: UUID, before: datetime) -> None:
    """Begin to erase a plan, unless it lives again, its erasure is asked for, or a law keeps it, by now.

    :raises Tampered: it does not open.
    """
    unit.plans.lock([plan])
    stored, at = unit.plans.get(plan), now()
    if stored is not None and unit.erasures.has_ended(plan, before):
        one = new_erasure(plan, stored.plan.person, RETENTION, coordinator_of(unit, plan, at), ACTOR, at)
        unit.erasures.ask(one)
        begin(unit, one, ACTOR, at, str(new_id()))


def _destroy_if_ready(unit: Unit, plan: UUID) -> bool:
    """Destroy a plan, unless an operator has by now, or a law keeps it; tell whether it was.

    :raises Tampered: it does not open.
    """
    unit.plans.lock([plan])
    one = unit.erasures.of_plan(plan)
    if one is None or not _may_be_destroyed(unit, one):
        return False
    unit.plans.get(plan)
    destroy(unit, one, None, ACTOR, str(new_id()))
    return True


def _may_be_destroyed(unit: Unit, one: Erasure) -> bool:
    return one.approved_at is not None and one.done_at is None and is_ready(unit, one, None)


def _knows(one: Erasure, reader: Reader) -> bool:
    """Tell whether a reader may know of an erasure, whose plan may be gone: its citizen, and who asked for it."""
    if reader.role is Role.CITIZEN:
        return reader.person == one.person
    return reader.role is Role.COORDINATOR and reader.organisation == one.organisation


def coordinator_of(unit: Unit, plan: UUID, at: datetime) -> str:
    """Return who coordinates a plan: once nobody belongs to it any more, they may ask how its erasure stands."""
    members = unit.memberships.of_plan(plan, at)
    return next((one.member for one in members if one.role is Role.COORDINATOR), "")
