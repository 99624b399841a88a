"""WS-Addressing and WS-Security as the employment authority's system speaks them, by xmlsec alone.

Keys lie in one folder: ``signing.key.pem`` and ``signing.pem`` are the system's own, ``trusted.pem`` is the hub's.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from hub.clock import new_id, now
from hub.sandbox.nodes import parsed, to_bytes
from hub.sandbox.soap import CALLER, SoapFault, Version

WSA = "http://www.w3.org/2005/08/addressing"
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_WSSE, _WSU = f"{_OASIS}wssecurity-secext-1.0.xsd", f"{_OASIS}wssecurity-utility-1.0.xsd"
_X509V3 = f"{_OASIS}x509-token-profile-1.0#X509v3"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_ID = f"{{{_WSU}}}Id"
SECURITY = f"{{{_WSSE}}}Security"
UNDERSTOOD = [f"{{{WSA}}}{name}" for name in ("To", "Action", "MessageID", "RelatesTo", "ReplyTo", "FaultTo")]
_NOT_SIGNED = "The message is not signed as agreed."


def addressed(action: str, message_id: str, to: str, relates_to: str = "") -> list[etree._Element]:
    """Return the headers of WS-Addressing."""
    told = {"To": to, "Action": action, "MessageID": message_id} | ({"RelatesTo": relates_to} if relates_to else {})
    headers = []
    for name, text in told.items():
        headers.append(etree.Element(f"{{{WSA}}}{name}", nsmap={"wsa": WSA}))
        headers[-1].text = text
    return headers


def answering(headers: list[etree._Element], action: str) -> list[etree._Element]:
    """Return the headers of an answer to a call; none where the call has none."""
    asked = next((one.text or "" for one in headers if one.tag == f"{{{WSA}}}MessageID"), "")
    return addressed(action, f"urn:uuid:{new_id()}", f"{WSA}/anonymous", asked) if asked else []


@dataclass(frozen=True, slots=True)
class Keys:
    """The system's key pair, and the certificate of the hub."""

    folder: Path

    def sign(self, version: Version, message: bytes) -> bytes:
        """Sign the Body, a Timestamp and the headers of WS-Addressing of a message."""
        import xmlsec  # the extra wssecurity; without --keys the system runs without it

        root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True))
        header, body = root
        security = etree.Element(SECURITY, {version.tag("mustUnderstand"): "1"}, nsmap={"wsse": _WSSE, "wsu": _WSU})
        header.append(security)
        token = etree.SubElement(
            security, f"{{{_WSSE}}}BinarySecurityToken", {"ValueType": _X509V3, "EncodingType": _BASE64, _ID: "token"}
        )
        token.text = _certificate(self.folder / "signing.pem")
        parts = [body, _timestamp(security, now()), *(one for one in header if one.tag in UNDERSTOOD)]
        by, exclusive = xmlsec.constants.TransformRsaSha256, xmlsec.constants.TransformExclC14N
        signature = xmlsec.template.create(root, exclusive, by, ns="ds")
        security.append(signature)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(str(self.folder / "signing.key.pem"), xmlsec.constants.KeyDataFormatPem)
        for at, part in enumerate(parts):
            part.set(_ID, f"part-{at}")
            context.register_id(part, "Id", _WSU)
            reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri=f"#part-{at}")
            xmlsec.template.add_transform(reference, exclusive)
        context.sign(signature)
        info = etree.SubElement(signature, f"{{{_DS}}}KeyInfo")
        told = etree.SubElement(info, f"{{{_WSSE}}}SecurityTokenReference")
        etree.SubElement(told, f"{{{_WSSE}}}Reference", URI="#token", ValueType=_X509V3)
        return to_bytes(root)

    def check(self, version: Version, message: bytes, answers: str = "") -> None:
        """Check that the hub has signed a message.

        :param answers: the MessageID that it must relate to.
        :raises SoapFault: it has not, or not this.
        """
        import xmlsec

        root = parsed(message)
        if root is None or len(root) != 2:
            raise SoapFault(CALLER, _NOT_SIGNED)
        header, body = root
        signatures = header.findall(f"{SECURITY}/{{{_DS}}}Signature")
        names = UNDERSTOOD[: 4 if answers else 3]
        named = [one for one in header if one.tag in names]
        parts = [body, *header.findall(f"{SECURITY}/{{{_WSU}}}Timestamp"), *named]
        wanted = sorted(f"#{part.get(_ID)}" for part in parts)
        is_whole = len(signatures) == 1 and len(parts) == len(names) + 2
        if not is_whole or sorted(one.get("URI", "") for one in signatures[0][0].iter(f"{{{_DS}}}Reference")) != wanted:
            raise SoapFault(CALLER, _NOT_SIGNED)
        if (header.findtext(f"{{{WSA}}}RelatesTo") or "") != answers:
            raise SoapFault(CALLER, "The message answers another one.")
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(str(self.folder / "trusted.pem"), xmlsec.constants.KeyDataFormatCertPem)
        for part in parts:
            context.register_id(part, "Id", _WSU)
        try:
            context.verify(signatures[0])
        except xmlsec.Error:
            raise SoapFault(CALLER, _NOT_SIGNED) from None


def _timestamp(security: etree._Element, at: datetime) -> etree._Element:
    made = etree.SubElement(security, f"{{{_WSU}}}Timestamp")
    for name, instant in (("Created", at), ("Expires", at + timedelta(minutes=5))):
        etree.SubElement(made, f"{{{_WSU}}}{name}").text = f"{instant:%Y-%m-%dT%H:%M:%SZ}"
    return made


def _certificate(file: Path) -> str:
    lines = file.read_text("ascii").splitlines()
    text = "".join(line for line in lines if not line.startswith("-----"))
    return base64.b64encode(base64.b64decode(text)).decode()
