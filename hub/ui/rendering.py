"""Templates into answers: escaped, in the reader's language, and with the headers that every page has."""

from __future__ import annotations

import gzip
from functools import partial
from hashlib import sha256
from typing import Any

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from hub.identity.tokens import language_of
from hub.plan.identifier import in_letters
from hub.ui.assets import address
from hub.ui.words import LANGUAGES, word

_LANGUAGE_COOKIE = "hub-language"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # Under no-referrer a browser sends a form with "Origin: null", and the hub could not know its own.
    "Referrer-Policy": "same-origin",
}
_UNCHANGED = 204
#: Under this a page is sent as it is: packing would save nothing.
_WORTH_PACKING = 1_000
_templates = Environment(
    loader=PackageLoader("hub.ui"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset"] = address


def language_for(request: Request) -> str:
    """Return ``da`` or ``en``: what the reader has just chosen, chose before, or has the browser ask for."""
    chosen = (request.query_params.get("lang"), request.cookies.get(_LANGUAGE_COOKIE))
    return next((one for one in chosen if one in LANGUAGES), language_of(request.headers.get("accept-language", "")))


def page(request: Request, template: str, status: int = 200, **facts: Any) -> Response:
    """Return a page; a language that the reader has chosen is remembered.

    :param facts: what the template shows; a session, where there is one, as ``session``.
    """
    language = language_for(request)
    known: dict[str, Any] = {"session": None, "language": language, "kept": {}, **facts}
    html = _templates.get_template(f"{template}.html").render(**known, say=partial(word, language=language))
    answer = _packed(request, html.encode(), status)
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(_LANGUAGE_COOKIE, language, max_age=365 * 86_400, httponly=True, samesite="strict")
    return answer


def part(request: Request, template: str, version: str, known: str, **facts: Any) -> Response:
    """Return a part of a page that is open; nothing where the page has this version of it (``known``) already."""
    if version == known:
        return Response(status_code=_UNCHANGED, headers={"Cache-Control": "no-store"})
    return page(request, template, **facts)


def _packed(request: Request, html: bytes, status: int) -> Response:
    """Return the answer, packed for whoever can unpack it.

    How well a page packs could tell a secret beside what a stranger has put into it (BREACH). No stranger can: what
    another site asks for comes without the session's cookie (SameSite=Strict), and so without any secret.
    """
    headers = {**_HEADERS, "Vary": "Accept-Encoding"}
    if len(html) >= _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        packed = gzip.compress(html, 6, mtime=0)  # no time in it: the same page is the same bytes
        return Response(packed, status, headers | {"Content-Encoding": "gzip"}, "text/html")
    return Response(html, status, headers, "text/html")


def version_of(*facts: object) -> str:
    """Return a mark of what a page shows: the same for the same facts; letters alone."""
    return in_letters(sha256(repr(facts).encode()).digest()[:8])
