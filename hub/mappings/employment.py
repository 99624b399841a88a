"""The employment authority: its words and ours, both ways.

In: a PersonCase, pushed or fetched; its items become drafts in :mod:`hub.mappings._employment_items`.
Out: ``UpdatePlanRequest`` (:mod:`hub.mappings._employment_update`).
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.authority import DeliveryKey, Document, LedgerEntry, PlanUpdate
from hub.errors import ContractViolation
from hub.mappings._employment_items import drafts_of
from hub.mappings._employment_ledger import FETCHED, LEDGER, PUSHED
from hub.mappings._employment_update import update_plan_request
from hub.mappings._xml_words import Branch
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import OrderKey

AUTHORITY, CONTRACT = "employment", "employment/v1"


class EmploymentMapping:
    """Knows the words of the employment authority."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a case, pushed or fetched: a snapshot of one case of one person.

        :raises ContractViolation: a number that names nobody, or an end before its start; naming the field, never a
            value.
        """
        if document.kind not in (PUSHED, FETCHED):
            raise ContractViolation("This document is not one that comes in.", f"Send a {PUSHED}.")
        message = Branch.root(document.content)
        case = message.at("PersonCase")
        version, changed_at = int(case.word("CaseVersionIdentifier")), case.moment("ChangedDateTime")
        contribution = Contribution(
            authority=AUTHORITY,
            source_system=message.word("SourceSystemName"),
            contract=CONTRACT,
            case=case.word("CaseIdentifier").lower(),
            message_id=document.message_id,
            order=OrderKey(version, changed_at, document.message_id),
            coverage=Coverage.SNAPSHOT,
            person=_facts(case.at("Person")),
            drafts=() if case.says("CaseDeletedIndicator") else drafts_of(case),
        )
        return (contribution,)

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update into an UpdatePlanRequest, valid whatever its elements hold."""
        key = DeliveryKey(update.recipient, update.plan, update.sequence)
        return Document(AUTHORITY, CONTRACT, "UpdatePlanRequest", str(key), update_plan_request(update))

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf of a SubmitPersonCaseRequest and of a GetPersonCaseResponse.

        :raises LookupError: another contract.
        """
        return {CONTRACT: LEDGER}[contract]


def _facts(person: Branch) -> PersonFacts:
    now = person.person("PersonCivilRegistrationIdentifier", AUTHORITY)
    before = (each.identifier(AUTHORITY) for each in person.all("PreviousPersonCivilRegistrationIdentifier"))
    return PersonFacts(
        tuple(dict.fromkeys((now, *before))),
        person.word("PersonFullName"),
        person.says("PersonAddressProtectionIndicator"),
    )
