"""What of a message and of a decision is counted: by authority and by result, never by plan, person or content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.authority import Parcel
from hub.consent.view import View
from hub.errors import Refused, Unavailable
from hub.flow.refusal import refusals_written
from hub.flow.traced import acceptance
from hub.metrics.instruments import DECISIONS, RECEIVED
from hub.plan.plan import Plan
from hub.spans.span import Span
from hub.spans.works import ACCEPT, AUTHORITY
from hub.store.inbox import Receipt
from hub.store.transaction import Store, Unit


@contextmanager
def failures_told(store: Store, parcel: Parcel) -> Iterator[Span]:
    """Take in a message within the block; count and write down that it is not, and let its error go on."""
    authority = parcel.authority
    with store.spans.begun(ACCEPT) as span:
        span.say(AUTHORITY, authority)
        try:
            with refusals_written(store, authority, parcel.correlation_id):
                yield span
        except Refused:
            store.counts.add(RECEIVED, authority, "refused")
            raise
        except Unavailable:
            store.counts.add(RECEIVED, authority, "unavailable")
            raise
        except Exception:
            store.counts.add(RECEIVED, authority, "failed")
            raise


def accepted_noted(unit: Unit, span: Span, parcel: Parcel, receipt: Receipt) -> None:
    """Note that a message is taken in; counted when the transaction commits."""
    acceptance(span, parcel, receipt)
    unit.tally.add(RECEIVED, parcel.authority, "repeated" if receipt.is_repeat else "accepted")


def decisions_noted(unit: Unit, occasion: str, plan: Plan, view: View) -> None:
    """Note what was decided of a plan's elements for a reader; counted when the transaction commits.

    :param occasion: ``delivery`` or ``reading``.
    """
    partly = sum(bool(seen.decision.hidden) for seen in view.seen)
    results = {"permitted": len(view.seen) - partly, "partly": partly, "withheld": len(plan.elements) - len(view.seen)}
    for result, count in results.items():
        if count:
            unit.tally.add(DECISIONS, occasion, result, by=count)
