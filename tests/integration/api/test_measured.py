"""What the API counts: by route and by authority, and nothing that somebody sent."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from uuid import UUID

import opentelemetry.trace
import pytest

from hub.clock import new_id, now
from hub.metrics.instruments import ALL, Of
from tests.integration.api.served import CANARY_CPR, CANARY_NAME, Served, on_both
from tests.integration.canaries import CANARIES, hits
from tests.integration.reading_metrics import Series, series_of
from tests.patience import wait_for

pytestmark = pytest.mark.integration
#: Words of the code and of the tests' settings; anything else in a label came from outside.
_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|[A-Z]+|[1-5]xx|\+Inf|[0-9.]+|(/[A-Za-z0-9._$-]*|/\{[a-z_]+(:path)?\})+|")


@pytest.fixture(autouse=True)
def known(hub: Served) -> None:
    hub.store.counts.know(["children", "social", "employment"])


def counted(hub: Served) -> Series:
    return series_of(hub.store.counts.text().decode())


def of(hub: Served, name: str, **labels: str) -> float:
    told = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return counted(hub).get(f"{name}{{{told}}}" if told else name, 0)


def received(hub: Served, outcome: str) -> float:
    return of(hub, "hub_messages_received_total", authority="employment", outcome=outcome)


@on_both
def test_each_message_is_counted_once_by_what_became_of_it(hub: Served) -> None:
    outcomes = ("accepted", "repeated", "refused", "failed")
    before = {outcome: received(hub, outcome) for outcome in outcomes}
    cpr, _ = hub.opens_plan()
    letter = {"id": f"m-{cpr[-4:]}", "cpr": cpr, "case": f"c-{cpr[-4:]}", "version": 1, "elements": [{"id": "g"}]}
    statuses = [hub.ask("employment", "POST", "/in/employment", body).status_code for body in (letter, letter)]
    statuses.append(hub.ask("employment", "POST", "/in/employment", {"no": "letter"}).status_code)
    statuses.append(hub.ask("employment", "POST", "/in/employment", b"BUG").status_code)
    assert statuses == [201, 200, 400, 500]
    assert {outcome: received(hub, outcome) - before[outcome] for outcome in outcomes} == dict.fromkeys(outcomes, 1)


@on_both
def test_an_audit_entry_is_counted_when_it_is_committed_and_not_before(hub: Served) -> None:
    before = of(hub, "hub_audit_entries_total")
    with suppress(ArithmeticError), hub.store.begin() as unit:
        unit.audit.record("never", "test", now(), "c")
        raise ArithmeticError
    assert of(hub, "hub_audit_entries_total") == before
    with hub.store.begin() as unit:
        unit.audit.record("searched", "test", now(), "c")
        assert of(hub, "hub_audit_entries_total") == before
    assert of(hub, "hub_audit_entries_total") == before + 1


def test_what_is_read_is_counted_by_what_was_decided(hub: Served) -> None:
    cpr, opened = hub.opens_plan()
    hub.sends(cpr, {"id": "a"}, {"id": "b", "label": "VIP_SAGER", "category": "health"})
    name = "hub_consent_decisions_total"

    def told() -> tuple[float, ...]:
        return tuple(of(hub, name, occasion="reading", result=result) for result in ("permitted", "partly", "withheld"))

    before = told()
    shown = hub.ask("caseworker", "GET", f"/plans/{opened['plan']}").json()["elements"]
    permitted, partly, withheld = (after - was for after, was in zip(told(), before, strict=True))
    assert permitted + partly == len(shown)
    assert withheld == 2 - len(shown)
    assert hub.ask("anna", "GET", f"/plans/{new_id()}").status_code == 404
    assert told() == (before[0] + permitted, before[1] + partly, before[2] + withheld), "a refusal decides nothing"


def test_a_request_is_measured_by_its_route_and_never_by_its_address(hub: Served) -> None:
    labels = {"method": "GET", "route": "/plans/{plan}", "status": "4xx"}
    name = "hub_http_request_duration_seconds_count"
    before = of(hub, name, **labels)
    for _ in range(3):
        hub.ask("coordinator", "GET", f"/plans/{new_id()}")
    # A request is measured to the last byte of its answer, which its client may have before it is counted.
    assert wait_for(lambda: of(hub, name, **labels), lambda told: told >= before + 3) == before + 3


def test_whatever_is_sent_no_more_series_come_of_it_and_nothing_of_it_stands_in_one(hub: Served) -> None:
    """Unknown authorities, addresses that are none, methods that are none, numbers and names of people."""

    def pesters(mark: str) -> None:
        for canary in CANARIES[:20]:
            hub.ask("employment", "GET", f"/nothing/{mark}/{canary.name}")
            hub.ask("employment", "GET", f"/plans/{canary.cpr}")
        for path in (f"/in/{mark}", f"/in/{mark}/events", f"/soap/{mark}", f"/static/{mark}.css", f"/{mark}"):
            hub.ask("employment", "POST", path, {"cpr": CANARY_CPR, "name": CANARY_NAME})
            hub.ask(None, "GET", path)
            hub.ask("operator", mark.upper(), path)
        hub.ask("operator", "POST", f"/ops/authorities/{mark}/hold", {"reason": "agreed"})
        hub.ask(None, "GET", f"/plans/{UUID(int=7)}?{mark}={mark}")

    pesters("first")
    before = counted(hub).keys()
    for n in range(20):
        pesters(f"mark{n}x")
    assert counted(hub).keys() == before
    text = hub.store.counts.text()
    assert hits(text) == []
    assert not [word for word in (b"mark", b"first", CANARY_CPR.encode(), b"Kanarie") if word in text]


def test_every_value_of_a_label_is_a_word_of_the_code(hub: Served) -> None:
    hub.sends(hub.opens_plan()[0], {"id": "a"})
    for series in counted(hub):
        for value in re.findall(r'="((?:[^"\\]|\\.)*)"', series):
            assert _WORD.fullmatch(value), series
    assert {kind for one in ALL for kind in one.labels.values() if isinstance(kind, Of)} == set(Of)


def test_no_tracer_that_a_library_brings_is_told_of_a_request(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[Any, ...]] = []

    class Listening(opentelemetry.trace.NoOpTracer):
        def start_span(self, *given: Any, **named: Any) -> opentelemetry.trace.Span:
            begun.append((given, named))
            return super().start_span(*given, **named)

    class Tracing(opentelemetry.trace.TracerProvider):
        def get_tracer(self, *given: Any, **named: Any) -> opentelemetry.trace.Tracer:
            return Listening()

    monkeypatch.setattr(opentelemetry.trace, "get_tracer_provider", Tracing)
    assert hub.ask("coordinator", "GET", f"/plans/{hub.plan}?name=Kanariefugl").status_code == 200
    assert begun == []
