"""A hub that serves and delivers tells a collector of its work, by the ids of its own traces."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority import load
from hub.cli.assembly import Rooms
from hub.cli.span_export import spans_sent
from hub.clock import monotonic
from hub.errors import SettingsRefused
from hub.flow.trace import trace
from hub.spans.works import OTHER
from hub.store.tables import outbox
from tests.integration.api.served import CANARY_CPR, CANARY_NAME, Served
from tests.integration.canaries import CANARIES, hits
from tests.integration.collector import Collector, Seen, a_collector
from tests.integration.delivering import delivering
from tests.integration.sandboxes import TOKEN, a_sandbox
from tests.integration.set_up import eventually
from tests.integration.world import some_settings

pytestmark = pytest.mark.integration
CALLING = "00f067aa0ba902b7"
#: For tests of what database and broker have no say in.
on_embedded = pytest.mark.parametrize("told", ["embedded"], indirect=True)


@dataclass
class Watched:
    """A hub that serves and delivers, and who is told of its work."""

    kind: str
    hub: Served
    collector: Collector
    _number: int = 0

    def a_trace(self) -> str:
        """Return a trace id that nobody has had."""
        self._number += 1
        return f"{self._number:032x}"

    def all(self, trace_id: str, name: str) -> list[Seen]:
        return [one for one in self.collector.in_trace(trace_id) if one.name == name]

    def one(self, trace_id: str, name: str) -> Seen:
        """Wait for the one span of a name in a trace."""
        eventually(lambda: self.all(trace_id, name))
        (found,) = self.all(trace_id, name)
        return found

    def delivery(self, trace_id: str) -> Seen:
        """Wait for the delivery in a trace; a ring too many finds nothing to do."""
        eventually(lambda: self.all(trace_id, "call"))
        (found,) = [one for one in self.all(trace_id, "deliver") if one.said["hub.settled"] != "not-due"]
        return found

    def shares(self, cpr: str = "", recipient: str = "children") -> tuple[str, str]:
        """Let a person share the goals of employment; return the number, and the trace in which that was said."""
        cpr, opened = self.hub.opens_plan(cpr, authorities=[recipient, "employment"])
        self._rests(opened["plan"])  # else what the consent makes due may be settled by the ring of the opening
        sharing = {
            "kind": "sharing", "plan": opened["plan"], "sources": ["employment"], "recipients": [recipient],
            "categories": ["goals"],
        }  # fmt: skip
        trace_id = self.a_trace()
        told = {"traceparent": f"00-{trace_id}-{CALLING}-01"}
        assert self.hub.ask("coordinator", "POST", "/consents", sharing, headers=told).status_code == 201
        self._rests(opened["plan"])
        return cpr, trace_id

    def _rests(self, plan: str) -> None:
        """Wait until nothing of a plan is due."""

        def is_due() -> bool:
            query = sa.select(outbox.c.id).where(outbox.c.plan_id == UUID(plan), outbox.c.due_at.is_not(None))
            with self.hub.store.begin(read_only=True) as unit:
                return bool(unit.connection.execute(query).all())

        eventually(lambda: not is_due())

    def sends(self, cpr: str, title: str = "Et mål", number: int = 1) -> tuple[str, str]:
        """Let employment send a case in a trace of its own; return that, and the receipt."""
        letter = {
            "id": f"l-{cpr}-{number}", "cpr": cpr, "case": f"c-{cpr}", "version": number,
            "elements": [{"id": "g", "title": title}],
        }  # fmt: skip
        trace_id = self.a_trace()
        told = {"traceparent": f"00-{trace_id}-{CALLING}-01"}
        answer = self.hub.ask("employment", "POST", "/in/employment", letter, headers=told)
        assert answer.is_success, answer.text
        return trace_id, str(answer.json()["receipt"])


@pytest.fixture(scope="module", params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One hub for all: the children authority's system takes what it is sent, and that of social is away."""
    folder = tmp_path_factory.mktemp("told")
    with a_collector() as collector, a_sandbox("children", folder / "s") as system:
        wires = {
            "children": {"url": system.url, "token": TOKEN},
            "social": {"url": "http://127.0.0.1:9", "token": TOKEN},
        }
        with delivering(request.param, folder, wires) as hub:
            headers = {"Authorization": "Bearer of-the-collector"}
            settings = some_settings(otlp_endpoint=collector.url, otlp_headers=headers)
            authorities = load({name: {} for name in ("children", "social", "employment")})
            with spans_sent(Rooms(settings, hub.store, authorities)):
                yield Watched(request.param, hub, collector)


