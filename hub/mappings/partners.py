"""A partner's words (contract partners/v1): what happens when, and whom to call. Partners send no cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hub.authority import DeliveryKey, Document, LedgerEntry, PlanUpdate
from hub.errors import ContractViolation
from hub.mappings._json_words import instant_text
from hub.plan.contribution import Contribution
from hub.plan.element import Detail, Element, Kind, Status

CONTRACT = "partners/v1"
UPDATE = "Opdatering"

WORD_OF_STATUS = {
    Status.PROPOSED: "planlagt",
    Status.PLANNED: "planlagt",
    Status.UNKNOWN: "planlagt",
    Status.ACTIVE: "i gang",
    Status.ON_HOLD: "i gang",
    Status.COMPLETED: "slut",
    Status.CANCELLED: "aflyst",
    Status.ENTERED_IN_ERROR: "aflyst",
}
_CONTACT = {"Rolle": Detail.ROLE, "Telefon": Detail.PHONE, "Email": Detail.EMAIL}


class PartnersMapping:
    """Translate to partners/v1. Pure; the same for every partner."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Refuse: a partner sends no cases. :raises ContractViolation: always."""
        raise ContractViolation("A partner sends no cases.", "Talk to the plan's coordinator.")

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update into what the contract can carry; an element of any other kind is left out."""
        key = DeliveryKey(update.recipient, update.plan, update.sequence)
        elements = [disclosed.element for disclosed in update.disclosed]
        content = {
            "Plan": str(update.plan),
            "Sekvens": update.sequence,
            "Dannet": instant_text(update.made_at),
            "Aftaler": [dict(_event(element)) for element in elements if element.kind is Kind.APPOINTMENT],
            "Aktiviteter": [dict(_event(element)) for element in elements if element.kind is Kind.ACTIVITY],
            "Kontakter": [dict(_contact(element)) for element in elements if element.kind is Kind.CONTACT_PERSON],
            "Slettes": [str(element) for element in update.withdrawn],
        }
        return Document(update.recipient, CONTRACT, UPDATE, str(key), content)

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return nothing: nothing comes in. :raises LookupError: another contract."""
        nothing: Sequence[LedgerEntry] = ()
        return {CONTRACT: nothing}[contract]


def _event(element: Element) -> Iterator[tuple[str, Any]]:
    yield "Id", str(element.id)
    yield "Titel", element.title
    yield "Status", WORD_OF_STATUS[element.status]
    for name, at in (("Fra", element.valid.start), ("Til", element.valid.end)):
        if at is not None:
            yield name, instant_text(at)


def _contact(element: Element) -> Iterator[tuple[str, Any]]:
    yield "Id", str(element.id)
    yield "Navn", element.details.get(Detail.NAME, element.title)
    for name, detail in _CONTACT.items():
        if element.details.get(detail):
            yield name, element.details[detail]
