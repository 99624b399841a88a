"""The service that the employment system calls: one acceptance, any number of repeats, and every refusal a fault."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from lxml import etree

from hub.authority import Document, contract_folder, load
from hub.clock import new_id
from hub.mappings.employment import EmploymentMapping
from hub.plan.contribution import Contribution
from tests.integration.api.served import CANARY_CPR, CANARY_NAME, LIMIT, Served, served
from tests.integration.databases import a_migrated_postgresql

pytestmark = pytest.mark.integration
CONTRACT = contract_folder("employment/v1")
SCHEMA = etree.XMLSchema(file=CONTRACT / "employment.xsd")
NS = "urn:one-plan-hub:employment:1"
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
TYPES = {SOAP11: "text/xml; charset=utf-8", SOAP12: "application/soap+xml; charset=utf-8"}
CASE = (CONTRACT / "examples" / "submit-minimal.xml").read_text("utf-8")
EMPLOYMENT = load({"employment": {}})["employment"]
OWN_NUMBER, OWN_MESSAGE = "3001749995", "7b2f0c0e-3b52-4a86-9c7e-0d8f5b1a2c02"
OWN_CASE = "c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f602"
BOTH = pytest.mark.parametrize("namespace", [SOAP11, SOAP12], ids=["1.1", "1.2"])


class BuggyMapping(EmploymentMapping):
    """Fails, quoting what it has read, on a case that is called BUG."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        if b"BUG" in etree.tostring(document.content):
            raise RuntimeError(f"a bug that quotes {CANARY_CPR} {CANARY_NAME}")
        return super().to_plan(document)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    employment = replace(EMPLOYMENT, mapping=BuggyMapping())
    with served(f"sqlite:///{tmp_path_factory.mktemp('soap') / 'hub.db'}", employment) as running:
        yield running


@pytest.fixture
def hub(on_sqlite: Served) -> Served:
    return on_sqlite


def a_call(namespace: str = SOAP11, cpr: str = OWN_NUMBER, title: str = "Revalidering") -> str:
    """Return a call with a message and a case of its own."""
    text = CASE.replace(SOAP11, namespace).replace(OWN_NUMBER, cpr).replace("Revalidering", title)
    return text.replace(OWN_MESSAGE, str(new_id())).replace(OWN_CASE, str(new_id()))


def call(
    hub: Served, body: str | bytes, namespace: str = SOAP11, caller: str | None = "employment", **headers: str
) -> httpx.Response:
    given = {"Content-Type": TYPES[namespace]} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = body.encode() if isinstance(body, str) else body
    return hub.ask(caller, "POST", "/soap/employment", raw, headers=given)


def content(answer: httpx.Response, namespace: str) -> etree._Element:
    """Return the Body's child of an answer in this version of SOAP."""
    assert answer.headers["content-type"] == TYPES[namespace]
    root = etree.fromstring(answer.content)
    assert root.tag == f"{{{namespace}}}Envelope"
    (body,) = root
    (child,) = body
    return child


def receipt(answer: httpx.Response, namespace: str = SOAP11) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    response = content(answer, namespace)
    SCHEMA.assertValid(etree.fromstring(etree.tostring(response)))
    return {str(child.tag).rpartition("}")[2]: child.text or "" for child in response}


def fault(answer: httpx.Response, namespace: str = SOAP11) -> dict[str, str | list[str]]:
    """Return what a fault says; it is valid against the contract."""
    told = content(answer, namespace)
    detail = told.find(f".//{{{NS}}}HubFault")
    assert detail is not None
    SCHEMA.assertValid(etree.fromstring(etree.tostring(detail)))
    words: dict[str, str | list[str]] = {str(one.tag).rpartition("}")[2]: one.text or "" for one in detail}
    words["fields"] = [one.text or "" for one in detail.iter(f"{{{NS}}}FieldPath")]
    words["code"] = told.findtext("faultcode") or told.findtext(f".//{{{SOAP12}}}Value") or ""
    assert answer.headers["x-correlation-id"] == words["CorrelationIdentifier"]
    assert words["AdviceText"]
    return words


# --- taken in -------------------------------------------------------------------------------------------------------


