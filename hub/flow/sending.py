"""Send what is about to leave: no transaction is open, for a network may hang."""

from __future__ import annotations

from hub.authority import Authorities, DeliveryKey, Receipt
from hub.clock import monotonic
from hub.errors import HubError, RecipientDenied, Refused, Unavailable
from hub.flow.settle import Attempt, NotSent
from hub.metrics.counts import Counts
from hub.metrics.instruments import DELIVERY_SECONDS


def send(attempt: Attempt, authorities: Authorities, counts: Counts) -> Receipt | HubError | NotSent:
    """Put an update into its recipient's words and send it; return what came of it.

    :param counts: is told how long the recipient's system took.
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
    try:
        key = DeliveryKey(update.recipient, update.plan, update.sequence, attempt.trace)
        return authority.adapter.send(document, key)
    except (Refused, Unavailable) as error:
        return error
    finally:
        counts.observe(DELIVERY_SECONDS, monotonic() - began, update.recipient)
