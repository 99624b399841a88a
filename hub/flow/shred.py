"""The two steps of an erasure that change something: everybody is told to delete, and then the hub itself does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hub.clock import now
from hub.consent.reader import Reader
from hub.crypto.envelope import UNOPENED
from hub.errors import Conflict
from hub.flow.erasure_statement import statement_of
from hub.flow.erasure_told import recipients_told
from hub.flow.owing import decide_anew
from hub.plan.person import Role
from hub.store.erasures import Erasure, Recipient
from hub.store.restrictions import new_restriction
from hub.store.transaction import Unit

_HELD = "A legal hold stands in the way."
_LIFT = "Look at the plan's legal holds; lift them once the law lets you."


@dataclass(frozen=True, slots=True)
class ShownErasure:
    """An erasure, and what it waits for.

    :ivar recipients: who was told to delete, and whether they have answered; empty once it is done.
    """

    erasure: Erasure
    recipients: Sequence[Recipient] = ()
    is_held: bool = False

    @property
    def waits_for(self) -> Sequence[str]:
        """Return the recipients that hold something, or may."""
        return [one.name for one in self.recipients if one.holds]


def begin(unit: Unit, one: Erasure, actor: str, at: datetime, correlation_id: str, **asked: Any) -> ShownErasure:
    """End who belongs to the plan, and have everybody told to delete what they hold."""
    if unit.erasures.is_held(one.plan):
        raise Conflict(_HELD, _LIFT)
    unit.erasures.approve(one, actor, at)
    _restrict(unit, one, actor, at)
    unit.plans.consents_changed([one.plan])
    decide_anew(unit, [one.plan], at, correlation_id)
    unit.audit.record("erasure-approved", actor, at, correlation_id, one.plan, erasure=one.id, cause=one.cause, **asked)
    return shown_of(unit, replace(one, approved_by=actor, approved_at=at))


def _restrict(unit: Unit, one: Erasure, actor: str, at: datetime) -> None:
    """Restrict the plan until it is gone: who sends something meanwhile, and joins it by that, is shown nothing."""
    with suppress(*UNOPENED):  # what does not open is shown to nobody anyway
        key, who = unit.plans.key_of(one.plan), (one.organisation, Role.COORDINATOR, actor)
        unit.restrictions.add(new_restriction(one.plan, None, who, f"erasure {one.id}", at), key)


def destroy(unit: Unit, one: Erasure, deadline: timedelta | None, actor: str, correlation_id: str) -> ShownErasure:
    """Delete the plan's key and all that points to the plan. :raises Conflict: a legal hold, or somebody is awaited."""
    if unit.erasures.is_held(one.plan):
        raise Conflict(_HELD, _LIFT)
    shown = shown_of(unit, one)
    if not is_ready(unit, one, deadline):
        names = ", ".join(shown.waits_for)
        raise Conflict(f"Not everybody has said that it is deleted: {names}.", "Wait for them, or for the deadline.")
    told = recipients_told(unit, one, shown.recipients)
    at, version = now(), unit.erasures.key_version(one.plan)
    gone = unit.erasures.shred(one.plan, one.person)
    statement = statement_of(one, unit.municipality, shown.recipients, told, version, gone, at)
    certificate = unit.keyring.signing_key.sign(statement)
    unit.erasures.finish(one, certificate, at)
    about = {"erasure": one.id, "cause": one.cause, "rows": gone, "person": "people" in gone}
    unit.audit.record("erased", actor, at, correlation_id, one.plan, **about)
    return ShownErasure(replace(one, done_at=at, certificate=certificate))


def shown_of(unit: Unit, one: Erasure) -> ShownErasure:
    """Return an erasure, and what it waits for."""
    if one.done_at is not None:
        return ShownErasure(one)
    return ShownErasure(one, unit.erasures.recipients(one.plan), unit.erasures.is_held(one.plan))


def told_to(unit: Unit, shown: ShownErasure, reader: Reader) -> ShownErasure:
    """Return an erasure as a reader is told of it: the citizen by their own view, whoever works with the plan whole.

    While a plan does not open, its citizen is told of nobody.
    """
    if reader.role is not Role.CITIZEN:
        return shown
    return replace(shown, recipients=recipients_told(unit, shown.erasure, shown.recipients) or ())


def is_ready(unit: Unit, one: Erasure, deadline: timedelta | None) -> bool:
    """Tell whether nobody is waited for any more.

    :param deadline: since the approval; None: whoever holds something is waited for, however long it takes.
    """
    if unit.erasures.is_held(one.plan):
        return False
    if deadline is not None and one.approved_at is not None and now() >= one.approved_at + deadline:
        return True
    return not shown_of(unit, one).waits_for