@BOTH
def test_a_case_is_taken_in_and_a_repeat_gets_the_same_receipt(hub: Served, namespace: str) -> None:
    cpr, opened = hub.opens_plan()
    body = a_call(namespace, cpr)
    first = receipt(call(hub, body, namespace, X_Correlation_Id="mine-1"), namespace)
    again = receipt(call(hub, body, namespace, X_Correlation_Id="mine-2"), namespace)
    assert first["RepeatIndicator"] == "false"
    assert first["CorrelationIdentifier"] == "mine-1"
    assert again == first | {"RepeatIndicator": "true"}
    elements = hub.ask("employment", "GET", f"/plans/{opened['plan']}").json()["elements"]
    assert [one["title"] for one in elements] == ["Revalidering"]


def test_many_at_once_have_one_effect_and_one_receipt(hub: Served) -> None:
    cpr, _ = hub.opens_plan()
    body = a_call(cpr=cpr)
    with ThreadPoolExecutor(8) as pool:
        receipts = [receipt(answer) for answer in pool.map(lambda _: call(hub, body), range(12))]
    assert sorted(one["RepeatIndicator"] for one in receipts) == ["false"] + ["true"] * 11
    assert len({one["ReceiptIdentifier"] for one in receipts}) == 1


@pytest.mark.servers
def test_a_case_is_taken_in_on_postgresql_too() -> None:
    with a_migrated_postgresql() as url, served(url, EMPLOYMENT) as hub:
        cpr, _ = hub.opens_plan()
        body = a_call(cpr=cpr)
        first, again = receipt(call(hub, body)), receipt(call(hub, body))
    assert again == first | {"RepeatIndicator": "true"}


def test_the_plain_door_takes_the_same_envelope_and_the_service_knows_it_again(hub: Served) -> None:
    cpr, _ = hub.opens_plan()
    body = a_call(cpr=cpr)
    plain = hub.ask("employment", "POST", "/in/employment", body.encode(), headers={"Content-Type": "text/xml"})
    assert plain.status_code == 201, plain.text
    assert receipt(call(hub, body))["ReceiptIdentifier"] in plain.text


# --- refused --------------------------------------------------------------------------------------------------------


@BOTH
def test_a_fault_names_code_field_and_advice_and_no_value(hub: Served, namespace: str) -> None:
    body = a_call(namespace, title="").replace("3001749995", CANARY_CPR[:9])
    answer = call(hub, body, namespace)
    told = fault(answer, namespace)
    assert answer.status_code == (500 if namespace == SOAP11 else 400)
    assert told["code"] == ("soap:Client" if namespace == SOAP11 else "soap:Sender")
    assert (told["FaultCode"], told["ErrorIdentifier"]) == ("contract-violation", "1014")
    assert told["fields"] == [
        "/SubmitPersonCaseRequest/PersonCase/CaseTitle",
        "/SubmitPersonCaseRequest/PersonCase/Person/PersonCivilRegistrationIdentifier",
    ]
    assert CANARY_CPR[:9] not in answer.text


@BOTH
def test_a_person_without_a_plan_is_told_in_dfdgs_number(hub: Served, namespace: str) -> None:
    told = fault(call(hub, a_call(namespace, hub.a_cpr()), namespace), namespace)
    assert (told["FaultCode"], told["ErrorIdentifier"]) == ("unknown-person", "1010")


def test_another_body_under_the_same_id_is_refused(hub: Served) -> None:
    cpr, _ = hub.opens_plan()
    body = a_call(cpr=cpr)
    receipt(call(hub, body))
    assert fault(call(hub, body.replace("Revalidering", "Noget andet")))["FaultCode"] == "id-reused"


