"""Run the hub with one bug planted in it: ``python planting.py BUG serve``; the faults of a lab must find it.

The product has no word of this: each bug is wrapped around its own functions here, as a hurried change might have left
them. Some wait a little where the bug leaves a gap, so that a fault meets the gap in seconds instead of in months.

acknowledges-before-commit   a sender is answered while its message is still being taken in
forgets-duplicates           a message that came before is taken in once more
claims-before-it-takes-in    a message id is committed before what the message brings
caches-consents              what people have said is read once for each plan
forgets-possibly-held        what an unsettled attempt sent counts for nothing
forgets-attempts             nothing is written down before a send
never-answers-rings          a ring goes back to its queue when its delivery is settled
audits-afterwards            an audit row is written after the deed's commit
rings-once                   a row that was rung for is never rung for again
sends-behind-its-own-back    a delivery is settled first, and sent a moment later
takes-any-answer             a recipient that says no, or nothing, counts as one that took it in
logs-what-came               a message's body stands in the log, in a field that it lets through
counts-outages               a recipient that is away counts as a failure of the message
withdraws-without-telling    a consent is withdrawn, and nobody becomes due
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

import hub.api.inbound
import hub.flow.deliver
import hub.flow.sending
import hub.flow.settle
from hub.authority import Receipt, ReceiptStatus
from hub.cli import main
from hub.clock import new_id, now
from hub.errors import HubError
from hub.flow.accept import accept
from hub.flow.circumstances import consents_of
from hub.queue.listener import Listener
from hub.store import inbox as inboxes
from hub.store.audit_rows import AuditRows
from hub.store.holdings import Attempts, Held, Holdings
from hub.store.inbox import Inbox
from hub.store.outbox import Outbox
from hub.store.transaction import Store

_GAP_SECONDS = 0.3


def _soon(deed: Callable[[], object], seconds: float = _GAP_SECONDS) -> None:
    later = threading.Timer(seconds, deed)
    later.daemon = True
    later.start()


def acknowledges_before_commit() -> None:
    """A sender is answered while its message is still being taken in."""

    def answers(parcel: Any, *rest: Any) -> inboxes.Receipt:
        _soon(lambda: accept(parcel, *rest))
        return inboxes.Receipt(new_id(), now(), parcel.correlation_id, {"taken_in": 1, "skipped": []})

    _plant(hub.api.inbound, "accept", answers)


def forgets_duplicates() -> None:
    """A message that came before is taken in once more."""
    take = Inbox.take

    def takes(self: Inbox, authority: str, _message_id: str, *rest: Any, **more: Any) -> Any:
        return take(self, authority, str(new_id()), *rest, **more)

    _plant(Inbox, "take", takes)


def claims_before_it_takes_in() -> None:
    """A message id is committed before what the message brings."""
    take = Inbox.take

    def takes(self: Inbox, *given: Any, **more: Any) -> Any:
        receipt, first_answer = take(self, *given, **more)
        if first_answer is None:
            self.answer(receipt, {"taken_in": 1, "skipped": []})
            self._connection.connection.commit()
            time.sleep(3 * _GAP_SECONDS)
        return receipt, first_answer

    _plant(Inbox, "take", takes)


def caches_consents() -> None:
    """What people have said is read once for each plan."""
    known: dict[UUID, Any] = {}

    def cached(unit: Any, plan: Any, *rest: Any) -> Any:
        return known.setdefault(plan.id, consents_of(unit, plan, *rest))

    _plant(hub.flow.deliver, "consents_of", cached)


def forgets_possibly_held() -> None:
    """What an unsettled attempt sent counts for nothing."""
    of = Holdings.of

    def certain(self: Holdings, outbox_id: UUID) -> Held:
        return replace(of(self, outbox_id), possible={}, owed=frozenset())

    _plant(Holdings, "of", certain)


def forgets_attempts() -> None:
    """Nothing is written down before a send."""
    record = Attempts.record

    def empty(self: Attempts, outbox_id: UUID, sequence: int, _leaving: Any, *rest: Any) -> UUID:
        return record(self, outbox_id, sequence, {}, *rest)

    _plant(Attempts, "record", empty)


def never_answers_rings() -> None:
    """A ring goes back to its queue when its delivery is settled."""

    def requeues(self: Listener, heard: Any) -> None:
        if heard in self._unanswered:
            with self.talking():
                self._unanswered.remove(heard)
                heard.message.requeue()

    _plant(Listener, "answer", requeues)


def audits_afterwards() -> None:
    """An audit row is written after the deed's commit."""
    record = AuditRows.record
    begin = Store.begin
    stores: list[Store] = []

    def later(_self: AuditRows, *given: Any, **more: Any) -> None:
        def writes() -> None:
            with stores[0].begin() as unit:
                record(unit.audit, *given, **more)

        _soon(writes)

    def known(self: Store, **more: Any) -> Any:
        stores[:] = [self]
        return begin(self, **more)

    _plant(AuditRows, "record", later)
    _plant(Store, "begin", known)


