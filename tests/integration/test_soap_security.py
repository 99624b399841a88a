"""Signed both ways over loopback: the employment authority's system, which signs by xmlsec, and the hub."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hub.adapters.employment import EmploymentAdapter
from hub.authority import DeliveryKey, Receipt, ReceiptStatus, load
from hub.clock import new_id
from hub.errors import NotFound, RecipientDown, RecipientFailed, RecipientRefused, SourceDown
from hub.mappings.employment import EmploymentMapping
from tests.certificates import Identity, an_identity, elliptic_key
from tests.integration.api.served import Served, served
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox, a_server
from tests.integration.test_employment_wire import an_update
from tests.signed_calls import a_signed_call

pytest.importorskip("xmlsec", reason="the extra wssecurity is not installed")
pytestmark = pytest.mark.integration
WSA, DS = "http://www.w3.org/2005/08/addressing", "http://www.w3.org/2000/09/xmldsig#"
NS, SOAP11 = "urn:one-plan-hub:employment:1", "http://schemas.xmlsoap.org/soap/envelope/"
NOT_THERE = "11111111-1111-4111-8111-111111111111"
CASE: dict[str, Any] = {"cpr": "0201609995", "name": "Einer Test Lauridsen", "title": "Vej til job"}


@dataclass(frozen=True)
class Keys:
    """Who signs: the hub, their system, and somebody else."""

    hub: Identity
    system: Identity
    stranger: Identity

    def folder(self, place: Path) -> Path:
        """Return a folder of keys as the sandbox wants it."""
        place.mkdir()
        (place / "signing.key.pem").write_bytes(self.system.key_file.read_bytes())
        (place / "signing.pem").write_bytes(self.system.certificate_file.read_bytes())
        (place / "trusted.pem").write_bytes(self.hub.certificate_file.read_bytes())
        return place

    def settings(self, signer: Identity | None = None, trusted: Identity | None = None) -> dict[str, Any]:
        signer, trusted = signer or self.hub, trusted or self.system
        return {
            "signing_key_file": str(signer.key_file),
            "signing_certificate_file": str(signer.certificate_file),
            "trusted_certificates_file": str(trusted.certificate_file),
        }


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("keys")
    return Keys(an_identity(folder, "hub"), an_identity(folder, "jobsystem"), an_identity(folder, "stranger"))


@pytest.fixture(scope="module")
def signing(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    place = tmp_path_factory.mktemp("employment")
    with a_sandbox("employment", place, "--keys", str(keys.folder(place / "keys"))) as running:
        yield running


# --- the hub calls ---------------------------------------------------------------------------------------------------


def an_adapter(system: Sandbox, settings: dict[str, Any]) -> EmploymentAdapter:
    return EmploymentAdapter({"url": system.url, "token": TOKEN, **settings})


def send(adapter: EmploymentAdapter) -> Receipt:
    update = an_update()
    key = DeliveryKey(update.recipient, update.plan, update.sequence)
    return adapter.send(EmploymentMapping().from_plan(update), key)


def test_polling_fetching_and_delivering_are_signed_both_ways(signing: Sandbox, keys: Keys) -> None:
    adapter = an_adapter(signing, keys.settings())
    case = signing.ask("POST", "/sandbox/cases", CASE | {"notify": False})["case"]
    assert adapter.poll("").references[-1] == case
    parcel = adapter.fetch(case)
    assert b"SignatureValue" in parcel.body
    document = adapter.receive(parcel)
    assert (document.message_id, document.content.findtext(f".//{{{NS}}}CaseTitle")) == (f"{case}:1", CASE["title"])
    assert send(adapter).status is ReceiptStatus.TAKEN_IN
    with pytest.raises(NotFound):
        adapter.fetch(NOT_THERE)


def test_a_key_on_a_curve_signs_too(signing: Sandbox, keys: Keys, tmp_path: Path) -> None:
    on_curve = an_identity(tmp_path, "curve", elliptic_key())
    with a_sandbox("employment", tmp_path, "--keys", str(_trusting(keys, on_curve, tmp_path / "keys"))) as system:
        assert send(an_adapter(system, keys.settings(signer=on_curve))).status is ReceiptStatus.TAKEN_IN


def _trusting(keys: Keys, hub: Identity, place: Path) -> Path:
    folder = keys.folder(place)
    (folder / "trusted.pem").write_bytes(hub.certificate_file.read_bytes())
    return folder


def test_a_system_takes_nothing_that_another_has_signed(signing: Sandbox, keys: Keys) -> None:
    with pytest.raises(RecipientRefused, match="refuses the call"):
        send(an_adapter(signing, keys.settings(signer=keys.stranger)))
    with pytest.raises(RecipientFailed, match="no SOAP"):  # its answer must be understood, and is not without keys
        send(an_adapter(signing, {}))


def test_an_answer_that_another_has_signed_is_none(signing: Sandbox, keys: Keys) -> None:
    adapter = an_adapter(signing, keys.settings(trusted=keys.stranger))
    with pytest.raises(RecipientFailed, match="none that is trusted"):
        send(adapter)
    with pytest.raises(SourceDown, match="none that is trusted"):
        adapter.poll("")


def test_an_answer_that_nobody_has_signed_is_none_unless_that_is_set(keys: Keys, tmp_path: Path) -> None:
    only_trusts = {"trusted_certificates_file": str(keys.system.certificate_file)}
    with a_sandbox("employment", tmp_path) as system:
        with pytest.raises(RecipientFailed, match="not signed"):
            send(an_adapter(system, only_trusts))
        assert send(an_adapter(system, only_trusts | {"require_signature": False})).status is ReceiptStatus.TAKEN_IN


def test_an_answer_to_another_call_is_none(signing: Sandbox, keys: Keys) -> None:
    case = signing.ask("POST", "/sandbox/cases", CASE | {"notify": False})["case"]
    recorded = an_adapter(signing, keys.settings()).fetch(case)
    with a_server(200, recorded.body, "text/xml") as (url, _):
        adapter = EmploymentAdapter({"url": url, "token": TOKEN, **keys.settings()})
        with pytest.raises(SourceDown, match="to another message"):
            adapter.fetch(case)


def test_a_repeated_delivery_carries_the_same_message_id_and_a_new_signature(keys: Keys) -> None:
    update = an_update()
    document = EmploymentMapping().from_plan(update)
    with a_server(503, b"", "text/xml") as (url, asked):
        adapter = EmploymentAdapter({"url": url, "token": TOKEN, **keys.settings()})
        for sequence in (1, 1, 2):
            with pytest.raises(RecipientDown):
                adapter.send(document, DeliveryKey("employment", update.plan, sequence))
    roots = [etree.fromstring(body) for *_, body in asked]
    first, again, other = (root.findtext(f".//{{{WSA}}}MessageID") for root in roots)
    assert first == again != other
    assert str(first).startswith("urn:uuid:")
    assert {root.findtext(f".//{{{WSA}}}To") for root in roots} == {f"{url}/soap"}
    assert {root.findtext(f".//{{{WSA}}}Action") for root in roots} == {f"{NS}/UpdatePlan"}
    signatures = [root.findtext(f".//{{{DS}}}SignatureValue") for root in roots]
    assert len({*signatures}) == 3


def test_a_case_is_fetched_and_received_past_zeep(
    signing: Sandbox, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(*_: Any, **__: Any) -> Any:
        raise AssertionError("zeep takes eleven times as long")

    case = signing.ask("POST", "/sandbox/cases", CASE | {"notify": False})["case"]
    adapter = an_adapter(signing, keys.settings())
    monkeypatch.setattr("zeep.xsd.types.complex.ComplexType.parse_xmlelement", reads)
    assert adapter.receive(adapter.fetch(case)).message_id
    with pytest.raises(AssertionError):
        adapter.poll("")


def test_zeep_reads_nothing_that_a_document_points_to(signing: Sandbox, keys: Keys) -> None:
    adapter: Any = an_adapter(signing, keys.settings())
    settings = adapter._changed._client.settings
    assert (settings.forbid_dtd, settings.forbid_entities, settings.forbid_external) == (True, True, True)


def test_no_envelope_reaches_the_log_even_where_all_is_logged(
    signing: Sandbox, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    case = signing.ask("POST", "/sandbox/cases", CASE | {"notify": False})["case"]
    caplog.set_level(logging.DEBUG)  # the root logger: what an operator sets to see everything
    adapter = an_adapter(signing, keys.settings())
    adapter.poll("")
    adapter.receive(adapter.fetch(case))
    send(adapter)
    assert not [record for record in caplog.records if record.name.startswith("zeep")]
    assert not {"Envelope", "0201609995", CASE["name"], case} & {
        word for word in ("Envelope", "0201609995", CASE["name"], case) if word in caplog.text
    }
    names = ["zeep", *(name for name in logging.root.manager.loggerDict if name.startswith("zeep."))]
    assert not [name for name in names if logging.getLogger(name).isEnabledFor(logging.DEBUG)]


# --- the hub is called -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    employment = load({"employment": keys.settings()})["employment"]
    with served(f"sqlite:///{tmp_path_factory.mktemp('hub') / 'hub.db'}", employment) as running:
        yield running


@pytest.fixture(scope="module")
def calling(hub: Served, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Their system, which knows the hub and its own token there."""
    place = tmp_path_factory.mktemp("calling")
    (place / "own-token").write_text(hub.tokens["employment"])
    more = ["--keys", str(keys.folder(place / "keys")), "--hub-token-file", str(place / "own-token")]
    with a_sandbox("employment", place, *more, hub_url=hub.url) as running:
        yield running


