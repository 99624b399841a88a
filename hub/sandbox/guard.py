"""Who may work at a sandbox system: whoever sits at this machine, and no web page from elsewhere.

The control API and the page have no login. A page that a browser has open could otherwise post a form to them, or
reach them by a name of its own that leads to loopback (DNS rebinding).
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.middleware.base import RequestResponseEndpoint


def is_for_staff(path: str) -> bool:
    """Tell whether a path is the sandbox's own, for people, the demo and tests, and no door for the hub."""
    return path in ("/", "/healthz") or path.startswith("/sandbox/")


def add_guard(app: FastAPI) -> None:
    """Refuse strangers (403)."""

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if is_for_staff(request.scope["path"]):
            # A server bound beyond loopback is met under any name: who calls counts, not only what is called.
            is_here = request.client is None or ip_address(request.client.host).is_loopback
            if not is_here or not _is_loopback(request.headers.get("host", "")):
                return PlainTextResponse("This sandbox answers under an address of this machine alone.\n", 403)
            if request.method not in ("GET", "HEAD") and not _is_same_site(request):
                return PlainTextResponse("A page of another site may not work here.\n", 403)
        return await call_next(request)


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _is_same_site(request: Request) -> bool:
    """Tell whether a request comes from this page, or from no page at all: a program sends neither header."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    return origin in (None, f"http://{request.headers['host']}") and site in (None, "none", "same-origin")
