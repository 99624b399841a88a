"""An update of a plan as a PlanOpdatering: valid against the contract whatever other authorities have written."""

from __future__ import annotations

from lxml import etree

from hub.authority import DeliveryKey, Disclosed, PlanUpdate, ProposedTime
from hub.mappings._xml_words import add, add_filled, edge_text, instant_text, new_root
from hub.plan.element import Element, Kind, Sensitivity, Status

NAMESPACE = "urn:one-plan-hub:children:1"

KIND = {
    Kind.CASE: "Sag",
    Kind.NEED: "Behov",
    Kind.GOAL: "Maal",
    Kind.SUB_GOAL: "Delmaal",
    Kind.ACTIVITY: "Indsats",
    Kind.APPOINTMENT: "Aftale",
    Kind.CONTACT_PERSON: "Kontaktperson",
    Kind.NOTE: "Notat",
    Kind.STATEMENT: "Borgerudsagn",
    Kind.HOUSEHOLD_MEMBER: "Husstandsmedlem",
}
STATUS = {
    Status.PROPOSED: "Foreslaaet",
    Status.PLANNED: "Planlagt",
    Status.ACTIVE: "Aktiv",
    Status.ON_HOLD: "PaaHold",
    Status.COMPLETED: "Afsluttet",
    Status.CANCELLED: "Annulleret",
    Status.ENTERED_IN_ERROR: "Fejloprettet",
    Status.UNKNOWN: "Ukendt",
}


def plan_opdatering(update: PlanUpdate) -> etree._Element:
    """Write an update. A character that XML cannot carry becomes U+FFFD; nothing is cut."""
    root = new_root(NAMESPACE, "PlanOpdatering")
    add(root, "PlanId", str(update.plan))
    add(root, "Sekvens", str(update.sequence))
    add(root, "Noegle", str(DeliveryKey(update.recipient, update.plan, update.sequence)))
    add(root, "CPR", update.person.value)
    add_filled(root, "AdresseBeskyttet", "true" if update.has_protected_address else None)
    add_filled(root, "KorrelationId", update.correlation_id)
    add(root, "Dannelsestidspunkt", instant_text(update.made_at))
    for disclosed in update.disclosed:
        _add_disclosed(root, disclosed)
    for withdrawn in update.withdrawn:
        add(add(root, "Tilbagekaldt"), "ElementId", str(withdrawn))
    for proposed in update.proposals:
        _add_proposed(add(root, "Forslag"), proposed)
    return root


def _add_proposed(part: etree._Element, proposed: ProposedTime) -> None:
    add(part, "ForslagId", str(proposed.id))
    add(part, "SagId", proposed.case)
    add(part, "ElementId", str(proposed.element))
    add(part, "StaarFra", edge_text(proposed.stands.start))
    add(part, "StaarTil", edge_text(proposed.stands.end))
    add(part, "ForeslaaetFra", edge_text(proposed.proposed.start))
    add(part, "ForeslaaetTil", edge_text(proposed.proposed.end))


def _add_disclosed(root: etree._Element, disclosed: Disclosed) -> None:
    element, part = disclosed.element, add(root, "Delt")
    add(part, "ElementId", str(element.id))
    add(part, "Version", disclosed.digest)
    add(part, "Myndighed", element.authority)
    add(part, "Art", KIND[element.kind])
    add_filled(part, "Kategori", element.category)
    add_filled(part, "Foelsomhed", Sensitivity(element.label).name if element.label else None)
    add(part, "Status", STATUS[element.status])
    add(part, "Titel", element.title)
    add_filled(part, "Tekst", element.text)
    add_filled(part, "GyldigFra", edge_text(element.valid.start))
    add_filled(part, "GyldigTil", edge_text(element.valid.end))
    add_filled(part, "DelAf", str(element.part_of or ""))
    _add_codes_and_details(part, element)
    add(part, "Begrundelse", disclosed.why)


def _add_codes_and_details(part: etree._Element, element: Element) -> None:
    for code in element.codes:
        coded = add(part, "Kode")
        add(coded, "System", code.system)
        add(coded, "Kode", code.code)
        add_filled(coded, "Tekst", code.text)
    for name, value in sorted(element.details.items()):
        detail = add(part, "Detalje")
        add(detail, "Navn", name)
        add(detail, "Vaerdi", value)
