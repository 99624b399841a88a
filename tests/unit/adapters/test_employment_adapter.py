"""The employment adapter without a network: what it serves, and how it is set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from hub.adapters.employment import EmploymentAdapter
from hub.authority import Acknowledgement, Fetches, Parcel, Polls, Refusal, Serves, contract_folder
from hub.errors import ContractViolation, Fault, NotFound, SettingsRefused, SourceDown

NS = "urn:one-plan-hub:employment:1"
SCHEMA = etree.XMLSchema(file=contract_folder("employment/v1") / "employment.xsd")
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
ADAPTER = EmploymentAdapter({})
FAULT = Fault("/SubmitPersonCaseRequest/PersonCase/CaseTitle", "The value is too short.", "Lengthen it.")
REFUSAL = Refusal("contract-violation", "The document breaks the schema.", "Correct it.", "c-1", (FAULT,))


def test_the_adapter_stands_at_each_part_of_the_port() -> None:
    assert isinstance(ADAPTER, Fetches)
    assert isinstance(ADAPTER, Polls)
    assert isinstance(ADAPTER, Serves)


@pytest.mark.parametrize(
    ("content_type", "namespace"),
    [("text/xml; charset=utf-8", SOAP11), ("application/soap+xml", SOAP12), ("", SOAP11), ("text/plain", SOAP11)],
)
def test_a_refusal_is_a_fault_in_the_callers_version(content_type: str, namespace: str) -> None:
    reply = ADAPTER.refuse(Parcel("employment", b"", content_type), REFUSAL)
    root = etree.fromstring(reply.body)
    assert root.tag == f"{{{namespace}}}Envelope"
    told = {element.tag.rpartition("}")[2]: element.text for element in root.iter(f"{{{NS}}}*")}
    assert told["FaultCode"] == "contract-violation"
    assert told["ErrorIdentifier"] == "1014"
    assert told["CorrelationIdentifier"] == "c-1"
    assert told["FieldPath"] == FAULT.field
    SCHEMA.assertValid(etree.fromstring(etree.tostring(root.find(f".//{{{NS}}}HubFault"))))  # type: ignore[arg-type]
    if namespace == SOAP11:
        assert (reply.status, reply.content_type) == (500, "text/xml; charset=utf-8")
        assert root.findtext(".//faultcode") == "soap:Client"
        assert root.findtext(".//faultstring") == REFUSAL.sentence
    else:
        assert (reply.status, reply.content_type) == (400, "application/soap+xml; charset=utf-8")
        assert root.findtext(f".//{{{SOAP12}}}Value") == "soap:Sender"
        assert root.findtext(f".//{{{SOAP12}}}Text") == REFUSAL.sentence
    assert root.nsmap["soap"] == namespace


@pytest.mark.parametrize(("content_type", "code"), [("text/xml", "soap:Server"), ("application/soap+xml", "Receiver")])
def test_a_failure_of_the_hub_blames_the_hub(content_type: str, code: str) -> None:
    failed = Refusal("failed", "The hub failed.", "Ask.", "c-1", is_callers=False)
    reply = ADAPTER.refuse(Parcel("employment", b"", content_type), failed)
    assert reply.status == 500
    assert code in reply.body.decode()
    assert "FieldFaultItem" not in reply.body.decode()


@pytest.mark.parametrize("repeat", [False, True])
@pytest.mark.parametrize("at", [datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 1, 12, 0, 0, 123456, UTC)])
def test_a_receipt_is_valid(at: datetime, repeat: bool) -> None:
    reply = ADAPTER.acknowledge(
        Parcel("employment", b"", "application/soap+xml"), Acknowledgement(UUID(int=7), at, "c-1", repeat)
    )
    assert (reply.status, reply.content_type) == (200, "application/soap+xml; charset=utf-8")
    (response,) = etree.fromstring(reply.body)[0]
    SCHEMA.assertValid(etree.fromstring(etree.tostring(response)))
    assert response.findtext(f"{{{NS}}}RepeatIndicator") == str(repeat).lower()


def test_the_description_names_the_address_it_is_given_and_no_other() -> None:
    wsdl = ADAPTER.describe("wsdl", "https://hub.test:8443/soap/employment").body.decode()
    assert wsdl.count('location="https://hub.test:8443/soap/employment"') == 2
    assert 'schemaLocation="https://hub.test:8443/soap/employment?xsd"' in wsdl
    assert "example" not in wsdl
    assert ADAPTER.describe("xsd", "x").body == (contract_folder("employment/v1") / "employment.xsd").read_bytes()
    with pytest.raises(NotFound):
        ADAPTER.describe("passwd", "x")


def test_an_address_cannot_break_out_of_the_description() -> None:
    wsdl = etree.fromstring(ADAPTER.describe("wsdl", 'http://h/"/><evil a="&amp;').body)
    assert not [element for element in wsdl.iter("{*}evil")]


def test_without_an_address_nothing_is_asked_or_sent() -> None:
    assert ADAPTER.poll_every == 0
    assert not ADAPTER.delivers
    with pytest.raises(SourceDown):
        ADAPTER.poll("")
    with pytest.raises(SourceDown):
        ADAPTER.fetch("c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f609")
    with pytest.raises(ContractViolation):
        ADAPTER.fetch("no-uuid")


@pytest.mark.files
@pytest.mark.parametrize(
    "settings",
    [
        {"url": "https://x.example"},
        {"url": "http://x.example", "token": "t"},
        {"organisation_code": "376 "},
        {"organisation_type": 5},
        {"user_identifier": "en bruger"},
        {"page_size": 501},
        {"poll_every": -1},
        {"folder": "/x"},
        {"signing_key_file": "en bruger"},
        {"signing_key_file": "en bruger", "signing_certificate_file": "en bruger"},
        {"trusted_certificates_file": "en bruger"},
        {"signer_subject": "CN=en bruger"},
        {"service_address": ""},
    ],
)
def test_a_wrong_setting_is_refused_without_its_value(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsRefused) as caught:
        EmploymentAdapter(settings)
    assert all(fault.field.startswith("authorities.employment") for fault in caught.value.faults)
    assert "en bruger" not in caught.value.diagnostics()
