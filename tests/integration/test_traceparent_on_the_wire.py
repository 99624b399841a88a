"""Every adapter that sends over HTTP tells of the trace of its delivery, on real sockets."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from hub.authority import DeliveryKey, load
from hub.authority.tracing import of_delivery
from hub.clock import new_id
from hub.errors import Unavailable
from hub.testing.conformance_out import an_update
from tests.integration.sandboxes import a_server

pytestmark = pytest.mark.integration

TOKEN = {"token": "a token"}
SECRET = {"kind": "partners", "secret": f"whsec_{base64.b64encode(b'k' * 32).decode()}"}
WIRES: Mapping[str, Mapping[str, Any]] = {
    "children": TOKEN, "social": TOKEN, "employment": TOKEN, "youth": TOKEN, "association": SECRET,
}  # fmt: skip


def sent(name: str, *, is_traced: bool) -> list[dict[str, str]]:
    """Send an update, and return the headers of each request it took."""
    with a_server(500, b"it failed") as (url, asked):
        authority = load({name: {"url": url, **WIRES[name]}})[name]
        update = an_update(name)
        trace = of_delivery(new_id(), update.sequence, new_id()) if is_traced else None
        key = DeliveryKey(name, update.plan, update.sequence, trace)
        with pytest.raises(Unavailable):
            authority.adapter.send(authority.mapping.from_plan(update), key)
    assert asked, "it sends"
    return [{**headers, "wanted": str(trace)} for _, _, headers, _ in asked]


@pytest.mark.parametrize("name", WIRES)
def test_a_delivery_carries_the_traceparent_of_its_attempt_and_no_tracestate(name: str) -> None:
    for headers in sent(name, is_traced=True):
        assert headers["traceparent"] == headers["wanted"]
        assert "tracestate" not in headers


@pytest.mark.parametrize("name", WIRES)
def test_without_a_trace_none_is_told(name: str) -> None:
    assert all("traceparent" not in headers for headers in sent(name, is_traced=False))
