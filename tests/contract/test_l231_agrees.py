"""Our XSD of L231 accepts and refuses the same documents as the real set of Danmarks Statistik, which is whole."""

from __future__ import annotations

import random

import pytest
from lxml import etree

from hub.authority import contract_folder
from tests.generation.statistics import NS, VALUES, compare, generated, parent_of, real, where_the_real_set_is

OURS = contract_folder("children/l231-v1")
L201 = contract_folder("children/l201-v1")
#: Values that only this format's fields have an edge at.
MORE = [
    "y",
    "xy",
    "x" * 11,
    "x" * 12,
    "x" * 255,
    "x" * 257,
    "0",
    "1",
    "9",
    "12",
    "-1",
    "+1",
    "a",
    "01",
    "Ny",
    "Ændring",
]

pytestmark = where_the_real_set_is


@pytest.fixture(scope="module")
def both() -> tuple[etree.XMLSchema, etree.XMLSchema]:
    theirs = real("dst_handicap/DST_BoernMedHandicapLeveranceL231Struktur.xsd")
    return etree.XMLSchema(file=OURS / "l231.xsd"), theirs


def start(dice: random.Random | None = None) -> etree._Element:
    root = etree.parse(OURS / "examples" / "delivery.xml", etree.XMLParser(remove_blank_text=True)).getroot()
    if dice and dice.random() < 0.3:
        number = next(root.iter(f"{{{NS}}}CPR"))
        number.tag, number.text = f"{{{NS}}}UDL_NR", "S 1717-A"
    return root


def with_value(leaf: str, value: str) -> etree._Element:
    root = start()
    if leaf == "UDL_NR":
        next(root.iter(f"{{{NS}}}CPR")).tag = f"{{{NS}}}UDL_NR"
    next(root.iter(f"{{*}}{leaf}")).text = value
    return root


def test_deliveries_are_accepted_and_refused_alike(both: tuple[etree.XMLSchema, ...]) -> None:
    ours, theirs = both
    compare(ours, theirs, generated(start), least=100)


@pytest.mark.parametrize(
    "leaf",
    [
        "INDSATSFORLOEB_ID", "INDBERETNINGSTYPE", "CPR", "UDL_NR", "KOEN", "FOEDDAG", "INDSATS_KODE",
        "INDSATS_STARTDATO", "INDSATS_SLUTDATO", "SAGSBEHANDLER", "ORIGIN_INDSATSFORLOEB_ID", "ORIGIN_PERSON_ID",
        "FormID", "Period", "EntityID", "ContactEmailAddress", "CVRnumberIdentifier", "FormVersion",
    ],
)  # fmt: skip
def test_each_value_is_judged_alike(leaf: str, both: tuple[etree.XMLSchema, ...]) -> None:
    ours, theirs = both
    documents = [with_value(leaf, value) for value in [*VALUES, *MORE]]
    verdicts = [ours.validate(root) for root in documents]
    assert verdicts == [theirs.validate(root) for root in documents]
    assert True in verdicts


def test_one_number_and_only_one_is_needed(both: tuple[etree.XMLSchema, ...]) -> None:
    for change in ("neither", "both"):
        root = start()
        number = next(root.iter(f"{{{NS}}}CPR"))
        if change == "neither":
            parent_of(number).remove(number)
        else:
            other = etree.Element(f"{{{NS}}}UDL_NR")
            other.text = "S 1717-A"
            number.addnext(other)
        assert [schema.validate(root) for schema in both] == [False, False]


def test_what_a_delivery_says_of_itself_is_one_schema_in_both_formats() -> None:
    for name in ("envelope.xsd", "metadata.xsd"):
        assert (OURS / name).read_bytes() == (L201 / name).read_bytes()
