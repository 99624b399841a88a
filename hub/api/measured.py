"""How long requests take, by the template of their route: no address that somebody has sent becomes a label."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.clock import monotonic
from hub.metrics.instruments import HTTP_SECONDS, OTHER

_FAILED = 500  # a request that ends without an answer


class StatusNoted:
    """Sends what an application sends, and notes the status of its answer."""

    def __init__(self, send: Send) -> None:
        self.status = _FAILED
        self._send = send

    async def __call__(self, message: Message) -> None:
        """Send one part of an answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class Measured:
    """Measures each request from its headers to the last byte of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and note how long it took."""
        hub = getattr(scope["app"].state, "hub", None) if scope["type"] == "http" else None
        if hub is None:
            await self._app(scope, receive, send)
            return
        began, noted = monotonic(), StatusNoted(send)
        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = monotonic() - began
            hub.store.counts.observe(
                HTTP_SECONDS, seconds, scope["method"], template_of(scope), f"{noted.status // 100}xx"
            )


def template_of(scope: Scope) -> str:
    """Return the route as it is written in the code; ``other`` where none was met."""
    return getattr(scope.get("route"), "path", OTHER)