@BOTH
def test_a_caller_without_a_token_hears_so_by_http_and_in_a_fault(hub: Served, namespace: str) -> None:
    answer = call(hub, a_call(namespace), namespace, caller=None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert fault(answer, namespace)["FaultCode"] == "not-authenticated"


@pytest.mark.parametrize("caller", ["children", "social", "coordinator", "caseworker", "operator", "anna", "partner"])
def test_only_the_authoritys_own_system_calls(hub: Served, caller: str) -> None:
    before = len(hub.audited("refused"))
    assert fault(call(hub, a_call(), caller=caller))["FaultCode"] == "wrong-sender"
    assert len(hub.audited("refused")) == before + 1


def test_the_version_of_a_refusal_is_that_of_the_content_type(hub: Served) -> None:
    assert fault(call(hub, a_call(SOAP11), SOAP12), SOAP12)["code"] == "soap:VersionMismatch"
    assert fault(call(hub, a_call(SOAP12), SOAP11), SOAP11)["code"] == "soap:VersionMismatch"
    assert fault(hub.ask("employment", "POST", "/soap/employment", {"a": 1}), SOAP11)["code"] == "soap:Client"


def test_an_operation_named_otherwise_is_refused(hub: Served) -> None:
    cpr, _ = hub.opens_plan()
    body = a_call(cpr=cpr)
    assert fault(call(hub, body, SOAPAction=f'"{NS}/GetPersonCase"'))["fields"] == ["SOAPAction"]
    receipt(call(hub, body, SOAPAction=f'"{NS}/SubmitPersonCase"'))


def test_two_soapactions_are_refused(hub: Served) -> None:
    both = [("SOAPAction", f'"{NS}/GetPersonCase"'), ("SOAPAction", f'"{NS}/SubmitPersonCase"')]
    headers = [("Authorization", f"Bearer {hub.tokens['employment']}"), ("Content-Type", "text/xml"), *both]
    answer = httpx.post(f"{hub.url}/soap/employment", content=a_call().encode(), headers=headers)
    assert "SOAPAction" in answer.text
    assert answer.status_code == 500


def test_a_caller_cannot_say_that_the_hub_had_asked(hub: Served) -> None:
    text = (CONTRACT / "examples" / "get-person-case-response.xml").read_text("utf-8")
    forged = call(hub, text, X_Hub_Asked_For="c1a2b3c4-d5e6-4f70-8a91-b2c3d4e5f609")
    assert fault(forged)["fields"] == ["/Envelope/Body/*"]


def test_an_unexpected_error_says_nothing(hub: Served, capfd: pytest.CaptureFixture[str]) -> None:
    answer = call(hub, a_call(title="BUG"))
    told = fault(answer)
    assert (answer.status_code, told["code"], told["FaultCode"]) == (500, "soap:Server", "failed")
    said = answer.text + "".join(capfd.readouterr())
    assert CANARY_CPR not in said
    assert CANARY_NAME not in said


def test_a_body_over_the_limit_is_a_fault(hub: Served) -> None:
    answer = call(hub, a_call().encode() + b" " * LIMIT)
    assert fault(answer)["FaultCode"] == "too-large"


def test_an_address_with_a_number_is_a_fault_and_forgotten(hub: Served) -> None:
    headers = {"Content-Type": TYPES[SOAP12]}
    answer = hub.ask("employment", "POST", f"/soap/employment?cpr={CANARY_CPR}", a_call().encode(), headers=headers)
    assert fault(answer, SOAP12)["FaultCode"] == "invalid-request"
    assert CANARY_CPR not in answer.text


@pytest.mark.parametrize("path", ["/soap/children", "/soap/nobody", "/soap/employment/", "/soap/"])
def test_where_no_service_is_there_is_nothing(hub: Served, path: str) -> None:
    answer = hub.ask("children", "POST", path, a_call().encode(), headers={"Content-Type": "text/xml"})
    assert answer.status_code == (403 if path == "/soap/nobody" else 404)
    assert "problem" in answer.headers["content-type"]
    assert hub.ask(None, "GET", f"{path}?wsdl").status_code == 404


def test_other_methods_are_told_which_there_are(hub: Served) -> None:
    answer = hub.ask("employment", "PUT", "/soap/employment", b"x")
    assert answer.status_code == 405


def _linking_two_plans(hub: Served) -> httpx.Response:
    (one, _), (other, _) = hub.opens_plan(), hub.opens_plan()
    former = f"<PreviousPersonCivilRegistrationIdentifier>{other}</PreviousPersonCivilRegistrationIdentifier>"
    number = "</PersonCivilRegistrationIdentifier>"
    return call(hub, a_call(cpr=one).replace(number, number + former))


def _with_another_body(hub: Served) -> httpx.Response:
    body = a_call(cpr=hub.opens_plan()[0])
    receipt(call(hub, body))
    return call(hub, body.replace("Revalidering", "Noget andet"))


def _while_another_writes(hub: Served) -> httpx.Response:
    body = a_call(cpr=hub.opens_plan()[0])
    with closing(sqlite3.connect(str(hub.store.engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = call(hub, body)
        other.execute("ROLLBACK")
    assert int(answer.headers["retry-after"]) > 0
    receipt(call(hub, body))
    return answer


def test_the_organisation_a_call_is_made_for_is_audited_and_its_user_is_not(
    hub: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    user = "CVR:29188599-UUID:3f6c1d7a-8a51-4c0e-9a64-2c3d4e5f6a7b"
    headers = f"""<soap:Header xmlns:e="{NS}"><e:ActiveOrganisationHeader>
        <e:OrganisationTypeIdentifier>8</e:OrganisationTypeIdentifier><e:OrganisationCode>376</e:OrganisationCode>
        </e:ActiveOrganisationHeader><e:RequestUserMetadata><e:RequestUserStructure>
        <e:UserFullName>{CANARY_NAME}</e:UserFullName><e:RequestUserTypeIdentifier>2</e:RequestUserTypeIdentifier>
        <e:UserIdentifier>{user}</e:UserIdentifier></e:RequestUserStructure></e:RequestUserMetadata></soap:Header>"""
    cpr, opened = hub.opens_plan()
    told = receipt(call(hub, a_call(cpr=cpr).replace("<soap:Body>", f"{headers}<soap:Body>", 1)))
    (row,) = [one for one in hub.audited("accepted") if str(one["plan_id"]) == opened["plan"]]
    assert row["details"] == {"receipt": told["ReceiptIdentifier"], "on_behalf_of": "8:376"}
    said = "".join(capfd.readouterr()) + repr([{**row} for row in hub.audited("accepted")])
    assert user not in said
    assert CANARY_NAME not in said
    with hub.store.begin(read_only=True) as unit:  # the user is in the message, which is kept sealed
        assert user.encode() in unit.inbox.body(UUID(told["ReceiptIdentifier"]))
    wrong = headers.replace("<e:OrganisationCode>376", f"<e:OrganisationCode>{CANARY_CPR}")
    refused = fault(call(hub, a_call(cpr=cpr).replace("<soap:Body>", f"{wrong}<soap:Body>", 1)))
    assert refused["fields"] == ["/ActiveOrganisationHeader/OrganisationCode"]


#: FaultCode of the contract's README → a call that gets it.
REACHED: dict[str, Callable[[Served], httpx.Response]] = {
    "contract-violation": lambda hub: call(hub, a_call(title="")),
    "unknown-person": lambda hub: call(hub, a_call(cpr=hub.a_cpr())),
    "wrong-sender": lambda hub: call(hub, a_call(), caller="social"),
    "id-reused": _with_another_body,
    "conflict": _linking_two_plans,
    "invalid-request": lambda hub: hub.ask(
        "employment", "POST", f"/soap/employment?cpr={CANARY_CPR}", b"", headers={"Content-Type": TYPES[SOAP11]}
    ),
    "not-authenticated": lambda hub: call(hub, a_call(), caller=None),
    "too-large": lambda hub: call(hub, a_call().encode() + b" " * LIMIT),
    "store-busy": _while_another_writes,
    "failed": lambda hub: call(hub, a_call(title="BUG")),
}
_ROW = re.compile(r"^\| (\d+) \| (\d+) \| `([a-z-]+)` \| (\d*) ?\|", re.M)


@pytest.mark.slow
def test_every_documented_fault_is_reached_and_says_what_is_documented(hub: Served) -> None:
    rows = _ROW.findall((CONTRACT / "README.md").read_text("utf-8"))
    assert sorted(code for _, _, code, _ in rows) == sorted(REACHED)
    for status, _, code, number in rows:
        answer = REACHED[code](hub)
        told = fault(answer)
        assert (str(answer.status_code), told["FaultCode"], told.get("ErrorIdentifier", "")) == (status, code, number)


@BOTH
def test_an_addressed_call_is_answered_to_its_message_id(hub: Served, namespace: str) -> None:
    addressing = "http://www.w3.org/2005/08/addressing"
    body = a_call(namespace, hub.opens_plan()[0])
    message_id = etree.fromstring(body.encode()).findtext(f".//{{{NS}}}MessageIdentifier") or ""
    headers = (
        f'<s:Header xmlns:s="{namespace}" xmlns:a="{addressing}"><a:Action s:mustUnderstand="1">{NS}/SubmitPersonCase'
        f"</a:Action><a:MessageID>urn:uuid:{message_id}</a:MessageID><a:To>{hub.url}/soap/employment</a:To></s:Header>"
    )
    told = body.replace("<soap:Body>", f"{headers}<soap:Body>", 1)
    answers = [call(hub, text, namespace) for text in (told, told, told.replace("Revalidering", "Noget andet"))]
    roots = [etree.fromstring(answer.content) for answer in answers]
    related = {root.findtext(f".//{{{addressing}}}RelatesTo") for root in roots}
    assert related == {f"urn:uuid:{message_id}"}
    assert len({root.findtext(f".//{{{addressing}}}MessageID") for root in roots}) == 3
    assert [root.findtext(f".//{{{NS}}}RepeatIndicator") for root in roots] == ["false", "true", None]
    assert roots[2].findtext(f".//{{{NS}}}FaultCode") == "id-reused"


# --- described ------------------------------------------------------------------------------------------------------


def test_the_description_is_public_and_names_the_address_it_was_asked_at(hub: Served) -> None:
    answer = hub.ask(None, "GET", "/soap/employment?WSDL")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    addresses = re.findall(r'(?:location|schemaLocation)="([^"]+)"', answer.text)
    assert addresses == [f"{hub.url}/soap/employment?xsd", *[f"{hub.url}/soap/employment"] * 2]
    etree.XMLSchema(etree.fromstring(httpx.get(addresses[0]).content))


@pytest.mark.parametrize("query", ["", "?", "?wadl", "?wsdl&xsd", "?file=../../etc/passwd", "?wsd"])
def test_there_is_no_other_description(hub: Served, query: str) -> None:
    assert hub.ask(None, "GET", f"/soap/employment{query}").status_code == 404


def raw(hub: Served, *lines: str) -> bytes:
    """Send a request as it is written, and return the whole answer."""
    address = urlsplit(hub.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


@pytest.mark.parametrize("host", ["hub.test", "hub.test:8443", "127.0.0.1:1", "[::1]:8080", "HUB-2.test"])
def test_a_host_stands_in_the_description(hub: Served, host: str) -> None:
    answer = raw(hub, "GET /soap/employment?wsdl HTTP/1.1", f"Host: {host}").decode()
    assert f'location="http://{host}/soap/employment"' in answer


@pytest.mark.parametrize(
    "host",
    [
        'x"/><evil',
        "a b",
        "a/b",
        "a@b",
        "a?b",
        "a#b",
        "-",
        "[",
        "[::1",
        "x:y",
        "x:123456",
        "",
        "æ",
        "x,y",
        "&amp;",
        "a\\b",
    ],
)
def test_a_host_that_is_none_is_refused_and_not_repeated(hub: Served, host: str) -> None:
    answer = raw(hub, "GET /soap/employment?wsdl HTTP/1.1", f"Host: {host}").decode("latin-1")
    assert answer.startswith("HTTP/1.1 400"), answer
    assert "evil" not in answer
    post = ("POST /soap/employment HTTP/1.1", f"Host: {host}", "Content-Type: text/xml", "Content-Length: 0")
    assert raw(hub, *post).startswith((b"HTTP/1.1 401", b"HTTP/1.1 400"))


def test_nothing_else_of_a_request_stands_in_the_description(hub: Served) -> None:
    plain = raw(hub, "GET /soap/employment?wsdl HTTP/1.1", "Host: hub.test").partition(b"\r\n\r\n")[2]
    told = [f"{name}: evil.test" for name in ("X-Forwarded-Host", "Forwarded", "X-Original-URL", "Referer", "Origin")]
    told += ["X-Forwarded-Proto: https", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /evil"]
    other = raw(hub, "GET /soap/employment?wsdl=evil HTTP/1.1", "Host: hub.test", *told).partition(b"\r\n\r\n")[2]
    assert other == plain
    absolute = raw(hub, "GET http://evil.test/soap/employment?wsdl HTTP/1.1", "Host: hub.test")
    assert b"evil" not in absolute


def test_the_address_that_is_set_wins(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("public") / "hub.db"
    with served(f"sqlite:///{place}", EMPLOYMENT, public_url="https://hub.guldborgsund.example") as hub:
        answer = raw(hub, "GET /soap/employment?wsdl HTTP/1.1", "Host: 127.0.0.1:1").decode()
        refused = raw(hub, "GET /soap/employment?wsdl HTTP/1.1", 'Host: x"/><evil').decode()
    assert refused.startswith("HTTP/1.1 400")
    assert "evil" not in refused
    assert answer.count('ocation="https://hub.guldborgsund.example/soap/employment') == 3
