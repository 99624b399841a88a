"""Each request as a span of its caller's trace: method, template of the route, status, and nothing of the address."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api.measured import StatusNoted, template_of
from hub.authority.tracing import TraceContext
from hub.spans import works as of

#: Balancers and Prometheus ask these every second.
_UNTOLD = frozenset({"/healthz", "/readyz"})


class Traced:
    """Tells of each request that the door has let in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and tell what became of it."""
        hub = getattr(scope["app"].state, "hub", None) if scope["type"] == "http" else None
        if hub is None or not hub.store.spans.is_on or scope["path"] in _UNTOLD:
            await self._app(scope, receive, send)
            return
        trace: TraceContext = scope["state"]["trace"]
        noted = StatusNoted(send)
        with hub.store.spans.begun(of.REQUEST) as span:
            span.belongs_to(trace.trace_id, trace.span_id)
            try:
                await self._app(scope, receive, noted)
            finally:
                span.say(of.METHOD, scope["method"])
                span.say(of.ROUTE, template_of(scope))
                span.say(of.STATUS, noted.status)
