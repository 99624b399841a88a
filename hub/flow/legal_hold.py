"""Legal holds: a law keeps a plan from being erased, by the word of whoever works with it.

The plan need not open for that: one that is damaged is kept, and let go of, as any other. Words that cannot be sealed,
or do not open, are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.authority.legal_holds import LegalHold
from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import NotAllowed, NotFound
from hub.flow.belonging import NO_PLAN
from hub.flow.hold import works_with
from hub.flow.passing_over import passed_over
from hub.flow.reading import asked_by
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.erasures import LegalHoldRow
from hub.store.transaction import Store, Unit

_LETTERS = 10


def hold(
    plan: UUID, code: LegalHold, reason: str, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> LegalHoldRow:
    """Say that a law keeps a plan from being erased. :raises NotFound: the reader works with no such plan."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        unit.plans.lock([plan])
        at = now()
        if not _is_of_staff(unit, plan, reader, at):
            raise NotFound(NO_PLAN)
        said, key = stated(reason, _LETTERS), _key_of(unit, plan)
        one = LegalHoldRow(new_id(), plan, code, reader.organisation, actor, at, said if key else "")
        unit.erasures.hold(one, key)
        unit.audit.record("legal-hold-set", actor, at, correlation_id, plan, hold=one.id, code=code)
        return one


def lift_hold(wanted: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> LegalHoldRow:
    """Say that it does so no more. :raises NotFound: there is none in force of a plan that the reader works with."""
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        plan, at = unit.erasures.plan_of_hold(wanted), now()
        if plan is None or not _is_of_staff(unit, plan, reader, at):
            raise NotFound("There is no legal hold with this id that you may lift.")
        one = next(one for one in _holds_of(unit, plan) if one.id == wanted)
        if one.organisation != reader.organisation and reader.role is not Role.COORDINATOR:
            raise NotAllowed("Another organisation has set this legal hold.", "Ask it to lift it.")
        unit.erasures.lift(wanted, actor, at)
        unit.audit.record("legal-hold-lifted", actor, at, correlation_id, plan, hold=wanted)
        return replace(one, lifted_at=at)


def show_holds(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[LegalHoldRow]:
    """Show the legal holds of a plan to whoever works with it. :raises NotFound: the reader does not."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        at = now()
        if not _is_of_staff(unit, plan, reader, at):
            raise NotFound(NO_PLAN)
        unit.audit.record("legal-holds-read", actor, at, correlation_id, plan, **asked_by(reader))
        return _holds_of(unit, plan)


def _is_of_staff(unit: Unit, plan: UUID, reader: Reader, at: datetime) -> bool:
    person = unit.plans.person_of(plan)
    return person is not None and works_with(unit, plan, person, reader, at)


def _key_of(unit: Unit, plan: UUID) -> bytes | None:
    """Return a plan's key; None where it does not open."""
    key: bytes | None = None
    with passed_over():
        key = unit.plans.key_of(plan)
    return key


def _holds_of(unit: Unit, plan: UUID) -> Sequence[LegalHoldRow]:
    """Return a plan's legal holds, without words where these do not open."""
    holds = unit.erasures.holds_of(plan, None)
    with passed_over():
        holds = unit.erasures.holds_of(plan, unit.plans.key_of(plan))
    return holds
