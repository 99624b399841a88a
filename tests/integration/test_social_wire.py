"""The adapter of social services against a real system of theirs on loopback."""

from __future__ import annotations

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest

from hub.adapters._rest import JsonContract
from hub.adapters.social import SocialAdapter
from hub.authority import DeliveryKey, Disclosed, Parcel, PlanUpdate, Receipt, ReceiptStatus, contract_folder
from hub.clock import new_id
from hub.errors import (
    ContractViolation,
    NotFound,
    RecipientDown,
    RecipientFailed,
    RecipientRefused,
    SourceDown,
)
from hub.mappings.social import SocialMapping
from hub.plan.element import Category, Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import cpr_identifier
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox, a_server
from tests.integration.token_server import serving

pytestmark = pytest.mark.integration
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
PLAN = UUID("3f6c1d7a-8a51-4c0e-9a64-2c3d4e5f6a7b")
ELEMENT = UUID("9b2c3d4e-5f60-5172-8394-a5b6c7d8e9f0")
CONTRACT = JsonContract("social/v1")
SHORT: dict[str, Any] = {"connect_seconds": 0.5, "read_seconds": 0.6, "total_seconds": 1.2}

MEETING = Element(
    id=ELEMENT,
    kind=Kind.APPOINTMENT,
    category=Category.APPOINTMENTS,
    label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
    status=Status.PLANNED,
    title="Møde på skolen",
    text="",
    valid=Period(NOON, None),
    codes=(Code("urn:one-plan-hub:paragraph", "BL-32-1", "Støtte"),),
    part_of=None,
    concerns=frozenset(),
    details={"place": "Skolen"},
    provenance=Provenance("children", "sandbox", "27.24.00-G01-5-19", "m1", "children/v1"),
    order=OrderKey(1, NOON, "m1"),
    registered_at=NOON,
)
UPDATE = PlanUpdate(
    plan=PLAN,
    recipient="social",
    person=cpr_identifier("0201609995", "social"),
    sequence=1,
    correlation_id="c-1",
    made_at=NOON,
    disclosed=(Disclosed(MEETING, "digest-1", "Borgeren har samtykket."),),
)
CASE: dict[str, Any] = {
    "cpr": "0201609995",
    "name": "Einer Test Lauridsen",
    "title": "Støtte i eget hjem",
    "label": "FORTROLIGE_PERSONOPLYSNINGER",
    "goals": [{"id": "m1", "title": "At komme ud hver dag"}],
    "activities": [{"id": "i1", "title": "Bostøtte", "start": "2026-03-01", "end": "2026-08-31"}],
    "appointments": [
        {"id": "a1", "title": "Besøg", "start": "2026-03-10T10:00:00+01:00", "end": "2026-03-10T11:00:00+01:00"}
    ],
    "contacts": [{"id": "k1", "name": "Signe Test", "role": "Sagsbehandler"}],
    "notes": [{"id": "n1", "text": "Ringede."}],
    "health": [{"id": "h1", "text": "Angst"}],
    "household": [{"cpr": "0201609996", "name": "Lonni Test Lauridsen", "relation": "partner"}],
    "notify": False,
}


def an_adapter(url: str, **settings: Any) -> SocialAdapter:
    return SocialAdapter({"url": url, "token": TOKEN, **settings})


def a_case(version: int) -> bytes:
    case = (contract_folder("social/v1") / "examples" / "sag-minimal.json").read_bytes()
    return orjson.dumps({**orjson.loads(case), "SagVersion": version})


class Tagged(BaseHTTPRequestHandler):
    """Gives a body under an ETag, and nothing to whoever has it."""

    def gives(self, body: bytes, tag: str) -> None:
        self.send_response(200 if body else 304)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Type", "application/json")
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


class Versioned(Tagged):
    """Serves one case with an ETag, and says nothing of it to whoever has it."""

    version: ClassVar[int] = 1
    asked: ClassVar[list[str]] = []
    etag: ClassVar[bool] = True

    def do_GET(self) -> None:
        tag, known = f'"{self.version}"', self.headers.get("if-none-match", "")
        self.asked.append(known)
        self.gives(b"" if known == tag else a_case(self.version), tag if self.etag else "")


