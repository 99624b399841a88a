"""What ``/openapi.json`` says of answers: every status a route gives, and in which words; 405 is each route's own.

The routes return bytes of their own making, of which FastAPI knows nothing. What shape their JSON has is what they
return: ``Json[PlanAnswer]``. Tests ask all of them, and find no answer that is not told here, and no member of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from hub.api.answers import Json
from hub.api.problems import speaks_fhir

_JSON, _FHIR = ("application/json",), ("application/fhir+json",)
_EITHER, _SOAP = ("application/json", "application/xml"), ("text/xml", "application/soap+xml")
_EVENTS = ("application/cloudevents-batch+json",)
_FILES = ("application/xml", "application/json", "application/yaml", "text/markdown")
_PROBLEM, _XML_PROBLEM = "application/problem+json", "application/problem+xml"
_WORDS = {
    200: "Answered.",
    201: "Taken in, and safe.",
    202: "Taken on, and safe.",
    204: "There is nothing to say any more.",
    304: "Nothing has changed since the answer of this ETag.",
    400: "The request has faults; each is named.",
    401: "No token, or none that the hub knows.",
    403: "The caller may not do this.",
    404: "It is not there, or the caller may not see it.",
    406: "The caller reads nothing that the hub speaks.",
    409: "It contradicts what is there already.",
    412: "It rests on another version than the one that stands, or its condition fits several.",
    413: "The body is too large.",
    422: "Nobody of this number has a plan, or a rule of the plan forbids it.",
    500: "A Fault, as SOAP binds it to HTTP; its code says whose it is.",
    429: "Too many people were looked up; Retry-After says when to ask again.",
    503: "Not now; Retry-After says when to ask again.",
}
#: The one route whose refusals are answers of its own.
_OAUTH = {"$ref": "#/components/schemas/OAuthError"}
#: Statuses without a body.
_BARE = (204, 304)
_READS = (400, 401, 403, 404, 503)
_WRITES = (*_READS, 409, 413)
#: Method and path → answers that are no refusals with their words, and refusals.
_ANSWERS: Mapping[tuple[str, str], tuple[Mapping[int, tuple[str, ...]], tuple[int, ...]]] = {
    ("post", "/in/{authority}"): ({200: _EITHER, 201: _EITHER}, (*_WRITES, 422)),
    ("post", "/in/{authority}/events"): ({202: _JSON}, (*_WRITES, 422)),
    ("post", "/soap/{authority}"): ({200: _SOAP, 500: _SOAP}, _WRITES),
    ("get", "/soap/{authority}"): ({200: ("text/xml",)}, (400, 404, 503)),
    ("post", "/oauth/token"): ({200: _JSON, 400: _JSON, 401: _JSON}, (503,)),
    ("get", "/plans/{plan}"): ({200: _JSON, 304: ()}, _READS),
    ("post", "/plans/search"): ({200: _JSON}, (*_READS, 413, 422, 429)),
    ("post", "/consents"): ({201: _JSON}, (*_WRITES, 422)),
    ("post", "/consents/simulate"): ({200: _JSON}, (*_WRITES, 429)),
    ("post", "/ops/replays"): ({200: _JSON, 201: _JSON}, _WRITES),
    ("get", "/plans/{plan}/report"): ({200: ("application/json", "text/html")}, _READS),
    ("get", "/policies/{version}"): ({200: ("application/json", "application/toml")}, _READS),
    ("get", "/fhir/metadata"): ({200: _FHIR}, (400, 406)),
    ("get", "/fhir/{kind}"): ({200: _FHIR}, (*_READS, 406)),
    ("post", "/fhir/{kind}/_search"): ({200: _FHIR}, (*_READS, 406, 413, 429)),
    ("get", "/fhir/{kind}/{id}"): ({200: _FHIR, 304: ()}, (*_READS, 406)),
    ("get", "/fhir/{kind}/{id}/_history"): ({200: _FHIR}, (*_READS, 406)),
    ("get", "/fhir/{kind}/{id}/_history/{version}"): ({200: _FHIR, 304: ()}, (*_READS, 406)),
    ("get", "/fhir/{kind}/{id}/$everything"): ({200: _FHIR}, (*_READS, 406)),
    ("post", "/fhir"): ({200: _FHIR}, (*_WRITES, 412, 422, 429)),
    ("post", "/fhir/{kind}"): ({200: _FHIR, 201: _FHIR}, (*_WRITES, 412, 422, 429)),
    ("put", "/fhir/{kind}/{id}"): ({200: _FHIR}, (*_WRITES, 412, 422)),
    ("get", "/fhir/Consent/{consent}"): ({200: _FHIR}, _READS),
    ("get", "/fhir/Consent/{consent}/_history"): ({200: _FHIR}, _READS),
    ("get", "/fhir/Consent/{consent}/_history/{version}"): ({200: _FHIR}, _READS),
    ("post", "/fhir/Consent"): ({201: _FHIR}, (*_WRITES, 422, 429)),
    ("post", "/fhir/Consent/$decide"): ({200: _FHIR}, (*_READS, 413)),
    ("get", "/evaluation"): ({200: ("application/json", "text/csv")}, _READS),
    ("post", "/fhir/Subscription"): ({201: _FHIR}, _WRITES),
    ("get", "/fhir/Subscription"): ({200: _FHIR}, _READS),
    ("get", "/fhir/Subscription/{subscription}"): ({200: _FHIR, 304: ()}, _READS),
    ("put", "/fhir/Subscription/{subscription}"): ({200: _FHIR}, (*_WRITES, 412)),
    ("get", "/fhir/Subscription/{subscription}/$status"): ({200: _FHIR}, _READS),
    ("get", "/fhir/Subscription/{subscription}/$events"): ({200: _FHIR}, _READS),
    ("get", "/feed"): ({200: _EVENTS}, _READS),
    ("get", "/feed/documents/{delivery}"): ({200: (*_EITHER, "text/xml"), 204: ()}, _READS),
    ("get", "/proof-keys"): ({200: _JSON}, (400,)),
    ("get", "/contracts"): ({200: _JSON}, (400,)),
    ("get", "/contracts/{path}"): ({200: _FILES}, (400, 404)),
    ("get", "/healthz"): ({200: _JSON}, (400,)),
    ("get", "/readyz"): ({200: _JSON}, (400, 503)),
}
_BODIES = {
    "/post/receipts": ("application/xml",),
    "/in/{authority}": _EITHER,
    "/in/{authority}/events": _JSON,
    "/soap/{authority}": _SOAP,
}
_COMPONENTS = "#/components/schemas/"
_TEXT = {"type": "string"}
_FAULT = {"field": _TEXT, "sentence": _TEXT, "next_step": _TEXT}
_MEMBERS = {
    "type": _TEXT,
    "title": _TEXT,
    "status": {"type": "integer"},
    "detail": _TEXT,
    "code": _TEXT,
    "next_step": _TEXT,
    "correlation_id": _TEXT,
    "faults": {"type": "array", "items": {"type": "object", "properties": _FAULT, "required": list(_FAULT)}},
}
_OAUTH_ERROR = {
    "type": "object",
    "description": "Why no token is given (RFC 6749 section 5.2), and what to do next.",
    "properties": {"error": _TEXT, "error_description": _TEXT},
    "required": ["error", "error_description"],
}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "A refusal (RFC 9457): its cause as a code, in a sentence, and what to do next.",
    "properties": _MEMBERS,
    "required": list(_MEMBERS),
}


def describe(app: FastAPI) -> None:
    """Let an application's description tell the answers that are given."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = _told(document, *_shapes(app))
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI's manual has it


