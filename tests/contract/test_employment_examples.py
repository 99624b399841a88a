"""The examples of the employment contract come out as their expected files say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from lxml import etree

from hub.adapters.employment import EmploymentAdapter
from hub.authority import Acknowledgement, Parcel, Refusal
from hub.errors import ContractViolation, Fault, Refused
from hub.mappings.employment import EmploymentMapping
from tests.employment_messages import CONTRACT, EXAMPLES, NAMESPACE, received
from tests.rendering import plain_contribution, plain_error

pytestmark = pytest.mark.files

COMING_IN = (
    "submit-normal",
    "submit-minimal",
    "submit-maximal",
    "submit-changed",
    "submit-closed",
    "submit-deleted",
    "submit-changed-number",
    "submit-dirty",
    "get-person-case-response",
)
REFUSED = sorted((EXAMPLES / "refused").glob("*.xml"))
INCOMING = [*(EXAMPLES / f"{name}.xml" for name in COMING_IN), *REFUSED]
CORRELATION = "5f354f99-a75f-4524-9ff6-98f92f00a616"
OTHERS = sorted(path for path in EXAMPLES.glob("*.xml") if path.stem not in COMING_IN)


def outcome(example: Path) -> Any:
    try:
        document = received(example.read_bytes())
        return [plain_contribution(contribution) for contribution in EmploymentMapping().to_plan(document)]
    except Refused as error:
        return plain_error(error)


def expected_of(example: Path) -> Path:
    return CONTRACT / "expected" / example.relative_to(EXAMPLES).with_suffix(".json")


@pytest.mark.parametrize("example", INCOMING, ids=lambda path: path.stem)
def test_an_example_comes_out_as_expected(example: Path) -> None:
    assert outcome(example) == orjson.loads(expected_of(example).read_bytes())


def test_no_expected_outcome_is_without_its_example() -> None:
    assert set((CONTRACT / "expected").rglob("*.json")) == {expected_of(example) for example in INCOMING}


@pytest.mark.parametrize("example", OTHERS, ids=lambda path: path.stem)
def test_what_travels_besides_a_case_is_valid_in_its_envelope(example: Path) -> None:
    schema = etree.XMLSchema(file=CONTRACT / "employment.xsd")
    agreed = [each for each in etree.parse(example).iter(f"{{{NAMESPACE}}}*") if is_outermost(each)]
    assert agreed
    for each in agreed:
        schema.assertValid(etree.fromstring(etree.tostring(each)))


@pytest.mark.parametrize("example", REFUSED, ids=lambda path: path.stem)
def test_an_error_repeats_no_value_of_its_document(example: Path) -> None:
    said = orjson.dumps(outcome(example)).decode()
    parser = etree.XMLParser(recover=True, resolve_entities=False)
    values = {str(text).strip() for text in etree.fromstring(example.read_bytes(), parser).itertext()}
    agreed = {"0000000000"}  # a word of the contract itself
    assert not {value for value in values - agreed if len(value) > 3 and value in said}


@pytest.mark.parametrize(
    ("name", "content_type"), [("fault-soap11", "text/xml"), ("fault-soap12", "application/soap+xml")]
)
def test_the_example_of_a_fault_is_what_the_hub_says(name: str, content_type: str) -> None:
    step = "See the element's description in the contract's XSD."
    fault = Fault("/SubmitPersonCaseRequest/PersonCase/CaseTitle", "The value is too short.", step)
    sentence, advice = "The document breaks the contract's schema.", ContractViolation.default_next_step
    refusal = Refusal("contract-violation", sentence, advice, CORRELATION, (fault,))
    reply = EmploymentAdapter({}).refuse(Parcel("employment", b"", content_type), refusal)
    assert words(reply.body) == words((EXAMPLES / f"{name}.xml").read_bytes())


def test_the_example_of_a_receipt_is_what_the_hub_says() -> None:
    receipt, at = UUID("2ef0b1d6-3973-46d2-9e61-f6f107cd3523"), datetime(2026, 9, 1, 8, 16, 1, 214514, UTC)
    acknowledgement = Acknowledgement(receipt, at, CORRELATION)
    reply = EmploymentAdapter({}).acknowledge(Parcel("employment", b"", "text/xml"), acknowledgement)
    assert words(reply.body) == words((EXAMPLES / "submit-response.xml").read_bytes())


def words(body: bytes) -> list[tuple[str, str]]:
    """Return what a document says, whatever its prefixes and white space."""
    return [(str(each.tag), (each.text or "").strip()) for each in etree.fromstring(body).iter()]


def is_outermost(element: etree._Element) -> bool:
    above = element.getparent()
    return above is None or etree.QName(above).namespace != NAMESPACE
