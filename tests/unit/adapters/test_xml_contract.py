"""A schema's verdict: every fault by its path, the same for a large document as for a small one, and always soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from hub.adapters._xml import XmlContract, read_xml
from hub.authority import contract_folder
from hub.errors import ContractViolation
from tests.effort import readings

FOLDER = contract_folder("children/v1")
CONTRACT = XmlContract(FOLDER / "children.xsd")
MINIMAL = (FOLDER / "examples" / "minimal.xml").read_text(encoding="utf-8")
MOST_READINGS = 80  # two seconds, where a plain document of 100,000 elements is read in 25 ms
NOTE = "<Notat{0}><Id>{1}</Id><Tekst>{2}</Tekst></Notat>"


def case(*items: str) -> etree._Element:
    return read_xml(MINIMAL.replace("</Sag>", "".join(items) + "</Sag>").encode())


def faults(root: etree._Element) -> list[str]:
    with pytest.raises(ContractViolation) as refusal:
        CONTRACT.check(root)
    return [fault.field for fault in refusal.value.faults]


def notes(count: int, attribute: str = "", own_id: str = "n{0}") -> list[str]:
    return [NOTE.format(attribute, own_id.format(number), "x") for number in range(count)]


#: Within the caps of reading, and wrong in more places than anyone wants to hear of.
FLOODS = {
    "wrong numbers": ["<Notat><Id>n</Id>", "<VedroererCPR>x</VedroererCPR>" * 99_000, "<Tekst>x</Tekst></Notat>"],
    "wrong ids": notes(33_000, own_id="n {0}"),
    "one id for all": notes(33_000, own_id="n"),
    "attributes": notes(19_000, " a=''"),
    "attributes of one element after many": [
        *notes(30_000), NOTE.format("".join(f" a{n}=''" for n in range(249)), "last", "x"),
    ],
    "references to nothing": [
        f"<Behov><Id>b{n}</Id><UndersoegelseId>u{n}</UndersoegelseId><Omraade>Andet</Omraade><Titel>x</Titel></Behov>"
        for n in range(19_000)
    ],
    "elements that nobody knows": ["<X/>" * 99_000],
    "elements of another namespace": ["<x:X xmlns:x='urn:x'/>" * 19_000],
    "text between elements": ["<Husstand>", "x" * 999_000, "</Husstand>"],
    "a long word under a pattern": ["<Notat><Id>", "x" * 999_000, "</Id><Tekst>x</Tekst></Notat>"],
}  # fmt: skip


@pytest.mark.parametrize("items", FLOODS.values(), ids=FLOODS.keys())
def test_no_flood_of_faults_takes_long(items: list[str]) -> None:
    root = case(*items)
    told, work = readings(lambda: faults(root))
    assert work < MOST_READINGS
    assert 1 <= len(told) <= 50
    assert len(set(told)) == len(told)


def test_a_large_document_is_found_valid_soon() -> None:
    root = case(*notes(33_000))
    _, work = readings(lambda: CONTRACT.check(root))
    assert work < MOST_READINGS


def test_the_faults_of_a_large_document_have_the_places_they_have_in_a_small_one() -> None:
    wrong = [NOTE.format("", "n 1", "x"), *notes(3), NOTE.format(" a=''", "n9", "x")]
    small = faults(case(*wrong))
    assert small == ["/SagOpdatering/Sag/Notat[1]/Id", "/SagOpdatering/Sag/Notat[5]"]
    assert faults(case(*wrong, *notes(5_000, own_id="m{0}"))) == small


def test_a_flood_names_its_first_faults_in_their_order() -> None:
    told = faults(case(*notes(5_000, own_id="n {0}")))
    assert told == [f"/SagOpdatering/Sag/Notat[{number}]/Id" for number in range(1, 51)]


def test_one_fault_at_the_end_of_a_large_document_is_found() -> None:
    told = faults(case(*notes(5_000), NOTE.format("", "n 1", "x")))
    assert told == ["/SagOpdatering/Sag/Notat[5001]/Id"]


@pytest.mark.parametrize("contract", ["children/v1", "children/l201-v1", "children/l231-v1", "employment/v1"])
def test_every_example_is_judged_alike_whole_and_in_pieces(contract: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = contract_folder(contract)
    schema = XmlContract(
        next(path for path in folder.glob("*.xsd") if path.stem in ("children", "l201", "l231", "employment"))
    )
    documents = [path for path in sorted(folder.glob("examples/**/*.xml")) if is_readable(path)]
    assert len(documents) >= 5

    def verdicts() -> list[list[str]]:
        return [verdict(schema, read_xml(path.read_bytes())) for path in documents]

    whole = verdicts()
    monkeypatch.setattr("hub.adapters._xml_contract._SMALL", 0)
    assert verdicts() == whole


def is_readable(path: Path) -> bool:
    try:
        read_xml(path.read_bytes())
    except ContractViolation:
        return False
    return True


def verdict(schema: XmlContract, root: etree._Element) -> list[str]:
    try:
        schema.check(root)
    except ContractViolation as error:
        return [f"{fault.field}: {fault.sentence}" for fault in error.faults]
    return []
