"""An update of a plan as an UpdatePlanRequest: valid against the contract whatever other authorities have written.

Kinds and statuses travel in the hub's own words.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from hub.authority import DeliveryKey, Disclosed, PlanUpdate, ProposedTime
from hub.mappings._xml_words import add, add_filled, edge_text, instant_text, new_root
from hub.plan.element import Element, Sensitivity

NAMESPACE = "urn:one-plan-hub:employment:1"


def update_plan_request(update: PlanUpdate) -> etree._Element:
    """Write an update. A character that XML cannot carry becomes U+FFFD; nothing is cut."""
    root = new_root(NAMESPACE, "UpdatePlanRequest")
    add(root, "PlanIdentifier", str(update.plan))
    add(root, "SequenceIdentifier", str(update.sequence))
    add(root, "DeliveryIdentifier", str(DeliveryKey(update.recipient, update.plan, update.sequence)))
    add(root, "PersonCivilRegistrationIdentifier", update.person.value)
    add_filled(root, "PersonAddressProtectionIndicator", "true" if update.has_protected_address else None)
    add_filled(root, "CorrelationIdentifier", update.correlation_id)
    add(root, "CreatedDateTime", instant_text(update.made_at))
    for disclosed in update.disclosed:
        _add_element(add(root, "PlanElementItem"), disclosed)
    for withdrawn in update.withdrawn:
        add(add(root, "WithdrawnElementItem"), "ElementIdentifier", str(withdrawn))
    for proposed in update.proposals:
        _add_proposed(add(root, "ProposedTimeItem"), proposed)
    return root


def _add_proposed(item: etree._Element, proposed: ProposedTime) -> None:
    add(item, "ProposalIdentifier", str(proposed.id))
    add(item, "CaseIdentifier", proposed.case)
    add(item, "ElementIdentifier", str(proposed.element))
    add(item, "StandsFromDateTime", edge_text(proposed.stands.start))
    add(item, "StandsToDateTime", edge_text(proposed.stands.end))
    add(item, "ProposedFromDateTime", edge_text(proposed.proposed.start))
    add(item, "ProposedToDateTime", edge_text(proposed.proposed.end))


def _add_element(item: etree._Element, disclosed: Disclosed) -> None:
    for name, text in _facts(disclosed.element, disclosed.digest):
        if text is not None:
            add(item, name, text)
    for code in disclosed.element.codes:
        coded = add(item, "ClassificationItem")
        add(coded, "ClassificationIdentifier", code.system)
        add(coded, "Code", code.code)
        add_filled(coded, "CodeText", code.text)
    for fact, value in sorted(disclosed.element.details.items()):
        detail = add(item, "DetailItem")
        add(detail, "DetailName", fact)
        add(detail, "DetailValue", value)
    add(item, "DisclosureReasonText", disclosed.why)


def _facts(element: Element, digest: str) -> Iterator[tuple[str, str | None]]:
    """Yield what an element says once, in the contract's order; None is left out."""
    yield "ElementIdentifier", str(element.id)
    yield "ElementVersionIdentifier", digest
    yield "AuthorityName", element.authority
    yield "ElementKindCode", element.kind
    yield "CategoryCode", element.category
    yield "SensitivityCode", Sensitivity(element.label).name if element.label else None
    yield "StatusCode", element.status
    yield "Title", element.title
    yield "Text", element.text or None
    yield "ValidFromDateTime", edge_text(element.valid.start) or None
    yield "ValidToDateTime", edge_text(element.valid.end) or None
    yield "PartOfElementIdentifier", str(element.part_of) if element.part_of else None