def test_what_has_not_changed_is_not_sent_again_and_what_has_is() -> None:
    Versioned.version, Versioned.etag = 1, True
    Versioned.asked.clear()
    case = orjson.loads(a_case(1))["SagIdentity"]
    with serving(Versioned) as url:
        adapter = an_adapter(url)
        first, again = adapter.fetch(case), adapter.fetch(case)
        assert adapter.receive(again) == adapter.receive(first)
        Versioned.version = 2
        assert adapter.receive(adapter.fetch(case)).message_id == f"{case}:2"
        assert adapter.receive(adapter.fetch(case)).message_id == f"{case}:2"
        Versioned.etag = False
        Versioned.version = 3
        assert adapter.receive(adapter.fetch(case)).message_id == f"{case}:3"
        adapter.fetch(case)
    assert Versioned.asked == ["", '"1"', '"1"', '"2"', '"2"', ""], "without an ETag nothing is kept"


class Mended(Tagged):
    """Serves half a case, then a whole one, under one ETag, which no header may hold that we send."""

    tag: ClassVar[str] = '"1"'
    answers: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        knows = self.headers.get("if-none-match") == self.tag
        self.gives(b"" if knows else self.answers.pop(0), self.tag)


def test_an_answer_that_was_refused_is_not_kept() -> None:
    Mended.tag, Mended.answers = '"1"', [b"{", a_case(1)]
    case = orjson.loads(a_case(1))["SagIdentity"]
    with serving(Mended) as url:
        adapter = an_adapter(url)
        with pytest.raises(ContractViolation):
            adapter.receive(adapter.fetch(case))
        assert adapter.receive(adapter.fetch(case)).message_id == f"{case}:1"


@pytest.mark.parametrize("tag", ['"sag-bl\xe5-3"', '"' + "x" * 2_000 + '"'])
def test_an_etag_that_cannot_go_back_is_not_kept(tag: str) -> None:
    Mended.tag, Mended.answers = tag, [a_case(1), a_case(1)]
    case = orjson.loads(a_case(1))["SagIdentity"]
    with serving(Mended) as url:
        adapter = an_adapter(url)
        assert adapter.receive(adapter.fetch(case)) == adapter.receive(adapter.fetch(case))


def send(url: str, update: PlanUpdate = UPDATE, **settings: Any) -> Receipt:
    key = DeliveryKey(update.recipient, update.plan, update.sequence)
    return an_adapter(url, **settings).send(SocialMapping().from_plan(update), key)


def tell(system: Sandbox, **changes: Any) -> str:
    case: str = system.ask("POST", "/sandbox/cases", CASE | changes)["case"]
    return case


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with a_sandbox("social", tmp_path_factory.mktemp("social")) as running:
        yield running


@pytest.fixture
def system(running: Sandbox) -> Sandbox:
    """The one system of this module, behaving well; each test tells it cases and brings it plans of its own."""
    running.ask("PUT", "/sandbox/behaviour", {})
    return running


@pytest.fixture
def update() -> PlanUpdate:
    return replace(UPDATE, plan=new_id())


def held(system: Sandbox, update: PlanUpdate) -> Any:
    return system.ask("GET", "/sandbox/plans").get(str(update.plan))


def received(system: Sandbox, update: PlanUpdate) -> list[Any]:
    return [one for one in system.ask("GET", "/sandbox/deliveries") if one["plan"] == str(update.plan)]


# --- fetching ---------------------------------------------------------------------------------------------------------


def test_a_case_is_fetched_received_and_translated(system: Sandbox) -> None:
    adapter, case = an_adapter(system.url), tell(system)
    document = adapter.receive(adapter.fetch(case))
    (contribution,) = SocialMapping().to_plan(document)
    assert (document.message_id, contribution.case) == (f"{case}:1", case)
    assert contribution.person.name == "Einer Test Lauridsen"
    assert {draft.kind for draft in contribution.drafts} == {
        Kind.CASE, Kind.CONTACT_PERSON, Kind.HOUSEHOLD_MEMBER, Kind.GOAL, Kind.ACTIVITY, Kind.APPOINTMENT, Kind.NOTE,
        Kind.NEED,
    }  # fmt: skip


