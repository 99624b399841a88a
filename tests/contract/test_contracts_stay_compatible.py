"""Within a version a contract only gains: every released one against its present text (contracts/README.md)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.authority import contract_folder
from hub.testing.contract_compatibility import breaking_changes, read_contract
from hub.testing.contract_release import broken_since_release, release

pytestmark = pytest.mark.files

CONTRACTS = contract_folder("")
RELEASED = sorted(path.parent.relative_to(CONTRACTS).as_posix() for path in CONTRACTS.glob("*/*/released"))


@pytest.mark.parametrize("contract", RELEASED)
def test_a_released_contract_only_gains(contract: str) -> None:
    assert not broken_since_release(contract_folder(contract))


def test_what_is_released_stays_released() -> None:
    assert {
        "children/l201-v1", "children/l231-v1", "children/v1", "employment/v1", "hub/v1", "partners/v1", "social/v1",
        "youth/v1",
    } <= set(RELEASED)  # fmt: skip


# --- the comparison finds what breaks ---------------------------------------------------------------------------------

XSD, WSDL, CHILDREN, API, YOUTH, PARTNERS, RECEIPT, L201 = (
    "employment/v1/employment.xsd",
    "employment/v1/hub.wsdl",
    "children/v1/children.xsd",
    "social/v1/openapi.yaml",
    "youth/v1/openapi.yaml",
    "partners/v1/openapi.yaml",
    "hub/v1/receipt.xsd",
    "children/l201-v1/foranstaltning.xsd",
)
_NEW = '<xs:element name="NewText" type="xs:string"/>'
_MAY = '<xs:element name="NewText" type="xs:string" minOccurs="0"/>'

#: What is done to a file, and a part of what must be found.
BREAKS = {
    "an element renamed": (XSD, 'name="CaseTitle"', 'name="CaseHeading"', "PersonCase/CaseTitle: it is gone"),
    "an element newly required": (
        XSD, '<xs:element name="SentDateTime"', _NEW + '<xs:element name="SentDateTime"', "NewText: new, and it must",
    ),
    "an optional one made required": (
        XSD, '<xs:element name="RequestOrganisationStructure" type="ActiveOrganisationHeaderType" minOccurs="0">',
        '<xs:element name="RequestOrganisationStructure" type="ActiveOrganisationHeaderType">',
        "RequestOrganisationStructure: must be there 1 times, was 0 (senders",
    ),
    "a type changed": (
        XSD, '<xs:element name="SourceSystemName" type="SystemNameType">',
        '<xs:element name="SourceSystemName" type="xs:int">', "SourceSystemName: is xs:int",
    ),
    "an enumeration shortened": (
        XSD, '<xs:enumeration value="5"/>', "", "narrower by the words 5",
    ),
    "a word more in what the hub sends": (
        XSD, '<xs:enumeration value="household-member"/>',
        '<xs:enumeration value="household-member"/><xs:enumeration value="pet"/>', "looser by the words pet",
    ),
    "a least length raised": (
        CHILDREN, '<xs:minLength value="1"/>', '<xs:minLength value="2"/>', "narrower by minLength",
    ),
    "fewer of what senders send": (
        CHILDREN, 'maxOccurs="unbounded"', 'maxOccurs="3"', "may be there 3 times at most, was any number",
    ),
    "a required one of the hub's made optional": (
        RECEIPT, '<xs:element name="Modtaget" type="TidType">',
        '<xs:element name="Modtaget" type="TidType" minOccurs="0">',
        "Modtaget: must be there 0 times, was 1 (the hub sends it)",
    ),
    "a single one of the hub's made many": (
        RECEIPT, '<xs:element name="Modtaget" type="TidType">',
        '<xs:element name="Modtaget" type="TidType" maxOccurs="2">', "may be there 2 times at most, was 1 times",
    ),
    "two elements that change places": (
        "children/l201-v1/l201.xsd", '<xs:element name="DeliveryMetadataNewStructure"',
        '<xs:element ref="ForanstaltningStrukturSamling"/><xs:element name="DeliveryMetadataNewStructure"',
        "the order has changed",
    ),
    "a pattern changed": (L201, '<xs:pattern value="[0-9]{3}"/>', '<xs:pattern value="[0-9]{2}"/>', "pattern [0-9]{2}"),
    "an element of the hub's that must be there": (
        XSD, '<xs:element name="ErrorIdentifier"', _NEW + '<xs:element name="ErrorIdentifier"',
        "HubFault/NewText: new, and it must",
    ),
    "a new rule on ids": (
        XSD, '<xs:unique name="SubmitNoteIdentifier">',
        '<xs:unique name="More"><xs:selector xpath=".//e:BarrierItem"/>'
        '<xs:field xpath="e:BarrierTypeIdentifier"/></xs:unique><xs:unique name="SubmitNoteIdentifier">',
        "new rule unique",
    ),
    "a document gone": (CHILDREN, '<xs:element name="Kvittering"', '<xs:element name="Svar"', "Kvittering: it is gone"),
    "an operation renamed": (WSDL, "SubmitPersonCase\"", "TellPersonCase\"", "it is gone"),
    "an action changed": (
        WSDL, "urn:one-plan-hub:employment:1/SubmitPersonCase", "urn:other", "it is called otherwise than before",
    ),
    "a header more": (
        WSDL, '<soap:header message="e:Headers" part="RequestUserMetadata" use="literal"/>', "",
        "it is called otherwise than before",
    ),
    "a path renamed": (YOUTH, "/in/youth:", "/in/young:", "POST /in/youth: it is gone"),
    "a parameter no longer sent always": (
        API, "name: Idempotency-Key\n          in: header\n          required: true",
        "name: Idempotency-Key\n          in: header\n          required: false", "header Idempotency-Key: must be",
    ),
    "a property renamed": (API, "        CPRnummer: {", "        Cprnr: {", "CPRnummer: it is gone"),
    "a property newly required": (
        PARTNERS, "required: [Status, Sekvens]", "required: [Status, Sekvens, Reference]",
        "Reference: must be there 1 times, was 0 (senders",
    ),
    "a property of the hub's no longer required": (
        PARTNERS, "required: [Id, Titel, Status]", "required: [Id, Titel]", "Status: must be there 0 times, was 1",
    ),
    "a word more from the hub": (PARTNERS, "slut, aflyst]", "slut, aflyst, udsat]", "looser by the words udsat"),
    "a word less to the hub": (PARTNERS, "refused, received]", "received]", "narrower by the words refused"),
    "an upper length less": (PARTNERS, "maxLength: 500", "maxLength: 400", "narrower by maxLength"),
    "an object of the hub's opened": (
        PARTNERS, "additionalProperties: false\n      required: [Id, Navn]",
        "additionalProperties: true\n      required: [Id, Navn]", "looser by whether names that are not agreed",
    ),
    "a format gone from what the hub sends": (
        PARTNERS, "Dannet: { type: string, format: date-time", "Dannet: { type: string", "looser by format date-time",
    ),
    "a type widened": (PARTNERS, "Sekvens: { type: integer", "Sekvens: { type: number", "is number, was integer"),
    "an operation more that the hub asks": (
        PARTNERS, "webhooks:\n", "webhooks:\n  planForgotten:\n    post:\n      responses: {}\n",
        "the hub asks it of systems that do not have it",
    ),
    "an alternative more from the hub": (
        API, '{ type: "null" }]', '{ type: "null" }, { type: "integer" }]', "a new alternative in what the hub sends",
    ),
}  # fmt: skip

#: What may be done to a file.
GAINS = {
    "an optional element": (XSD, '<xs:element name="SentDateTime"', _MAY + '<xs:element name="SentDateTime"'),
    "an optional element of the hub's": (
        RECEIPT, '<xs:element name="Optaget"', _MAY + '<xs:element name="Optaget"',
    ),
    "a required one made optional": (
        XSD, '<xs:element name="SourceSystemName" type="SystemNameType">',
        '<xs:element name="SourceSystemName" type="SystemNameType" minOccurs="0">',
    ),
    "a word more to the hub": (PARTNERS, "refused, received]", "refused, received, later]"),
    "a word less from the hub": (PARTNERS, "[planlagt, i gang, slut, aflyst]", "[planlagt, i gang, slut]"),
    "an upper length more": (PARTNERS, "maxLength: 500", "maxLength: 600"),
    "an optional property": (
        PARTNERS, "        Reference:\n", "        Sprog: { type: string, description: X }\n        Reference:\n",
    ),
    "a rule on ids gone": (
        XSD,
        '<xs:unique name="SubmitNoteIdentifier"><xs:selector xpath=".//e:NoteItem"/>'
        '<xs:field xpath="e:NoteIdentifier"/></xs:unique>', "",
    ),
    "another word of documentation": (XSD, "When the message was sent.", "The instant of sending."),
    "an operation that the hub is asked": (
        YOUTH, "paths:\n", "paths:\n  /in/youth/more:\n    post:\n      summary: More.\n      responses: {}\n",
    ),
}  # fmt: skip


def changed(tmp_path: Path, file: str, old: str, new: str) -> list[str]:
    """Return what is found when a part of a file is replaced."""
    folder = contract_folder(file.rpartition("/")[0])
    for path in [*folder.glob("*.xsd"), *folder.glob("*.wsdl"), *folder.glob("openapi.yaml")]:
        text = path.read_text("utf-8")
        if path.name == file.rpartition("/")[2]:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / path.name).write_text(text, "utf-8")
    return breaking_changes(read_contract(folder), read_contract(tmp_path, folder))


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_is_found(what: str, tmp_path: Path) -> None:
    file, old, new, told = BREAKS[what]
    found = changed(tmp_path, file, old, new)
    assert [sentence for sentence in found if told in sentence], found


@pytest.mark.parametrize("what", GAINS)
def test_a_gain_is_no_break(what: str, tmp_path: Path) -> None:
    assert changed(tmp_path, *GAINS[what]) == []


def test_a_construct_that_is_not_known_is_no_guess(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not known"):
        changed(tmp_path, PARTNERS, "maxLength: 500", "not: { const: a }")


# --- a release -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(contract_folder("partners/v1"), tmp_path / "v1"))


def test_a_released_example_changes_no_more(copied: Path) -> None:
    example = copied / "examples" / "opdatering-normal.json"
    example.write_bytes(example.read_bytes() + b" ")
    (copied / "examples" / "opdatering-minimal.json").unlink()
    found = broken_since_release(copied)
    assert any("opdatering-normal.json: a released example changes no more" in sentence for sentence in found)
    assert any("opdatering-minimal.json: it is gone" in sentence for sentence in found)


def test_a_file_that_is_gone_is_found(copied: Path) -> None:
    released = read_contract(copied / "released", copied)
    assert breaking_changes(released, {}) == ["openapi.yaml: the file is gone"]


def test_an_addition_is_released_and_then_kept(copied: Path) -> None:
    agreed = copied / "openapi.yaml"
    before = agreed.read_text("utf-8")
    agreed.write_text(before.replace("maxLength: 500", "maxLength: 600"), "utf-8")
    release(copied)
    agreed.write_text(before, "utf-8")
    assert any("narrower by maxLength" in sentence for sentence in broken_since_release(copied))


def test_what_breaks_is_not_released(copied: Path) -> None:
    agreed = copied / "openapi.yaml"
    agreed.write_text(agreed.read_text("utf-8").replace("maxLength: 500", "maxLength: 400"), "utf-8")
    with pytest.raises(ValueError, match="narrower by maxLength"):
        release(copied)
