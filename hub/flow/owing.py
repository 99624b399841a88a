"""What recipients must give up because a consent has changed: decided in the transaction of the change itself.

So it is known the moment a revocation commits, however long a recipient's system is away. Policies, expiry and deleted
elements come to light when the next delivery is decided (``deliver``), or a dead letter is discarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from hub.consent.policy import Policy
from hub.consent.view import View
from hub.crypto.envelope import UNOPENED
from hub.flow.circumstances import consents_of
from hub.flow.deliver import reader_of, view_of
from hub.store.transaction import Unit


def decide_anew(unit: Unit, plans: Sequence[UUID], at: datetime, correlation_id: str) -> None:
    """Have every recipient's view of the plans decided anew, urgently; remember at once what each must give up.

    :param plans: taken for writing.
    """
    unit.outbox.mark_due(plans, at, correlation_id, urgent=True)
    write_down_what_is_owed(unit, plans, at)


def write_down_what_is_owed(unit: Unit, plans: Iterable[UUID], at: datetime) -> None:
    """Remember, for every recipient that holds or may hold something of the plans, what it may see no longer.

    :param plans: taken for writing; their recipients are marked due already.
    """
    policy = unit.policies.in_force()
    for plan in plans:
        with suppress(*UNOPENED):  # what does not open holds up no revocation; the delivery finds it too, and says so
            _of_plan(unit, plan, policy, at)


def owed_by(unit: Unit, row: UUID, view: View, at: datetime) -> frozenset[UUID]:
    """Remember what a recipient holds, or may hold, and may see no longer; return it.

    :param row: taken for writing, or its plan is.
    :param view: what the recipient may see now.
    """
    shown = {seen.element.id for seen in view.seen if seen.element.authority != view.reader.organisation}
    held = unit.holdings.of(row)
    unlawful = held.maybe_anything_of() - shown
    unit.withdrawals.owe(row, held, unlawful, shown, at)
    return unlawful


def _of_plan(unit: Unit, plan: UUID, policy: Policy, at: datetime) -> None:
    holders = unit.holdings.holders(plan)
    stored = unit.plans.get(plan) if holders else None
    if stored is None:
        return
    consents = consents_of(unit, stored.plan, policy, at)
    for row, recipient in holders:
        owed_by(unit, row, view_of(unit, stored, reader_of(recipient, {}), policy, consents, at), at)
