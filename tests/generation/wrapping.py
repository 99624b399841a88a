"""Attacks on a signed SOAP message by somebody who has one, and a key of their own, but not the signer's.

Each says what must refuse it: the name that WS-Security has for the refusal, or "" where SOAP itself does. What they
would have the reader believe says EVIL. Some start from a message that the signer itself has signed badly.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree

from hub.adapters._signature import canonical
from hub.clock import now
from tests.certificates import Identity

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{OASIS}wssecurity-secext-1.0.xsd", f"{OASIS}wssecurity-utility-1.0.xsd"
DS, WSA = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2005/08/addressing"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE, ENC = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
ID = f"{{{WSU}}}Id"
NAMED = ("Body", "Timestamp", "To", "Action", "MessageID")
STRUCTURE, CHECK, EXPIRED = "InvalidSecurity", "FailedCheck", "MessageExpired"
WEAK, UNTRUSTED, BY_SOAP = "UnsupportedAlgorithm", "FailedAuthentication", ""


class Signed:
    """A signed message taken apart, whose parts are found by what they are called; and who takes part.

    :ivar signer: who is trusted; signs badly in some attacks.
    :ivar stranger: the attacker.
    """

    def __init__(self, message: bytes, signer: Identity, stranger: Identity) -> None:
        self.root = etree.fromstring(message)
        self.signer, self.stranger = signer, stranger

    def __getitem__(self, name: str) -> etree._Element:
        return next(one for one in self.root.iter(f"{{*}}{name}"))

    def evil_body(self, keeps_id: bool = False, uri: str = SOAP) -> etree._Element:
        """Return a Body that tells another story."""
        evil = deepcopy(self["Body"])
        next(one for one in evil.iter("{*}CaseTitle")).text = "EVIL"
        evil.tag = f"{{{uri}}}Body"
        if not keeps_id:
            del evil.attrib[ID]
        return evil

    def wrap_body(self, wrapper: etree._Element, keeps_id: bool = False) -> etree._Element:
        """Put another Body in the place of the signed one, which goes into the wrapper."""
        body = self["Body"]
        made = self.evil_body(keeps_id)
        wrapper.append(body)
        self.root.append(made)
        return made

    def reference(self, name: str) -> etree._Element:
        """Return the reference to a part."""
        uri = "#" + (self[name].get(ID) or "")
        return next(one for one in self["SignedInfo"].iter(f"{{{DS}}}Reference") if one.get("URI") == uri)

    def sign(self, method: str = f"{MORE}rsa-sha256", by: Identity | None = None, prefixes: Sequence[str] = ()) -> None:
        """Compute digests of what the references name, and the signature's value, anew.

        :param prefixes: the PrefixList of the reference to the Body.
        """
        for reference in self["SignedInfo"].iter(f"{{{DS}}}Reference"):
            parts = [one for one in self.root.iter() if one.get(ID) == reference.get("URI", "")[1:]]
            digest_method = str(reference[-2].get("Algorithm"))
            make = {f"{DS}sha1": hashlib.sha1, f"{DS}md5": hashlib.md5}.get(digest_method, hashlib.sha256)
            part = parts[0] if parts else self.root
            content = canonical(part, prefixes if part is self["Body"] else ())
            reference[-1].text = base64.b64encode(make(content).digest()).decode()
        self["SignatureMethod"].set("Algorithm", method)
        names = {f"{DS}rsa-sha1": "RsaSha1", f"{MORE}rsa-md5": "RsaMd5", f"{MORE}rsa-sha224": "RsaSha224"}
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(
            (by or self.signer).key_file.read_bytes(), xmlsec.constants.KeyDataFormatPem
        )
        transform = getattr(xmlsec.constants, "Transform" + names.get(method, "RsaSha256"))
        value = context.sign_binary(canonical(self["SignedInfo"]), transform)
        self["SignatureValue"].text = base64.b64encode(value).decode()

    def bytes(self) -> bytes:
        return etree.tostring(self.root, xml_declaration=True, encoding="utf-8")


@dataclass(frozen=True)
class Attack:
    """An attack; ``change`` returns bytes where it works on the text, and otherwise changes what it is given."""

    name: str
    refused_as: str
    change: Callable[[Signed], object]

    def of(self, message: bytes, signer: Identity, stranger: Identity) -> bytes:
        """Attack a message."""
        signed = Signed(message, signer, stranger)
        made = self.change(signed)
        return made if isinstance(made, bytes) else signed.bytes()


def attacks() -> Iterator[Attack]:
    """Yield every attack there is."""
    yield from moved()
    yield from doubled()
    yield from changed()
    yield from signed_badly()
    yield from in_other_algorithms()
    yield from by_other_keys()
    yield from in_the_text()


def _new(name: str, uri: str = "urn:wrapper") -> etree._Element:
    return etree.Element(f"{{{uri}}}{name}")


def _inside(parent: etree._Element, name: str = "Wrapper", uri: str = "urn:wrapper", at: int = -1) -> etree._Element:
    made = _new(name, uri)
    parent.insert(len(parent) if at < 0 else at, made)
    return made


# --- the signed Body is somewhere else ------------------------------------------------------------------------------


def moved() -> Iterator[Attack]:
    yield Attack("Body in a header", STRUCTURE, lambda it: it.wrap_body(_inside(it["Header"])))
    yield Attack(
        "Body in a header, the other with its id",
        STRUCTURE,
        lambda it: it.wrap_body(_inside(it["Header"]), keeps_id=True),
    )
    yield Attack("Body in Security", STRUCTURE, lambda it: it.wrap_body(_inside(it["Security"])))
    yield Attack("Body in Timestamp", STRUCTURE, lambda it: it.wrap_body(it["Timestamp"]))
    yield Attack("Body in Object", STRUCTURE, lambda it: it.wrap_body(_inside(it["Signature"], "Object", DS)))
    yield Attack("Body in KeyInfo", STRUCTURE, lambda it: it.wrap_body(it["KeyInfo"]))
    yield Attack("Body in SignedInfo", STRUCTURE, lambda it: it.wrap_body(it["SignedInfo"]))
    yield Attack("Body behind the other", BY_SOAP, lambda it: it.wrap_body(_inside(it.root)))
    yield Attack("Body in the other's content", STRUCTURE, _in_its_content)
    yield Attack("Body beside the other's content", BY_SOAP, _beside_its_content)
    yield Attack("Envelope in the other's Header", STRUCTURE, lambda it: _enveloped(it, in_header=True))
    yield Attack("Envelope in the other's Body", STRUCTURE, lambda it: _enveloped(it, in_header=False))
    yield Attack("Security in a wrapper", STRUCTURE, lambda it: _inside(it["Header"]).append(it["Security"]))
    yield Attack("Security after the Body's end", BY_SOAP, lambda it: it.root.append(it["Security"]))
    yield Attack("Signature in a wrapper", STRUCTURE, lambda it: _inside(it["Security"]).append(it["Signature"]))
    for name in ("Timestamp", "Action", "MessageID", "To"):
        yield Attack(
            f"{name} in a wrapper, another in its place", STRUCTURE, partial(lambda name, it: _replaced(it, name), name)
        )


def _in_its_content(it: Signed) -> None:
    evil = it.evil_body()
    body = it["Body"]
    it.root.remove(body)
    it.root.append(evil)
    evil[0].append(body)


def _beside_its_content(it: Signed) -> None:
    evil, body = it.evil_body(), it["Body"]
    it.root.remove(body)
    it.root.append(evil)
    evil.append(body)


def _enveloped(it: Signed, in_header: bool) -> bytes:
    outer = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    header = etree.SubElement(outer, f"{{{SOAP}}}Header")
    header.append(deepcopy(it["Security"]))
    body = it.evil_body()
    outer.append(body)
    if in_header:
        _inside(header).append(it.root)
    else:
        body[0].append(it.root)
    return etree.tostring(outer)


def _replaced(it: Signed, name: str) -> None:
    part = it[name]
    other = deepcopy(part)
    del other.attrib[ID]
    parent = part.getparent()
    assert parent is not None
    parent.replace(part, other)
    _inside(it["Header"]).append(part)


# --- something is there twice ---------------------------------------------------------------------------------------


def doubled() -> Iterator[Attack]:
    for keeps_id in (False, True):
        how = "with its id" if keeps_id else "without an id"
        yield Attack(
            f"second Body before, {how}", BY_SOAP, partial(lambda k, it: it.root.insert(1, it.evil_body(k)), keeps_id)
        )
        yield Attack(
            f"second Body after, {how}", BY_SOAP, partial(lambda k, it: it.root.append(it.evil_body(k)), keeps_id)
        )
        yield Attack(
            f"Body in place of the Header, {how}",
            BY_SOAP,
            partial(lambda k, it: it.root.insert(0, it.evil_body(k)), keeps_id),
        )
    yield Attack("second Body of SOAP 1.2", BY_SOAP, lambda it: it.root.insert(1, it.evil_body(uri=SOAP12)))
    yield Attack(
        "Body of SOAP 1.2 in a header",
        STRUCTURE,
        lambda it: _inside(it["Header"]).append(it.evil_body(uri=SOAP12)),
    )
    yield Attack("second Header", BY_SOAP, lambda it: it.root.insert(0, deepcopy(it["Header"])))
    yield Attack("second Security", BY_SOAP, lambda it: it["Header"].insert(0, deepcopy(it["Security"])))
    yield Attack(
        "second Security in a wrapper",
        STRUCTURE,
        lambda it: _inside(it["Header"]).append(deepcopy(it["Security"])),
    )
    yield Attack("second Timestamp", STRUCTURE, lambda it: it["Security"].insert(0, _fresh(it["Timestamp"])))
    yield Attack(
        "second Timestamp in a header",
        STRUCTURE,
        lambda it: _inside(it["Header"]).append(_fresh(it["Timestamp"])),
    )
    yield Attack("second Signature", STRUCTURE, lambda it: it["Security"].append(deepcopy(it["Signature"])))
    yield Attack("second SignedInfo", STRUCTURE, lambda it: it["Signature"].insert(0, deepcopy(it["SignedInfo"])))
    yield Attack("second token", STRUCTURE, lambda it: it["Security"].insert(0, deepcopy(it["BinarySecurityToken"])))
    yield Attack("second Action", BY_SOAP, lambda it: it["Header"].append(deepcopy(it["Action"])))
    for name in (
        "Id",
        "ID",
        "id",
        "{http://www.w3.org/XML/1998/namespace}id",
        "{http://schemas.xmlsoap.org/ws/2003/06/utility}Id",
    ):
        yield Attack(
            f"id twice, as {name}",
            STRUCTURE,
            partial(lambda n, it: _inside(it["Header"]).set(n, str(it["Body"].get(ID))), name),
        )


def _fresh(timestamp: etree._Element) -> etree._Element:
    other = deepcopy(timestamp)
    del other.attrib[ID]
    return other


# --- something is changed -------------------------------------------------------------------------------------------


def changed() -> Iterator[Attack]:
    yield Attack("another title", CHECK, lambda it: _say(it, "CaseTitle"))
    yield Attack("another To", CHECK, lambda it: _say(it, "To"))
    yield Attack("another Action", CHECK, lambda it: _say(it, "Action"))
    yield Attack("another MessageID", CHECK, lambda it: _say(it, "MessageID"))
    yield Attack("a later Expires", CHECK, lambda it: _say(it, "Expires", "2999-01-01T00:00:00Z"))
    yield Attack("Body in another namespace", BY_SOAP, lambda it: setattr(it["Body"], "tag", f"{{{SOAP12}}}Body"))
    yield Attack(
        "Security for another actor", STRUCTURE, lambda it: it["Security"].set(f"{{{SOAP}}}actor", "urn:other")
    )
    yield Attack("no Security", STRUCTURE, lambda it: it["Header"].remove(it["Security"]))
    yield Attack("no Signature", STRUCTURE, lambda it: it["Security"].remove(it["Signature"]))
    yield Attack("no Timestamp", STRUCTURE, lambda it: it["Security"].remove(it["Timestamp"]))
    yield Attack("no To", STRUCTURE, lambda it: it["Header"].remove(it["To"]))
    yield Attack("no references", STRUCTURE, _without_references)
    yield Attack("no SignatureValue", CHECK, lambda it: setattr(it["SignatureValue"], "text", None))
    yield Attack(
        "a value of zeros", CHECK, lambda it: _say(it, "SignatureValue", base64.b64encode(b"\0" * 256).decode())
    )
    for name in NAMED:
        yield Attack(
            f"no reference to {name}", STRUCTURE, partial(lambda n, it: it["SignedInfo"].remove(it.reference(n)), name)
        )


def _without_references(it: Signed) -> None:
    for reference in list(it["SignedInfo"])[2:]:
        it["SignedInfo"].remove(reference)


def _say(it: Signed, name: str, text: str = "urn:EVIL") -> None:
    it[name].text = text


# --- what the signer itself should not have signed so ---------------------------------------------------------------


def signed_badly() -> Iterator[Attack]:
    def again(name: str, change: Callable[[Signed], object], refused_as: str = STRUCTURE) -> Attack:
        def signed(it: Signed) -> None:
            change(it)
            it.sign()

        return Attack(f"signed {name}", refused_as, signed)

    for name in NAMED:
        yield again(f"without {name}", partial(lambda n, it: it["SignedInfo"].remove(it.reference(n)), name))
    yield again("the token too", lambda it: _refer(it, "Body", "BinarySecurityToken", adds=True))
    yield again("the token instead of To", lambda it: _refer(it, "To", "BinarySecurityToken"))
    yield again("the Body twice", lambda it: _refer(it, "To", "Body"))
    yield again("the Body twice and all else", lambda it: _refer(it, "Body", "Body", adds=True))
    for uri in (
        "",
        "#",
        "#xpointer(/)",
        "#xpointer(id('signed-Body'))",
        "file:///etc/passwd",
        "http://127.0.0.1:1/x",
        "cid:1",
    ):
        yield again(f"by the URI {uri or 'of nothing'}", partial(lambda u, it: it.reference("Body").set("URI", u), uri))
    yield again("by an id in no namespace", _plain_id)
    yield again("long ago", lambda it: _dated(it, now() - timedelta(minutes=10)), EXPIRED)
    yield again("ahead of time", lambda it: _dated(it, now() + timedelta(minutes=3)), EXPIRED)
    yield again("long ago, for ever", lambda it: _dated(it, now() - timedelta(hours=2), timedelta(days=9)), EXPIRED)
    yield again("without Expires", lambda it: it["Timestamp"].remove(it["Expires"]))
    yield again("at a time of no zone", lambda it: _say(it, "Created", "2026-09-01T12:00:00"))
    yield again("with a note inside", lambda it: it["Signature"].append(_new("Object", DS)))
    yield again("with a type of reference", lambda it: it.reference("Body").set("Type", f"{DS}Manifest"))


def _refer(it: Signed, name: str, other: str, adds: bool = False) -> None:
    reference = it.reference(name)
    if adds:
        reference.addnext(reference := deepcopy(reference))
    reference.set("URI", "#" + (it[other].get(ID) or ""))


def _plain_id(it: Signed) -> None:
    body = it["Body"]
    body.set("Id", body.attrib.pop(ID))


def _dated(it: Signed, created: datetime, life: timedelta = timedelta(minutes=5)) -> None:
    it["Created"].text, it["Expires"].text = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (created, created + life))


# --- algorithms -----------------------------------------------------------------------------------------------------


def in_other_algorithms() -> Iterator[Attack]:
    def again(name: str, change: Callable[[Signed], object], method: str = f"{MORE}rsa-sha256") -> Attack:
        def signed(it: Signed) -> None:
            change(it)
            it.sign(method)

        return Attack(name, WEAK, signed)

    for method in (f"{DS}rsa-sha1", f"{MORE}rsa-md5", f"{MORE}rsa-sha224"):
        yield again(method.rpartition("#")[2], bool, method)
    for digest in (f"{DS}sha1", f"{MORE}md5", "urn:none", ""):
        yield again(f"digest {digest}", partial(lambda d, it: it.reference("Body")[1].set("Algorithm", d), digest))
    for name in (
        f"{DS}enveloped-signature", f"{DS}base64", "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", f"{EXCLUSIVE}WithComments", "http://www.w3.org/2006/12/xml-c14n11",
        f"{OASIS}soap-message-security-1.0#STR-Transform",
    ):  # fmt: skip
        yield again(f"transform {name}", partial(lambda n, it: it.reference("Body")[0][0].set("Algorithm", n), name))
        yield again(
            f"canonical by {name}", partial(lambda n, it: it["CanonicalizationMethod"].set("Algorithm", n), name)
        )
    yield Attack("a second transform", STRUCTURE, lambda it: _second_transform(it))
    yield Attack("no transforms", STRUCTURE, lambda it: it.reference("Body").remove(it.reference("Body")[0]))
    yield Attack("a hundred prefixes", STRUCTURE, lambda it: _prefixes(it))
    for method in (f"{DS}hmac-sha1", f"{MORE}hmac-sha256"):
        yield Attack(f"{method} by the public key", WEAK, partial(lambda m, it: _by_public_key(it, m), method))
    yield Attack("HMAC of no length", STRUCTURE, lambda it: _of_no_length(it))
    yield Attack(
        "the method of another kind of key",
        WEAK,
        lambda it: it["SignatureMethod"].set("Algorithm", f"{MORE}ecdsa-sha256"),
    )


def _second_transform(it: Signed) -> None:
    _inside(it.reference("Body")[0], "Transform", DS).set("Algorithm", EXCLUSIVE)
    it.sign()


def _prefixes(it: Signed) -> None:
    listed = " ".join(f"p{n}" for n in range(100))
    _inside(it.reference("Body")[0][0], "InclusiveNamespaces", EXCLUSIVE).set("PrefixList", listed)
    it.sign()


def _by_public_key(it: Signed, method: str) -> None:
    it["CaseTitle"].text = "EVIL"
    it.sign(method)
    public = it.signer.certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    make = hashlib.sha1 if method.endswith("sha1") else hashlib.sha256
    value = hmac.new(public, canonical(it["SignedInfo"]), make).digest()
    it["SignatureValue"].text = base64.b64encode(value).decode()


def _of_no_length(it: Signed) -> None:
    _inside(it["SignatureMethod"], "HMACOutputLength", DS).text = "0"
    _by_public_key(it, f"{MORE}hmac-sha256")


# --- keys -----------------------------------------------------------------------------------------------------------


def by_other_keys() -> Iterator[Attack]:
    def theirs(it: Signed) -> str:
        return base64.b64encode(it.stranger.der).decode()

    def as_themselves(it: Signed) -> None:
        it["CaseTitle"].text = "EVIL"
        _say(it, "BinarySecurityToken", theirs(it))
        it.sign(by=it.stranger)

    def under_the_signers_name(it: Signed) -> None:
        it["CaseTitle"].text = "EVIL"
        it.sign(by=it.stranger)

    def told(name: str, *inner: str) -> Callable[[Signed], None]:
        def change(it: Signed) -> None:
            key_info = it["KeyInfo"]
            key_info.clear()
            for uri, step in zip((DS, DS, DS) if name != "STR" else (WSSE, WSSE), inner, strict=False):
                key_info = _inside(key_info, step, uri)
            key_info.text = theirs(it)

        return change

    yield Attack("signed by a stranger", UNTRUSTED, as_themselves)
    yield Attack("signed by a stranger under the signer's name", CHECK, under_the_signers_name)
    yield Attack("the token of a stranger", UNTRUSTED, lambda it: _say(it, "BinarySecurityToken", theirs(it)))
    yield Attack("a token that is none", "InvalidSecurityToken", lambda it: _say(it, "BinarySecurityToken", "AAAA"))
    yield Attack("a stranger's X509Data", STRUCTURE, told("X509", "X509Data", "X509Certificate"))
    yield Attack("a stranger's KeyValue", STRUCTURE, told("Value", "KeyValue", "RSAKeyValue", "Modulus"))
    yield Attack("a stranger's KeyName", STRUCTURE, told("Name", "KeyName"))
    yield Attack("a RetrievalMethod", STRUCTURE, told("Retrieval", "RetrievalMethod"))
    yield Attack("a KeyIdentifier", STRUCTURE, told("STR", "SecurityTokenReference", "KeyIdentifier"))
    yield Attack("no KeyInfo", STRUCTURE, lambda it: it["Signature"].remove(it["KeyInfo"]))
    yield Attack("a reference to another id", STRUCTURE, lambda it: it["KeyInfo"][0][0].set("URI", "#signed-Body"))
    yield Attack("a reference outward", STRUCTURE, lambda it: it["KeyInfo"][0][0].set("URI", "http://127.0.0.1:1/key"))
    yield Attack("another reference beside", STRUCTURE, lambda it: _inside(it["KeyInfo"][0], "KeyIdentifier", WSSE))
    yield Attack(
        "another kind of token",
        STRUCTURE,
        lambda it: it["BinarySecurityToken"].set("ValueType", f"{OASIS}x509-token-profile-1.0#X509PKIPathv1"),
    )


# --- the text -------------------------------------------------------------------------------------------------------


def in_the_text() -> Iterator[Attack]:
    def within(name: str, what: bytes) -> Callable[[Signed], bytes]:
        def change(it: Signed) -> bytes:
            text = (it[name].text or "").encode()
            assert it.bytes().count(text) >= 1
            return it.bytes().replace(text, text[:3] + what + text[3:])

        return change

    for name in ("CaseTitle", "MessageID", "Created", "DigestValue", "SignatureValue", "BinarySecurityToken"):
        yield Attack(f"a comment in {name}", STRUCTURE, within(name, b"<!-- -->"))
    yield Attack("a processing instruction in CaseTitle", STRUCTURE, within("CaseTitle", b"<?x y?>"))
    yield Attack(
        "a comment before the Envelope", STRUCTURE, lambda it: it.bytes().replace(b"<soap:Env", b"<!--x--><soap:Env", 1)
    )
    yield Attack("a comment after the Envelope", STRUCTURE, lambda it: it.bytes() + b"<!--x-->")
    yield Attack("an entity", BY_SOAP, lambda it: b'<!DOCTYPE x [<!ENTITY e "EVIL">]>' + etree.tostring(it.root))
    yield Attack(
        "ids by a DTD", BY_SOAP, lambda it: b"<!DOCTYPE x [<!ATTLIST x Id ID #IMPLIED>]>" + etree.tostring(it.root)
    )
    yield Attack(
        "a DTD from elsewhere",
        BY_SOAP,
        lambda it: b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/">' + etree.tostring(it.root),
    )
    yield Attack(
        "text beside the Body", BY_SOAP, lambda it: it.bytes().replace(b"</soap:Header>", b"</soap:Header>EVIL")
    )
    yield Attack(
        "text in Security", STRUCTURE, lambda it: it.bytes().replace(b"</wsu:Timestamp>", b"</wsu:Timestamp>EVIL")
    )
    yield Attack(
        "in UTF-16", STRUCTURE, lambda it: b"\xff\xfe" + etree.tostring(it.root, encoding="unicode").encode("utf-16-le")
    )
    yield Attack("in ISO-8859-1", STRUCTURE, _latin)


def _latin(it: Signed) -> object:
    it["CaseTitle"].text = "Æ"
    return etree.tostring(it.root, encoding="iso-8859-1")
