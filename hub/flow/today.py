"""What a coordinator's families ask for today: each plan as its coordinator may see it, and whom to ask anew.

Every plan that is looked at is written down as read, with the elements that the reader saw of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.standing import Renewal
from hub.errors import NotFound
from hub.flow.belonging import coordinated_by
from hub.flow.choices import renewals_due
from hub.flow.reading import write_down
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.flow.statements import waiting_in
from hub.store.register_tasks import Task
from hub.store.statements import Waiting
from hub.store.transaction import Store

#: Plans on one page; a page that looked at every family would be slow, and nobody reads it.
PLANS_AT_ONCE = 20
_TASKS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class PlanToday:
    """One plan.

    :ivar renewals: consents about which the citizen must be asked anew soon.
    :ivar tasks: what the person register has told of that wants a coordinator.
    :ivar unanswered: what the citizen waits for an answer to, by when it is due.
    :ivar accepted: identities of the findings that a coordinator has accepted.
    """

    shown: Shown
    renewals: Sequence[Renewal]
    tasks: Sequence[Task]
    accepted: Collection[UUID] = ()
    unanswered: Sequence[Waiting] = ()


def show_today(
    reader: Reader, store: Store, ahead: timedelta, after: UUID | None, *, actor: str, correlation_id: str
) -> tuple[Sequence[PlanToday], UUID | None]:
    """Show the plans that the reader coordinates, and where to go on; None at the end.

    :param ahead: how long before a consent ends somebody is to ask anew.
    :param after: where an earlier answer has stopped.
    :raises NotAllowed: the reader coordinates nothing.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        plans, further = coordinated_by(reader, unit, after, PLANS_AT_ONCE, now())
        tasks = unit.register.tasks.open_of(reader.organisation, now(), _TASKS_AT_ONCE)
        accepted = unit.accepted_findings.standing(plans)
        found = []
        for plan in plans:
            try:
                shown = look(unit, plan, reader, actor)
            except NotFound:
                continue
            write_down(unit, "read", shown.view, shown.view.seen, shown.at, actor, correlation_id)
            own = [task for task in tasks if task.plan == plan]
            due = renewals_due(unit, plan, ahead, shown.at)
            found.append(PlanToday(shown, due, own, accepted, waiting_in(unit, shown.view)))
        return found, further
