"""The receipt in XML is what its schema says."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from tests.integration.api.served import Served

pytestmark = pytest.mark.integration
CONTRACTS = Path(__file__).parents[3] / "contracts"
SCHEMA = etree.XMLSchema(etree.parse(CONTRACTS / "hub" / "v1" / "receipt.xsd"))
SPRUNGET = "{urn:one-plan-hub:receipt:1}Sprunget"
#: Of those whom the examples are about, one who has a plan; the others are skipped.
LARS = "0505159995"


def _posted(hub: Served, example: str) -> bytes:
    hub.opens_plan(LARS)
    body = (CONTRACTS / "children" / example).read_bytes()
    answer = hub.ask("children", "POST", "/in/children", body, headers={"Content-Type": "application/xml"})
    assert answer.status_code in (200, 201), answer.text
    return answer.content


@pytest.mark.parametrize("example", ["v1/examples/normal.xml", "l201-v1/examples/delivery.xml"])
def test_the_receipt_for_a_document_in_xml_is_valid(hub: Served, example: str) -> None:
    SCHEMA.assertValid(etree.fromstring(_posted(hub, example)))


def test_a_part_that_was_skipped_is_named_by_position_and_reason(hub: Served) -> None:
    receipt = etree.fromstring(_posted(hub, "l201-v1/examples/delivery.xml"))
    skipped = receipt.findall(SPRUNGET)
    assert skipped
    assert all(one[0].text and int(one[0].text) >= 1 and one[1].text == "unknown-person" for one in skipped)


@pytest.mark.parametrize(
    ("said", "instead"),
    [(b"+00:00", b""), (b"<Optaget>", b"<Optaget>-"), (b"<KorrelationId>", b"<KorrelationId>\xc3\xa6 ")],
    ids=["a time without an offset", "a count below nothing", "a correlation id of other letters"],
)
def test_the_schema_refuses_what_is_no_receipt(hub: Served, said: bytes, instead: bytes) -> None:
    receipt = _posted(hub, "v1/examples/normal.xml")
    assert said in receipt
    assert not SCHEMA.validate(etree.fromstring(receipt.replace(said, instead)))
