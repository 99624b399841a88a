"""Spans as OpenTelemetry's protocol has them (OTLP 1.x, protobuf). The only place that knows it, and its library.

opentelemetry-proto is an extra (``otel``): this module is imported only where a collector is configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from hub.spans.telling import Told
from hub.spans.works import Role

MEDIA_TYPE = "application/x-protobuf"
#: Where a collector takes spans, behind its address (OTLP/HTTP).
PATH = "/v1/traces"
_KINDS = {
    Role.SERVER: Span.SPAN_KIND_SERVER,
    Role.INTERNAL: Span.SPAN_KIND_INTERNAL,
    Role.PRODUCER: Span.SPAN_KIND_PRODUCER,
    Role.CONSUMER: Span.SPAN_KIND_CONSUMER,
    Role.CLIENT: Span.SPAN_KIND_CLIENT,
}


def written(spans: Iterable[Told], process: Mapping[str, str]) -> bytes:
    """Write spans as a collector takes them.

    :param process: what is said of the process that they come from (resource attributes).
    """
    resource = Resource(attributes=_attributes(process))
    scope = ScopeSpans(scope=InstrumentationScope(name="hub"), spans=[_span(one) for one in spans])
    return ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])]
    ).SerializeToString()


def refused_of(answer: bytes) -> int:
    """Return how many spans a collector says that it has not taken, of those that it has answered for.

    One that answers something else has taken them all, as far as anybody can know.
    """
    try:
        return max(0, ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans)
    except DecodeError:
        return 0


def _span(one: Told) -> Span:
    return Span(
        trace_id=one.trace_id.bytes,
        span_id=bytes.fromhex(one.span_id),
        parent_span_id=bytes.fromhex(one.parent),
        name=one.title,
        kind=_KINDS[one.role],
        start_time_unix_nano=one.began_at,
        end_time_unix_nano=one.ended_at,
        attributes=_attributes(one.said),
        links=[_link(*link) for link in one.links],
        status=Status(code=Status.STATUS_CODE_ERROR if one.has_failed else Status.STATUS_CODE_UNSET),
    )


def _link(trace_id: UUID, span_id: str) -> Span.Link:
    return Span.Link(trace_id=trace_id.bytes, span_id=bytes.fromhex(span_id))


def _attributes(said: Mapping[str, str] | Mapping[str, str | int | bool]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in said.items()]


def _value(value: str | int | bool) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