def test_the_same_version_is_the_same_bytes_and_a_change_is_a_new_version(system: Sandbox) -> None:
    adapter, case = an_adapter(system.url), tell(system)
    first, again = adapter.fetch(case), adapter.fetch(case)
    assert first.body == again.body
    system.ask("PATCH", f"/sandbox/cases/{case}", {"title": "Nu med andet navn"})
    assert adapter.receive(adapter.fetch(case)).message_id == f"{case}:2"


def test_the_etag_moves_with_the_version_and_spares_an_unchanged_case(system: Sandbox) -> None:
    adapter, case = an_adapter(system.url), tell(system)
    etag = adapter.fetch(case).headers["etag"]
    assert status_of(system, case, etag) == 304
    system.ask("PATCH", f"/sandbox/cases/{case}", {"close": True})
    assert status_of(system, case, etag) == 200
    assert adapter.fetch(case).headers["etag"] != etag


def status_of(system: Sandbox, case: str, etag: str) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}", "If-None-Match": etag}
    request = urllib.request.Request(f"{system.url}/api/sager/{case}", headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_case_that_is_not_there_is_not_found(system: Sandbox) -> None:
    with pytest.raises(NotFound):
        an_adapter(system.url).fetch(str(new_id()))


def test_a_wrong_token_is_the_sources_trouble_and_is_named(system: Sandbox) -> None:
    with pytest.raises(SourceDown) as caught:
        an_adapter(system.url, token="another").fetch(tell(system))
    assert "token" in caught.value.next_step


def test_an_answer_of_10_mb_is_the_most_that_is_read() -> None:
    with a_server(200, b" " * 10_000_001) as (url, _), pytest.raises(SourceDown):
        an_adapter(url).fetch(str(new_id()))


def test_another_case_than_was_asked_for_is_refused(system: Sandbox) -> None:
    body = an_adapter(system.url).fetch(tell(system)).body
    with a_server(200, body) as (url, _):
        adapter = an_adapter(url)
        parcel = adapter.fetch(str(new_id()))
        with pytest.raises(ContractViolation):
            adapter.receive(parcel)


# --- polling ----------------------------------------------------------------------------------------------------------


def test_polling_walks_all_pages_and_then_only_what_changed(system: Sandbox) -> None:
    adapter, cursor = an_adapter(system.url, page_size=2), newest_cursor(system)
    cases = [tell(system) for _ in range(5)]
    seen: list[str] = []
    more = True
    while more:
        page = adapter.poll(cursor)
        seen += page.references
        cursor, more = page.cursor, page.has_more
    assert seen == cases
    assert adapter.poll(cursor).references == ()
    assert adapter.poll(cursor).cursor == cursor
    system.ask("PATCH", f"/sandbox/cases/{cases[1]}", {"title": "Ændret"})
    system.ask("PATCH", f"/sandbox/cases/{cases[1]}", {"title": "Ændret igen"})
    assert adapter.poll(cursor).references == (cases[1],)


def newest_cursor(system: Sandbox) -> str:
    return an_adapter(system.url, page_size=500).poll("").cursor


def test_a_cursor_outlives_a_restart_of_their_system(tmp_path: Path) -> None:
    with a_sandbox("social", tmp_path / "system") as system:
        tell(system)
        cursor = an_adapter(system.url).poll("").cursor
        case = tell(system)
        os.kill(system.process_id, signal.SIGKILL)
    with a_sandbox("social", tmp_path / "system") as system:
        assert an_adapter(system.url).poll(cursor).references == (case,)
        assert an_adapter(system.url).receive(an_adapter(system.url).fetch(case)).message_id == f"{case}:1"


def test_a_poll_asks_with_the_cursor_escaped_and_the_page_size() -> None:
    answer = orjson.dumps({"Aendringer": [], "Naeste": "7", "Flere": False})
    with a_server(200, answer) as (url, asked):
        an_adapter(url, page_size=7).poll("a&b=c/../d")
    assert asked[0][1] == "/api/sager/aendringer?efter=a%26b%3Dc%2F..%2Fd&antal=7"


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b'{"Aendringer":[],"Naeste":"","Flere":true}',  # more, but the cursor does not move
        b'{"Aendringer":[{"SagIdentity":"020160-9995","Loebenummer":1}],"Naeste":"1","Flere":false}',
    ],
)
def test_a_poll_answered_against_the_contract_is_asked_again_later(answer: bytes) -> None:
    with a_server(200, answer) as (url, _), pytest.raises(SourceDown) as caught:
        an_adapter(url).poll("")
    assert "020160" not in caught.value.diagnostics()