def rings_once() -> None:
    """A row that was rung for is never rung for again."""
    take_rings = Outbox.take_rings

    def takes(self: Outbox, limit: int, at: Any, _again: Any = None, *rest: Any, **more: Any) -> Any:
        return take_rings(self, limit, at, timedelta(days=1), *rest, **more)

    _plant(Outbox, "take_rings", takes)


def sends_behind_its_own_back() -> None:
    """A delivery is settled first, and sent a moment later."""
    send = hub.flow.sending.send

    def pretends(attempt: Any, *rest: Any) -> Receipt:
        _soon(lambda: send(attempt, *rest), random.uniform(0, 2 * _GAP_SECONDS))
        return Receipt(ReceiptStatus.TAKEN_IN)

    _plant(hub.flow.sending, "send", pretends)


def takes_any_answer() -> None:
    """A recipient that says no, or nothing, counts as one that took it in."""
    send = hub.flow.sending.send

    def hopes(attempt: Any, *rest: Any) -> Any:
        outcome = send(attempt, *rest)
        return Receipt(ReceiptStatus.TAKEN_IN) if isinstance(outcome, HubError) else outcome

    _plant(hub.flow.sending, "send", hopes)


def logs_what_came() -> None:
    """A message's body stands in the log, in a field that the log lets through."""

    def tells(parcel: Any, *rest: Any) -> Any:
        structlog.get_logger().info("came", sentence=parcel.body.decode(errors="replace"))
        return accept(parcel, *rest)

    _plant(hub.api.inbound, "accept", tells)


def counts_outages() -> None:
    """A recipient that is away counts as a failure of the message."""

    class NeverSaid(HubError):
        """Nothing is one."""

    _plant(hub.flow.settle, "RecipientDown", NeverSaid)


def withdraws_without_telling() -> None:
    """A consent is withdrawn, and nobody becomes due."""
    mark_due = Outbox.mark_due

    def marks(self: Outbox, *given: Any, urgent: bool = False, **more: Any) -> None:
        if not urgent:
            mark_due(self, *given, **more)

    def sweeps(*_given: Any) -> int:
        return 0

    _plant(Outbox, "mark_due", marks)
    _plant(Outbox, "sweep", sweeps)


def _plant(owner: Any, name: str, planted: Callable[..., Any]) -> None:
    setattr(owner, name, planted)


#: Name, as the command line has it → the bug.
BUGS: dict[str, Callable[[], None]] = {
    bug.__name__.replace("_", "-"): bug
    for bug in (
        acknowledges_before_commit, forgets_duplicates, claims_before_it_takes_in, caches_consents,
        forgets_possibly_held, forgets_attempts, never_answers_rings, audits_afterwards, rings_once,
        sends_behind_its_own_back, takes_any_answer, logs_what_came, counts_outages, withdraws_without_telling,
    )
}  # fmt: skip

if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    del sys.argv[1]
    main()
