"""A dead letter that consent or policy has overtaken: its recipient may not see any more what it was to bring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from hub.authority import Disclosed
from hub.flow.settle import ACTOR
from hub.store.dead_letters import CONSENT_CHANGED
from hub.store.holdings import Held
from hub.store.lease import Basis, Lease
from hub.store.transaction import Unit

_BRINGS_NOTHING = "What it was to bring may not be seen by its recipient any more."


def see_if_overtaken(
    unit: Unit, lease: Lease, shown: Mapping[UUID, Disclosed], held: Held, basis: Basis, at: datetime
) -> None:
    """Write down that a dead letter has nothing to bring any more, if that is so since consent or policy changed."""
    if not lease.is_dead or not all(held.is_surely(element, item.digest) for element, item in shown.items()):
        return
    if unit.dead_letters.brings_nothing(lease, _BRINGS_NOTHING, basis, at):
        told = {"recipient": lease.recipient, "delivery": lease.id, "cause": CONSENT_CHANGED}
        unit.audit.record("dead-letter", ACTOR, at, lease.correlation_id, lease.plan, **told)
