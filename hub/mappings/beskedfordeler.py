"""A thin event that a plan has changed for a recipient: which plan, and which delivery; nothing of what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid5

from hub.authority import DeliveryKey, Document, LedgerEntry, PlanUpdate
from hub.errors import ContractViolation
from hub.mappings._json_words import instant_text
from hub.plan.contribution import Contribution

CONTRACT, EVENT = "beskedfordeler/v1", "Haendelsesbesked"


class BeskedfordelerMapping:
    """Translate to beskedfordeler/v1. Pure; the same for every recipient."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Refuse: an event is no case. :raises ContractViolation: always."""
        raise ContractViolation("An event of this kind brings no case.", "Send the case by its authority's contract.")

    def from_plan(self, update: PlanUpdate) -> Document:
        """Say that a plan has changed. The event's id is the delivery's: a repeat has the same."""
        key = DeliveryKey(update.recipient, update.plan, update.sequence)
        content = {
            "BeskedId": str(uuid5(update.plan, str(key))),
            "Plan": str(update.plan),
            "Dannelsestidspunkt": instant_text(update.made_at),
            "TransaktionsId": str(key),
        }
        return Document(update.recipient, CONTRACT, EVENT, str(key), content)

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return nothing: nothing comes in. :raises LookupError: another contract."""
        nothing: Sequence[LedgerEntry] = ()
        return {CONTRACT: nothing}[contract]