def test_a_case_is_submitted_signed_and_a_repeat_that_is_signed_anew_is_the_same_message(
    hub: Served, calling: Sandbox
) -> None:
    cpr, _ = hub.opens_plan()
    told = calling.ask("POST", "/sandbox/cases", CASE | {"cpr": cpr})
    again = calling.ask("POST", f"/sandbox/cases/{told['case']}/resend")
    assert (told["hub"]["status"], again["hub"]["status"]) == (200, 200), (told, again)
    first, second = (etree.fromstring(one["hub"]["answer"].encode()) for one in (told, again))
    assert first.findtext(f".//{{{NS}}}ReceiptIdentifier") == second.findtext(f".//{{{NS}}}ReceiptIdentifier")
    assert [one.findtext(f".//{{{NS}}}RepeatIndicator") for one in (first, second)] == ["false", "true"]


def test_a_refusal_is_a_signed_fault_that_relates_to_the_call(hub: Served, calling: Sandbox) -> None:
    told = calling.ask("POST", "/sandbox/cases", CASE | {"cpr": hub.a_cpr()})  # nobody's plan
    assert told["hub"]["status"] == 500, told
    answer = etree.fromstring(told["hub"]["answer"].encode())
    assert answer.findtext(f".//{{{NS}}}FaultCode") == "unknown-person"
    assert str(answer.findtext(f".//{{{WSA}}}Action")).endswith(":Fault:HubFault")
    assert answer.find(f".//{{{DS}}}Signature") is not None


