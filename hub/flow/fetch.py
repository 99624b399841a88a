"""A recipient fetches what is due to it, and says what became of that.

Fetching is the start of a delivery as much as sending is: one transaction decides by the policy and the consents in
force now, and writes down what is about to leave. Then there is no call to wait for. What left counts as possibly held
until its receipt comes, be it minutes later; a revocation meanwhile takes it back, and the recipient is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import Authorities, DeliveryKey, PlanUpdate, Receipt, ReceiptStatus
from hub.authority.feeding import Fed, Written
from hub.clock import new_id, now
from hub.errors import Conflict, HubError, NotFound, RecipientRefused, Refused, Unavailable
from hub.flow.deliver import decide, start
from hub.flow.difference import Decided
from hub.flow.feed import Fetcher, is_held
from hub.flow.refusal import refusals_written
from hub.flow.settle import ACTOR, Outgoing, Settled, audit, count_failure, disclosure_of, fail
from hub.flow.withdrawn import said_of
from hub.metrics.instruments import DELIVERIES
from hub.settings import Settings
from hub.store.fetches import Fetch
from hub.store.lease import Lease
from hub.store.transaction import Store, Unit

REFUSED = "refused"
_SECONDS = 5.0  # a worker has the row just now


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document that its recipient has fetched.

    :ivar attempt: names the fetch; the receipt is given by it.
    :ivar traced: the header that tells of the trace.
    """

    attempt: UUID
    sequence: int
    written: Written
    traced: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a recipient says of a document it has fetched.

    :ivar status: a word of :class:`ReceiptStatus`, or ``refused``.
    :ivar reason: its own words: why it refuses, or by what law it keeps what was withdrawn.
    """

    status: str
    reference: str = ""
    reason: str = ""


def fetch(
    delivery: UUID, fetcher: Fetcher, store: Store, authorities: Authorities, settings: Settings
) -> Fetched | None:
    """Give a recipient what is due to it now; None when there is nothing to say to it any more.

    :raises NotFound: there is no such delivery, or it is another's.
    :raises Unavailable: it is held, waits after a failure, or cannot be written in their words now.
    """
    try:
        with refusals_written(store, fetcher.client, fetcher.correlation_id, asked=delivery), store.begin() as unit:
            fetched = _fetch(unit, delivery, fetcher, authorities, settings)
    except HubError:
        raise
    except Exception as error:  # a bug, or tampered data: counted as the worker's deliveries are
        fail(store, delivery, error, settings)
        raise
    if isinstance(fetched, HubError):
        raise Unavailable("What is due cannot be written just now.", "An operator can see why: GET /ops/dead-letters.")
    return fetched


def _fetch(
    unit: Unit, delivery: UUID, fetcher: Fetcher, authorities: Authorities, settings: Settings
) -> Fetched | HubError | None:
    row = unit.feeds.row(delivery)
    if row is None or row.recipient != fetcher.recipient:
        raise NotFound("There is no delivery with this id for you.")
    if is_held(unit, fetcher.recipient):
        raise Unavailable("An operator keeps back what is due to you.", "Ask the hub's operator; nothing is lost.")
    begun: Outgoing | Settled = Settled.UP_TO_DATE
    if row.is_due:
        decided = decide(unit, delivery, row.plan, new_id(), authorities, settings)
        begun = start(unit, decided) if isinstance(decided, Decided) else decided
    if begun is Settled.NOT_DUE:
        raise Unavailable("The delivery waits, or is under way.", "Ask again a little later.", retry_after=_SECONDS)
    at = now()
    unit.feeds.was_fetched(delivery, at)
    fetched = _written(unit, begun, authorities, settings) if isinstance(begun, Outgoing) else None
    is_there = isinstance(fetched, Fetched)
    unit.audit.record(
        "feed-fetched", fetcher.client, at, fetcher.correlation_id, row.plan,
        recipient=row.recipient, delivery=delivery, found=is_there,
    )  # fmt: skip
    return fetched


def _written(unit: Unit, outgoing: Outgoing, authorities: Authorities, settings: Settings) -> Fetched | HubError:
    """Write the document, and remember what it leaves to be settled."""
    update, lease, at = outgoing.update, outgoing.lease, outgoing.update.made_at
    key = DeliveryKey(update.recipient, update.plan, update.sequence, outgoing.trace)
    try:
        written = _in_their_words(update, key, authorities)
    except (Refused, Unavailable) as error:
        unit.attempts.finish(outgoing.id, error.code, at, note=error.sentence)
        audit(unit, "not-delivered", outgoing, at, code=error.code)
        unit.withdrawals.not_left(lease.id, outgoing.id, at)
        count_failure(unit, lease, lease.attempts + 1, error, settings)
        return error
    unit.feeds.fetches.record(
        Fetch(
            outgoing.id, lease.recipient, lease.id, lease.plan, update.sequence, lease.mark, outgoing.basis,
            outgoing.change.holds_then, disclosure_of(outgoing), lease.correlation_id, at,
        )
    )  # fmt: skip
    unit.outbox.await_fetch(lease, at, at + timedelta(seconds=settings.feed_again_seconds))
    return Fetched(outgoing.id, update.sequence, written, key.traced)


def _in_their_words(update: PlanUpdate, key: DeliveryKey, authorities: Authorities) -> Written:
    authority = authorities[update.recipient]
    if not isinstance(authority.adapter, Fed):
        raise RecipientRefused("Nothing can be fetched by this recipient.")
    return authority.adapter.written(authority.mapping.from_plan(update), key)


def take_receipt(attempt: UUID, said: Said, fetcher: Fetcher, store: Store, settings: Settings) -> Settled:
    """Take down what a recipient says of what it has fetched; the same said again changes nothing.

    A receipt settles a delivery when nothing has left of it since; else what left last awaits its own receipt.

    :raises NotFound: the recipient has fetched nothing of this name.
    :raises Conflict: it has said something else before.
    """
    with refusals_written(store, fetcher.client, fetcher.correlation_id, asked=attempt), store.begin() as unit:
        fetched = unit.feeds.fetches.of(attempt, fetcher.recipient)
        if fetched is None:
            raise NotFound("You have fetched nothing that has this receipt id.")
        unit.feeds.row(fetched.row, lock=True)
        fetched = unit.feeds.fetches.of(attempt, fetcher.recipient) or fetched  # what was said while we waited
        if fetched.said:
            if fetched.said != said.status:
                raise Conflict("A receipt with another word was given before.", "It stands. Fetch the delivery anew.")
            return Settled.DELIVERED if said.status != REFUSED else Settled.DEAD
        at = now()
        unit.feeds.fetches.answered(fetched, said.status, at)
        take = _refused if said.status == REFUSED else _taken_in
        settled = take(unit, fetched, said, fetcher, at, settings)
        unit.tally.add(DELIVERIES, fetched.recipient, settled)
        return settled


def _taken_in(unit: Unit, fetched: Fetch, said: Said, fetcher: Fetcher, at: datetime, settings: Settings) -> Settled:
    receipt = Receipt(ReceiptStatus(said.status), said.reference, said.reason)
    unit.attempts.finish(fetched.attempt, receipt.status, at, said=receipt.reason)
    _write_down(unit, "delivered", fetched, fetcher, at, receipt=receipt.status)
    if "proposals" in fetched.disclosure:
        brought = [UUID(one) for one in fetched.disclosure["proposals"]]
        unit.proposals.arrived(fetched.plan, fetched.recipient, brought, fetched.fetched_at, at)
    lease = _its_row(unit, fetched, at, settings)
    if lease is not None:
        unit.outbox.settle(replace(lease, mark=fetched.mark), fetched.basis, at)
        unit.attempts.close_all(lease.id)
        unit.holdings.replace(lease.id, fetched.holds_then, at)
    if fetched.withdrawn:
        unit.withdrawals.answered(fetched.row, fetched.attempt, said_of(unit, receipt, fetched, at), at)
    return Settled.DELIVERED if lease is not None else Settled.LOST_LEASE


def _refused(unit: Unit, fetched: Fetch, said: Said, fetcher: Fetcher, at: datetime, settings: Settings) -> Settled:
    error = RecipientRefused("The recipient refuses what it has fetched; its reason stands in its own log.")
    unit.attempts.finish(fetched.attempt, error.code, at, note=error.sentence, said=said.reason)
    _write_down(unit, "not-delivered", fetched, fetcher, at, code=error.code)
    lease = _its_row(unit, fetched, at, settings)
    if lease is None:
        return Settled.LOST_LEASE
    return count_failure(unit, replace(lease, mark=fetched.mark), lease.attempts + 1, error, settings)


def _its_row(unit: Unit, fetched: Fetch, at: datetime, settings: Settings) -> Lease | None:
    """Take the row that a receipt settles; None when something has left of it since."""
    if not unit.feeds.fetches.is_last(fetched):
        return None
    return unit.outbox.retake(fetched.row, at, settings.lease_seconds)


def _write_down(unit: Unit, action: str, fetched: Fetch, fetcher: Fetcher, at: datetime, **details: str) -> None:
    said_by = {"client": fetcher.client, **details}
    unit.audit.record(action, ACTOR, at, fetched.correlation_id, fetched.plan, **fetched.disclosure, **said_by)
