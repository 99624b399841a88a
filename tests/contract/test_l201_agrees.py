"""Our XSD of L201 accepts and refuses the same documents as the real set of Danmarks Statistik.

The real set (../shared/data/denmark/dst) is not complete: the file of the measures themselves
(DST_ForanstaltningStrukturSamling.xsd) was only ever at an address that no longer answers. So two comparisons: whole
deliveries, where the real set borrows our measures file for the missing one; and the measures, value for value,
against the real set of the sister format L231, which has the same kinds of fields.
"""

from __future__ import annotations

from copy import deepcopy

import pytest
from lxml import etree

from hub.authority import contract_folder
from tests.generation.statistics import NS, VALUES, compare, generated, real, where_the_real_set_is

OURS = contract_folder("children/l201-v1")

pytestmark = where_the_real_set_is


def start() -> etree._Element:
    return etree.parse(OURS / "examples" / "delivery.xml", etree.XMLParser(remove_blank_text=True)).getroot()


def with_value(leaf: str, value: str) -> etree._Element:
    root = start()
    next(root.iter(f"{{*}}{leaf}")).text = value
    return root


def test_deliveries_are_accepted_and_refused_alike() -> None:
    documents = generated(lambda dice: start())
    assert len(documents) >= 300
    ours = etree.XMLSchema(file=OURS / "l201.xsd")
    theirs = real("dst_preventative_measures/DST_UdsatteBoernOgUngeLeveranceL201U1Struktur.xsd")
    compare(ours, theirs, documents, least=100)


@pytest.mark.parametrize(
    "leaf",
    [
        "FormID", "Period", "EntityID", "AutID", "CommunicationDescription", "CommunicationDateTime", "SystemName",
        "SystemVersion", "ContactTypeName", "ContactIdentifier", "ContactEmailAddress", "CVRnumberIdentifier",
        "ProductionUnitIdentifier", "FormVersion",
    ],
)  # fmt: skip
def test_each_value_of_the_metadata_is_judged_alike(leaf: str, both: tuple[etree.XMLSchema, ...]) -> None:
    ours, theirs = both
    documents = [with_value(leaf, value) for value in VALUES]
    assert [ours.validate(root) for root in documents] == [theirs.validate(root) for root in documents]


@pytest.fixture(scope="module")
def both() -> tuple[etree.XMLSchema, ...]:
    theirs = real("dst_preventative_measures/DST_UdsatteBoernOgUngeLeveranceL201U1Struktur.xsd")
    return etree.XMLSchema(file=OURS / "l201.xsd"), theirs


# --- measures, against the sister format --------------------------------------------------------------------------

SISTER = {
    "ForanstaltningId": "INDSATSFORLOEB_ID",
    "UdsatBarnCPRidentifikator": "CPR",
    "ForanstaltningKode": "INDSATS_KODE",
    "ForanstaltningStartDato": "INDSATS_STARTDATO",
    "ForanstaltningSlutDato": "INDSATS_SLUTDATO",
}


def as_sister(root: etree._Element) -> etree._Element:
    """Write a delivery's measures as the L231 delivery that says the same."""
    sister = etree.Element(f"{{{NS}}}BoernMedHandicapLeveranceL231Struktur")
    sister.append(deepcopy(root[0]))
    collection = etree.SubElement(sister, f"{{{NS}}}BoernMedHandicapSagStrukturSamling")
    for measure in root[1]:
        case = etree.SubElement(collection, f"{{{NS}}}BoernMedHandicapSagStruktur")
        said = {etree.QName(leaf).localname: leaf.text for leaf in measure}
        for ours, theirs in SISTER.items():
            if ours in said:
                etree.SubElement(case, f"{{{NS}}}{theirs}").text = said[ours]
        kind = etree.Element(f"{{{NS}}}INDBERETNINGSTYPE")
        kind.text = "Ny"
        case.insert(1, kind)
    return sister


@pytest.fixture(scope="module")
def sisters() -> tuple[etree.XMLSchema, ...]:
    theirs = real("dst_handicap/DST_BoernMedHandicapLeveranceL231Struktur.xsd")
    return etree.XMLSchema(file=OURS / "l201.xsd"), theirs


@pytest.mark.parametrize("leaf", SISTER)
def test_each_value_of_a_measure_is_judged_as_in_the_sister_format(
    leaf: str, sisters: tuple[etree.XMLSchema, ...]
) -> None:
    ours, theirs = sisters
    documents = [with_value(leaf, value) for value in VALUES]
    assert [ours.validate(root) for root in documents] == [theirs.validate(as_sister(root)) for root in documents]


def test_a_delivery_without_measures_is_refused_as_in_the_sister_format(sisters: tuple[etree.XMLSchema, ...]) -> None:
    root = start()
    del root[1][:]
    ours, theirs = sisters
    assert not ours.validate(root)
    assert not theirs.validate(as_sister(root))
