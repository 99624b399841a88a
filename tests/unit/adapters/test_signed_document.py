"""Signed documents of children and family services: what was signed is read, and nothing else ever is."""

from __future__ import annotations

import base64
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from hub.adapters._certificates import certificate_of
from hub.adapters._folder import DETACHED
from hub.adapters._signature import DS, ENVELOPED, EXCLUSIVE_C14N, Signed, read_signer
from hub.adapters.children import ChildrenAdapter
from hub.authority import Parcel, contract_folder
from hub.clock import now
from hub.errors import ContractViolation, SettingsRefused
from tests.certificates import Identity, an_identity, elliptic_key, rsa_key

pytestmark = pytest.mark.files

pytest.importorskip("xmlsec", reason="needs the extra wssecurity: pip install -e .[wssecurity]")

BODY = (contract_folder("children/v1") / "examples" / "normal.xml").read_bytes()
Tree = etree._Element


@pytest.fixture(scope="module", params=[rsa_key, elliptic_key], ids=["rsa", "elliptic"])
def signer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return an_identity(tmp_path_factory.mktemp("signer"), "children", request.param())


@pytest.fixture
def adapter(signer: Identity) -> ChildrenAdapter:
    return ChildrenAdapter({"trusted_certificates_file": signer.certificate_file})


def a_signature(signer: Identity, part: Signed) -> Tree:
    made = read_signer(signer.key_file, signer.certificate_file).sign([part])
    holder = made
    for name in ("KeyInfo", "X509Data", "X509Certificate"):
        holder = etree.SubElement(holder, f"{{{DS}}}{name}")
    holder.text = base64.b64encode(signer.der).decode()
    return made


def enveloped(signer: Identity, body: bytes = BODY) -> Tree:
    root = etree.fromstring(body, etree.XMLParser(remove_comments=True, remove_pis=True))
    root.append(a_signature(signer, Signed("", root, (ENVELOPED, EXCLUSIVE_C14N))))
    return root


def beside(signer: Identity, body: bytes = BODY, uri: str = "normal.xml") -> str:
    return etree.tostring(a_signature(signer, Signed(uri, body, ()))).decode()


def parcel(body: Tree | bytes, signature: str | None = None) -> Parcel:
    content = body if isinstance(body, bytes) else etree.tostring(body)
    return Parcel("children", content, "application/xml", {DETACHED: signature} if signature is not None else {})


def refused(adapter: ChildrenAdapter, sent: Parcel) -> str:
    with pytest.raises(ContractViolation) as caught:
        adapter.receive(sent)
    assert caught.value.sentence in ("The signature is refused.", "The signer's certificate is refused.")
    return caught.value.faults[0].sentence


def test_what_was_signed_inside_is_read_as_if_it_was_not_signed(adapter: ChildrenAdapter, signer: Identity) -> None:
    plain = ChildrenAdapter({}).receive(parcel(BODY))
    signed = adapter.receive(parcel(enveloped(signer)))
    assert signed.message_id == plain.message_id
    assert etree.tostring(signed.content, method="c14n", exclusive=True) == etree.tostring(
        plain.content, method="c14n", exclusive=True
    )


def test_a_repeat_that_is_signed_anew_is_the_same_message(adapter: ChildrenAdapter, signer: Identity) -> None:
    first, again = (adapter.receive(parcel(enveloped(signer))) for _ in range(2))
    assert first.essence == again.essence != b""


def test_white_space_around_the_signature_is_part_of_what_was_signed(
    adapter: ChildrenAdapter, signer: Identity
) -> None:
    root = etree.fromstring(BODY)
    root[-1].tail = "\n  \n"
    root.append(a_signature(signer, Signed("", root, (ENVELOPED, EXCLUSIVE_C14N))))
    adapter.receive(parcel(root))
    root[-1].tail = "\n"
    assert refused(adapter, parcel(root)) == "What was signed is not what came."


@pytest.mark.parametrize("uri", ["normal.xml", "", "another name.xml"])
def test_a_file_signed_by_the_one_beside_it_is_taken_in(adapter: ChildrenAdapter, signer: Identity, uri: str) -> None:
    assert adapter.receive(parcel(BODY, beside(signer, uri=uri))).kind == "SagOpdatering"


def test_of_a_file_not_a_byte_may_change(adapter: ChildrenAdapter, signer: Identity) -> None:
    assert refused(adapter, parcel(BODY + b"\n", beside(signer))) == "What was signed is not what came."


def changed(root: Tree) -> None:
    next(one for one in root.iter() if (one.text or "").strip()).text = "0"


def moved_first(root: Tree) -> None:
    root.insert(0, root[-1])


def moved_inside(root: Tree) -> None:
    root[0].append(root[-1])


def doubled(root: Tree) -> None:
    root.append(deepcopy(root[-1]))


def wrapped(root: Tree) -> None:
    """Put the signed document into an Object of its own signature, and another one around it."""
    holder = etree.SubElement(root[-1], f"{{{DS}}}Object")
    holder.append(deepcopy(root))
    changed(root)


def added(root: Tree) -> None:
    root.insert(1, deepcopy(root[0]))


def another_uri(root: Tree) -> None:
    next(root.iter(f"{{{DS}}}Reference")).set("URI", "#a")


def no_transforms(root: Tree) -> None:
    reference = next(root.iter(f"{{{DS}}}Reference"))
    reference.remove(reference[0])


