"""Spans on their way: tried again, dropped and counted; and nobody waits for a collector, not even at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from hub.cli import span_export
from hub.cli.span_box import SpanBox
from hub.clock import monotonic
from hub.metrics.counts import Counts
from hub.spans import works as of
from hub.spans.recording import MOST_WITHIN, Recording
from tests.integration.collector import a_collector
from tests.integration.reading_metrics import series_of
from tests.integration.set_up import eventually
from tests.integration.world import some_settings

pytestmark = pytest.mark.integration
NOWHERE = "http://127.0.0.1:9"


class Sending:
    """A process that does nothing but requests."""

    def __init__(self, box: SpanBox, counts: Counts) -> None:
        self.box, self._counts, self._recording = box, counts, Recording(box.take)

    def works(self, times: int = 1) -> None:
        for _ in range(times):
            with self._recording.begun(of.REQUEST):
                pass

    def counted(self, outcome: str) -> float:
        return series_of(self._counts.text().decode()).get(f'hub_spans_total{{outcome="{outcome}"}}', 0)


@contextmanager
def sending(url: str, ratio: float = 1, last: float = 0.3) -> Iterator[Sending]:
    counts = Counts()
    with span_export._sending(some_settings(otlp_endpoint=url)) as send:
        waits = {"pause": 0.02, "again": (0.05, 0.05), "last": last}
        box = SpanBox(send, lambda causes: {}, frozenset(), counts, ratio, **waits)  # type: ignore[arg-type]
        box.start()
        try:
            yield Sending(box, counts)
        finally:
            if not box._ending.is_set():
                box.close()


def test_what_a_collector_cannot_take_just_now_is_sent_once_more() -> None:
    with a_collector(503, 429) as collector, sending(collector.url) as process:
        process.works(3)
        eventually(lambda: process.counted("sent") == 3)
    assert collector.answered == [503, 429, 200]
    assert len(set(collector.bodies)) == 1
    assert process.counted("failed") == 0


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_what_it_will_never_take_is_dropped_and_counted(status: int) -> None:
    with a_collector(status) as collector, sending(collector.url) as process:
        process.works(3)
        eventually(lambda: process.counted("failed") == 3)
        process.works()
        eventually(lambda: process.counted("sent") == 1)
    assert collector.answered == [status, 200]


def test_what_it_takes_and_refuses_is_counted() -> None:
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 2
    with a_collector() as collector, sending(collector.url) as process:
        collector.answer = answer.SerializeToString()
        process.works(5)
        eventually(lambda: (process.counted("sent"), process.counted("refused")) == (3, 2))


@pytest.mark.parametrize("said", [b"<html>", b"\xff" * 200_000])
def test_whatever_it_says_besides_it_has_taken_them(said: bytes) -> None:
    with a_collector() as collector, sending(collector.url) as process:
        collector.answer = said
        process.works()
        eventually(lambda: process.counted("sent") == 1)


def test_one_that_is_away_costs_spans_and_nothing_else_and_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with sending(NOWHERE) as process:
        for number in (1, 2):
            process.works()
            eventually(lambda number=number: process.counted("failed") == number)  # type: ignore[misc]
    assert capsys.readouterr().out.count("spans-not-taken") == 1


def test_one_that_says_nothing_holds_up_nobody_and_what_finds_no_room_is_counted() -> None:
    with a_collector() as collector, sending(collector.url) as process:
        collector.is_answering.clear()
        process.works()
        eventually(lambda: collector.bodies)
        began = monotonic()
        process.works(5_000)
        assert monotonic() - began < 2.5, "half a millisecond each, on a busy machine"
        assert process.counted("full") >= 5_000 - 4_096 - 512
        began = monotonic()
        process.box.close()
        assert monotonic() - began < 2
        assert process.counted("full") + process.counted("failed") >= 5_000 - 512


def test_what_is_left_at_the_end_is_sent() -> None:
    with a_collector() as collector, sending(collector.url, last=5) as process:
        process.works(700)
    assert len(collector.spans) == 700
    assert process.counted("sent") == 700


def test_of_very_much_work_within_one_piece_the_rest_is_left_out_and_counted() -> None:
    with a_collector() as collector, sending(collector.url) as process:
        with process._recording.begun(of.REQUEST):
            for _ in range(MOST_WITHIN + 7):
                with process._recording.begun(of.TRANSACTION):
                    pass
        eventually(lambda: process.counted("sent") == 1 + MOST_WITHIN)
    assert process.counted("many") == 7
    assert len(collector.spans) == 1 + MOST_WITHIN


def test_a_share_is_sent_and_the_rest_is_none_that_was_dropped() -> None:
    with a_collector() as collector, sending(collector.url, ratio=0.25, last=5) as process:
        process.works(400)
    assert 50 < len(collector.spans) < 150
    assert process.counted("sent") == len(collector.spans)
    assert process.counted("failed") == process.counted("full") == 0
