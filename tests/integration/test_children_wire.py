"""The children adapter against a real system of theirs on loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar
from urllib.error import HTTPError
from uuid import UUID

import pytest

from hub.adapters.children import ChildrenAdapter
from hub.authority import Acknowledgement, DeliveryKey, Disclosed, Parcel, PlanUpdate, Receipt, ReceiptStatus
from hub.clock import monotonic
from hub.errors import RecipientDown, RecipientFailed, RecipientRefused
from hub.mappings.children import ChildrenMapping
from hub.plan.element import Category, Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.identifier import cpr_identifier
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox

pytestmark = pytest.mark.integration
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
PLAN = UUID("3f6c1d7a-8a51-4c0e-9a64-2c3d4e5f6a7b")
ELEMENT = UUID("9b2c3d4e-5f60-5172-8394-a5b6c7d8e9f0")

MEETING = Element(
    id=ELEMENT,
    kind=Kind.APPOINTMENT,
    category=Category.APPOINTMENTS,
    label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
    status=Status.PLANNED,
    title="Møde om bostøtte",
    text="Hjemmebesøg",
    valid=Period(NOON, None),
    codes=(Code("urn:one-plan-hub:paragraph", "SEL-85", "Støtte"),),
    part_of=None,
    concerns=frozenset(),
    details={"place": "hjemmet"},
    provenance=Provenance("social", "sbsys", "27.24.00-G01-5-19", "m1", "social/v1"),
    order=OrderKey(1, NOON, "m1"),
    registered_at=NOON,
)
UPDATE = PlanUpdate(
    plan=PLAN,
    recipient="children",
    person=cpr_identifier("0505159995", "children"),
    sequence=1,
    correlation_id="c-1",
    made_at=NOON,
    disclosed=(Disclosed(MEETING, "digest-1", "Borgeren har samtykket."),),
)
SHORT: dict[str, Any] = {"connect_seconds": 0.5, "read_seconds": 0.6, "total_seconds": 1.2}


def adapter(url: str, **settings: Any) -> ChildrenAdapter:
    return ChildrenAdapter({"url": url, "token": TOKEN, **settings})


def send(url: str, update: PlanUpdate = UPDATE, **settings: Any) -> Receipt:
    key = DeliveryKey(update.recipient, update.plan, update.sequence)
    return adapter(url, **settings).send(ChildrenMapping().from_plan(update), key)


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Sandbox]:
    with a_sandbox("children", tmp_path / "system", "--folder", str(tmp_path / "drop")) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One system for all tests in which it takes nothing in."""
    with a_sandbox("children", tmp_path_factory.mktemp("system")) as running:
        yield running


# --- delivering ---------------------------------------------------------------------------------------------------


def test_a_delivery_is_taken_in_and_answered_with_a_receipt(system: Sandbox) -> None:
    assert send(system.url) == Receipt(ReceiptStatus.TAKEN_IN)
    held = system.ask("GET", "/sandbox/plans")[str(PLAN)]
    assert held["sequence"] == 1
    assert held["elements"][str(ELEMENT)] == {
        "version": "digest-1",
        "authority": "social",
        "kind": "Aftale",
        "category": "appointments",
        "label": "FORTROLIGE_PERSONOPLYSNINGER",
        "status": "Planlagt",
        "title": "Møde om bostøtte",
        "text": "Hjemmebesøg",
        "valid_from": "2026-09-01T12:00:00+00:00",
        "why": "Borgeren har samtykket.",
        "codes": [{"system": "urn:one-plan-hub:paragraph", "code": "SEL-85", "text": "Støtte"}],
        "details": {"place": "hjemmet"},
    }


def test_a_repeat_is_answered_and_changes_nothing(system: Sandbox) -> None:
    send(system.url)
    before = system.ask("GET", "/sandbox/plans")
    assert send(system.url).status is ReceiptStatus.ALREADY_HELD
    assert system.ask("GET", "/sandbox/plans") == before
    assert [delivery["duplicate"] for delivery in system.ask("GET", "/sandbox/deliveries")] == [False, True]


def test_a_lower_sequence_is_dropped(system: Sandbox) -> None:
    send(system.url, replace(UPDATE, sequence=5))
    assert send(system.url, replace(UPDATE, sequence=4, disclosed=(), withdrawn=(ELEMENT,))).status is (
        ReceiptStatus.ALREADY_HELD
    )
    assert str(ELEMENT) in system.ask("GET", "/sandbox/plans")[str(PLAN)]["elements"]


def test_a_withdrawal_deletes(system: Sandbox) -> None:
    send(system.url)
    assert send(system.url, replace(UPDATE, sequence=2, disclosed=(), withdrawn=(ELEMENT,))).status is (
        ReceiptStatus.TAKEN_IN
    )
    assert system.ask("GET", "/sandbox/plans")[str(PLAN)] == {"sequence": 2, "elements": {}}


