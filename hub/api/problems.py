"""Every refusal as HTTP: the only place that knows status numbers.

RFC 9457 in JSON, or in XML for callers that speak it; FHIR callers get an OperationOutcome, and whoever calls an
authority's service is answered in its own protocol. No answer says more than the error does, and an error nobody
expected says nothing at all: only its kind and where it arose are logged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import Response

from hub.api.models import faults_of
from hub.authority import Authorities, Parcel, Refusal, Serves
from hub.errors import (
    Conflict,
    ContractViolation,
    Fault,
    HubError,
    IdReused,
    InvalidRequest,
    NotAcceptable,
    NotAllowed,
    NotAuthenticated,
    NotCurrent,
    NotFound,
    Refused,
    RuleBroken,
    TooLarge,
    TooManyLookups,
    Unavailable,
    UnknownPerson,
    WrongSender,
    told,
)

CREATED, OK, TAKEN, NOTHING, UNCHANGED = 201, 200, 202, 204, 304
#: Behind it stands the name of the authority whose system calls.
SERVICES = "/soap/"

#: Nearest kind of error wins.
STATUS: Mapping[type[HubError], int] = {
    HubError: 500,
    Refused: 500,  # one that no caller can mend: tampered data, settings
    ContractViolation: 400,
    InvalidRequest: 400,
    NotAuthenticated: 401,
    NotAllowed: 403,
    WrongSender: 403,
    NotFound: 404,
    NotAcceptable: 406,
    Conflict: 409,
    IdReused: 409,
    NotCurrent: 412,
    TooLarge: 413,
    RuleBroken: 422,
    UnknownPerson: 422,
    TooManyLookups: 429,
    Unavailable: 503,
}
_METHOD_NOT_ALLOWED = 405
_FAILED = 500
_RETRY_SECONDS = 5

#: code → what FHIR calls it (value set issue-type).
_ISSUE_TYPE = {
    "not-authenticated": "login",
    "not-allowed": "forbidden",
    "wrong-sender": "forbidden",
    "not-found": "not-found",
    "method-not-allowed": "not-supported",
    "not-acceptable": "not-supported",
    "conflict": "conflict",
    "id-reused": "duplicate",
    "too-large": "too-long",
    "invalid-request": "invalid",
    "contract-violation": "structure",
    "unknown-person": "business-rule",
    "business-rule": "business-rule",
    "not-current": "conflict",
    "version-missing": "required",
    "several-match": "multiple-matches",
    "failed": "exception",
}
_log = structlog.get_logger("hub.api")


@dataclass(frozen=True, slots=True)
class Problem:
    """What a caller is told."""

    status: int
    code: str
    sentence: str
    next_step: str
    faults: tuple[Fault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self, correlation_id: str) -> dict[str, Any]:
        """Return the members of RFC 9457 and our own."""
        return {
            "type": f"urn:one-plan-hub:problem:{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.sentence,
            "code": self.code,
            "next_step": self.next_step,
            "correlation_id": correlation_id,
            "faults": [
                {"field": fault.field, "sentence": fault.sentence, "next_step": fault.next_step}
                for fault in self.faults
            ],
        }


def status_of(error: HubError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(error: HubError) -> Problem:
    """Return what a caller is told of an error of the hub."""
    headers: dict[str, str] = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="one-plan-hub"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after or _RETRY_SECONDS))
    if isinstance(error, TooLarge):
        headers["Connection"] = "close"  # the rest of the body may still be on its way
    return Problem(status_of(error), error.code, error.sentence, error.next_step, error.faults, headers)


def answer(request: Request, problem: Problem) -> Response:
    """Tell the caller, in the words the caller speaks."""
    correlation_id = request.state.correlation_id
    service = _service_called(request)
    if service is not None:
        return _answer_of(service, request, problem, correlation_id)
    if speaks_fhir(request.scope["path"]):
        body, media_type = orjson.dumps(outcome(problem, correlation_id)), "application/fhir+json"
    elif speaks_xml(request):
        body, media_type = _as_xml(problem.content(correlation_id)).encode(), "application/problem+xml"
    else:
        body, media_type = orjson.dumps(problem.content(correlation_id)), "application/problem+json"
    return Response(body, problem.status, dict(problem.headers), media_type)


def service_of(authority: str, authorities: Authorities) -> Serves | None:
    """Return the service that an authority's system may call; None where there is none."""
    joined = authorities.get(authority)
    if joined is None or not isinstance(joined.adapter, Serves):
        return None
    return joined.adapter