def test_one_trace_shows_a_message_from_its_door_to_its_recipient(told: Watched) -> None:
    theirs, receipt = told.sends(told.shares()[0])
    request = told.one(theirs, "POST /in/{authority}")
    accept, ring = told.one(theirs, "accept"), told.one(theirs, "ring")
    deliver, call = told.delivery(theirs), told.one(theirs, "call")
    within = told.all(theirs, "transaction")
    assert (request.kind, request.parent) == ("server", CALLING)
    assert request.said == {
        "http.request.method": "POST", "http.route": "/in/{authority}", "http.response.status_code": 201,
    }  # fmt: skip
    assert (accept.kind, accept.parent) == ("internal", request.span_id)
    assert accept.said == {"hub.authority": "employment", "hub.receipt": receipt, "hub.outcome": "accepted"}
    assert (ring.kind, ring.parent, ring.said["hub.kept"]) == ("producer", accept.span_id, True)
    assert (deliver.kind, deliver.parent, deliver.links) == ("consumer", accept.span_id, ((theirs, ring.span_id),))
    row = ring.said["hub.outbox"]
    assert deliver.said == {"hub.outbox": row, "hub.recipient": "children", "hub.settled": "delivered"}
    assert (call.kind, call.parent) == ("client", deliver.span_id)
    above = [one.parent for one in within]
    assert above.count(deliver.span_id) == 2, "one decides, one remembers"
    assert accept.span_id in above
    for one in within:
        assert one.said["db.system.name"] == ("sqlite" if told.kind == "embedded" else "postgresql")
        assert one.said["hub.statements"] > 0
    assert request.began_at <= accept.began_at <= ring.ended_at <= deliver.ended_at
    assert deliver.began_at <= call.began_at <= call.ended_at <= deliver.ended_at
    assert not any(one.has_failed for one in (request, accept, ring, deliver, call, *within))


def test_a_call_has_the_id_that_its_recipient_and_the_hubs_own_trace_know_it_by(told: Watched) -> None:
    cpr, _ = told.shares()
    traces = [told.sends(cpr)[0]]
    told.one(traces[0], "call")
    traces += [told.sends(cpr, "Et andet mål", 2)[0]]
    calls = [told.one(trace_id, "call") for trace_id in traces]
    for trace_id, call in zip(traces, calls, strict=True):
        (sent,) = [step.told for step in trace(trace_id, told.hub.store).steps if step.name == "sent"]
        assert call.said == {"hub.recipient": "children", "hub.delivery": sent["told_as"]}
        assert (call.span_id, call.links) == (sent["span_id"], ((sent["trace_id"], sent["span_id"]),))
    linked = {call.links[0][0] for call in calls}
    assert len({*linked, *traces}) == 4, "a recipient is told of no sender's trace"


@on_embedded
def test_a_repeat_is_told_and_takes_nobodys_id(told: Watched) -> None:
    cpr, _ = told.shares()
    first, again = told.sends(cpr), told.sends(cpr)
    assert first[1] == again[1]
    one, other = told.one(first[0], "accept"), told.one(again[0], "accept")
    assert (one.said["hub.outcome"], other.said["hub.outcome"]) == ("accepted", "repeated")
    assert one.span_id != other.span_id
    assert told.all(again[0], "deliver") == []


@on_embedded
def test_what_no_message_has_caused_has_one_trace_of_its_own(told: Watched) -> None:
    def with_a_ring() -> set[str]:
        begun = [one for one in told.collector.spans if one.name == "deliver" and not one.parent]
        rings = {(one.trace_id, one.span_id) for one in told.collector.spans if one.name == "ring" and not one.parent}
        return {one.trace_id for one in begun if one.links[0] in rings}

    before = with_a_ring()
    _, consenting = told.shares()
    told.one(consenting, "POST /consents")
    eventually(lambda: len(with_a_ring()) > len(before))
    assert consenting not in with_a_ring()


@on_embedded
def test_a_failure_is_told_by_its_code_or_kind_alone(told: Watched) -> None:
    for body, status, error, has_failed in (
        (b"{}", 400, "contract-violation", False),
        (b"BUG", 500, "RuntimeError", True),
    ):
        ours = told.a_trace()
        answer = told.hub.ask(
            "employment", "POST", "/in/employment", body, headers={"traceparent": f"00-{ours}-{CALLING}-01"}
        )
        request, accept = told.one(ours, "POST /in/{authority}"), told.one(ours, "accept")
        assert answer.status_code == request.said["http.response.status_code"] == status
        assert request.has_failed is has_failed
        assert (accept.said, accept.has_failed) == ({"hub.authority": "employment", "error.type": error}, True)