def test_a_legal_hold_is_a_receipt_with_a_reason(system: Sandbox) -> None:
    send(system.url)
    system.ask("PUT", "/sandbox/behaviour", {"legal_hold": "Indgår i en afgørelse."})
    receipt = send(system.url, replace(UPDATE, sequence=2, disclosed=(), withdrawn=(ELEMENT,)))
    assert receipt == Receipt(ReceiptStatus.LEGAL_HOLD, "", "Indgår i en afgørelse.")
    assert str(ELEMENT) in system.ask("GET", "/sandbox/plans")[str(PLAN)]["elements"]


def test_what_was_taken_in_survives_the_systems_death(tmp_path: Path) -> None:
    with a_sandbox("children", tmp_path) as running:
        send(running.url)
        os.kill(running.process_id, signal.SIGKILL)
    with a_sandbox("children", tmp_path) as running:
        assert send(running.url).status is ReceiptStatus.ALREADY_HELD


# --- what goes wrong ----------------------------------------------------------------------------------------------


def test_a_dead_system_is_down() -> None:
    begun = monotonic()
    with pytest.raises(RecipientDown):
        send("http://127.0.0.1:9")
    assert monotonic() - begun < 5


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_system_that_asks_for_time_is_down_for_as_long_as_it_says(shared: Sandbox, status: int) -> None:
    shared.ask("PUT", "/sandbox/behaviour", {"status": status, "retry_after": 17})
    with pytest.raises(RecipientDown) as down:
        send(shared.url)
    assert down.value.retry_after == 17


@pytest.mark.parametrize("status", [500, 501, 301, 307])
def test_a_system_that_fails_has_failed_on_this_message(shared: Sandbox, status: int) -> None:
    shared.ask("PUT", "/sandbox/behaviour", {"status": status})
    with pytest.raises(RecipientFailed):
        send(shared.url)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_system_that_refuses_has_refused(shared: Sandbox, status: int) -> None:
    shared.ask("PUT", "/sandbox/behaviour", {"status": status})
    with pytest.raises(RecipientRefused) as refusal:
        send(shared.url)
    assert "as the test wished" not in refusal.value.diagnostics()


def test_a_wrong_token_is_refused(shared: Sandbox) -> None:
    shared.ask("PUT", "/sandbox/behaviour", {})
    with pytest.raises(RecipientDown, match="401"):
        send(shared.url, token="another")


def test_a_slow_system_is_down_when_the_time_is_up(shared: Sandbox) -> None:
    shared.ask("PUT", "/sandbox/behaviour", {"delay": 5})
    begun = monotonic()
    with pytest.raises(RecipientDown):
        send(shared.url, **SHORT)
    assert monotonic() - begun < 2


class Odd(BaseHTTPRequestHandler):
    """Answers in ways that no Kvittering has."""

    answer = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(self.answer)

    def log_message(self, *_: Any) -> None:
        pass


def kvittering(status: str = "taken-in", sequence: int = 1) -> bytes:
    return (
        f'<Kvittering xmlns="urn:one-plan-hub:children:1"><Status>{status}</Status>'
        f"<Sekvens>{sequence}</Sekvens></Kvittering>"
    ).encode()


def ok(body: bytes, *headers: bytes, kind: bytes = b"application/xml") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: " + kind, *headers, b"", body])


ODD = {
    "nothing but a status": ok(b""),
    "JSON": ok(b'{"status": "taken-in"}', kind=b"application/json"),
    "a page": ok(b"<html>OK</html>", kind=b"text/html"),
    "XML of another kind": ok(b"<ok/>"),
    "a Kvittering with a doctype": ok(b"<!DOCTYPE x>" + kvittering()),
    "a Kvittering of another sequence": ok(kvittering(sequence=2)),
    "already-held of a lower sequence": ok(kvittering("already-held", 0)),
    "a Kvittering cut short": ok(kvittering()[:-5]),
    "a status nobody knows": ok(kvittering("perhaps")),
    "2 MB": ok(b"x" * 2_000_000),
    "a compressed answer": ok(b"\x1f\x8b\x08\x00", b"Content-Encoding: gzip"),
    "half of what was promised": ok(kvittering(), b"Content-Length: 5000"),
    "bytes that are not HTTP": b"\x00\x01\x02 hello \r\n\r\n",
}


@pytest.fixture
def odd() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD.keys())
def test_an_answer_that_is_no_receipt_is_a_failure(odd: str, answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "answer", answer)
    with pytest.raises(RecipientFailed):
        send(odd, **SHORT)


def test_a_connection_that_ends_without_an_answer_is_down(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "answer", b"")
    with pytest.raises(RecipientDown):
        send(odd, **SHORT)


