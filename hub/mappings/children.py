"""Children and family services: their words and ours, both ways.

In: ``SagOpdatering`` (:mod:`hub.mappings._sag`), L201 and L231 deliveries (:mod:`hub.mappings._l201`, ``_l231``).
Out: ``PlanOpdatering`` (:mod:`hub.mappings._plan_opdatering`).
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.authority import DeliveryKey, Document, LedgerEntry, PlanUpdate
from hub.errors import ContractViolation
from hub.mappings import _children_ledger, _l201, _l231, _sag
from hub.mappings._plan_opdatering import plan_opdatering
from hub.plan.contribution import Contribution


class ChildrenMapping:
    """Knows the words of children and family services."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a case (one contribution) or a delivery to the statistics (one for each measure).

        :raises ContractViolation: naming the field, never a value.
        """
        if document.contract == _l201.CONTRACT:
            return tuple(_l201.contributions_of(document.content, document.message_id))
        if document.contract == _l231.CONTRACT:
            return tuple(_l231.contributions_of(document.content, document.message_id))
        if document.contract == _sag.CONTRACT and document.kind == "SagOpdatering":
            return (_sag.contribution_of(document.content),)
        raise ContractViolation("This document is not one that comes in.", "Send a SagOpdatering or a delivery.")

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update into a PlanOpdatering, valid whatever its elements hold."""
        key = DeliveryKey(update.recipient, update.plan, update.sequence)
        return Document(_sag.AUTHORITY, _sag.CONTRACT, "PlanOpdatering", str(key), plan_opdatering(update))

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf of ``children/v1`` (SagOpdatering), ``children/l201-v1`` or ``l231-v1``.

        :raises LookupError: another contract.
        """
        return _children_ledger.LEDGERS[contract]
