"""SOAP 1.1 and 1.2: envelopes and faults, read and written.

    version, root = read_root(body, content_type)
    headers, body = parts_of(root, version, understood)       # its header blocks, and its Body with one child
    write_envelope(SOAP12, receipt)                           # bytes
    make_fault(SOAP11, "Client", "No plan is open for the person.", detail)   # the child of a Body

An envelope holds one Body with one child and nothing besides, so that no two readers see different documents in it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, cast

from lxml import etree

from hub.adapters._xml import read_content_type, read_xml, to_bytes
from hub.authority import Parcel
from hub.errors import ContractViolation, Fault

FAILED = 500  # the status under which faults come
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_MOST_PREFIXES = 100  # in scope at one element; to make it a root, each is looked up among the others


@dataclass(frozen=True, slots=True)
class Version:
    """A version of SOAP, in its own words."""

    namespace: str
    media_type: str
    #: Fault codes: the caller must change something; the one who answers failed.
    callers: str
    answerers: str
    #: The attribute that says who must understand a header block, and its values that mean whoever answers.
    role: str
    own_roles: frozenset[str]

    def name(self, local: str) -> str:
        """Return a name of the envelope's namespace."""
        return f"{{{self.namespace}}}{local}"

    @property
    def content_type(self) -> str:
        """Return the Content-Type of an answer."""
        return f"{self.media_type}; charset=utf-8"


