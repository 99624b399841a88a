"""XML signatures (XML-DSig 1.1) with X.509 certificates: sign, and verify exactly what was expected and nothing else.

    signer = read_signer(key_file, certificate_file)     # SettingsRefused: the files do not fit, or no xmlsec is there
    trust = read_trust(certificates_file, subject)       # of _certificates: pinned signers, or CAs and a subject
    signature = signer.sign([Signed("#body", body)])     # a ds:Signature without KeyInfo
    (verified,) = verify(signature, [Signed("#body", body)], certificate, trust, now())  # bytes, or ContractViolation

The caller says what must be signed, and hands over those very elements: a reference is never looked up, by nobody. Each
is written in canonical form here and its digest compared; xmlsec then checks one signature over one string of bytes.
What ``verify`` returns are the bytes whose digests were signed; nothing else of a document is to be believed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

from lxml import etree

from hub.adapters._certificates import Certificate, PrivateKey, Trust, is_elliptic, read_key_pair
from hub.errors import ContractViolation, Fault, SettingsRefused

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DS}enveloped-signature"
_MORE, _ENC = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
#: What is taken, and xmlsec's name for it. No SHA-1, no MD5, no HMAC: a certificate's public key is nobody's secret.
_METHODS = {
    f"{_MORE}rsa-sha256": "RSA_SHA256",
    f"{_MORE}rsa-sha384": "RSA_SHA384",
    f"{_MORE}rsa-sha512": "RSA_SHA512",
    f"{_MORE}ecdsa-sha256": "ECDSA_SHA256",
}
_DIGESTS = {f"{_ENC}sha256": hashlib.sha256, f"{_ENC}sha512": hashlib.sha512}
_SHA256 = f"{_ENC}sha256"
_MOST_PREFIXES, _MOST_TEXT = 10, 4_096

#: What a refusal may name; callers whose protocol has words of its own for them go by these.
NOT_BUILT = Fault("//Signature", "It is not built as agreed.", "Sign exactly what the contract says, and nothing else.")
WEAK = Fault(
    "//Signature//@Algorithm",
    "An algorithm is none that is taken.",
    "Use RSA-SHA256, -384 or -512 or ECDSA-SHA256, digests SHA-256 or SHA-512, and exclusive canonical XML.",
)
WRONG = Fault(
    "//Signature/SignedInfo/Reference",
    "What was signed is not what came.",
    "Sign last, and change nothing of the message afterwards.",
)
FORGED = Fault(
    "//Signature/SignatureValue",
    "The signature is not of the certificate's key.",
    "Sign with the private key of the certificate that is sent.",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a reference must sign: its URI, an element or bytes, and the only transforms it may name.

    :ivar content: an element (of an enveloped signature: the document without the signature), or a file's bytes, which
        have no transforms.
    """

    uri: str
    content: etree._Element | bytes
    transforms: tuple[str, ...] = (EXCLUSIVE_C14N,)


def read_signer(key_file: Path, certificate_file: Path) -> Signer:
    """Read who signs. :raises SettingsRefused: the files do not fit, or xmlsec is not installed."""
    load_xmlsec()
    return Signer(*read_key_pair(key_file, certificate_file))


def load_xmlsec() -> ModuleType:
    """Return xmlsec, which only an installation that signs or verifies needs.

    :raises SettingsRefused: it is not installed.
    """
    try:
        import xmlsec
    except ImportError:
        raise SettingsRefused(
            "XML signatures are switched on, but the package xmlsec is not installed.",
            "Install the hub with its extra wssecurity: pip install 'one-plan-hub[wssecurity]'.",
        ) from None
    return xmlsec


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its certificate."""

    key: PrivateKey
    certificate: Certificate

    @property
    def method(self) -> str:
        """Return the signature method: as strong as the key, by the key's kind."""
        return f"{_MORE}ecdsa-sha256" if is_elliptic(self.key) else f"{_MORE}rsa-sha256"

    def sign(self, parts: Sequence[Signed]) -> etree._Element:
        """Return a ds:Signature over the parts, without a KeyInfo; the signature itself moves no element."""
        xmlsec = load_xmlsec()
        signature = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS})
        told = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
        etree.SubElement(told, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N)
        etree.SubElement(told, f"{{{DS}}}SignatureMethod", Algorithm=self.method)
        for part in parts:
            _add_reference(told, part)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.key.pem(), xmlsec.KeyFormat.PEM)
        value = context.sign_binary(canonical(told), getattr(xmlsec.Transform, _METHODS[self.method]))
        etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
        return signature


