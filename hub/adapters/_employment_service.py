"""What the hub serves to the employment system: receipts, faults, and the WSDL that describes them (``hub.wsdl``)."""

from __future__ import annotations

from lxml import etree

from hub.adapters._soap import SOAP11, fault_code, fault_status, version_of, write_envelope, write_fault
from hub.adapters._xml import to_bytes
from hub.authority import Acknowledgement, Refusal, Reply, contract_folder
from hub.errors import NotFound

NAMESPACE = "urn:one-plan-hub:employment:1"
CONTRACT = "employment/v1"
#: The hub's code → the number that DFDG gives to the same refusal.
_DFDG_NUMBERS = {"unknown-person": 1010, "contract-violation": 1014}
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XS_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_OK = 200
_DESCRIPTION = "text/xml; charset=utf-8"


def acknowledged(content_type: str, acknowledgement: Acknowledgement) -> Reply:
    """Return a SubmitPersonCaseResponse in the caller's version."""
    version = version_of(content_type) or SOAP11
    response = element(
        "SubmitPersonCaseResponse",
        ReceiptIdentifier=acknowledgement.receipt,
        ReceivedDateTime=acknowledgement.received_at.isoformat(),
        CorrelationIdentifier=acknowledgement.correlation_id,
        RepeatIndicator=str(acknowledgement.is_repeat).lower(),
    )
    return Reply(_OK, version.content_type, write_envelope(version, response))


def refused(content_type: str, refusal: Refusal) -> Reply:
    """Return a fault with a HubFault in the caller's version; in SOAP 1.1 where the caller tells none."""
    version = version_of(content_type) or SOAP11
    detail = element(
        "HubFault",
        FaultCode=refusal.code,
        ErrorIdentifier=_DFDG_NUMBERS.get(refusal.code),
        FaultText=refusal.sentence,
        AdviceText=refusal.next_step,
        CorrelationIdentifier=refusal.correlation_id,
    )
    for fault in refusal.faults:
        detail.append(
            element(
                "FieldFaultItem",
                FieldPath=fault.field,
                FaultText=fault.sentence,
                AdviceText=fault.next_step or None,
            )
        )
    code = fault_code(version, refusal.faults, refusal.is_callers)
    body = write_fault(version, code, refusal.sentence, detail)
    return Reply(fault_status(version, code), version.content_type, body)


def described(which: str, address: str) -> Reply:
    """Return the WSDL, or the XSD that it imports, with the address that the hub has for this caller.

    :raises NotFound: there is no such description.
    """
    folder = contract_folder(CONTRACT)
    if which == "xsd":
        return Reply(_OK, _DESCRIPTION, (folder / "employment.xsd").read_bytes())
    if which != "wsdl":
        raise NotFound("There is no such description of this service.", "Ask for ?wsdl or ?xsd.")
    wsdl = etree.parse(folder / "hub.wsdl").getroot()
    for part in wsdl.iter(_XS_IMPORT):
        part.set("schemaLocation", f"{address}?xsd")
    for port in wsdl.iter(f"{_WSDL}port"):
        port[0].set("location", address)
    return Reply(_OK, _DESCRIPTION, to_bytes(wsdl))


def element(name: str, **words: object) -> etree._Element:
    """Make an element of the contract with the children named; one that is None is left out."""
    made = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap={"e": NAMESPACE})
    for word, text in words.items():
        if text is not None:
            etree.SubElement(made, f"{{{NAMESPACE}}}{word}").text = str(text)
    return made
