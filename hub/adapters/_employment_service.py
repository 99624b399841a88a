"""What the hub serves to the employment system: receipts, faults, and the WSDL that describes them (``hub.wsdl``)."""

from __future__ import annotations

from lxml import etree

from hub.adapters._soap import SOAP11, fault_code, fault_status, make_fault, read_root, version_of
from hub.adapters._ws_addressing import ADDRESSING_FAULT, UNSPECIFIED, WSA, Addressing, glimpsed_id
from hub.adapters._ws_addressing import SUBCODES as ADDRESSING
from hub.adapters._ws_security import SUBCODES as SECURITY
from hub.adapters._ws_security import WSSE, Security, write_message
from hub.adapters._xml import to_bytes
from hub.authority import Acknowledgement, Parcel, Refusal, Reply, contract_folder
from hub.clock import new_id
from hub.errors import NotFound, Refused

NAMESPACE = "urn:one-plan-hub:employment:1"
CONTRACT = "employment/v1"
#: The Action of a call, and of what answers it: WS-Addressing 1.0 Metadata's default, for the WSDL names none.
SUBMIT = f"{NAMESPACE}/SubmitPersonCase"
_ANSWER = f"{NAMESPACE}:PersonCaseIntake:SubmitPersonCaseResponse"
_FAULT = f"{NAMESPACE}:PersonCaseIntake:SubmitPersonCase:Fault:HubFault"
_USES_ADDRESSING = WSA.encode()
#: The hub's code → the number that DFDG gives to the same refusal.
_DFDG_NUMBERS = {"unknown-person": 1010, "contract-violation": 1014}
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XS_IMPORT = "{http://www.w3.org/2001/XMLSchema}import"
_OK = 200
_DESCRIPTION = "text/xml; charset=utf-8"


def acknowledged(parcel: Parcel, acknowledgement: Acknowledgement, security: Security) -> Reply:
    """Return a SubmitPersonCaseResponse in the caller's version."""
    version = version_of(parcel.content_type) or SOAP11
    response = element(
        "SubmitPersonCaseResponse",
        ReceiptIdentifier=acknowledgement.receipt,
        ReceivedDateTime=acknowledgement.received_at.isoformat(),
        CorrelationIdentifier=acknowledgement.correlation_id,
        RepeatIndicator=str(acknowledgement.is_repeat).lower(),
    )
    addressing = _answering(parcel, _ANSWER, security)
    return Reply(_OK, version.content_type, write_message(version, response, [], addressing, security))


def refused(parcel: Parcel, refusal: Refusal, security: Security) -> Reply:
    """Return a fault with a HubFault in the caller's version; in SOAP 1.1 where the caller tells none."""
    version = version_of(parcel.content_type) or SOAP11
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
    subcode = _subcode(refusal)
    about_addressing = subcode is not None and subcode.namespace == WSA
    addressing = _answering(parcel, ADDRESSING_FAULT if about_addressing else _FAULT, security)
    content = make_fault(version, code, refusal.sentence, detail, subcode)
    body = write_message(version, content, [], addressing, security)
    return Reply(fault_status(version, code), version.content_type, body)


def _subcode(refusal: Refusal) -> etree.QName | None:
    """Return the name that WS-Addressing or WS-Security gives to a refusal."""
    for fault in refusal.faults:
        if fault in ADDRESSING:
            return etree.QName(WSA, ADDRESSING[fault])
        if fault in SECURITY:
            return etree.QName(WSSE, SECURITY[fault])
    return None


def _answering(parcel: Parcel, action: str, security: Security) -> Addressing | None:
    """Return the addressing of an answer: of none to a call that uses none, unless answers are signed.

    The call may be refused and wrong in every way; nothing but its message id is read of it.
    """
    related = None
    if _USES_ADDRESSING in parcel.body.replace(b"\0", b""):  # in UTF-16 too
        try:
            version, root = read_root(parcel.body, parcel.content_type)
            related = glimpsed_id([block for header in root.iter(version.name("Header")) for block in header])
        except Refused:
            related = UNSPECIFIED
    if related is None and not (security.signer and security.trust and security.requires):
        return None
    return Addressing(action, str(new_id()), relates_to=related or UNSPECIFIED)


def described(which: str, address: str) -> Reply:
    """Return the WSDL, or the XSD that it imports, with the address that the hub has for this caller.

    :raises NotFound: there is no such description.
    """
    folder = contract_folder(CONTRACT)
    if which == "xsd":
        return Reply(_OK, _DESCRIPTION, (folder / "employment.xsd").read_bytes())
    if which != "wsdl":
        raise NotFound("There is no such description of this service.", "Ask for ?wsdl or ?xsd.")
    wsdl = etree.parse(folder / "hub.wsdl", etree.XMLParser(resolve_entities=False, no_network=True)).getroot()
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