def verify(
    signature: etree._Element,
    expected: Sequence[Signed],
    certificate: bytes,
    trust: Trust,
    at: datetime,
    most_bytes: int = 20_000_000,
) -> list[bytes]:
    """Check a ds:Signature over exactly the parts expected; return their canonical bytes, in the order expected.

    Its KeyInfo is the caller's to read: how a certificate is told differs between protocols.

    :param certificate: DER, as the message tells it; it is trusted for nothing before ``trust`` has said so.
    :param most_bytes: of all names together in canonical form, in which each element may repeat a namespace.
    :raises ContractViolation: with one of this module's faults, or of :mod:`hub.adapters._certificates`.
    """
    told, value = _built(signature)
    signer = trust.checked(certificate, at)
    references = _references(told)
    if sorted(one.get("URI", "") for one in references) != sorted(part.uri for part in expected):
        raise _refused(NOT_BUILT)
    by_uri = {one.get("URI", ""): one for one in references}
    method = _method(told, signer)
    _check_growth([told, *(part.content for part in expected if not isinstance(part.content, bytes))], most_bytes)
    verified = [_digested(by_uri[part.uri], part) for part in expected]
    _check_value(told, method, signer, value)
    return verified


def canonical(element: etree._Element, prefixes: Sequence[str] = ()) -> bytes:
    """Return an element in exclusive canonical XML without comments.

    :param prefixes: written even where no name uses them (InclusiveNamespaces PrefixList).
    """
    root = _with_all_prefixes(element) if prefixes else element
    listed: Any = [None if prefix == "#default" else prefix for prefix in prefixes] or None
    try:
        return etree.tostring(root, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=listed)
    except etree.C14NError:  # a namespace that is no absolute URI
        raise _refused(NOT_BUILT) from None


def _with_all_prefixes(element: etree._Element) -> etree._Element:
    """Return a copy that declares at its root whatever is in scope there: lxml forgets what the ancestors declare."""
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    try:
        root = etree.Element(element.tag, attributes, cast("dict[str, str]", element.nsmap))
    except ValueError:
        raise _refused(NOT_BUILT) from None
    root.text = element.text
    root.extend(deepcopy(list(element)))
    return root


def _check_growth(elements: Sequence[etree._Element], most_bytes: int) -> None:
    """Refuse what canonical XML would blow up: it declares a namespace anew at each element that first uses it."""
    left = most_bytes
    for element in elements:
        for one in element.iter(etree.Element):
            left -= len(one.tag) + sum(map(len, one.attrib))
            if left < 0:
                raise _refused(NOT_BUILT)


def _add_reference(told: etree._Element, part: Signed) -> None:
    reference = etree.SubElement(told, f"{{{DS}}}Reference", URI=part.uri)
    if part.transforms:
        transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
        for name in part.transforms:
            etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=name)
    content = part.content if isinstance(part.content, bytes) else canonical(part.content)
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=_SHA256)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = digest


def _refused(fault: Fault) -> ContractViolation:
    return ContractViolation("The signature is refused.", faults=[fault])


def _children(parent: etree._Element, *names: str, attributes: Sequence[str] = ()) -> list[etree._Element]:
    """Return the children, which must be exactly these, with no text between them and no other attribute."""
    texts = (parent.text, *(child.tail for child in parent))
    is_built = [child.tag for child in parent] == [f"{{{DS}}}{name}" for name in names]
    if not is_built or any((text or "").strip() for text in texts) or not set(parent.attrib) <= set(attributes):
        raise _refused(NOT_BUILT)
    return list(parent)