@on_embedded
def test_a_recipient_that_does_not_answer_is_a_call_that_failed(told: Watched) -> None:
    theirs, _ = told.sends(told.shares(recipient="social")[0])
    deliver, call = told.delivery(theirs), told.one(theirs, "call")
    assert (call.said["error.type"], call.has_failed) == ("recipient-down", True)
    assert (deliver.said["hub.settled"], deliver.has_failed) == ("paused", False)


def test_nothing_of_a_person_is_in_a_byte_that_leaves(told: Watched) -> None:
    sent = [told.sends(told.shares(who.cpr)[0], who.words)[0] for who in CANARIES[:2]]
    _asks_wrongly(told.hub)
    for trace_id in sent:
        told.one(trace_id, "call")
    eventually(lambda: [one for one in told.collector.spans if one.name == "POST /plans/search"])
    content = b"".join([*told.collector.bodies, *(repr(one).encode() for one in told.collector.headers)])
    assert len(content) > 10_000
    assert hits(content) == []
    assert CANARY_CPR.encode() not in content
    assert CANARY_NAME.split()[0].encode() not in content
    assert {one.said["http.route"] for one in told.collector.spans if one.kind == "server"} > {OTHER, "/in/{authority}"}


def _asks_wrongly(hub: Served) -> None:
    """Put people wherever a request has room: in addresses, methods, headers, bodies, and errors of a bug."""
    who = CANARIES[4]
    told = {"X-Correlation-Id": who.cpr, "User-Agent": quote(who.words), "Cookie": f"name={who.cpr}"}
    for body in (b"BUG", who.words.encode()):
        hub.ask("employment", "POST", "/in/employment", body, headers=told)
    for path in (f"/plans/{who.name}", f"/nowhere/{who.name}", f"/plans/{hub.plan}?name={who.name}", f"/in/{who.name}"):
        for method in ("GET", "KANARIE"):
            hub.ask("coordinator", method, path, headers=told)
    hub.ask("coordinator", "POST", "/plans/search", {"cpr": who.cpr, "name": who.words})


@on_embedded
def test_of_a_process_its_version_and_a_random_id_are_told(told: Watched) -> None:
    told.one(told.shares()[1], "POST /consents")
    assert set(told.collector.processes[0]) == {"service.name", "service.version", "service.instance.id"}
    assert told.collector.headers[0]["authorization"] == "Bearer of-the-collector"
    assert told.collector.headers[0]["content-type"] == "application/x-protobuf"


@on_embedded
def test_probes_of_balancers_are_not_told(told: Watched) -> None:
    for path in ("/healthz", "/readyz"):
        told.hub.ask(None, "GET", path)
    told.one(told.shares()[1], "POST /consents")
    assert not [one for one in told.collector.spans if "z" in one.name]


def test_nothing_is_loaded_or_started_without_a_collector_and_with_one_the_extra_is_asked_for() -> None:
    code = """
import sys, threading
from hub.cli import working
from hub.cli.assembly import Rooms
from hub.cli.span_export import spans_sent
from hub.settings import Settings
keys = dict(keys={1: b"1" * 32}, index_key=b"2" * 32)
with spans_sent(Rooms(Settings(**keys), None, {})):
    print([name for name in sys.modules if name.startswith(("opentelemetry", "google."))], threading.active_count())
sys.modules["opentelemetry.proto"] = None  # as where it is not installed
with spans_sent(Rooms(Settings(**keys, otlp_endpoint="http://127.0.0.1:4318"), None, {})):
    pass
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert answer.stdout == "[] 1\n"
    assert "SettingsRefused: HUB_OTLP_ENDPOINT is set, and opentelemetry-proto is not installed." in answer.stderr


@on_embedded
def test_a_collector_that_says_nothing_holds_up_no_request_and_no_delivery(told: Watched) -> None:
    cpr, _ = told.shares()
    told.collector.is_answering.clear()
    try:
        began = monotonic()
        theirs, _ = told.sends(cpr)
        eventually(lambda: "settled" in [step.name for step in trace(theirs, told.hub.store).steps], 5)
        seconds = monotonic() - began
        eventually(lambda: len(told.collector.answered) < len(told.collector.bodies))
    finally:
        told.collector.is_answering.set()
    assert seconds < 3, "a collector that answers gets it in a second"
    told.one(theirs, "call")


def test_a_file_of_certificates_that_is_none_is_refused(tmp_path: Path) -> None:
    settings = some_settings(otlp_endpoint="https://127.0.0.1:1", otlp_ca_file=tmp_path / "none")
    with pytest.raises(SettingsRefused, match="HUB_OTLP_CA_FILE"), spans_sent(Rooms(settings, None, {})):  # type: ignore[arg-type]
        pass
