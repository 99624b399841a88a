"""What the person register has told of that wants a person: told to the plan's coordinator, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import NotAllowed, NotFound
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.register_tasks import Task
from hub.store.transaction import Store

_AT_ONCE = 200


def show_tasks(reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[Task]:
    """Name what is to be done in the plans that the reader coordinates, the oldest first; 200 at once.

    :raises NotAllowed: the reader coordinates nothing.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        if reader.role is not Role.COORDINATOR:
            raise NotAllowed("Only a coordinator has this list.")
        at = now()
        found = unit.register.tasks.open_of(reader.organisation, at, _AT_ONCE)
        unit.audit.record("register-tasks-read", actor, at, correlation_id, tasks=len(found))
        return found


def finish_task(wanted: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Task:
    """Remember that a coordinator has done what was to be done; done twice it is done once.

    :raises NotFound: there is no such task in a plan that the reader coordinates.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        at = now()
        is_coordinator = reader.role is Role.COORDINATOR
        found = unit.register.tasks.get(wanted, reader.organisation, at) if is_coordinator else None
        if found is None:
            raise NotFound("There is no task with this id that you may see.")
        if found.done_at is None:
            unit.register.tasks.done(wanted, actor, at)
            unit.audit.record("register-task-done", actor, at, correlation_id, found.plan, task=wanted, kind=found.kind)
        return found