def _built(signature: etree._Element) -> tuple[etree._Element, bytes]:
    """Return SignedInfo and the value of a signature. An Object, or anything else inside, is refused."""
    names = ["SignedInfo", "SignatureValue", "KeyInfo"][: max(2, len(signature))]
    told, value = _children(signature, *names, attributes=("Id",))[:2]
    return told, _decoded(value)


def _references(told: etree._Element) -> list[etree._Element]:
    names = ["CanonicalizationMethod", "SignatureMethod", *["Reference"] * max(1, len(told) - 2)]
    return _children(told, *names, attributes=("Id",))[2:]


def _method(told: etree._Element, signer: Certificate) -> str:
    """Return xmlsec's name of the signature method. :raises ContractViolation: none that is taken, or another key's."""
    name = told[1].get("Algorithm", "")
    _children(told[1], attributes=("Algorithm",))
    if name not in _METHODS or ("ecdsa" in name) != is_elliptic(signer.key):
        raise _refused(WEAK)
    return _METHODS[name]


def _prefixes(method: etree._Element) -> list[str]:
    """Return the PrefixList of an exclusive canonicalization. :raises ContractViolation: it is another algorithm."""
    if method.get("Algorithm") != EXCLUSIVE_C14N:
        raise _refused(WEAK)
    if set(method.attrib) != {"Algorithm"} or (method.text or "").strip() or len(method) > 1:
        raise _refused(NOT_BUILT)
    if not len(method):
        return []
    listed = method[0]
    if listed.tag != f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces" or set(listed.attrib) != {"PrefixList"} or len(listed):
        raise _refused(NOT_BUILT)
    prefixes = listed.get("PrefixList", "").split()
    if len(prefixes) > _MOST_PREFIXES:
        raise _refused(NOT_BUILT)
    return prefixes


def _digested(reference: etree._Element, part: Signed) -> bytes:
    """Return a part's canonical bytes, whose digest is the one that the reference tells."""
    names = [*(["Transforms"] if part.transforms else []), "DigestMethod", "DigestValue"]
    *transforms, method, value = _children(reference, *names, attributes=("URI", "Id"))
    _children(method, attributes=("Algorithm",))
    make_digest = _DIGESTS.get(method.get("Algorithm", ""))
    if make_digest is None:
        raise _refused(WEAK)
    prefixes = _transformed(transforms[0], part.transforms) if transforms else []
    content = part.content if isinstance(part.content, bytes) else canonical(part.content, prefixes)
    if not compare_digest(make_digest(content).digest(), _decoded(value)):
        raise _refused(WRONG)
    return content


def _transformed(transforms: etree._Element, agreed: Sequence[str]) -> list[str]:
    """Check that the transforms are those agreed, in their order; return the PrefixList of the canonicalization."""
    prefixes: list[str] = []
    for step, name in zip(_children(transforms, *["Transform"] * len(agreed)), agreed, strict=True):
        if step.get("Algorithm") != name:
            raise _refused(WEAK)
        if name == EXCLUSIVE_C14N:
            prefixes = _prefixes(step)
        else:
            _children(step, attributes=("Algorithm",))
    return prefixes


def _check_value(told: etree._Element, method: str, signer: Certificate, value: bytes) -> None:
    xmlsec = load_xmlsec()
    context = xmlsec.SignatureContext()
    try:
        context.key = xmlsec.Key.from_memory(signer.der, xmlsec.KeyFormat.CERT_DER)
        context.verify_binary(canonical(told, _prefixes(told[0])), getattr(xmlsec.Transform, method), value)
    except xmlsec.Error:
        raise _refused(FORGED) from None


def _decoded(holder: etree._Element) -> bytes:
    """Return the bytes of an element's base64 text."""
    text = "".join((holder.text or "").split())
    if len(holder) or len(text) > _MOST_TEXT or not set(holder.attrib) <= {"Id"}:
        raise _refused(NOT_BUILT)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise _refused(NOT_BUILT) from None