_ROLES = "http://www.w3.org/2003/05/soap-envelope/role"
SOAP11: Final = Version(
    "http://schemas.xmlsoap.org/soap/envelope/",
    "text/xml",
    "Client",
    "Server",
    "actor",
    frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
)
SOAP12: Final = Version(
    "http://www.w3.org/2003/05/soap-envelope",
    "application/soap+xml",
    "Sender",
    "Receiver",
    "role",
    frozenset({"", f"{_ROLES}/next", f"{_ROLES}/ultimateReceiver"}),
)
#: A fault of an envelope that has a SOAP fault code of its own, and that code.
_OTHER_VERSION = Fault(
    "/Envelope",
    "This is no envelope of the SOAP version that the Content-Type tells.",
    "Send SOAP 1.1 as text/xml, SOAP 1.2 as application/soap+xml.",
)
_NOT_UNDERSTOOD = Fault(
    "/Envelope/Header/*", "This header must be understood, but is none of the contract.", "Leave it out."
)
_OWN_CODES = {_OTHER_VERSION: "VersionMismatch", _NOT_UNDERSTOOD: "MustUnderstand"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message: its header blocks and the one child of its Body, each a root of its own."""

    version: Version
    headers: tuple[etree._Element, ...]
    content: etree._Element


def version_of(content_type: str) -> Version | None:
    """Return the SOAP version that a Content-Type tells; None for any other."""
    kind, _ = read_content_type(content_type)
    return next((version for version in (SOAP11, SOAP12) if version.media_type == kind), None)


def read_root(body: bytes, content_type: str) -> tuple[Version, etree._Element]:
    """Read an Envelope, of which nothing is known yet but its version: the one that its Content-Type tells.

    :raises ContractViolation: it is none, or of another version.
    :raises TooLarge: it is over 10 MB.
    """
    version = version_of(content_type)
    if version is None:
        raise ContractViolation(
            "The message is not sent as SOAP.",
            faults=[Fault("Content-Type", "must be text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).")],
        )
    root = read_xml(body, read_content_type(content_type)[1].get("charset"))
    if etree.QName(root).localname != "Envelope":
        raise ContractViolation(
            "The document is no SOAP envelope.", faults=[Fault("/*", "Send the document in the Body of an Envelope.")]
        )
    if root.tag != version.name("Envelope"):
        raise ContractViolation("The envelope is of another version of SOAP.", faults=[_OTHER_VERSION])
    return version, root


def parts_of(
    root: etree._Element, version: Version, understood: Collection[str] = ()
) -> tuple[Sequence[etree._Element], etree._Element]:
    """Return the header blocks, and the Body with its one child.

    :param understood: names of the header blocks that the reader knows.
    :raises ContractViolation: it is not built as SOAP says, or has a header that must but cannot be understood.
    """
    blocks, body = _parts(root, version)
    for block in blocks:
        _check_understood(block, version, understood)
    return blocks, body


def _parts(root: etree._Element, version: Version) -> tuple[Sequence[etree._Element], etree._Element]:
    """Return the header blocks and the Body."""
    names = [child.tag for child in root]
    header, body = version.name("Header"), version.name("Body")
    if names not in ([body], [header, body]) or any(_has_text(part) for part in (root, *root)):
        raise ContractViolation(
            "The envelope is not built as SOAP says.",
            faults=[Fault("/Envelope", "It holds one Header at most and then one Body, and no text between elements.")],
        )
    blocks = list(root[0]) if len(names) > 1 else []
    if len({block.tag for block in blocks}) != len(blocks):
        raise ContractViolation(
            "The envelope has a header twice.", faults=[Fault("/Envelope/Header", "Each header is there once at most.")]
        )
    if len(root[-1]) != 1:
        raise ContractViolation(
            "The Body does not hold one element.", faults=[Fault("/Envelope/Body", "It holds exactly one element.")]
        )
    return blocks, root[-1]


def _has_text(parent: etree._Element) -> bool:
    return any((text or "").strip() for text in (parent.text, *(child.tail for child in parent)))


def _check_understood(block: etree._Element, version: Version, understood: Collection[str]) -> None:
    must = block.get(version.name("mustUnderstand"), "0").strip() not in ("0", "false")
    if must and block.tag not in understood and block.get(version.name(version.role), "").strip() in version.own_roles:
        raise ContractViolation("The envelope has a header that is none of the contract.", faults=[_NOT_UNDERSTOOD])


def stand_alone(element: etree._Element, version: Version | None = None) -> etree._Element:
    """Make an element a root of its own. It keeps the prefixes in scope, for a value such as an xsi:type may use one.

    :param version: leave out what SOAP itself says by attributes, such as mustUnderstand.
    """
    attributes = {
        str(name): str(value)
        for name, value in element.attrib.items()
        if version is None or not str(name).startswith(version.name(""))
    }
    try:
        if len(element.nsmap) > _MOST_PREFIXES:
            raise ValueError
        root = etree.Element(element.tag, attributes, cast("dict[str, str]", element.nsmap))
    except ValueError:  # libxml2 reads namespaces that lxml refuses to write
        raise ContractViolation(
            "The envelope declares too many namespaces, or one that is no URI.",
            faults=[Fault("/Envelope", "Declare the namespaces that the message uses, and no others.")],
        ) from None
    root.text = element.text
    root.sourceline = element.sourceline
    root.extend(list(element))
    return root


def check_action(parcel: Parcel, action: str) -> None:
    """Refuse a call that names another operation than its Body: two readers might do two different things.

    :raises ContractViolation: SOAPAction (1.1) or the parameter action (1.2) is there and says something else.
    """
    told = {
        "SOAPAction": parcel.headers.get("soapaction", "").strip().strip('"'),
        "Content-Type": read_content_type(parcel.content_type)[1].get("action", ""),
    }
    faults = [
        Fault(where, "It names another operation than the Body.", "Name the operation of the Body, or leave it out.")
        for where, named in told.items()
        if named not in ("", action)
    ]
    if faults:
        raise ContractViolation("The call names two operations.", faults=faults)


def write_envelope(version: Version, content: etree._Element, headers: Sequence[etree._Element] = ()) -> bytes:
    """Write a message; content and headers move into it."""
    return to_bytes(make_envelope(version, content, headers))


def make_envelope(version: Version, content: etree._Element, headers: Sequence[etree._Element] = ()) -> etree._Element:
    """Return a message as a tree; content and headers move into it."""
    envelope = etree.Element(version.name("Envelope"), nsmap={"soap": version.namespace})
    if headers:
        etree.SubElement(envelope, version.name("Header")).extend(headers)
    etree.SubElement(envelope, version.name("Body")).append(content)
    return envelope


def fault_code(version: Version, faults: Sequence[Fault], is_callers: bool) -> str:
    """Return SOAP's own code for a refusal."""
    own = next((_OWN_CODES[fault] for fault in faults if fault in _OWN_CODES), None)
    return own or (version.callers if is_callers else version.answerers)


def make_fault(
    version: Version, code: str, sentence: str, detail: etree._Element, subcode: etree.QName | None = None
) -> etree._Element:
    """Return what the Body of a fault holds; the detail moves into it.

    :param subcode: the name that a specification beside SOAP gives to the refusal.
    """
    fault = etree.Element(version.name("Fault"), nsmap={"soap": version.namespace})
    told = etree.QName(version.namespace, code)
    if version is SOAP11:  # its parts are in no namespace; it knows no subcodes, and such a name stands for the code
        fault.append(_coded("faultcode", subcode or told))
        etree.SubElement(fault, "faultstring").text = sentence
        etree.SubElement(fault, "detail").append(detail)
        return fault
    codes = etree.SubElement(fault, version.name("Code"))
    codes.append(_coded(version.name("Value"), told))
    if subcode is not None:
        etree.SubElement(codes, version.name("Subcode")).append(_coded(version.name("Value"), subcode))
    reason = etree.SubElement(fault, version.name("Reason"))
    etree.SubElement(reason, version.name("Text"), {_LANGUAGE: "en"}).text = sentence
    etree.SubElement(fault, version.name("Detail")).append(detail)
    return fault


def _coded(name: str, code: etree.QName) -> etree._Element:
    is_own = code.namespace in (SOAP11.namespace, SOAP12.namespace)  # whose prefix stands at the Envelope
    made = etree.Element(name, nsmap=None if is_own else {"f": code.namespace or ""})
    made.text = f"{'soap' if is_own else 'f'}:{code.localname}"
    return made


def fault_status(version: Version, code: str) -> int:
    """Return the HTTP status of a fault: 500 in SOAP 1.1; in 1.2 what the caller must mend is 400."""
    return 400 if version is SOAP12 and code == version.callers else FAILED
