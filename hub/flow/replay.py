"""Bring a dead letter back, after its cause is gone: what leaves is decided anew, so only what is lawful today does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.errors import NotFound
from hub.flow.refusal import refusals_written
from hub.store.transaction import Store, Unit


def replay(outbox_id: UUID, store: Store, *, actor: str, correlation_id: str) -> None:
    """Make a dead letter due again. Its content is not read.

    :raises NotFound: there is no dead letter of this id.
    """
    with refusals_written(store, actor, correlation_id, delivery=outbox_id), store.begin() as unit:
        if not bring_back(unit, outbox_id, actor, correlation_id, now()):
            raise NotFound("There is no dead letter of this id.", "It may be replayed already: look at the list again.")


def bring_back(unit: Unit, outbox_id: UUID, actor: str, correlation_id: str, at: datetime, **details: UUID) -> bool:
    """Make a dead letter due again, and write that down; tell whether it was one.

    :param details: for the audit.
    """
    if not unit.outbox.replay(outbox_id, at):
        return False
    unit.traces.caused_one(outbox_id, correlation_id, at)
    plan = unit.outbox.plan_of(outbox_id)
    unit.audit.record("replayed", actor, at, correlation_id, plan, delivery=outbox_id, **details)
    return True