def _service_called(request: Request) -> Serves | None:
    path: str = request.scope["path"]  # request.url would read the Host too, which may be none
    if request.method != "POST" or not path.startswith(SERVICES):
        return None
    return service_of(path.removeprefix(SERVICES), request.app.state.hub.authorities)


def _answer_of(service: Serves, request: Request, problem: Problem, correlation_id: str) -> Response:
    """Tell a caller of a service. Its protocol has statuses of its own; only a missing token is told by HTTP."""
    is_callers = problem.status < _FAILED
    refusal = Refusal(problem.code, problem.sentence, problem.next_step, correlation_id, problem.faults, is_callers)
    unread = Parcel("", b"", request.headers.get("content-type", ""), correlation_id=correlation_id)
    reply = service.refuse(getattr(request.state, "call", unread), refusal)
    status = problem.status if problem.status == STATUS[NotAuthenticated] else reply.status
    return Response(reply.body, status, dict(problem.headers), reply.content_type)


def speaks_fhir(path: str) -> bool:
    """Tell whether whoever calls a path speaks FHIR."""
    return path == "/fhir" or path.startswith("/fhir/")


def speaks_xml(request: Request) -> bool:
    """Tell whether the caller sent XML, or asks for it and not for JSON."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    accept = request.headers.get("accept", "").lower()
    return content_type.endswith(("/xml", "+xml")) or ("xml" in accept and "json" not in accept)


def install(app: FastAPI) -> None:
    """Let every error of the app end here."""
    app.add_exception_handler(HubError, _hub_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
    # Once more, further in: where it stands by itself, Starlette answers and then raises the error again, and the
    # server would log a traceback with whatever values it quotes.
    app.add_middleware(ExceptionMiddleware, handlers={Exception: _unexpected})


def _hub_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HubError)  # noqa: S101 - Starlette calls it for nothing else
    problem = problem_of(error)
    if problem.status >= _FAILED:
        _log.error("refused", status=problem.status, correlation_id=request.state.correlation_id, **told(error))
    return answer(request, problem)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    refused = InvalidRequest("The request's address does not fit this route.", faults=faults_of(error.errors()))
    return answer(request, problem_of(refused))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == _METHOD_NOT_ALLOWED:
        allowed = dict(error.headers or {})
        step = f"Use {allowed.get('Allow', 'another method')}; /openapi.json lists every route."
        sentence = "This route does not take this method."
        return answer(request, Problem(_METHOD_NOT_ALLOWED, "method-not-allowed", sentence, step, headers=allowed))
    missing = NotFound("There is no such route.", "Look at /openapi.json, which lists every route.")
    return answer(request, problem_of(missing))


def _unexpected(request: Request, error: Exception) -> Response:
    """Say nothing of an error nobody expected; its message may quote what an authority wrote."""
    correlation_id = request.state.correlation_id
    _log.error("failed", status=_FAILED, correlation_id=correlation_id, **told(error))
    sentence = "The hub failed on this request; nothing was half-written."
    return answer(request, Problem(_FAILED, "failed", sentence, HubError.default_next_step))


def outcome(problem: Problem, correlation_id: str) -> dict[str, Any]:
    """Return an OperationOutcome: an issue for the whole, and one for each fault, by the path of what has it."""
    coded = {
        "severity": "error",
        "code": _ISSUE_TYPE.get(problem.code, "transient"),
    }
    system = {"system": "urn:one-plan-hub:problem", "code": problem.code}
    whole = {
        **coded,
        "details": {"coding": [system], "text": problem.sentence},
        "diagnostics": f"{problem.next_step} Correlation id: {correlation_id}.",
        **({"expression": [fault.field for fault in problem.faults]} if problem.faults else {}),
    }
    faults = [
        {
            **coded,
            "details": {"text": fault.sentence},
            **({"diagnostics": fault.next_step} if fault.next_step else {}),
            "expression": [fault.field],
        }
        for fault in problem.faults
        if fault.sentence != problem.sentence  # which is told already
    ]
    return {"resourceType": "OperationOutcome", "issue": [whole, *faults]}


def _as_xml(content: Mapping[str, Any]) -> str:
    """Write a problem as RFC 9457, appendix B, has it."""
    members = "".join(_xml_element(name, value) for name, value in content.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><problem xmlns="urn:ietf:rfc:7807">{members}</problem>'


def _xml_element(name: str, value: Any) -> str:
    match value:
        case dict():
            inner = "".join(_xml_element(key, one) for key, one in value.items())
        case list():
            inner = "".join(_xml_element("i", one) for one in value)
        case _:
            inner = escape("".join(sign for sign in str(value) if sign.isprintable()), quote=False)
    return f"<{name}>{inner}</{name}>"
