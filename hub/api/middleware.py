"""What every request meets first: limits, and headers that every answer carries.

Plain ASGI, which is asynchronous by its nature; nothing here waits for anything but the request itself.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from starlette.datastructures import Headers, MutableHeaders, State
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from hub.api.asking import chosen_correlation_id
from hub.api.problems import answer, problem_of
from hub.authority.tracing import HEADER, TraceContext, new_trace, read_traceparent
from hub.errors import InvalidRequest
from hub.identity.signing_in import BACK
from hub.plan.identifier import holds_cpr
from hub.settings import Settings

_CORRELATION_ID = "x-correlation-id"
#: For every answer that says nothing else of its own.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
#: Where others reach the hub by TLS: for two years by nothing else, its subdomains neither (ASVS 3.4.1).
_OVER_TLS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
_LONGEST_ADDRESS, _MOST_HEADERS = 4_000, 32_000  # characters
_PORT = re.compile(r":[0-9]+$")
#: Balancers ask these by an address of the machine.
_UNDER_ANY_HOST = frozenset({"/healthz", "/readyz"})


class AtTheDoor:
    """Refuses what no route should see, names the request, and seals the answer's headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, state = Headers(scope=scope), scope["app"].state
        correlation_id = chosen_correlation_id(headers.get(_CORRELATION_ID, ""))
        trace = _trace(headers)
        settings = _settings(state)
        is_over_tls = settings is not None and settings.public_url.startswith("https://")
        sealing = _HEADERS | _OVER_TLS if is_over_tls else _HEADERS
        scope.setdefault("state", {}).update(correlation_id=correlation_id, trace=trace)

        async def send_sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                sealed = MutableHeaders(scope=message)
                for name, value in sealing.items():
                    sealed.setdefault(name, value)
                sealed[_CORRELATION_ID] = correlation_id
                if state.is_going:  # whoever keeps a connection makes the next elsewhere, before this one breaks
                    sealed["connection"] = "close"
            await send(message)

        with (
            bound_contextvars(correlation_id=correlation_id, trace_id=trace.trace_id.hex),
            state.crowd.joined(scope["path"], headers) as crowded,
        ):
            refused = _refused(scope, headers) or _of_another_host(scope, headers, settings) or crowded
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
    if sum(len(name) + len(value) for name, value in headers.raw) > _MOST_HEADERS:
        return InvalidRequest(f"The headers have over {_MOST_HEADERS} characters.", "Send fewer, or shorter ones.")
    address = b"?".join((scope.get("raw_path") or scope["path"].encode(), scope.get("query_string", b"")))
    if len(address) > _LONGEST_ADDRESS:
        return InvalidRequest(f"The address has over {_LONGEST_ADDRESS} characters.", "Shorten it.")
    # What an identity provider sends people back with is random and may look like anything; it is written down nowhere.
    looked_at = scope["path"].encode() if scope["path"] == BACK else address
    if holds_cpr(_plain(looked_at.decode("latin-1"))):
        return InvalidRequest(
            "The address holds what looks like a CPR number.",
            "Use POST: send the number in the body (POST /plans/search). Addresses are written down in many places.",
        )
    return None


def _settings(state: State) -> Settings | None:
    """Return the hub's settings; None where an application stands on no hub."""
    hub = getattr(state, "hub", None)
    return hub.settings if hub is not None else None


def _of_another_host(scope: Scope, headers: Headers, settings: Settings | None) -> InvalidRequest | None:
    """Return why a request is not for this hub: what is written into answers and trusted by caches must be its name."""
    if settings is None or not settings.host_names or scope["path"] in _UNDER_ANY_HOST:
        return None
    host = headers["host"].lower()
    if settings.host_names.intersection((host, _PORT.sub("", host))):  # a name without a port is one at any port
        return None
    return InvalidRequest("The Host is not this hub's.", "Call the hub by its address (HUB_PUBLIC_URL, HUB_HOSTS).")


def _forget_address(scope: Scope) -> None:
    """Leave nothing of a refused address for whoever logs requests after us, such as the server."""
    scope.update(path="/", raw_path=b"/", query_string=b"")


def _plain(address: str) -> str:
    """Undo percent-encoding, also of what was encoded twice."""
    return address + " " + unquote_plus(address) + " " + unquote_plus(unquote_plus(address))
