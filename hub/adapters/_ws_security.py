"""WS-Security (OASIS WSS 1.1, X.509 token profile) in SOAP: messages that are signed, written and read.

    security = chosen.security("employment")                 # by the authority's settings; nothing is on by default
    body = write_message(SOAP11, content, headers, addressing, security)
    message = read_message(body, content_type, understood, security)

A signed message has exactly one Envelope, Header, Body, Security and Timestamp, ids that are there once, and one
signature whose references are exactly its Body, Timestamp, To, Action and MessageID (of an answer RelatesTo besides).
What is handed on is read anew from the bytes whose digests were signed; nothing else of the message is believed, so
that a Body moved elsewhere, or put beside the signed one, is read by nobody.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from hub.adapters._certificates import OUT_OF_TIME, UNREADABLE, UNTRUSTED, Trust
from hub.adapters._signature import DS, FORGED, NOT_BUILT, WEAK, WRONG, Signed, Signer, canonical, verify
from hub.adapters._soap import SOAP11, SOAP12, Envelope, Version, make_envelope, parts_of, read_root, stand_alone
from hub.adapters._ws_addressing import ACTION, MESSAGE_ID, RELATES_TO, TO, UNDERSTOOD, Addressing, read_addressing
from hub.adapters._xml import read_xml, to_bytes
from hub.clock import now
from hub.errors import ContractViolation, Fault

_OASIS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{_OASIS}wssecurity-secext-1.0.xsd", f"{_OASIS}wssecurity-utility-1.0.xsd"
SECURITY = f"{{{WSSE}}}Security"
_X509V3, _BASE64 = f"{_OASIS}x509-token-profile-1.0#X509v3", f"{_OASIS}soap-message-security-1.0#Base64Binary"
_TOKEN, _STR, _REFERENCE = (
    f"{{{WSSE}}}{name}" for name in ("BinarySecurityToken", "SecurityTokenReference", "Reference")
)
_TIMESTAMP, _CREATED, _EXPIRES, _ID = (f"{{{WSU}}}{name}" for name in ("Timestamp", "Created", "Expires", "Id"))
_SIGNATURE, _KEY_INFO = f"{{{DS}}}Signature", f"{{{DS}}}KeyInfo"
_TOKEN_TYPE = "{http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd}TokenType"  # noqa: S105 - a name
SKEW, OLDEST = timedelta(seconds=60), timedelta(minutes=5)
_MOST_NAMESPACES = 1_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_MARKUP = re.compile(r"<\?|<!--")
_DECLARATION = re.compile(r"\ufeff?<\?xml\s[^>]*?\?>")
#: Elements of which a signed message has one, wherever else another might hide.
_SINGLE = frozenset({SECURITY, _TIMESTAMP, _SIGNATURE}) | {
    version.name(name) for version in (SOAP11, SOAP12) for name in ("Envelope", "Header", "Body")
}

_UNSIGNED = Fault(
    "/Envelope/Header/Security", "The message is not signed.", "Sign it as docs/how-to/use-ws-security.md says."
)
_TWICE = Fault("//*", "An element or an id that may be there once is there twice.", "Sign the message once, and last.")
_MARKED = Fault(
    "/Envelope",
    "A signed message holds a comment or a processing instruction, or is not in UTF-8.",
    "Send it in UTF-8, without comments and processing instructions.",
)
_CROWDED = Fault(
    "/Envelope",
    "A signed message declares over 1000 namespaces, each of which canonical XML would look for at each element.",
    "Declare the namespaces that the message uses, once, at the Envelope.",
)
_NO_TOKEN = Fault(
    "//Signature/KeyInfo",
    "It does not refer to the BinarySecurityToken beside it.",
    "Send the X509v3 certificate as a BinarySecurityToken, and a direct reference to it.",
)
_NO_TIME = Fault(
    "//Timestamp", "It does not hold Created and Expires, in UTC, in this order.", "Write 2026-09-01T12:00:00Z."
)
_EXPIRED = Fault(
    "//Timestamp",
    "The message is too old or not yet valid.",
    "Sign it when it is sent, at most 5 minutes ago, by a clock that is right to the minute.",
)
#: A fault → the name WS-Security gives it.
SUBCODES = {
    _UNSIGNED: "InvalidSecurity",
    _TWICE: "InvalidSecurity",
    _MARKED: "InvalidSecurity",
    _CROWDED: "InvalidSecurity",
    NOT_BUILT: "InvalidSecurity",
    _NO_TOKEN: "InvalidSecurity",
    _NO_TIME: "InvalidSecurity",
    _EXPIRED: "MessageExpired",
    WEAK: "UnsupportedAlgorithm",
    WRONG: "FailedCheck",
    FORGED: "FailedCheck",
    UNREADABLE: "InvalidSecurityToken",
    UNTRUSTED: "FailedAuthentication",
    OUT_OF_TIME: "InvalidSecurityToken",
}


@dataclass(frozen=True, slots=True)
class Security:
    """What is signed and what is asked for; by default neither.

    :ivar requires: refuse what is not signed; else a signature counts where there is one.
    """

    signer: Signer | None = None
    trust: Trust | None = None
    requires: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message that may be believed.

    :ivar essence: of a signed message what its Body holds, in canonical form; of a repeat it is the same, though all
        around it is new. Empty where nothing was verified.
    """

    envelope: Envelope
    addressing: Addressing | None
    essence: bytes = b""


