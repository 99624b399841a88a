"""What every request meets first: limits, and headers that every answer carries.

Plain ASGI, which is asynchronous by its nature; nothing here waits for anything but the request itself.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from hub.api.asking import chosen_correlation_id, holds_cpr
from hub.api.problems import answer, problem_of
from hub.authority.tracing import HEADER, TraceContext, new_trace, read_traceparent
from hub.errors import InvalidRequest

_CORRELATION_ID = "x-correlation-id"
#: For every answer that says nothing else of its own.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_ADDRESS = 4_000  # characters


class AtTheDoor:
    """Refuses what no route should see, names the request, and seals the answer's headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        correlation_id = chosen_correlation_id(headers.get(_CORRELATION_ID, ""))
        trace = _trace(headers)
        scope.setdefault("state", {}).update(correlation_id=correlation_id, trace=trace)

        async def send_sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                sealed = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    sealed.setdefault(name, value)
                sealed[_CORRELATION_ID] = correlation_id
            await send(message)

        refused = _refused(scope, headers)
        with bound_contextvars(correlation_id=correlation_id, trace_id=trace.trace_id.hex):
            if refused is None:
                await self._app(scope, receive, send_sealed)
                return
            response = answer(Request(scope), problem_of(refused))
            _forget_address(scope)
            await response(scope, receive, send_sealed)


def _trace(headers: Headers) -> TraceContext:
    """Return the caller's trace, or a new one where it tells of none, of several, or of something else.

    What it tells besides (tracestate) is for others that speak to its own tools, and goes no further.
    """
    told = headers.getlist(HEADER)
    return (read_traceparent(told[0]) if len(told) == 1 else None) or new_trace()


def _refused(scope: Scope, headers: Headers) -> InvalidRequest | None:
    """Return why no route should see this request."""
    if len(headers.getlist("host")) != 1:
        return InvalidRequest("A request names exactly one Host.", "Send one Host header.")
    if "transfer-encoding" in headers and "content-length" in headers:
        return InvalidRequest("A request has a Content-Length or a Transfer-Encoding, never both.", "Send one of them.")
    address = b"?".join((scope.get("raw_path") or scope["path"].encode(), scope.get("query_string", b"")))
    if len(address) > _LONGEST_ADDRESS:
        return InvalidRequest(f"The address has over {_LONGEST_ADDRESS} characters.", "Shorten it.")
    if holds_cpr(_plain(address.decode("latin-1"))):
        return InvalidRequest(
            "The address holds what looks like a CPR number.",
            "Use POST: send the number in the body (POST /plans/search). Addresses are written down in many places.",
        )
    return None


def _forget_address(scope: Scope) -> None:
    """Leave nothing of a refused address for whoever logs requests after us, such as the server."""
    scope.update(path="/", raw_path=b"/", query_string=b"")


def _plain(address: str) -> str:
    """Undo percent-encoding, also of what was encoded twice."""
    return address + " " + unquote_plus(address) + " " + unquote_plus(unquote_plus(address))