def test_what_is_not_signed_is_refused_and_written_down(hub: Served) -> None:
    before = len(hub.audited("refused"))
    body = f'<s:Envelope xmlns:s="{SOAP11}"><s:Body><x/></s:Body></s:Envelope>'.encode()
    answer = hub.ask("employment", "POST", "/soap/employment", body, headers={"Content-Type": "text/xml"})
    fault = etree.fromstring(answer.content).find(f".//{{{SOAP11}}}Fault")
    assert fault is not None
    assert str(fault.findtext("faultcode")).endswith(":InvalidSecurity")
    assert fault.nsmap.get("f") is None  # declared where it is used
    assert len(hub.audited("refused")) == before + 1


def test_a_call_without_a_token_is_answered_by_a_signed_fault_too(hub: Served) -> None:
    answer = hub.ask(None, "POST", "/soap/employment", b"<x/>", headers={"Content-Type": "text/xml"})
    root = etree.fromstring(answer.content)
    assert answer.status_code == 401
    assert root.findtext(f".//{{{WSA}}}RelatesTo") == f"{WSA}/unspecified"
    assert root.find(f".//{{{DS}}}Signature") is not None


def test_a_message_of_long_ago_is_refused_even_where_it_was_never_seen(hub: Served, keys: Keys) -> None:
    from tests.generation.wrapping import signed_badly

    (attack,) = [one for one in signed_badly() if one.name == "signed long ago"]
    body = attack.of(a_signed_call(keys.system, str(new_id())), keys.system, keys.stranger)
    answer = hub.ask("employment", "POST", "/soap/employment", body, headers={"Content-Type": "text/xml"})
    assert b"MessageExpired" in answer.content


def test_the_same_id_with_another_body_is_refused(hub: Served, keys: Keys) -> None:
    cpr, _ = hub.opens_plan()
    message_id = str(new_id())
    for title, expected in (("Et", b"ReceiptIdentifier"), ("Et", b"ReceiptIdentifier"), ("To", b"id-reused")):
        body = a_signed_call(keys.system, message_id, title=title, cpr=cpr)
        answer = hub.ask("employment", "POST", "/soap/employment", body, headers={"Content-Type": "text/xml"})
        assert expected in answer.content, answer.text
