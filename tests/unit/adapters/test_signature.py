"""Signatures are verified over exactly what was expected, by keys that are trusted, in algorithms that hold."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hub.adapters import _signature
from hub.adapters._certificates import OUT_OF_TIME, UNREADABLE, UNTRUSTED, read_key_pair, read_trust
from hub.adapters._signature import (
    DS,
    ENVELOPED,
    EXCLUSIVE_C14N,
    FORGED,
    NOT_BUILT,
    WEAK,
    WRONG,
    Signed,
    Signer,
    canonical,
    read_signer,
    verify,
)
from hub.clock import now
from hub.errors import ContractViolation, Fault, SettingsRefused
from hub.testing.effort import worked
from tests.certificates import Identity, an_identity, elliptic_key, rsa_key

pytestmark = pytest.mark.files

pytest.importorskip("xmlsec", reason="the extra wssecurity is not installed")
LETTER = (
    '<a:Letter xmlns:a="urn:a" xmlns:b="urn:b"><a:To>Æ</a:To><!-- no --><b:Text c="1" a="2"> hi </b:Text></a:Letter>'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module", params=[rsa_key, elliptic_key], ids=["RSA", "EC"])
def identity(request: pytest.FixtureRequest, folder: Path) -> Identity:
    return an_identity(folder, f"signer-{request.param.__name__}", request.param())


@pytest.fixture(scope="module")
def other(folder: Path) -> Identity:
    return an_identity(folder, "other")


def signer_of(identity: Identity) -> Signer:
    return read_signer(identity.key_file, identity.certificate_file)


def two_parts() -> list[Signed]:
    letter = etree.fromstring(LETTER)
    return [Signed("#one", letter[0]), Signed("#two", letter)]


def check(signature: etree._Element, parts: Sequence[Signed], identity: Identity, **how: Any) -> list[bytes]:
    return verify(signature, parts, identity.der, read_trust(identity.certificate_file), now(), **how)


def refusal(check: Callable[[], object]) -> Fault:
    with pytest.raises(ContractViolation) as caught:
        check()
    (fault,) = caught.value.faults
    assert fault.next_step
    return fault


# --- what is signed is what comes back ------------------------------------------------------------------------------


def test_the_bytes_that_were_signed_come_back_in_the_order_expected(identity: Identity) -> None:
    one, two = two_parts()
    signature = etree.fromstring(etree.tostring(signer_of(identity).sign([one, two])))
    assert check(signature, [two, one], identity) == [
        '<a:Letter xmlns:a="urn:a"><a:To>Æ</a:To><b:Text xmlns:b="urn:b" a="2" c="1"> hi </b:Text></a:Letter>'.encode(),
        '<a:To xmlns:a="urn:a">Æ</a:To>'.encode(),
    ]


def test_a_file_beside_its_signature_is_verified_as_it_lies(identity: Identity) -> None:
    parts = [Signed("delivery.xml", b"<any>\r\nbytes</any>", ())]
    signature = signer_of(identity).sign(parts)
    assert check(signature, parts, identity) == [b"<any>\r\nbytes</any>"]
    assert refusal(lambda: check(signature, [Signed("delivery.xml", b"<any>\nbytes</any>", ())], identity)) == WRONG


def test_a_document_that_envelops_its_signature_is_verified_without_it(identity: Identity) -> None:
    parts = [Signed("", etree.fromstring(LETTER), (ENVELOPED, EXCLUSIVE_C14N))]
    signature = signer_of(identity).sign(parts)
    (verified,) = check(signature, parts, identity)
    assert verified == canonical(etree.fromstring(LETTER))


def test_prefixes_that_the_signer_lists_are_signed_with_it() -> None:
    outer = etree.fromstring('<o xmlns:x="urn:x"><i t="x:q"/></o>')
    assert canonical(outer[0]) == b'<i t="x:q"></i>'
    assert canonical(outer[0], ["x"]) == b'<i xmlns:x="urn:x" t="x:q"></i>'


# --- refused --------------------------------------------------------------------------------------------------------


def test_a_part_that_is_missing_besides_or_another_is_refused(identity: Identity) -> None:
    one, two = two_parts()
    signer = signer_of(identity)
    three = Signed("#three", etree.fromstring("<x/>"))
    assert refusal(lambda: check(signer.sign([one]), [one, two], identity)) == NOT_BUILT
    assert refusal(lambda: check(signer.sign([one, two, three]), [one, two], identity)) == NOT_BUILT
    assert refusal(lambda: check(signer.sign([one, one]), [one, two], identity)) == NOT_BUILT
    assert refusal(lambda: check(signer.sign([one, two]), [one, Signed("#two", one.content)], identity)) == WRONG


def test_what_canonical_xml_would_blow_up_is_refused_before_it_does(identity: Identity) -> None:
    def letter(uri: str, count: int) -> list[Signed]:
        return [Signed("#one", etree.fromstring(f'<l xmlns:a="urn:{uri}">{"<a:x/>" * count}</l>'))]

    signature = signer_of(identity).sign(letter("a", 1))
    huge = letter("a" * 1_000_000, 50_000)
    fault, seconds = worked(lambda: refusal(lambda: check(signature, huge, identity)))
    assert (fault, seconds < 1) == (NOT_BUILT, True)
    check(signature, letter("a", 1), identity)


def test_a_namespace_that_is_no_uri_is_refused(identity: Identity) -> None:
    signature = signer_of(identity).sign([Signed("#one", etree.fromstring("<x/>"))])
    assert (
        refusal(lambda: check(signature, [Signed("#one", etree.fromstring('<x xmlns="no"/>'))], identity)) == NOT_BUILT
    )


def test_the_key_of_another_is_refused(identity: Identity, other: Identity) -> None:
    parts = two_parts()
    signature = signer_of(other).sign(parts)
    expected = WEAK if signer_of(identity).method != signer_of(other).method else FORGED
    assert refusal(lambda: check(signature, parts, identity)) == expected
    assert (
        refusal(lambda: verify(signature, parts, other.der, read_trust(identity.certificate_file), now())) == UNTRUSTED
    )


def _set(path: str, algorithm: str) -> Callable[[etree._Element], None]:
    def change(signature: etree._Element) -> None:
        found = signature.find(path.replace("/", f"/{{{DS}}}").replace("^", f"{{{DS}}}"))
        assert found is not None
        found.set("Algorithm", algorithm)

    return change


def _value(signature: etree._Element) -> None:
    signature[1].text = (signature[1].text or "")[::-1].strip("=")


def _digest(signature: etree._Element) -> None:
    digest = signature.find(f".//{{{DS}}}DigestValue")
    assert digest is not None
    digest.text = "A" * 43 + "="


def _object(signature: etree._Element) -> None:
    etree.SubElement(signature, f"{{{DS}}}Object")


def _second_info(signature: etree._Element) -> None:
    signature.insert(0, etree.fromstring(etree.tostring(signature[0])))


def _no_reference(signature: etree._Element) -> None:
    del signature[0][2:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_set("^SignedInfo/SignatureMethod", f"{DS}rsa-sha1"), WEAK),
        (_set("^SignedInfo/SignatureMethod", f"{DS}hmac-sha1"), WEAK),
        (_set("^SignedInfo/SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), WEAK),
        (_set("^SignedInfo/SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"), WEAK),
        (_set("^SignedInfo/CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), WEAK),
        (_set("^SignedInfo/CanonicalizationMethod", f"{EXCLUSIVE_C14N}WithComments"), WEAK),
        (_set("^SignedInfo/Reference/DigestMethod", f"{DS}sha1"), WEAK),
        (_set("^SignedInfo/Reference/Transforms/Transform", ENVELOPED), WEAK),
        (_set("^SignedInfo/Reference/Transforms/Transform", f"{DS}base64"), WEAK),
        (_value, FORGED),
        (_digest, WRONG),
        (_object, NOT_BUILT),
        (_second_info, NOT_BUILT),
        (_no_reference, NOT_BUILT),
    ],
)
def test_a_signature_that_was_changed_is_refused(
    identity: Identity, change: Callable[[etree._Element], None], expected: Fault
) -> None:
    parts = two_parts()
    signature = signer_of(identity).sign(parts)
    check(signature, parts, identity)
    change(signature)
    found = refusal(lambda: check(signature, parts, identity))
    assert found in (expected, NOT_BUILT) if change is _value else found == expected


# --- whom to trust --------------------------------------------------------------------------------------------------


def test_a_ca_vouches_for_one_subject_alone(folder: Path) -> None:
    ca = an_identity(folder, "ca", is_ca=True)
    named, stranger = (an_identity(folder, name, issuer=ca) for name in ("named", "stranger"))
    forged = an_identity(folder, "named-by-itself")
    trust = read_trust(ca.certificate_file, named.subject)
    assert trust.checked(named.der, now()).der == named.der
    for one in (stranger, forged, ca):
        assert refusal(lambda one=one: trust.checked(one.der, now())) == UNTRUSTED  # type: ignore[misc]
    intermediate = an_identity(folder, "named", issuer=ca, is_ca=True)
    below = an_identity(folder, "named", issuer=intermediate)
    for one in (intermediate, below):
        assert refusal(lambda one=one: trust.checked(one.der, now())) == UNTRUSTED  # type: ignore[misc]
    useless = an_identity(folder, "named", issuer=ca, digital_signature=False)
    assert refusal(lambda: trust.checked(useless.der, now())) == UNTRUSTED


def test_a_certificate_counts_only_while_it_is_valid(folder: Path, identity: Identity) -> None:
    trust = read_trust(identity.certificate_file)
    for days in (-1, 40):
        assert refusal(lambda days=days: trust.checked(identity.der, now() + timedelta(days=days))) == OUT_OF_TIME  # type: ignore[misc]
    ca = an_identity(folder, "short-ca", is_ca=True, days=1)
    signer = an_identity(folder, "outlives", issuer=ca)
    assert refusal(
        lambda: read_trust(ca.certificate_file, signer.subject).checked(signer.der, now() + timedelta(2))
    ) == (UNTRUSTED)


def test_what_is_no_certificate_or_too_weak_is_refused(folder: Path, identity: Identity) -> None:
    trust = read_trust(identity.certificate_file)
    weak = an_identity(folder, "weak", rsa_key(1024))
    for der in (b"", b"\x30\x00", weak.der, b"\x30" * 20_000):
        assert refusal(lambda der=der: trust.checked(der, now())) == UNREADABLE  # type: ignore[misc]


def test_files_that_do_not_fit_stop_the_start(folder: Path, identity: Identity, other: Identity) -> None:
    ca = an_identity(folder, "a-ca", is_ca=True)
    empty = folder / "empty.pem"
    empty.write_text("")
    for start in (
        lambda: read_trust(empty),
        lambda: read_trust(folder / "none.pem"),
        lambda: read_trust(ca.certificate_file),
        lambda: read_trust(identity.certificate_file, "CN=x"),
        lambda: read_key_pair(identity.key_file, other.certificate_file),
        lambda: read_key_pair(empty, other.certificate_file),
        lambda: read_key_pair(identity.certificate_file, identity.certificate_file),
    ):
        with pytest.raises(SettingsRefused):
            start()


def test_without_the_extra_the_start_says_what_to_install(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    import_of = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name == "xmlsec":
            raise ImportError(name)
        return import_of(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsRefused, match="xmlsec") as caught:
        read_signer(identity.key_file, identity.certificate_file)
    assert "wssecurity" in caught.value.next_step
    assert "xmlsec" not in vars(_signature)


def test_a_private_key_is_never_shown(identity: Identity) -> None:
    key, _ = read_key_pair(identity.key_file, identity.certificate_file)
    assert repr(key) == "PrivateKey(…)"
