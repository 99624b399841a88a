"""Social services' words (contract social/v1): a case document in the style of SBSYS, and a plan update to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.authority import DeliveryKey, Document, LedgerEntry, PlanUpdate
from hub.errors import ContractViolation
from hub.mappings._social_items import drafts_of, others_of
from hub.mappings._social_ledger import LEDGER
from hub.mappings._social_rules import broken_rules, known_person
from hub.mappings._social_update import content_of
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import OrderKey

AUTHORITY, CONTRACT = "social", "social/v1"
SOURCE_SYSTEM = "SBSYS"
CASE, UPDATE = "Sag", "PlanOpdatering"


class SocialMapping:
    """Translate between social/v1 and the plan. Pure."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a case document: a snapshot of one case of one person.

        :raises ContractViolation: a rule of the contract that its JSON Schema cannot state (README.md of the contract).
        """
        if document.kind != CASE:
            raise ContractViolation("This document is not one that comes in.", "Send a Sag.")
        sag: dict[str, Any] = document.content
        if faults := broken_rules(sag):
            raise ContractViolation(f"The document breaks a rule of the contract {CONTRACT}.", faults=faults)
        party, is_deleted = sag["PrimaryPart"], sag.get("Slettet", False)
        return [
            Contribution(
                authority=AUTHORITY,
                source_system=SOURCE_SYSTEM,
                contract=CONTRACT,
                case=str(UUID(sag["SagIdentity"])),
                message_id=document.message_id,
                # A whole number in JSON may be written 5.0.
                order=OrderKey(
                    int(sag["SagVersion"]), datetime.fromisoformat(sag["Aendret"]).astimezone(UTC), document.message_id
                ),
                coverage=Coverage.SNAPSHOT,
                person=PersonFacts(
                    (known_person(party),), party["Navn"], party.get("Adresse", {}).get("ErBeskyttet", False)
                ),
                drafts=() if is_deleted else drafts_of(sag),
                others=() if is_deleted else others_of(sag),
            )
        ]

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update into a PlanOpdatering, valid whatever its elements hold."""
        key = DeliveryKey(update.recipient, update.plan, update.sequence)
        return Document(AUTHORITY, CONTRACT, UPDATE, str(key), content_of(update))

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf of a ``Sag``. :raises LookupError: another contract."""
        return {CONTRACT: LEDGER}[contract]