# --- announcing -------------------------------------------------------------------------------------------------------


def test_a_change_is_announced_by_an_event_that_says_nothing_of_a_person(tmp_path: Path) -> None:
    with a_server(202, b"{}") as (hub, asked), a_sandbox("social", tmp_path / "system", hub_url=hub) as system:
        case = tell(system, notify=True)
        system.ask("POST", f"/sandbox/cases/{case}/resend")
        system.ask("PATCH", f"/sandbox/cases/{case}", {"close": True})
    said = [(method, path, headers["authorization"]) for method, path, headers, _ in asked]
    assert set(said) == {("POST", "/in/social/events", "Bearer the system's token at the hub")}
    events = [SocialAdapter({}).announcement(Parcel("social", body, "application/json")) for *_, body in asked]
    assert {event.reference for event in events} == {case}
    assert events[0] == events[1] != events[2]
    secrets = (b"Lauridsen", b"020160-", b"020160999")
    assert not [secret for *_, body in asked for secret in secrets if secret in body]


def test_a_change_told_with_notify_false_is_found_by_polling_alone(tmp_path: Path) -> None:
    with a_server(202, b"{}") as (hub, asked), a_sandbox("social", tmp_path / "system", hub_url=hub) as system:
        case = tell(system, notify=False)
        assert an_adapter(system.url).poll("").references == (case,)
    assert asked == []


# --- delivering -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_taken_in_and_answered_with_a_receipt(system: Sandbox, update: PlanUpdate) -> None:
    assert send(system.url, update) == Receipt(ReceiptStatus.TAKEN_IN)
    assert held(system, update)["sequence"] == 1
    assert held(system, update)["elements"][str(ELEMENT)] == {
        "version": "digest-1",
        "authority": "children",
        "kind": "Aftale",
        "category": "aftale",
        "label": "FORTROLIGE_PERSONOPLYSNINGER",
        "status": "Planlagt",
        "title": "Møde på skolen",
        "text": "",
        "valid_from": "2026-09-01T12:00:00Z",
        "codes": [{"system": "urn:one-plan-hub:paragraph", "code": "BL-32-1", "text": "Støtte"}],
        "details": {"place": "Skolen"},
        "why": "Borgeren har samtykket.",
    }
    assert received(system, update)[0]["key"] == f"social:{update.plan}:1"


def test_a_repeat_is_already_held_and_changes_nothing(system: Sandbox, update: PlanUpdate) -> None:
    send(system.url, update)
    before = held(system, update)
    assert send(system.url, update).status is ReceiptStatus.ALREADY_HELD
    assert held(system, update) == before
    assert [delivery["duplicate"] for delivery in received(system, update)] == [False, True]


def test_a_lower_sequence_is_already_held_and_changes_nothing(system: Sandbox, update: PlanUpdate) -> None:
    send(system.url, replace(update, sequence=5))
    late = replace(update, sequence=4, disclosed=(), withdrawn=(ELEMENT,))
    assert send(system.url, late).status is ReceiptStatus.ALREADY_HELD
    assert str(ELEMENT) in held(system, update)["elements"]


def test_a_withdrawal_deletes(system: Sandbox, update: PlanUpdate) -> None:
    send(system.url, update)
    send(system.url, replace(update, sequence=2, disclosed=(), withdrawn=(ELEMENT,)))
    assert held(system, update) == {"sequence": 2, "elements": {}}


