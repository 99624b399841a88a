"""What is signed and when it counts; what an attacker may try is in test_ws_wrapping.py."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hub.adapters._soap import SOAP11, SOAP12, Version
from hub.adapters._ws_security import WSSE, WSU
from hub.adapters.employment import EmploymentAdapter
from hub.authority import Document, Parcel
from hub.clock import now
from hub.errors import ContractViolation, Refused, SettingsRefused
from hub.testing.clock import frozen
from hub.testing.effort import worked
from tests.certificates import Identity, an_identity
from tests.employment_messages import EXAMPLES
from tests.signed_calls import MESSAGE_ID, NS, a_signed_call

pytest.importorskip("xmlsec", reason="the extra wssecurity is not installed")
from tests.generation.wrapping import Signed

pytestmark = pytest.mark.files

UNSIGNED = (EXAMPLES / "submit-minimal.xml").read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def signer(folder: Path) -> Identity:
    return an_identity(folder, "jobsystem")


def receive(body: bytes, signer: Identity, version: Version = SOAP11, **settings: Any) -> Document:
    trusting = {"trusted_certificates_file": str(signer.certificate_file), **settings}
    return EmploymentAdapter(trusting).receive(Parcel("employment", body, version.media_type))


def sentence(body: bytes, signer: Identity, **settings: Any) -> str:
    with pytest.raises(ContractViolation) as caught:
        receive(body, signer, **settings)
    return caught.value.faults[0].sentence


@pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])
def test_a_signed_message_is_taken_in_both_versions(signer: Identity, version: Version) -> None:
    document = receive(a_signed_call(signer, version=version), signer, version)
    assert document.message_id == MESSAGE_ID
    assert document.essence.startswith(f'<SubmitPersonCaseRequest xmlns="{NS}">'.encode())


def test_a_repeat_that_is_signed_anew_has_the_same_essence_and_other_bytes(signer: Identity) -> None:
    first = a_signed_call(signer)
    with frozen(now() + timedelta(seconds=2)):
        again = a_signed_call(signer)
        assert receive(first, signer).essence == receive(again, signer).essence
    assert first != again
    renamed = Signed(again, signer, signer)
    for name, uri in (("Body", "id-1f4"), ("To", "id-2")):  # as WSS4J does, which draws them
        reference = renamed.reference(name)
        renamed[name].set(f"{{{WSU}}}Id", uri)
        reference.set("URI", f"#{uri}")
    renamed.sign()
    assert receive(renamed.bytes(), signer).essence == receive(first, signer).essence
    assert receive(a_signed_call(signer, title="Et andet navn"), signer).essence != receive(first, signer).essence


def test_what_is_not_signed_is_read_over(signer: Identity) -> None:
    """Unsigned headers of the contract, even wrong ones, say nothing in a signed call."""
    other = Signed(a_signed_call(signer), signer, signer)
    etree.SubElement(other["Header"], f"{{{NS}}}ActiveOrganisationHeader").text = "anybody"
    assert receive(other.bytes(), signer).essence == receive(a_signed_call(signer), signer).essence


@pytest.mark.parametrize("seconds", [-60, 0, 300, 360])
def test_a_message_counts_about_when_it_is_sent(signer: Identity, seconds: int) -> None:
    at = now().replace(microsecond=0)  # of when it is sent whole seconds are read
    with frozen(at):
        body = a_signed_call(signer)
    with frozen(at + timedelta(seconds=seconds)):
        assert receive(body, signer).message_id == MESSAGE_ID


@pytest.mark.parametrize("seconds", [-61, 361, 86_400])
def test_before_and_after_that_it_does_not(signer: Identity, seconds: int) -> None:
    at = now().replace(microsecond=0)
    with frozen(at):
        body = a_signed_call(signer)
    with frozen(at + timedelta(seconds=seconds)):
        assert sentence(body, signer) == "The message is too old or not yet valid."


def test_what_has_no_signature_is_refused_unless_that_is_set(signer: Identity) -> None:
    assert sentence(UNSIGNED, signer) == "The message is not signed."
    assert receive(UNSIGNED, signer, require_signature=False).essence == b""
    forged = a_signed_call(signer).replace(b"Revalidering", b"Revaliderinh")
    assert sentence(forged, signer, require_signature=False) == "What was signed is not what came."


def test_where_signatures_do_not_count_one_that_must_be_understood_is_refused(signer: Identity) -> None:
    with pytest.raises(ContractViolation) as caught:
        EmploymentAdapter({}).receive(Parcel("employment", a_signed_call(signer), "text/xml"))
    assert caught.value.faults[0].field == "/Envelope/Header/*"


def test_a_prefix_that_only_a_value_uses_is_signed_or_gone(signer: Identity) -> None:
    """An attacker who rebinds a prefix around the signed Body changes nothing that is read."""
    typed = b'<CaseTitle xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="t:LineType">'
    signed = Signed(a_signed_call(signer).replace(b"<CaseTitle>", typed), signer, signer)
    body = signed.bytes().replace(b"<soap:Envelope ", f'<soap:Envelope xmlns:t="{NS}" '.encode())
    outside = Signed(body, signer, signer)
    outside.sign()
    with pytest.raises(Refused, match="schema"):  # t is bound to nothing in the bytes that were signed
        receive(outside.bytes(), signer)
    listed = Signed(body, signer, signer)
    transform = listed.reference("Body")[0][0]
    uri = "http://www.w3.org/2001/10/xml-exc-c14n#"
    etree.SubElement(transform, f"{{{uri}}}InclusiveNamespaces", PrefixList="t")
    listed.sign(prefixes=("t",))
    assert receive(listed.bytes(), signer).message_id == MESSAGE_ID


@pytest.mark.parametrize("count", [990, 19_000])
def test_namespaces_without_end_do_not_hang_the_verifier(signer: Identity, count: int) -> None:
    declared = " ".join(f'xmlns:p{n}="urn:{n}"' for n in range(count)).encode()
    crowded = a_signed_call(signer).replace(b"<PersonCase>", b"<PersonCase " + declared + b">" + b"<x/>" * 90_000)
    listed = Signed(crowded, signer, signer)
    transform = listed.reference("Body")[0][0]
    prefixes = " ".join(f"p{n}" for n in range(10))
    etree.SubElement(transform, "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces", PrefixList=prefixes)
    body = listed.bytes()
    told, seconds = worked(lambda: sentence(body, signer))
    assert told
    assert seconds < 3


def test_what_is_signed_here_says_by_whom_and_when(signer: Identity) -> None:
    root = etree.fromstring(a_signed_call(signer))
    (security,) = root.iter(f"{{{WSSE}}}Security")
    assert security.get(f"{{{SOAP11.namespace}}}mustUnderstand") == "1"
    created, expires = (security.findtext(f".//{{{WSU}}}{name}") or "" for name in ("Created", "Expires"))
    assert created.endswith("Z")
    assert created < expires
    assert [etree.QName(one).localname for one in security] == ["Timestamp", "BinarySecurityToken", "Signature"]


def test_a_file_that_does_not_fit_is_named_by_its_setting(signer: Identity, folder: Path) -> None:
    other = an_identity(folder, "other")
    with pytest.raises(SettingsRefused) as caught:
        EmploymentAdapter(
            {"signing_key_file": str(signer.key_file), "signing_certificate_file": str(other.certificate_file)}
        )
    assert [fault.field for fault in caught.value.faults] == ["authorities.employment.signing_key_file"]
    with pytest.raises(SettingsRefused) as caught:
        EmploymentAdapter({"trusted_certificates_file": str(signer.certificate_file), "signer_subject": "CN=x"})
    assert [fault.field for fault in caught.value.faults] == ["authorities.employment.trusted_certificates_file"]
