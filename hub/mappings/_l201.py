"""L201 "Udsatte børn og unge", the statistics delivery of a month's measures, as contributions to plans.

One measure (ForanstaltningStruktur) is one case with one activity: the delivery says nothing of the cases they belong
to, and a case id of ours may not be made of a CPR number.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from hub.mappings._deliveries import AUTHORITY, OneChildEach, changed_at, own_id
from hub.mappings._xml_words import Branch
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import Category, Code, Draft, Kind, OrderKey, Status
from hub.plan.identifier import Identifier

CONTRACT = "children/l201-v1"
ROOT = "UdsatteBoernOgUngeLeveranceL201U1Struktur"
MEASURE_CODE = "urn:dst:l201:foranstaltning"
_NOBODY = "0000000000"
_SOURCE = "L201"


def contributions_of(root: etree._Element, message_id: str) -> Iterator[Contribution]:
    """Translate a delivery, one contribution for each measure.

    :raises ContractViolation: a measure that names no child, an id that holds a CPR number or belongs to two children,
        or a delivery that does not say when it was made or which period it is about.
    """
    delivery = Branch.root(root)
    made_at, children = changed_at(delivery.at("DeliveryMetadataNewStructure")), OneChildEach()
    for number, measure in enumerate(delivery.at("ForanstaltningStrukturSamling").all("ForanstaltningStruktur")):
        own = own_id(measure, "ForanstaltningId")
        child = measure.person("UdsatBarnCPRidentifikator", AUTHORITY)
        children.add(measure.at("ForanstaltningId"), own, child)
        # Later lines of a delivery are newer: the same measure twice ends as its last line says.
        order = OrderKey(0, made_at, f"{message_id}#{number:06d}")
        guardian = _guardian(measure)
        yield Contribution(
            authority=AUTHORITY,
            source_system=_SOURCE,
            contract=CONTRACT,
            case=f"{_SOURCE}:{own}",
            message_id=message_id,
            order=order,
            coverage=Coverage.CHANGE,
            person=PersonFacts((child,)),
            drafts=(_activity(measure, own, guardian if guardian != child else None),),
            others=(PersonFacts((guardian,)),) if guardian and guardian != child else (),
        )


def _activity(measure: Branch, own: str, guardian: Identifier | None) -> Draft:
    code = measure.word("ForanstaltningKode")
    return Draft(
        source_id=own,
        kind=Kind.ACTIVITY,
        category=Category.ACTIVITIES,
        label=None,  # L201 has no ladder; unlabelled counts as restricted
        # A reported measure has been granted; that its last day has passed is for the reader's clock to see.
        status=Status.ACTIVE,
        title=f"Foranstaltning {code}",
        valid=measure.days("ForanstaltningStartDato", "ForanstaltningSlutDato"),
        codes=(Code(MEASURE_CODE, code),),
        concerns=(guardian,) if guardian else (),
    )


def _guardian(measure: Branch) -> Identifier | None:
    """Return the guardian; 0000000000 is how the statistics say that none is known."""
    guardian = measure.at("FormynderCPRidentifikator")
    return None if guardian.line == _NOBODY else guardian.identifier(AUTHORITY)