def _shapes(app: FastAPI) -> tuple[Mapping[tuple[str, str], list[dict[str, Any]]], dict[str, Any]]:
    """Return the schemas of each route's answers in JSON, by method and path, and the schemas that they refer to."""
    adapters = {
        (*route, place): TypeAdapter(one) for route, shapes in _answered(app) for place, one in enumerate(shapes)
    }
    found, rest = TypeAdapter.json_schemas(
        [(key, "serialization", one) for key, one in adapters.items()], ref_template=_COMPONENTS + "{model}"
    )
    named = rest.get("$defs", {}).items()
    values = {_COMPONENTS + name: {"type": one["type"], "enum": one["enum"]} for name, one in named if "enum" in one}
    shapes = {name: one for name, one in named if "enum" not in one}
    by_route: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for ((method, path, _), _), one in found.items():
        by_route.setdefault((method, path), []).append(_spelled_out(one, values))
    return by_route, _spelled_out(shapes, values)


def _spelled_out(told: Any, values: Mapping[str, dict[str, Any]]) -> Any:
    """Return a schema with the values of each enum where they are meant: enums of several rooms have one name."""
    if isinstance(told, dict):
        return values.get(told.get("$ref", "")) or {name: _spelled_out(one, values) for name, one in told.items()}
    return [_spelled_out(one, values) for one in told] if isinstance(told, list) else told


