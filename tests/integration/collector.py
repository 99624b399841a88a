"""A collector of spans on loopback, which reads OpenTelemetry's protocol as any other does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

NOTHING_REFUSED = ExportTraceServiceResponse().SerializeToString()


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it was read."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent: str
    began_at: int
    ended_at: int
    said: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    has_failed: bool


@dataclass
class Collector:
    """What a collector was sent, and how it answers.

    :ivar statuses: of the next answers, one each; then 200.
    :ivar is_answering: cleared, it takes what is sent and says nothing until it is set.
    """

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    answer: bytes = NOTHING_REFUSED
    is_answering: threading.Event = field(default_factory=threading.Event)

    @property
    def spans(self) -> list[Seen]:
        """Return all spans of requests that were answered with 200."""
        requests = [
            ExportTraceServiceRequest.FromString(body)
            for body, status in zip(self.bodies, self.answered, strict=False)
            if status == 200
        ]
        return [
            _seen(span)
            for request in requests
            for of_process in request.resource_spans
            for scope in of_process.scope_spans
            for span in scope.spans
        ]

    @property
    def processes(self) -> list[dict[str, Any]]:
        """Return what each request says of the process that it comes from."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            {one.key: _value(one.value) for one in of_process.resource.attributes}
            for request in requests
            for of_process in request.resource_spans
        ]

    def in_trace(self, trace_id: str) -> list[Seen]:
        """Return the spans of a trace by their beginning."""
        return sorted((one for one in self.spans if one.trace_id == trace_id), key=lambda one: one.began_at)


def _seen(span: Span) -> Seen:
    return Seen(
        span.name,
        Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        {one.key: _value(one.value) for one in span.attributes},
        tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        span.status.code == Status.STATUS_CODE_ERROR,
    )


def _value(value: AnyValue) -> Any:
    return getattr(value, value.WhichOneof("value") or "string_value")


@contextmanager
def a_collector(*statuses: int) -> Iterator[Collector]:
    """Take spans until the block ends."""
    collector = Collector(statuses=list(statuses))
    collector.is_answering.set()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            collector.is_answering.wait(30)
            status = collector.statuses.pop(0) if collector.statuses else 200
            collector.answered.append(status)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(collector.answer)))
            self.end_headers()
            self.wfile.write(collector.answer)

        def log_message(self, *_: Any) -> None: ...

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Say nothing of who has hung up meanwhile."""

    server = Quiet(("127.0.0.1", 0), Taking)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.is_answering.set()
        server.shutdown()
        server.server_close()
