"""SOAP 1.1 and 1.2 as the employment authority's system speaks them: envelopes, headers and faults."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message

from lxml import etree

from hub.sandbox.nodes import parsed, to_bytes

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
#: What a fault blames, in the words of SOAP 1.1 and 1.2.
CALLER, VERSION, HEADER = (
    ("Client", "Sender"),
    ("VersionMismatch", "VersionMismatch"),
    ("MustUnderstand", "MustUnderstand"),
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of SOAP, by its place in a fault's pair of words."""

    place: int
    media_type: str
    uri: str
    true: Collection[str]

    def tag(self, name: str) -> str:
        """Return a name of the envelope as lxml writes it."""
        return f"{{{self.uri}}}{name}"


SOAP_11 = Version(0, "text/xml", "http://schemas.xmlsoap.org/soap/envelope/", ("1",))
SOAP_12 = Version(1, "application/soap+xml", "http://www.w3.org/2003/05/soap-envelope", ("1", "true"))


class SoapFault(Exception):
    """A call is refused or has failed."""

    def __init__(self, blames: tuple[str, str], reason: str, code: str = "invalid-request") -> None:
        super().__init__(reason)
        self.blames, self.reason, self.code = blames, reason, code


def version_of(content_type: str) -> Version | None:
    """Return the version of SOAP that a Content-Type says."""
    header = Message()
    header["Content-Type"] = content_type
    return next((one for one in (SOAP_11, SOAP_12) if header.get_content_type() == one.media_type), None)


def read_call(version: Version, body: bytes) -> tuple[list[etree._Element], etree._Element]:
    """Return the headers of a call and the one element of its Body. :raises SoapFault: it is no call."""
    root = parsed(body)
    if root is None:
        raise SoapFault(CALLER, "The call is not well-formed XML, or has a DOCTYPE.")
    if etree.QName(root).localname != "Envelope":
        raise SoapFault(CALLER, "The call is no SOAP envelope.")
    if root.tag != version.tag("Envelope"):
        raise SoapFault(VERSION, "The envelope is of another version than the Content-Type says.")
    headers = [one for part in root.iterchildren(version.tag("Header")) for one in part.iterchildren("*")]
    payload = [one for part in root.iterchildren(version.tag("Body")) for one in part.iterchildren("*")]
    if len(payload) != 1:
        raise SoapFault(CALLER, "The Body holds not one element.")
    return headers, payload[0]


def check_headers(version: Version, headers: list[etree._Element], understood: Collection[str]) -> None:
    """Refuse a header that must be understood and is not. :raises SoapFault: MustUnderstand."""
    for header in headers:
        if header.tag not in understood and header.get(version.tag("mustUnderstand")) in version.true:
            raise SoapFault(HEADER, "A header must be understood that this system does not know.")


def envelope(version: Version, body: etree._Element, *headers: etree._Element) -> bytes:
    """Write an envelope."""
    root = etree.Element(version.tag("Envelope"), nsmap={"soap": version.uri})
    if headers:
        etree.SubElement(root, version.tag("Header")).extend(headers)
    etree.SubElement(root, version.tag("Body")).append(body)
    return to_bytes(root)


def fault_of(version: Version, fault: SoapFault, detail: etree._Element) -> etree._Element:
    """Return what the Body of a fault holds.

    :param detail: in the contract's own words; left out of a fault about the envelope (SOAP 1.1, section 4.4).
    """
    word = f"soap:{fault.blames[version.place]}"
    root = etree.Element(version.tag("Fault"), nsmap={"soap": version.uri})
    if version is SOAP_11:
        etree.SubElement(root, "faultcode").text = word
        etree.SubElement(root, "faultstring").text = fault.reason
        if fault.blames == CALLER:
            etree.SubElement(root, "detail").append(detail)
        return root
    etree.SubElement(etree.SubElement(root, version.tag("Code")), version.tag("Value")).text = word
    text = etree.SubElement(etree.SubElement(root, version.tag("Reason")), version.tag("Text"), {_XML_LANG: "en"})
    text.text = fault.reason
    if fault.blames == CALLER:
        etree.SubElement(root, version.tag("Detail")).append(detail)
    return root


def fault_status(version: Version, fault: SoapFault) -> int:
    """Return the HTTP status of a fault: 500, and 400 where SOAP 1.2 blames the caller."""
    return 400 if version is SOAP_12 and fault.blames == CALLER else 500
