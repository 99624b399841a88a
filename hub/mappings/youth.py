"""The youth services' words (contract youth/v1): a course of a young person, and a plan update to their system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hub.authority import DeliveryKey, Document, LedgerEntry, PlanUpdate
from hub.errors import ContractViolation
from hub.mappings._youth_items import broken_rules, drafts_of, others_of, young_person
from hub.mappings._youth_ledger import LEDGER
from hub.mappings._youth_update import content_of
from hub.plan.contribution import Contribution, Coverage
from hub.plan.element import OrderKey

AUTHORITY, CONTRACT = "youth", "youth/v1"
SOURCE_SYSTEM = "youth"
COURSE, UPDATE = "UngeForloeb", "PlanOpdatering"


class YouthMapping:
    """Translate between youth/v1 and the plan. Pure."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a course: a snapshot of one case of one person.

        :raises ContractViolation: a rule of the contract that its JSON Schema cannot state (README.md of the contract).
        """
        course: dict[str, Any] = document.content
        if faults := broken_rules(course):
            raise ContractViolation(f"The document breaks a rule of the contract {CONTRACT}.", faults=faults)
        changed_at = datetime.fromisoformat(course["Aendret"]).astimezone(UTC)
        is_deleted = course.get("Slettet", False)
        return [
            Contribution(
                authority=AUTHORITY,
                source_system=SOURCE_SYSTEM,
                contract=CONTRACT,
                case=course["ForloebId"],
                message_id=document.message_id,
                order=OrderKey(int(course["Version"]), changed_at, document.message_id),
                coverage=Coverage.SNAPSHOT,
                person=young_person(course),
                drafts=drafts_of(course),
                others=() if is_deleted else others_of(course),
            )
        ]

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update into a PlanOpdatering, valid whatever its elements hold."""
        key = DeliveryKey(update.recipient, update.plan, update.sequence)
        return Document(AUTHORITY, CONTRACT, UPDATE, str(key), content_of(update))

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf of a ``UngeForloeb``. :raises LookupError: another contract."""
        return {CONTRACT: LEDGER}[contract]