def _answered(app: FastAPI) -> Iterator[tuple[tuple[str, str], list[Any]]]:
    """Yield the shapes of what a route returns as JSON, by its method and path."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and route.original_route.include_in_schema:
            returned = get_type_hints(route.original_route.endpoint)["return"]
            several = [returned] if get_origin(returned) is Json else get_args(returned)
            shapes = [get_args(one)[0] for one in several if get_origin(one) is Json]
            for method in route.methods or ():
                yield (method.lower(), str(route.path_format)), shapes


def _told(
    document: dict[str, Any], shapes: Mapping[tuple[str, str], list[dict[str, Any]]], components: dict[str, Any]
) -> dict[str, Any]:
    document["components"] = {
        "schemas": {"Problem": _PROBLEM_SCHEMA, "OAuthError": _OAUTH_ERROR, **components},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers, refusals = _ANSWERS.get((method, path)) or _usual(method, operation)
            told = _by_status(answers, shapes.get((method, path), []))
            operation["responses"] = {
                str(status): _answer(status, answers[status], one) for status, one in told.items()
            }
            operation["responses"] |= {str(status): _refusal(status, path, method) for status in refusals}
            if _WORDS[401] in (one["description"] for one in operation["responses"].values()):
                operation["security"] = [{"token": []}]
            if method == "post" and path in _BODIES:
                operation["requestBody"] = {"required": True, "content": {words: {} for words in _BODIES[path]}}
    return document


def _usual(method: str, operation: Mapping[str, Any]) -> tuple[Mapping[int, tuple[str, ...]], tuple[int, ...]]:
    """Return what a route answers that has nothing of its own to tell: the status it is declared with, in JSON."""
    declared = next(int(status) for status in operation["responses"] if status.startswith("2"))
    return {declared: _JSON}, _WRITES if method == "post" else _READS


def _by_status(answers: Mapping[int, tuple[str, ...]], shapes: list[dict[str, Any]]) -> Mapping[int, dict[str, Any]]:
    """Return what JSON has which schema: as many as there are statuses are theirs, in order, else each may have any."""
    good = [status for status, words in answers.items() if status < 300 and set(words) & set(_JSON)]
    any_of = shapes[0] if len(shapes) == 1 else {"anyOf": shapes} if shapes else {}
    by_status = dict(zip(good, shapes, strict=True)) if len(shapes) == len(good) else dict.fromkeys(good, any_of)
    return {status: by_status.get(status, {}) if status < 400 else _OAUTH for status in answers}


def _answer(status: int, words: tuple[str, ...], shape: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": _WORDS[status]}
    in_json = {"schema": shape} if shape else {}
    return told if status in _BARE else told | {"content": {one: in_json if one in _JSON else {} for one in words}}


def _refusal(status: int, path: str, method: str) -> dict[str, Any]:
    """Return a refusal in the words of the path's callers."""
    content: dict[str, Any] = {_PROBLEM: {"schema": {"$ref": _COMPONENTS + "Problem"}}, _XML_PROBLEM: {}}
    if speaks_fhir(path):
        content = {_FHIR[0]: {}}
    elif method == "post" and path.startswith("/soap/"):
        content |= {one: {} for one in _SOAP}
    return {"description": _WORDS[status], "content": content}
