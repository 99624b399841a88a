"""The program xmlsec1, an implementation that is not ours, verifies what we sign, and we verify what it signs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from hub.adapters._folder import DETACHED
from hub.adapters._signature import ENVELOPED, EXCLUSIVE_C14N
from hub.adapters._soap import SOAP11, SOAP12, Version
from hub.adapters.children import ChildrenAdapter
from hub.adapters.employment import EmploymentAdapter
from hub.authority import Parcel, contract_folder
from hub.errors import ContractViolation
from tests.certificates import Identity, an_identity, elliptic_key, rsa_key
from tests.signed_calls import MESSAGE_ID, a_signed_call

pytest.importorskip("xmlsec", reason="the extra wssecurity is not installed")
pytestmark = [pytest.mark.integration, pytest.mark.xmlsec1]
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE, ENC = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2001/04/xmlenc#"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
SIGNED = ("Body", "Timestamp", "To", "Action", "MessageID")
VERSIONS = pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])


@pytest.fixture(scope="module", params=[rsa_key, elliptic_key], ids=["RSA", "EC"])
def signer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return an_identity(tmp_path_factory.mktemp("keys"), "jobsystem", request.param())


@pytest.fixture(scope="module")
def adapter(signer: Identity) -> EmploymentAdapter:
    return EmploymentAdapter({"trusted_certificates_file": str(signer.certificate_file)})


def is_rsa(signer: Identity) -> bool:
    return isinstance(signer.key, RSAPrivateKey)


def xmlsec1(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program; skip, or fail where it is required, when there is none."""
    program = shutil.which("xmlsec1")
    if program is None:
        why = "there is no xmlsec1; install it (apt-get install xmlsec1)"
        assert os.environ.get("HUB_TEST_REQUIRE_XMLSEC1") != "1", f"HUB_TEST_REQUIRE_XMLSEC1=1, and {why}"
        pytest.skip(f"{why}; HUB_TEST_REQUIRE_XMLSEC1=1 insists")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=30)


def ids(root: etree._Element) -> list[str]:
    """Say which attributes are ids, for without a DTD the program knows none."""
    told = [etree.QName(one) for one in root.iter(etree.Element) if one.get(f"{{{WSU}}}Id")]
    assert {one.localname for one in told} == {*SIGNED, "BinarySecurityToken"}
    return [part for one in told for part in ("--id-attr:Id", f"{one.namespace}:{one.localname}")]


def verifies(message: bytes, signer: Identity, place: Path) -> bool:
    file = place / "signed.xml"
    file.write_bytes(message)
    key = ["--pubkey-cert-pem", str(signer.certificate_file), "--enabled-key-data", "rsa,ec,key-name"]
    done = xmlsec1("--verify", *key, *ids(etree.fromstring(message)), file)
    assert "error" not in done.stderr.lower() or done.returncode, done.stderr
    return done.returncode == 0


@VERSIONS
def test_it_verifies_what_we_sign(signer: Identity, version: Version, tmp_path: Path) -> None:
    message = a_signed_call(signer, version=version)
    assert verifies(message, signer, tmp_path)
    assert not verifies(message.replace(b"Revalidering", b"Revaliderinh"), signer, tmp_path)


def a_template(message: bytes, method: str, digest: str, prefixes: str = "") -> bytes:
    """Return a signed message with its signature emptied, for another to sign."""
    root = etree.fromstring(message)
    signature = next(root.iter(f"{{{DS}}}Signature"))
    next(signature.iter(f"{{{DS}}}SignatureMethod")).set("Algorithm", method)
    for name in ("DigestValue", "SignatureValue"):
        for one in signature.iter(f"{{{DS}}}{name}"):
            one.text = None
    for one in signature.iter(f"{{{DS}}}DigestMethod"):
        one.set("Algorithm", digest)
    if prefixes:
        for one in signature.iter(f"{{{DS}}}Transform", f"{{{DS}}}CanonicalizationMethod"):
            etree.SubElement(one, f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=prefixes)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def signed_by_it(template: bytes, signer: Identity, place: Path) -> bytes:
    file, out = place / "template.xml", place / "out.xml"
    file.write_bytes(template)
    key = ["--privkey-pem", f"{signer.key_file},{signer.certificate_file}"]
    done = xmlsec1("--sign", *key, "--output", out, *ids(etree.fromstring(template)), file)
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


