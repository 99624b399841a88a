"""A call that is addressed says the same in its headers as in its Body, and its answer relates to it."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from hub.adapters.employment import EmploymentAdapter
from hub.authority import Acknowledgement, Document, Parcel, Refusal, contract_folder
from hub.clock import new_id, now
from hub.errors import ContractViolation, Refused

WSA = "http://www.w3.org/2005/08/addressing"
NS = "urn:one-plan-hub:employment:1"
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
TYPES = {SOAP11: "text/xml", SOAP12: "application/soap+xml"}
BOTH = pytest.mark.parametrize("namespace", [SOAP11, SOAP12], ids=["1.1", "1.2"])
CASE = (contract_folder("employment/v1") / "examples" / "submit-minimal.xml").read_text("utf-8")
OWN = "7b2f0c0e-3b52-4a86-9c7e-0d8f5b1a2c02"
ACTION = f"<a:Action>{NS}/SubmitPersonCase</a:Action>"
ID = f"<a:MessageID>urn:uuid:{OWN}</a:MessageID>"
ELSEWHERE = "<a:Address>http://127.0.0.1/</a:Address>"
ADAPTER = EmploymentAdapter({})


def a_call(headers: str, namespace: str = SOAP11) -> Parcel:
    found = re.search(r"<(\w+:)?SubmitPersonCaseRequest.*</(\w+:)?SubmitPersonCaseRequest>", CASE, re.S)
    assert found
    envelope = (
        f'<s:Envelope xmlns:s="{namespace}" xmlns:a="{WSA}"><s:Header>{headers}</s:Header>'
        f"<s:Body>{found[0]}</s:Body></s:Envelope>"
    )
    return Parcel("employment", envelope.encode(), TYPES[namespace])


def receive(headers: str, **settings: str) -> Document:
    return EmploymentAdapter(settings).receive(a_call(headers))


def told(headers: str, **settings: str) -> tuple[str, str]:
    """Return where a call is refused, and the faultcode that its answer has."""
    parcel = a_call(headers)
    with pytest.raises(ContractViolation) as caught:
        EmploymentAdapter(settings).receive(parcel)
    error = caught.value
    root = etree.fromstring(
        ADAPTER.refuse(parcel, Refusal(error.code, error.sentence, error.next_step, "c-1", error.faults)).body
    )
    code = root.find(".//faultcode")
    assert code is not None
    prefix, _, name = str(code.text).rpartition(":")
    assert code.nsmap[prefix] == WSA
    assert root.findtext(f".//{{{WSA}}}Action") == f"{WSA}/fault"
    return error.faults[0].field.rpartition("/")[2], name


def test_the_message_id_is_that_of_header_and_body() -> None:
    to = "<a:To>https://anywhere.example/</a:To>"
    assert receive(ACTION + ID + to).message_id == OWN
    assert receive(ACTION + ID.replace(OWN, f" {OWN.upper()} ").replace("uuid: ", "uuid:")).message_id == OWN
    anonymous, none = (f"<a:Address>{WSA}/{name}</a:Address>" for name in ("anonymous", "none"))
    assert receive(f"{ACTION}{ID}<a:ReplyTo>{anonymous}</a:ReplyTo><a:FaultTo>{none}</a:FaultTo>").message_id == OWN
    must = ' xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:mustUnderstand="1"'
    assert receive((ACTION + ID + to).replace(">", f"{must}>", 1)).message_id == OWN


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (ID, ("Header", "MessageAddressingHeaderRequired")),
        (ACTION, ("Header", "MessageAddressingHeaderRequired")),
        ("<a:To>urn:x</a:To>", ("Header", "MessageAddressingHeaderRequired")),
        (ACTION + ID.replace("urn:uuid:", ""), ("MessageID", "InvalidAddressingHeader")),
        (ACTION + ID.replace(OWN, "0201609995"), ("MessageID", "InvalidAddressingHeader")),
        (ACTION + ID.replace("-", ""), ("MessageID", "InvalidAddressingHeader")),
        (ACTION + ID.replace("7b2f", "7b20"), ("MessageID", "InvalidAddressingHeader")),
        (ACTION + "<a:MessageID><x/></a:MessageID>", ("*", "InvalidAddressingHeader")),
        ("<a:Action/>" + ID, ("*", "InvalidAddressingHeader")),
        (ACTION.replace("Submit", "Get") + ID, ("Action", "ActionMismatch")),
        (f"{ACTION}{ID}<a:ReplyTo>{ELSEWHERE}</a:ReplyTo>", ("ReplyTo", "OnlyAnonymousAddressSupported")),
        (f"{ACTION}{ID}<a:FaultTo>{ELSEWHERE}</a:FaultTo>", ("FaultTo", "OnlyAnonymousAddressSupported")),
        (f"{ACTION}{ID}<a:ReplyTo/>", ("*", "InvalidAddressingHeader")),
    ],
)  # fmt: skip
def test_what_the_headers_say_otherwise_is_refused(headers: str, expected: tuple[str, str]) -> None:
    assert told(headers) == expected


def test_the_same_header_twice_is_refused() -> None:
    with pytest.raises(ContractViolation, match="header twice"):
        receive(ACTION + ID + ID)


def test_a_message_for_another_service_is_refused_where_the_own_address_is_set() -> None:
    here = {"service_address": "https://hub.example/soap/employment"}
    assert receive(f"{ACTION}{ID}<a:To>https://hub.example/soap/employment</a:To>", **here).message_id == OWN
    assert told(f"{ACTION}{ID}<a:To>https://test.example/</a:To>", **here) == ("To", "DestinationUnreachable")
    assert told(ACTION + ID, **here) == ("To", "DestinationUnreachable")


def test_an_older_addressing_is_a_header_like_any_other() -> None:
    older = '<o:MessageID xmlns:o="http://schemas.xmlsoap.org/ws/2004/08/addressing">x</o:MessageID>'
    assert receive(older).message_id == OWN


# --- the answer ------------------------------------------------------------------------------------------------------


def answered(parcel: Parcel, is_refused: bool) -> dict[str, str]:
    if is_refused:
        reply = ADAPTER.refuse(parcel, Refusal("unknown-person", "Nobody.", "Ask.", "c-1"))
    else:
        reply = ADAPTER.acknowledge(parcel, Acknowledgement(new_id(), now(), "c-1"))
    headers = [one for one in etree.fromstring(reply.body).iter() if str(one.tag).startswith(f"{{{WSA}}}")]
    return {str(one.tag).rpartition("}")[2]: one.text or "" for one in headers}


@BOTH
@pytest.mark.parametrize("is_refused", [False, True])
def test_an_answer_relates_to_its_call_and_has_a_name_of_its_own(namespace: str, is_refused: bool) -> None:
    said = answered(a_call(ACTION + ID, namespace), is_refused)
    assert said["RelatesTo"] == f"urn:uuid:{OWN}"
    assert said["MessageID"].startswith("urn:uuid:")
    assert OWN not in said["MessageID"]
    operation = f"{NS}:PersonCaseIntake:SubmitPersonCase"
    assert said["Action"] == (f"{operation}:Fault:HubFault" if is_refused else f"{operation}Response")


@pytest.mark.parametrize("is_refused", [False, True])
def test_an_answer_to_a_call_without_addressing_has_none(is_refused: bool) -> None:
    assert answered(a_call(""), is_refused) == {}
    assert answered(Parcel("employment", b"", "text/xml"), is_refused) == {}


@pytest.mark.parametrize(
    "headers", [ACTION, ACTION + "<a:MessageID>0201609995</a:MessageID>", f"{ACTION}<a:MessageID/>"]
)
def test_an_id_that_is_none_is_never_repeated(headers: str) -> None:
    assert answered(a_call(headers), True)["RelatesTo"] == f"{WSA}/unspecified"


def test_a_call_that_cannot_be_read_is_answered_all_the_same() -> None:
    broken = Parcel("employment", a_call(ACTION + ID).body[:-5], "text/xml")
    with pytest.raises(Refused):
        ADAPTER.receive(broken)
    assert answered(broken, True)["RelatesTo"] == f"{WSA}/unspecified"


@BOTH
def test_the_name_of_a_refusal_stands_where_its_version_of_soap_has_it(namespace: str) -> None:
    parcel = a_call(ID, namespace)
    with pytest.raises(ContractViolation) as caught:
        ADAPTER.receive(parcel)
    error = caught.value
    reply = ADAPTER.refuse(parcel, Refusal(error.code, error.sentence, error.next_step, "c-1", error.faults))
    root = etree.fromstring(reply.body)
    name = "MessageAddressingHeaderRequired"
    if namespace == SOAP11:
        assert (reply.status, root.findtext(".//faultcode")) == (500, f"f:{name}")
    else:
        code = root.find(f".//{{{SOAP12}}}Code")
        assert code is not None
        assert (reply.status, code[0].text, code[1][0].text) == (400, "soap:Sender", f"f:{name}")