def read_message(
    body: bytes, content_type: str, understood: Collection[str], security: Security, is_answer: bool = False
) -> Message:
    """Read a message; of a signed one nothing but what was signed, so that its other headers are none.

    :raises Refused: see ``read_root`` and ``parts_of``; or its signature or addressing is refused.
    """
    version, root = read_root(body, content_type)
    known = {*understood, *UNDERSTOOD, *([SECURITY] if security.trust else [])}
    blocks, held = parts_of(root, version, known)
    is_signed = any(block.tag == SECURITY for block in blocks)
    if security.trust is not None and security.requires and not is_signed:
        raise _refused(_UNSIGNED)
    if security.trust is not None and is_signed:
        return _verified(body, version, root, security.trust, is_answer)
    headers = tuple(stand_alone(block, version) for block in blocks)
    return Message(Envelope(version, headers, stand_alone(held[0])), read_addressing(headers, is_answer))


def write_message(
    version: Version,
    content: etree._Element,
    headers: Sequence[etree._Element],
    addressing: Addressing | None,
    security: Security,
) -> bytes:
    """Write a message, signed where there is a signer; content and headers move into it."""
    addressed = addressing.headers() if addressing else []
    root = make_envelope(version, content, [*addressed, *headers])
    if security.signer is not None and addressing is not None:
        _sign(root, version, addressed, security.signer, now())
    return to_bytes(root)


def _sign(
    root: etree._Element, version: Version, addressed: Sequence[etree._Element], signer: Signer, at: datetime
) -> None:
    security = etree.Element(
        SECURITY, {version.name("mustUnderstand"): "1"}, nsmap={"wsse": WSSE, "wsu": WSU, "soap": version.namespace}
    )
    root[0].insert(0, security)
    timestamp = etree.SubElement(security, _TIMESTAMP)
    for name, instant in ((_CREATED, at), (_EXPIRES, at + OLDEST)):
        etree.SubElement(timestamp, name).text = f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03d}Z"
    kinds = {_ID: "x509", "ValueType": _X509V3, "EncodingType": _BASE64}
    etree.SubElement(security, _TOKEN, kinds).text = base64.b64encode(signer.certificate.der).decode()
    parts = [root[-1], timestamp, *addressed]
    for part in parts:
        part.set(_ID, f"signed-{_local(part.tag)}")
    signature = signer.sign([Signed(f"#{part.get(_ID)}", part) for part in parts])
    reference = etree.SubElement(etree.SubElement(signature, _KEY_INFO), _STR)
    etree.SubElement(reference, _REFERENCE, URI="#x509", ValueType=_X509V3)
    security.append(signature)


def _verified(body: bytes, version: Version, root: etree._Element, trust: Trust, is_answer: bool) -> Message:
    _check_bare(body)
    _check_single(root)
    headers = {block.tag: block for block in root[0]}
    token, timestamp, signature = _inside(headers[SECURITY], version)
    named = [TO, ACTION, MESSAGE_ID, *([RELATES_TO] if is_answer else [])]
    if not set(named) <= headers.keys():
        raise _refused(NOT_BUILT)
    parts = [root[-1], timestamp, *(headers[name] for name in named)]
    expected = [Signed(f"#{part.get(_ID, '')}", part) for part in parts]
    if len({part.uri for part in expected} - {"#"}) != len(parts):
        raise _refused(NOT_BUILT)
    at = now()
    said, stamped, *addressed = verify(signature, expected, _certificate(token, signature), trust, at)
    _check_time(read_xml(stamped), at)
    addressing = read_addressing([read_xml(one) for one in addressed], is_answer)
    content = read_xml(said)[0]
    essence = canonical(content)  # without the Body around it, whose wsu:Id many make up anew each time
    return Message(Envelope(version, (), stand_alone(content)), addressing, essence)