@VERSIONS
@pytest.mark.parametrize(("bits", "digest"), [("256", "256"), ("256", "512"), ("384", "256"), ("512", "512")])
@pytest.mark.parametrize("prefixes", ["", "soap wsse"])
def test_we_verify_what_it_signs(
    adapter: EmploymentAdapter,
    signer: Identity,
    version: Version,
    bits: str,
    digest: str,
    prefixes: str,
    tmp_path: Path,
) -> None:
    if not is_rsa(signer) and bits != "256":
        pytest.skip("of elliptic signatures only SHA-256 is agreed")
    method = f"{MORE}{'rsa' if is_rsa(signer) else 'ecdsa'}-sha{bits}"
    template = a_template(a_signed_call(signer, version=version), method, f"{ENC}sha{digest}", prefixes)
    message = signed_by_it(template, signer, tmp_path)
    parcel = Parcel("employment", message, version.media_type)
    assert adapter.receive(parcel).message_id == MESSAGE_ID
    changed = Parcel("employment", message.replace(b"Revalidering", b"Revaliderinh"), version.media_type)
    with pytest.raises(ContractViolation, match="signature"):
        adapter.receive(changed)


def test_we_refuse_what_it_signs_with_sha1(adapter: EmploymentAdapter, signer: Identity, tmp_path: Path) -> None:
    method = f"{DS}rsa-sha1" if is_rsa(signer) else f"{MORE}ecdsa-sha1"
    message = signed_by_it(a_template(a_signed_call(signer), method, f"{DS}sha1"), signer, tmp_path)
    assert verifies(message, signer, tmp_path)  # the program takes it
    with pytest.raises(ContractViolation) as caught:
        adapter.receive(Parcel("employment", message, "text/xml"))
    assert "algorithm" in caught.value.faults[0].sentence


def a_document_template(method: str, uri: str, transforms: str) -> str:
    return (
        f'<Signature xmlns="{DS}"><SignedInfo><CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}"/>'
        f'<SignatureMethod Algorithm="{method}"/><Reference URI="{uri}">{transforms}'
        f'<DigestMethod Algorithm="{ENC}sha256"/><DigestValue/></Reference></SignedInfo><SignatureValue/>'
        "<KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature>"
    )


def document_signed_by_it(template: bytes, signer: Identity, place: Path) -> bytes:
    file, out = place / "document.xml", place / "signed.xml"
    file.write_bytes(template)
    done = xmlsec1("--sign", "--privkey-pem", f"{signer.key_file},{signer.certificate_file}", "--output", out, file)
    assert done.returncode == 0, done.stderr
    return out.read_bytes()


@pytest.mark.parametrize("is_inside", [True, False])
def test_we_verify_a_document_that_it_signs(signer: Identity, is_inside: bool, tmp_path: Path) -> None:
    method = f"{MORE}{'rsa' if is_rsa(signer) else 'ecdsa'}-sha256"
    plain = (contract_folder("children/v1") / "examples" / "normal.xml").read_bytes()
    (tmp_path / "normal.xml").write_bytes(plain)
    adapter = ChildrenAdapter({"trusted_certificates_file": signer.certificate_file})
    if is_inside:
        ways = "".join(f'<Transform Algorithm="{name}"/>' for name in (ENVELOPED, EXCLUSIVE_C14N))
        root = etree.fromstring(plain, etree.XMLParser(remove_comments=True, remove_pis=True))
        root.append(etree.fromstring(a_document_template(method, "", f"<Transforms>{ways}</Transforms>")))
        parcel = Parcel("children", document_signed_by_it(etree.tostring(root), signer, tmp_path), "application/xml")
        spoilt = Parcel("children", parcel.body.replace(b"2026", b"2027", 1), "application/xml")
    else:
        template = a_document_template(method, str(tmp_path / "normal.xml"), "").encode()
        beside = {DETACHED: document_signed_by_it(template, signer, tmp_path).decode()}
        parcel = Parcel("children", plain, "application/xml", beside)
        spoilt = Parcel("children", plain.replace(b"2026", b"2027", 1), "application/xml", beside)
    assert adapter.receive(parcel).kind == "SagOpdatering"
    with pytest.raises(ContractViolation, match="signature"):
        adapter.receive(spoilt)
