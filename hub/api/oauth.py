"""Tokens for systems: OAuth 2.0 client credentials, by an assertion that the system has signed (RFC 6749, RFC 7523).

Errors are those of RFC 6749 section 5.2, which every OAuth library reads.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import ANYONE, CorrelationId, TheHub, read_body
from hub.api.certificates import certificate_shown
from hub.errors import InvalidRequest, NotAuthenticated, TooLarge
from hub.identity.access import ISSUING

_BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MOST_BYTES, _MOST_FIELDS = 16_000, 20
_NAMES = ("grant_type", "client_assertion_type", "client_assertion")
router = APIRouter(tags=["tokens"])


_FORM = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in _NAMES},
    "required": [*_NAMES],
}
_ASKED = {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": _FORM}}}}


class TokenAnswer(TypedDict):
    """A token, and in how many seconds it ends (RFC 6749 section 5.1)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int


@router.post(ISSUING, dependencies=[ANYONE], response_model=None, openapi_extra=_ASKED)
async def issue_token(request: Request, hub: TheHub, correlation: CorrelationId) -> Json[TokenAnswer] | Response:
    """Give a system a token of five minutes for an assertion that it has signed with its own key.

    A form with ``grant_type=client_credentials``, ``client_assertion_type`` and ``client_assertion``.
    """
    try:
        form = _read(await read_body(request, _MOST_BYTES), request.headers.get("content-type", ""))
        if form["grant_type"] != "client_credentials":
            return _error(400, "unsupported_grant_type", "Only client_credentials is supported.")
        if form["client_assertion_type"] != _BY_ASSERTION:
            return _error(401, "invalid_client", f"client_assertion_type must be {_BY_ASSERTION}.")
        shown = certificate_shown(request, hub.settings)
        token, seconds = await run_in_threadpool(
            hub.access.issue, form["client_assertion"], shown, correlation_id=correlation
        )
    except NotAuthenticated as error:
        return _error(401, "invalid_client", f"{error.sentence} {error.next_step}")
    except (InvalidRequest, TooLarge) as error:
        return _error(400, "invalid_request", f"{error.sentence} {error.next_step}")
    return json_response({"access_token": token, "token_type": "Bearer", "expires_in": seconds})


def _read(body: bytes, content_type: str) -> dict[str, str]:
    """Read the form. :raises InvalidRequest: it is none, or something is missing or told twice."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise InvalidRequest("The body is no form.", "Send application/x-www-form-urlencoded.")
    try:
        told = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InvalidRequest("The form cannot be read.", f"Send {', '.join(_NAMES)}.") from None
    found = {name: [value for known, value in told if known == name] for name in _NAMES}
    if faulty := [name for name, values in found.items() if len(values) != 1]:
        raise InvalidRequest(f"{', '.join(faulty)} must be there once.", f"Send {', '.join(_NAMES)}.")
    return {name: values[0] for name, values in found.items()}


def _error(status: int, code: str, sentence: str) -> Response:
    return json_response({"error": code, "error_description": sentence}, status=status)
