"""Send what is about to leave: no transaction is open, for a network may hang."""

from __future__ import annotations

from hub.authority import Authorities, DeliveryKey, Receipt
from hub.clock import monotonic
from hub.errors import HubError, RecipientDenied, Refused, Unavailable
from hub.flow.settle import Attempt, NotSent
from hub.flow.traced import called
from hub.metrics.instruments import DELIVERY_SECONDS
from hub.spans import works as of
from hub.store.transaction import Store


def send(attempt: Attempt, authorities: Authorities, store: Store) -> Receipt | HubError | NotSent:
    """Put an update into its recipient's words and send it; return what came of it.

    :param store: nothing is remembered; it is told how long the recipient's system took.
    :raises Exception: a bug of an adapter or a mapping.
    """
    update = attempt.update
    try:
        authority = authorities.get(update.recipient)
        if authority is None or not authority.adapter.delivers:
            raise RecipientDenied("No way to this recipient is configured.", "Set its url, then replay the delivery.")
        document = authority.mapping.from_plan(update)
    except (Refused, Unavailable) as error:
        return NotSent(error)
    began = monotonic()
    with store.spans.begun(of.CALL) as span:
        called(span, attempt)
        try:
            key = DeliveryKey(update.recipient, update.plan, update.sequence, attempt.trace)
            return authority.adapter.send(document, key)
        except (Refused, Unavailable) as error:
            span.failed(error)
            return error
        finally:
            store.counts.observe(DELIVERY_SECONDS, monotonic() - began, update.recipient)