def test_a_legal_hold_keeps_what_is_withdrawn_and_says_why(system: Sandbox, update: PlanUpdate) -> None:
    send(system.url, update)
    system.ask("PUT", "/sandbox/behaviour", {"legal_hold": "Arkivloven"})
    receipt = send(system.url, replace(update, sequence=2, disclosed=(), withdrawn=(ELEMENT,)))
    assert receipt == Receipt(ReceiptStatus.LEGAL_HOLD, reason="Arkivloven")
    assert str(ELEMENT) in held(system, update)["elements"]


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("", b"{}"),
        ("k", b"{}"),
        ("k", b"no JSON"),
        ("k", orjson.dumps(SocialMapping().from_plan(UPDATE).content)),  # of another plan than the URL names
    ],
)
def test_their_system_refuses_what_is_no_update_of_the_plan(system: Sandbox, key: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
    request = urllib.request.Request(f"{system.url}/api/planer/{new_id()}", data=body, headers=headers, method="PUT")  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310
    with caught.value as answer:
        assert answer.code in (400, 422)
        CONTRACT.read("Fejl", answer.read())


def test_their_system_answers_within_the_contract(system: Sandbox) -> None:
    case = tell(system)
    with_token = {"Authorization": f"Bearer {TOKEN}"}
    for path, schema in ((f"/api/sager/{case}", "Sag"), ("/api/sager/aendringer", "Aendringer")):
        request = urllib.request.Request(system.url + path, headers=with_token)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            CONTRACT.read(schema, response.read(), response.headers["Content-Type"])


@pytest.mark.parametrize(
    ("status", "delivering", "fetching"),
    [
        (400, RecipientRefused, SourceDown),
        (401, RecipientDown, SourceDown),
        (404, RecipientRefused, NotFound),
        (422, RecipientRefused, SourceDown),
        (500, RecipientFailed, SourceDown),
        (503, RecipientDown, SourceDown),
    ],
)
def test_each_status_has_its_error(
    system: Sandbox, update: PlanUpdate, status: int, delivering: type[Exception], fetching: type[Exception]
) -> None:
    system.ask("PUT", "/sandbox/behaviour", {"status": status})
    with pytest.raises(delivering):
        send(system.url, update)
    with pytest.raises(fetching):
        an_adapter(system.url).fetch(str(new_id()))
    assert received(system, update) == []


def test_who_asks_us_to_wait_is_waited_for(system: Sandbox) -> None:
    system.ask("PUT", "/sandbox/behaviour", {"status": 429, "retry_after": 90})
    with pytest.raises(RecipientDown) as delivering:
        send(system.url)
    with pytest.raises(SourceDown) as polling:
        an_adapter(system.url).poll("")
    assert (delivering.value.retry_after, polling.value.retry_after) == (90, 90)


def test_a_system_that_is_gone_or_silent_is_down(tmp_path: Path) -> None:
    with a_sandbox("social", tmp_path / "system") as system:
        system.ask("PUT", "/sandbox/behaviour", {"delay": 5})
        with pytest.raises(RecipientDown):
            send(system.url, **SHORT)
        with pytest.raises(SourceDown):
            an_adapter(system.url, **SHORT).poll("")
        os.kill(system.process_id, signal.SIGKILL)
    with pytest.raises(RecipientDown):
        send(system.url, **SHORT)
    with pytest.raises(SourceDown):
        an_adapter(system.url, **SHORT).fetch(str(new_id()))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b'{"Status":"refused","Sekvens":1,"Begrundelse":"Einer Lauridsen"}', RecipientRefused),
        (b'{"Status":"taken-in","Sekvens":2}', RecipientFailed),
        (b'{"Status":"already-held","Sekvens":0}', RecipientFailed),
        (b'{"Status":"thrown-away","Sekvens":1}', RecipientFailed),
        (b'{"Status":"taken-in","Status":"refused","Sekvens":1}', RecipientFailed),
        (b"", RecipientFailed),
        (b"Lauridsen", RecipientFailed),
    ],
)
def test_only_a_receipt_for_this_sequence_settles_a_delivery(answer: bytes, error: type[Exception]) -> None:
    with a_server(200, answer) as (url, _), pytest.raises(error) as caught:
        send(url)
    assert "Lauridsen" not in caught.value.diagnostics()  # type: ignore[attr-defined]


def test_a_later_sequence_already_held_is_a_receipt() -> None:
    with a_server(200, b'{"Status":"already-held","Sekvens":7,"Reference":"j-1"}') as (url, asked):
        assert send(url) == Receipt(ReceiptStatus.ALREADY_HELD, "j-1")
    method, path, headers, body = asked[0]
    assert (method, path) == ("PUT", f"/api/planer/{PLAN}")
    assert headers["idempotency-key"] == f"social:{PLAN}:1"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    CONTRACT.read("PlanOpdatering", body, headers["content-type"])