def _check_bare(body: bytes) -> None:
    """Refuse what a reader of the tree no longer sees, on the bytes as they came; UTF-8 is what all else is read as."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise _refused(_MARKED) from None
    declared = _DECLARATION.match(text)
    if _MARKUP.search(text, declared.end() if declared else 0):
        raise _refused(_MARKED)
    if text.count("xmlns") > _MOST_NAMESPACES:
        raise _refused(_CROWDED)


def _check_single(root: etree._Element) -> None:
    """Refuse an element that must be single and is not, and an id that two elements have, whatever it is called."""
    counted = Counter(_local(element.tag) for element in root.iter(*_SINGLE))  # of both versions of SOAP together
    ids = Counter(
        value
        for element in root.iter(etree.Element)
        for name, value in element.attrib.items()
        if _local(name).lower() == "id"
    )
    if max([*counted.values(), *ids.values()]) > 1:
        raise _refused(_TWICE)


def _local(name: str | bytes) -> str:
    return str(name).rpartition("}")[2]


def _inside(security: etree._Element, version: Version) -> list[etree._Element]:
    """Return token, Timestamp and Signature of a Security header, which holds nothing besides."""
    wanted = (_TOKEN, _TIMESTAMP, _SIGNATURE)
    found = {str(child.tag): child for child in security}
    has_text = any((text or "").strip() for text in (security.text, *(child.tail for child in security)))
    is_ours = security.get(version.name(version.role), "").strip() in version.own_roles
    if len(security) != len(wanted) or set(found) != set(wanted) or has_text or not is_ours:
        raise _refused(NOT_BUILT)
    return [found[name] for name in wanted]


def _certificate(token: etree._Element, signature: etree._Element) -> bytes:
    """Return the certificate in the token, to which the signature's KeyInfo refers directly and by nothing else."""
    steps = [signature]
    for name in (_KEY_INFO, _STR, _REFERENCE):
        inner = [child for child in steps[-1] if child.tag == name]
        if len(inner) != 1 or (name != _KEY_INFO and len(steps[-1]) != 1):
            raise _refused(_NO_TOKEN)
        steps.append(inner[0])
    _, key_info, reference, direct = steps
    allowed = set(key_info.attrib) <= {"Id"} and set(reference.attrib) <= {_ID, _TOKEN_TYPE} and not len(direct)
    told = {str(name): str(value) for name, value in direct.attrib.items()}
    is_token = token.get("ValueType") == _X509V3 and token.get("EncodingType", _BASE64) == _BASE64 and not len(token)
    points = told.pop("URI", None) == f"#{token.get(_ID)}" and told.pop("ValueType", _X509V3) == _X509V3 and not told
    if not (allowed and is_token and points and set(token.attrib) <= {_ID, "ValueType", "EncodingType"}):
        raise _refused(_NO_TOKEN)
    try:
        return base64.b64decode("".join((token.text or "").split()), validate=True)
    except ValueError:
        raise _refused(UNREADABLE) from None


def _check_time(timestamp: etree._Element, at: datetime) -> None:
    """Check that a message is sent about now. What is older is refused, what is not is remembered by its id."""
    texts = [(child.text or "").strip() for child in timestamp]
    names = [child.tag for child in timestamp]
    if names != [_CREATED, _EXPIRES] or not all(_INSTANT.fullmatch(text) for text in texts):
        raise _refused(_NO_TIME)
    try:
        created, expires = (datetime.fromisoformat(text[:19] + "+00:00") for text in texts)
    except ValueError:
        raise _refused(_NO_TIME) from None
    if not (created - SKEW <= at <= expires + SKEW and at <= created + OLDEST + SKEW and created <= expires):
        raise _refused(_EXPIRED)


def _refused(fault: Fault) -> ContractViolation:
    return ContractViolation("The message's signature is refused.", faults=[fault])
