"""The adapter of employment services against a real system of theirs on loopback, and against answers that are none."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from lxml import etree

from hub.adapters.employment import EmploymentAdapter
from hub.authority import DeliveryKey, Disclosed, PlanUpdate, Receipt, ReceiptStatus
from hub.clock import new_id
from hub.errors import ContractViolation, NotFound, RecipientDown, RecipientFailed, RecipientRefused, SourceDown
from hub.mappings.employment import EmploymentMapping
from hub.plan.element import Category, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import cpr_identifier
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox, a_server

pytestmark = pytest.mark.integration
NS = "urn:one-plan-hub:employment:1"
SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ELEMENT = UUID("9b2c3d4e-5f60-5172-8394-a5b6c7d8e9f0")
NOT_THERE = "11111111-1111-4111-8111-111111111111"
SHORT: dict[str, Any] = {"connect_seconds": 0.5, "read_seconds": 0.6, "total_seconds": 1.2}
CANARY = "0505159995"
GOAL = Element(
    id=ELEMENT,
    kind=Kind.GOAL,
    category=Category.GOALS,
    label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
    status=Status.ACTIVE,
    title="At komme ud hver dag",
    text="",
    valid=Period(NOON, None),
    codes=(),
    part_of=None,
    concerns=frozenset(),
    details={},
    provenance=Provenance("social", "sandbox", "27.24.00-G01-5-19", "m1", "social/v1"),
    order=OrderKey(1, NOON, "m1"),
    registered_at=NOON,
)
CASE: dict[str, Any] = {
    "cpr": "0201609995",
    "name": "Einer Test Lauridsen",
    "title": "Vej til job",
    "goals": [{"id": "g1", "title": "Et deltidsjob"}],
    "notify": False,
}


def an_adapter(url: str, **settings: Any) -> EmploymentAdapter:
    return EmploymentAdapter({"url": url, "token": TOKEN, **settings})


def an_update(**changes: Any) -> PlanUpdate:
    update = PlanUpdate(
        plan=new_id(),
        recipient="employment",
        person=cpr_identifier("0201609995", "employment"),
        sequence=1,
        correlation_id="c-1",
        made_at=NOON,
        disclosed=(Disclosed(GOAL, "digest-1", "Borgeren har samtykket."),),
    )
    return replace(update, **changes)


def send(url: str, update: PlanUpdate, **settings: Any) -> Receipt:
    key = DeliveryKey(update.recipient, update.plan, update.sequence)
    return an_adapter(url, **settings).send(EmploymentMapping().from_plan(update), key)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with a_sandbox("employment", tmp_path_factory.mktemp("employment")) as running:
        yield running


@pytest.fixture
def system(running: Sandbox) -> Sandbox:
    """The one system of this module, behaving well."""
    running.ask("PUT", "/sandbox/behaviour", {})
    return running


def tell(system: Sandbox, **changes: Any) -> str:
    case: str = system.ask("POST", "/sandbox/cases", CASE | changes)["case"]
    return case


# --- asking ---------------------------------------------------------------------------------------------------------


def test_a_case_is_fetched_received_and_translated(system: Sandbox) -> None:
    adapter, case = an_adapter(system.url), tell(system)
    document = adapter.receive(adapter.fetch(case.upper()))
    (contribution,) = EmploymentMapping().to_plan(document)
    assert (document.kind, document.message_id) == ("GetPersonCaseResponse", f"{case}:1")
    assert (contribution.case, contribution.person.name) == (case, "Einer Test Lauridsen")
    system.ask("PATCH", f"/sandbox/cases/{case}", {"title": "En anden vej"})
    assert adapter.receive(adapter.fetch(case)).message_id == f"{case}:2"


def test_a_case_that_is_not_there_is_not_found(system: Sandbox) -> None:
    with pytest.raises(NotFound):
        an_adapter(system.url).fetch(NOT_THERE)
    with pytest.raises(ContractViolation):
        an_adapter(system.url).fetch("../admin")


def test_polling_walks_all_pages_and_then_only_what_changed(system: Sandbox) -> None:
    adapter = an_adapter(system.url, page_size=2)
    cursor, seen = "", list[str]()
    made = [tell(system) for _ in range(3)]
    for _ in range(100):
        page = adapter.poll(cursor)
        assert len(page.references) <= 2
        cursor, seen = page.cursor, [*seen, *page.references]
        if not page.has_more:
            break
    assert seen[-3:] == made
    assert adapter.poll(cursor).references == ()
    system.ask("PATCH", f"/sandbox/cases/{made[0]}", {"title": "En anden vej"})
    assert adapter.poll(cursor).references == (made[0],)


def test_a_call_says_who_calls_and_what(system: Sandbox) -> None:
    settings = {"organisation_code": "101", "organisation_type": 8, "user_identifier": "CVR:1-UUID:2", "page_size": 7}
    with a_server(200, answer_with(CHANGES), "text/xml") as (url, asked):
        an_adapter(url, **settings).poll("c-7")
    ((method, path, headers, body),) = asked
    assert (method, path) == ("POST", "/soap")
    assert headers["soapaction"] == f'"{NS}/GetChangedPersonCases"'
    assert headers["content-type"] == "text/xml; charset=utf-8"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    said = {one.tag.rpartition("}")[2]: (one.text or "").strip() for one in etree.fromstring(body).iter("{*}*")}
    assert {
        "ChangedAfterCursor": "c-7",
        "MaximumQuantity": "7",
        "OrganisationCode": "101",
        "OrganisationTypeIdentifier": "8",
        "UserIdentifier": "CVR:1-UUID:2",
        "RequestUserTypeIdentifier": "3",
    }.items() <= said.items()


def test_a_wrong_token_is_the_sources_trouble(system: Sandbox) -> None:
    adapter = an_adapter(system.url, token="another")
    with pytest.raises(SourceDown, match="401"):
        adapter.poll("")
    with pytest.raises(SourceDown, match="401"):
        adapter.fetch(NOT_THERE)


@pytest.mark.parametrize("broken", ["down", "garbage", "refuse"])
def test_a_broken_source_is_asked_again_later(system: Sandbox, broken: str) -> None:
    adapter, case = an_adapter(system.url), tell(system)
    system.ask("PUT", "/sandbox/behaviour", {"broken": broken})
    with pytest.raises(SourceDown):
        adapter.poll("")
    with pytest.raises(SourceDown):
        adapter.fetch(case)


CHANGES = (
    f'<GetChangedPersonCasesResponse xmlns="{NS}"><ChangedPersonCaseItem><CaseIdentifier>{NOT_THERE}</CaseIdentifier>'
    "</ChangedPersonCaseItem><NextCursor>c-7</NextCursor><MoreIndicator>MORE</MoreIndicator>"
    "</GetChangedPersonCasesResponse>"
).replace("MORE", "false")
RECEIPT = (
    f'<UpdatePlanResponse xmlns="{NS}"><ReceiptStatusCode>taken-in</ReceiptStatusCode>'
    "<SequenceIdentifier>1</SequenceIdentifier></UpdatePlanResponse>"
)


def answer_with(content: str, namespace: str = SOAP11) -> bytes:
    return f'<s:Envelope xmlns:s="{namespace}"><s:Body>{content}</s:Body></s:Envelope>'.encode()


def a_fault(code: str, detail: str = "") -> bytes:
    """Return a fault whose words tell of a person."""
    return answer_with(
        f"<s:Fault><faultcode>{code}</faultcode><faultstring>{CANARY} is unknown</faultstring>{detail}</s:Fault>"
    )


@pytest.mark.parametrize(
    "answer",
    [
        answer_with(CHANGES.replace(NOT_THERE, "no-uuid")),
        answer_with(CHANGES.replace("false", "true")),  # more, but the cursor stands still
        answer_with(RECEIPT),
        answer_with(CHANGES * 2),
        b"<!DOCTYPE s>" + answer_with(CHANGES),
        answer_with(CHANGES, SOAP12),
        CHANGES.encode(),
        b"",
    ],
)
def test_a_poll_answered_against_the_contract_is_asked_again_later(answer: bytes) -> None:
    with a_server(200, answer, "text/xml") as (url, _), pytest.raises(SourceDown):
        an_adapter(url).poll("c-7")


def test_a_fetch_answered_with_another_case_is_refused(system: Sandbox) -> None:
    adapter, case = an_adapter(system.url), tell(system)
    other = replace(adapter.fetch(case), headers={"x-hub-asked-for": NOT_THERE})
    with pytest.raises(ContractViolation):
        adapter.receive(other)


def test_no_envelope_is_logged_however_much_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with a_server(200, answer_with(CHANGES), "text/xml") as (url, _):
        an_adapter(url).poll("c-7")
    assert "Envelope" not in caplog.text
    assert NOT_THERE not in caplog.text


# --- delivering -----------------------------------------------------------------------------------------------------


def test_a_delivery_is_taken_in_and_answered_with_a_receipt(system: Sandbox) -> None:
    update = an_update()
    assert send(system.url, update) == Receipt(ReceiptStatus.TAKEN_IN)
    held = system.ask("GET", "/sandbox/plans")[str(update.plan)]
    assert held["sequence"] == 1
    assert held["elements"][str(ELEMENT)]["title"] == "At komme ud hver dag"


def test_a_repeat_and_a_lower_sequence_are_already_held(system: Sandbox) -> None:
    update = an_update(sequence=3)
    send(system.url, update)
    assert send(system.url, update).status is ReceiptStatus.ALREADY_HELD
    assert send(system.url, replace(update, sequence=2)).status is ReceiptStatus.ALREADY_HELD


def test_a_withdrawal_deletes_unless_there_is_a_legal_hold(system: Sandbox) -> None:
    update = an_update()
    send(system.url, update)
    system.ask("PUT", "/sandbox/behaviour", {"legal_hold": "Notatpligt"})
    withdrawn = replace(update, sequence=2, disclosed=(), withdrawn=(ELEMENT,))
    assert send(system.url, withdrawn) == Receipt(ReceiptStatus.LEGAL_HOLD, reason="Notatpligt")
    system.ask("PUT", "/sandbox/behaviour", {})
    assert send(system.url, replace(withdrawn, sequence=3)).status is ReceiptStatus.TAKEN_IN
    assert system.ask("GET", "/sandbox/plans")[str(update.plan)]["elements"] == {}


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ({"broken": "down"}, RecipientDown),
        ({"broken": "slow"}, RecipientDown),
        ({"broken": "garbage"}, RecipientFailed),
        ({"broken": "refuse"}, RecipientRefused),
        ({"status": 500}, RecipientFailed),
        ({"status": 503, "retry_after": 7}, RecipientDown),
        ({"status": 404}, RecipientDown),
        ({"status": 410}, RecipientDown),
        ({"status": 302}, RecipientFailed),
    ],
)
def test_each_way_to_fail_has_its_error(
    system: Sandbox, behaviour: dict[str, Any], error: type[RecipientFailed]
) -> None:
    system.ask("PUT", "/sandbox/behaviour", behaviour)
    with pytest.raises(error) as caught:
        send(system.url, an_update(), **SHORT)
    if "retry_after" in behaviour:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("fault", "to_send", "to_fetch"),
    [
        (a_fault("s:Client"), RecipientRefused, SourceDown),
        (a_fault("s:Client.Authentication"), RecipientRefused, SourceDown),
        (a_fault("s:MustUnderstand"), RecipientRefused, SourceDown),
        (a_fault("s:VersionMismatch"), RecipientRefused, SourceDown),
        (a_fault("s:Server"), RecipientFailed, SourceDown),
        (a_fault("s:Other"), RecipientFailed, SourceDown),
        (a_fault(""), RecipientFailed, SourceDown),
        (
            a_fault("s:Client", f'<detail><F xmlns="{NS}"><FaultCode>not-found</FaultCode></F></detail>'),
            RecipientRefused,
            NotFound,
        ),
    ],
)
def test_a_fault_says_by_its_code_what_has_become_of_a_call(
    status: int, fault: bytes, to_send: type[Exception], to_fetch: type[Exception]
) -> None:
    with a_server(status, fault, "text/xml; charset=utf-8") as (url, _):
        with pytest.raises(to_send) as sent:
            send(url, an_update())
        with pytest.raises(to_fetch) as fetched:
            an_adapter(url).fetch(NOT_THERE)
    assert CANARY not in f"{sent.value}{fetched.value}"


@pytest.mark.parametrize(
    ("status", "content_type", "answer", "error"),
    [
        (200, "text/xml", answer_with(RECEIPT.replace(">1<", ">2<")), RecipientFailed),
        (200, "text/xml", answer_with(RECEIPT.replace("taken-in", "perhaps")), RecipientFailed),
        (200, "text/xml", answer_with(RECEIPT.replace("taken-in", "refused")), RecipientRefused),
        (200, "text/xml", answer_with(CHANGES), RecipientFailed),
        (200, "text/xml", answer_with(RECEIPT * 2), RecipientFailed),
        (200, "text/xml", RECEIPT.encode(), RecipientFailed),
        (200, "text/html", answer_with(RECEIPT), RecipientFailed),
        (200, "application/soap+xml", answer_with(RECEIPT, SOAP12), RecipientFailed),
        (200, "text/xml", b"x" * 2_000_000, RecipientFailed),
        (500, "text/xml", answer_with(RECEIPT), RecipientFailed),
        (500, "text/html", b"<html>oh</html>", RecipientFailed),
        (202, "text/xml", b"", RecipientFailed),
    ],
)
def test_only_a_receipt_for_this_sequence_settles_a_delivery(
    status: int, content_type: str, answer: bytes, error: type[Exception]
) -> None:
    with a_server(status, answer, content_type) as (url, _), pytest.raises(error):
        send(url, an_update())


def test_a_case_fetched_again_is_the_same_whatever_stands_around_it(system: Sandbox) -> None:
    adapter = an_adapter(system.url)
    parcel = adapter.fetch(tell(system))
    first, envelope = adapter.receive(parcel), etree.fromstring(parcel.body)
    if len(envelope) == 1:
        envelope.insert(0, etree.Element(f"{{{SOAP11}}}Header"))
    etree.SubElement(envelope[0], "{urn:their-gateway}Seen").text = "2026-11-24"
    again = adapter.receive(replace(parcel, body=etree.tostring(envelope)))
    assert (again.message_id, again.essence) == (first.message_id, first.essence)
    assert first.essence


@pytest.mark.parametrize("status", [404, 410])
def test_a_service_that_is_not_there_is_asked_again(status: int) -> None:
    with a_server(status, b"<html>no such page</html>", "text/html") as (url, _):
        for ask in (lambda: an_adapter(url).fetch(NOT_THERE), lambda: an_adapter(url).poll("")):
            with pytest.raises(SourceDown, match="is not at its address"):
                ask()


def test_a_later_sequence_already_held_is_a_receipt() -> None:
    later = answer_with(RECEIPT.replace("taken-in", "already-held").replace(">1<", "> 9 <"))
    with a_server(200, later, "text/xml") as (url, _):
        assert send(url, an_update()).status is ReceiptStatus.ALREADY_HELD


def test_a_document_can_be_sent_again(system: Sandbox) -> None:
    update = an_update()
    document, key = EmploymentMapping().from_plan(update), DeliveryKey("employment", update.plan, 1)
    adapter = an_adapter(system.url)
    assert adapter.send(document, key).status is ReceiptStatus.TAKEN_IN
    assert adapter.send(document, key).status is ReceiptStatus.ALREADY_HELD
