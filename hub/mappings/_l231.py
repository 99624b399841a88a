"""L231 "Børn med handicap", the statistics delivery of measures for children with disabilities, as contributions.

One line (BoernMedHandicapSagStruktur) is one case with one activity, as in L201 (:mod:`hub.mappings._l201`).
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from hub.mappings._deliveries import AUTHORITY, OneChildEach, changed_at, own_id
from hub.mappings._xml_words import Branch
from hub.plan.contribution import Contribution, Coverage, PersonFacts, Removal
from hub.plan.element import Category, Code, Draft, Kind, OrderKey, Status

CONTRACT = "children/l231-v1"
ROOT = "BoernMedHandicapLeveranceL231Struktur"
MEASURE_CODE = "urn:dst:l231:indsats"
_SOURCE = "L231"
#: The type of report by which a line takes back what was reported before; any other reports the measure as it is.
CANCELLED = "Annullering"


def contributions_of(root: etree._Element, message_id: str) -> Iterator[Contribution]:
    """Translate a delivery, one contribution for each measure of a child who has a CPR number.

    :raises ContractViolation: a measure whose number names nobody, an id that holds a CPR number or belongs to two
        children, or a delivery that does not say when it was made or which period it is about.
    """
    delivery = Branch.root(root)
    made_at, children = changed_at(delivery.at("DeliveryMetadataNewStructure")), OneChildEach()
    lines = delivery.at("BoernMedHandicapSagStrukturSamling").all("BoernMedHandicapSagStruktur")
    for number, measure in enumerate(lines):
        own = own_id(measure, "INDSATSFORLOEB_ID")
        if measure.get("UDL_NR"):
            continue  # a plan is opened for a CPR number, so this child has none
        child = measure.person("CPR", AUTHORITY)
        children.add(measure.at("INDSATSFORLOEB_ID"), own, child)
        is_cancelled = measure.word("INDBERETNINGSTYPE").casefold() == CANCELLED.casefold()
        activity = _activity(measure, own)
        yield Contribution(
            authority=AUTHORITY,
            source_system=_SOURCE,
            contract=CONTRACT,
            case=f"{_SOURCE}:{own}",
            message_id=message_id,
            # Later lines of a delivery are newer: the same measure twice ends as its last line says.
            order=OrderKey(0, made_at, f"{message_id}#{number:06d}"),
            coverage=Coverage.CHANGE,
            person=PersonFacts((child,)),
            drafts=() if is_cancelled else (activity,),
            removals=(Removal(own, CANCELLED),) if is_cancelled else (),
        )


def _activity(measure: Branch, own: str) -> Draft:
    code = measure.word("INDSATS_KODE")
    details = {
        "report-type": measure.word("INDBERETNINGSTYPE"),
        "caseworker": measure.word("SAGSBEHANDLER"),
        "previous-id": own_id(measure, "ORIGIN_INDSATSFORLOEB_ID") if measure.get("ORIGIN_INDSATSFORLOEB_ID") else "",
    }
    return Draft(
        source_id=own,
        kind=Kind.ACTIVITY,
        category=Category.ACTIVITIES,
        label=None,  # L231 has no ladder; unlabelled counts as restricted
        # A reported measure has been granted; that its last day has passed is for the reader's clock to see.
        status=Status.ACTIVE,
        title=f"Indsats {code}",
        valid=measure.days("INDSATS_STARTDATO", "INDSATS_SLUTDATO"),
        codes=(Code(MEASURE_CODE, code),),
        details={name: said for name, said in details.items() if said},
    )
