"""Messages of the employment authority as its adapter receives them."""

from __future__ import annotations

from collections.abc import Mapping

from hub.adapters.employment import ASKED_FOR, EmploymentAdapter
from hub.authority import Document, Parcel, contract_folder

CONTRACT = contract_folder("employment/v1")
EXAMPLES = CONTRACT / "examples"
NAMESPACE = "urn:one-plan-hub:employment:1"
#: The case of get-person-case-response.xml.
FETCHED_CASE = "c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f609"
_SOAP12 = b"http://www.w3.org/2003/05/soap-envelope"
_ADAPTER = EmploymentAdapter({})


def received(body: bytes) -> Document:
    """Receive an envelope, sent as the SOAP version that it is of; an answer was asked for."""
    content_type = "application/soap+xml" if _SOAP12 in body else "text/xml"
    headers: Mapping[str, str] = {ASKED_FOR: FETCHED_CASE} if b"GetPersonCaseResponse" in body else {}
    return _ADAPTER.receive(Parcel("employment", body, content_type, headers))
