"""An update of a plan as a PlanOpdatering: valid against the contract whatever other authorities have written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import cast

from lxml import etree

from hub.authority import DeliveryKey, Disclosed, PlanUpdate
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
# Everything that XML 1.0 cannot carry, lone surrogates included.
_UNCARRIABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plan_opdatering(update: PlanUpdate) -> etree._Element:
    """Write an update. A character that XML cannot carry becomes U+FFFD; nothing is cut."""
    namespaces: dict[str | None, str] = {None: NAMESPACE}
    root = etree.Element(f"{{{NAMESPACE}}}PlanOpdatering", nsmap=cast("dict[str, str]", namespaces))
    _add(root, "PlanId", str(update.plan))
    _add(root, "Sekvens", str(update.sequence))
    _add(root, "Noegle", str(DeliveryKey(update.recipient, update.plan, update.sequence)))
    _add(root, "CPR", update.person.value)
    _add_filled(root, "KorrelationId", update.correlation_id)
    _add(root, "Dannelsestidspunkt", _instant(update.made_at))
    for disclosed in update.disclosed:
        _add_disclosed(root, disclosed)
    for withdrawn in update.withdrawn:
        _add(_add(root, "Tilbagekaldt"), "ElementId", str(withdrawn))
    return root


def _add_disclosed(root: etree._Element, disclosed: Disclosed) -> None:
    element, part = disclosed.element, _add(root, "Delt")
    _add(part, "ElementId", str(element.id))
    _add(part, "Version", disclosed.digest)
    _add(part, "Myndighed", element.authority)
    _add(part, "Art", KIND[element.kind])
    _add_filled(part, "Kategori", element.category)
    _add_filled(part, "Foelsomhed", Sensitivity(element.label).name if element.label else None)
    _add(part, "Status", STATUS[element.status])
    _add(part, "Titel", element.title)
    _add_filled(part, "Tekst", element.text)
    _add_filled(part, "GyldigFra", _edge(element.valid.start))
    _add_filled(part, "GyldigTil", _edge(element.valid.end))
    _add_filled(part, "DelAf", str(element.part_of or ""))
    _add_codes_and_details(part, element)
    _add(part, "Begrundelse", disclosed.why)


def _add_codes_and_details(part: etree._Element, element: Element) -> None:
    for code in element.codes:
        coded = _add(part, "Kode")
        _add(coded, "System", code.system)
        _add(coded, "Kode", code.code)
        _add_filled(coded, "Tekst", code.text)
    for name, value in sorted(element.details.items()):
        detail = _add(part, "Detalje")
        _add(detail, "Navn", name)
        _add(detail, "Vaerdi", value)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = None if text is None else _UNCARRIABLE.sub("\ufffd", text)
    return child


def _add_filled(parent: etree._Element, name: str, text: str | None) -> None:
    if text:
        _add(parent, name, text)


def _edge(at: datetime | None) -> str | None:
    return _instant(at) if at else None


def _instant(at: datetime) -> str:
    """Write an instant with an offset of whole minutes, as xs:dateTime wants it."""
    try:
        return at.astimezone(UTC).isoformat()
    except OverflowError:  # within a day of the years 1 or 9999: nobody means the offset
        return at.replace(tzinfo=UTC).isoformat()