def test_a_refusing_kvittering_is_a_refusal(odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Odd, "answer", ok(kvittering("refused")))
    with pytest.raises(RecipientRefused):
        send(odd)


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\nX-A: ", ok(b"<Kvittering")], ids=["headers", "body"])
def test_an_answer_that_drips_is_down_when_the_time_is_up(
    odd: str, drip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_slowly(request: Odd) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        request.wfile.write(drip)
        for _ in range(100):
            try:
                request.wfile.write(b"x")
            except OSError:
                return
            pause.wait(0.1)

    pause = Event()
    monkeypatch.setattr(Odd, "do_POST", answer_slowly)
    begun = monotonic()
    with pytest.raises(RecipientDown):
        send(odd, **SHORT)
    assert monotonic() - begun < 2.5
    pause.set()


# --- what the system tells the hub --------------------------------------------------------------------------------

CASE = {
    "cpr": "050515-9995",
    "name": "Lars Test Berggren",
    "title": "Støtte i hverdagen",
    "goals": [{"id": "m1", "title": "I skole hver dag"}],
    "activities": [{"id": "i1", "title": "Familiebehandling", "start": "2026-09-07", "code": "BL-32-1-3"}],
    "appointments": [
        {"id": "a1", "title": "Møde", "start": "2026-09-08T09:00:00+02:00", "end": "2026-09-08T10:00:00+02:00"}
    ],
    "contacts": [{"id": "k1", "name": "Rita Rådgiver", "role": "familierådgiver", "phone": "54731000"}],
    "notes": [{"id": "n1", "text": "Husk skolen.", "label": "FOELSOMME_PERSONOPLYSNINGER"}],
    "health": [{"id": "h1", "text": "Sover for lidt."}],
    "household": [{"cpr": "2911829996", "name": "Kirsten Test Berggren", "relation": "mother", "custody": True}],
    "via": "folder",
}


def test_a_case_that_the_system_drops_becomes_a_contribution(system: Sandbox, tmp_path: Path) -> None:
    told = system.ask("POST", "/sandbox/cases", CASE)
    assert told["hub"]["answer"] == "dropped into the folder"
    with ChildrenAdapter({"folder": str(tmp_path / "drop"), "settle_seconds": 0}).claim() as claimed:
        assert claimed is not None
        parcel = claimed.parcel
        claimed.taken_in(Acknowledgement(UUID(int=7), NOON, "c-1"))
    (contribution,) = ChildrenMapping().to_plan(ChildrenAdapter({}).receive(parcel))
    assert contribution.case == told["case"]
    assert {draft.source_id: draft.category for draft in contribution.drafts} == {
        "Sag": "cases",
        "Person:p1": "household",
        "Behov:h1": "health",
        "Plan:plan": "cases",
        "Maal:m1": "goals",
        "Indsats:i1": "activities",
        "Aftale:a1": "appointments",
        "Kontaktperson:k1": "contacts",
        "Notat:n1": "cases",
    }


def test_a_changed_case_is_the_next_version_and_a_repeat_the_same_bytes(system: Sandbox, tmp_path: Path) -> None:
    case = system.ask("POST", "/sandbox/cases", CASE)["case"]
    system.ask("PATCH", f"/sandbox/cases/{case}", {"goals": [], "close": True})
    waiting = tmp_path / "drop" / "in"
    first, second = sorted(waiting.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert (version(first.read_bytes()), version(second.read_bytes())) == (1, 2)
    before = second.read_bytes()
    second.unlink()
    system.ask("POST", f"/sandbox/cases/{case}/resend")
    assert second.read_bytes() == before


def version(body: bytes) -> int:
    document = ChildrenAdapter({}).receive(Parcel("children", body, "application/xml"))
    return ChildrenMapping().to_plan(document)[0].order.version


class PretendHub(BaseHTTPRequestHandler):
    """Remembers what a system posts, and answers as a hub does."""

    posted: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.posted.append((self.path, headers, body))
        self.send_response(202 if len(self.posted) == 1 else 409)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"status":"ok"}')

    def log_message(self, *_: Any) -> None:
        pass


def test_a_case_that_the_system_posts_carries_its_token_and_shows_the_hubs_answer(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), PretendHub)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    with a_sandbox("children", tmp_path, hub_url=f"http://127.0.0.1:{server.server_port}/") as running:
        told = running.ask("POST", "/sandbox/cases", {**CASE, "via": "http"})
        repeated = running.ask("POST", f"/sandbox/cases/{told['case']}/resend")
    server.shutdown()
    server.server_close()
    assert told["hub"] == {"status": 202, "answer": {"status": "ok"}}
    assert repeated["hub"]["status"] == 409
    (path, headers, body), (_, _, again) = PretendHub.posted
    assert path == "/in/children"
    assert headers["authorization"] == "Bearer the system's token at the hub"
    assert version(body) == 1
    assert again == body


def test_a_hub_that_does_not_answer_is_told_as_such(shared: Sandbox) -> None:
    told = shared.ask("POST", "/sandbox/cases", {**CASE, "via": "http"})
    assert told["hub"] == {"status": None, "answer": "the hub does not answer"}


def test_a_delivery_without_the_token_is_turned_away(shared: Sandbox) -> None:
    with pytest.raises(HTTPError, match="401"):
        shared.ask("POST", "/plan-updates", {})