def xpath_transform(root: Tree) -> None:
    next(root.iter(f"{{{DS}}}Transform")).set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


def sha1(root: Tree) -> None:
    next(root.iter(f"{{{DS}}}DigestMethod")).set("Algorithm", f"{DS}sha1")


def hmac(root: Tree) -> None:
    next(root.iter(f"{{{DS}}}SignatureMethod")).set("Algorithm", f"{DS}hmac-sha1")


def no_certificate(root: Tree) -> None:
    root[-1].remove(root[-1][-1])


def two_certificates(root: Tree) -> None:
    told = next(root.iter(f"{{{DS}}}X509Data"))
    told.append(deepcopy(told[0]))


def garbage_for_a_certificate(root: Tree) -> None:
    next(root.iter(f"{{{DS}}}X509Certificate")).text = "AAAA"


def no_base64(root: Tree) -> None:
    next(root.iter(f"{{{DS}}}X509Certificate")).text = "%"


@pytest.mark.parametrize(
    "attack",
    [
        changed, moved_first, moved_inside, doubled, wrapped, added, another_uri, no_transforms, xpath_transform, sha1,
        hmac, no_certificate, two_certificates, garbage_for_a_certificate, no_base64,
    ],
)  # fmt: skip
def test_what_is_not_signed_as_agreed_is_refused(
    adapter: ChildrenAdapter, signer: Identity, attack: Callable[[Tree], None]
) -> None:
    root = enveloped(signer)
    adapter.receive(parcel(root))  # the control
    attack(root)
    refused(adapter, parcel(root))


@pytest.mark.parametrize(
    "text", ["", "no xml", "<a/>", "<!DOCTYPE a><a/>", "<Signature/>", f"<Signature xmlns='{DS}'/>"]
)
def test_what_is_no_signature_beside_a_file_is_refused(adapter: ChildrenAdapter, text: str) -> None:
    refused(adapter, parcel(BODY, text))


def test_a_document_signed_both_ways_is_refused(adapter: ChildrenAdapter, signer: Identity) -> None:
    body = etree.tostring(enveloped(signer))
    refused(adapter, parcel(body, beside(signer, body)))


def test_what_is_not_signed_is_refused_where_signatures_are_required(
    adapter: ChildrenAdapter, signer: Identity
) -> None:
    assert refused(adapter, parcel(BODY)) == "The document is not signed."
    lenient = {"trusted_certificates_file": signer.certificate_file, "require_signature": False}
    assert ChildrenAdapter(lenient).receive(parcel(BODY)).kind == "SagOpdatering"
    broken = enveloped(signer)
    changed(broken)
    refused(ChildrenAdapter(lenient), parcel(broken))


def test_somebody_elses_signature_does_not_count(adapter: ChildrenAdapter, tmp_path: Path) -> None:
    refused(adapter, parcel(enveloped(an_identity(tmp_path, "stranger"))))
    refused(adapter, parcel(BODY, beside(an_identity(tmp_path, "stranger"))))


def test_an_expired_certificate_does_not_count(tmp_path: Path) -> None:
    late = an_identity(tmp_path, "late", begins=now() - timedelta(days=9), days=1)
    refused(ChildrenAdapter({"trusted_certificates_file": late.certificate_file}), parcel(enveloped(late)))


def test_where_no_signatures_count_the_contract_knows_none(signer: Identity) -> None:
    with pytest.raises(ContractViolation) as caught:
        ChildrenAdapter({}).receive(parcel(enveloped(signer)))
    assert "children/v1" in caught.value.sentence or caught.value.faults


def test_a_file_that_holds_no_certificates_is_refused_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("none")
    with pytest.raises(SettingsRefused) as caught:
        ChildrenAdapter({"trusted_certificates_file": tmp_path / "none.pem"})
    assert caught.value.faults[0].field == "authorities.children.trusted_certificates_file"


def test_a_dropped_file_is_taken_in_with_the_signature_beside_it(signer: Identity, tmp_path: Path) -> None:
    settings = {"trusted_certificates_file": signer.certificate_file, "folder": tmp_path, "settle_seconds": 0}
    adapter = ChildrenAdapter(settings)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xml.sig").write_text(beside(signer))
    (tmp_path / "in" / "a.xml").write_bytes(BODY)
    with adapter.claim() as claimed:
        assert claimed is not None
        assert adapter.receive(claimed.parcel).kind == "SagOpdatering"


@pytest.mark.parametrize(
    "body", [f'<Signature xmlns="{DS}"/>', f'<ds:Signature xmlns:ds="{DS}"><ds:KeyInfo/></ds:Signature>']
)
def test_a_signature_of_nothing_is_refused(adapter: ChildrenAdapter, body: str) -> None:
    with pytest.raises(ContractViolation):
        adapter.receive(Parcel("children", body.encode(), "application/xml"))


def test_a_certificate_of_an_unheard_of_version_is_refused(adapter: ChildrenAdapter, signer: Identity) -> None:
    der = x509.load_pem_x509_certificate(signer.certificate_file.read_bytes()).public_bytes(Encoding.DER)
    version = b"\xa0\x03\x02\x01\x02"
    assert der.count(version) == 1
    with pytest.raises(ValueError):  # noqa: PT011 - it says nothing of the certificate
        certificate_of(der.replace(version, version[:-1] + b"\x03"))
