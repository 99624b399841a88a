"""How FHIR resources leave: as JSON, and with a version that spares an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from hub.api.asking import Hub
from hub.api.problems import OK, UNCHANGED
from hub.errors import NotAcceptable, NotCurrent, VersionMissing
from hub.fhir.versions import etag, version_of, versioned
from hub.fhir.words import Resource

MEDIA_TYPE = "application/fhir+json"
_READABLE = (MEDIA_TYPE, "application/json", "application/*", "*/*", "json")


def resource_response(
    resource: Mapping[str, Any], status: int = OK, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a resource as an answer."""
    return Response(orjson.dumps(resource), status, headers, media_type=MEDIA_TYPE)


def version_response(resource: Resource, request: Request, status: int = OK, **headers: str) -> Response:
    """Return one version of a resource, or that the caller has it already (``If-None-Match``)."""
    told = versioned(resource)
    tag = etag(told["meta"]["versionId"])
    known = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if status == OK and request.method == "GET" and tag in known:
        return Response(status_code=UNCHANGED, headers={"ETag": tag})
    return resource_response(told, status, {"ETag": tag, **last_modified(told), **headers})


def base_of(request: Request, hub: Hub) -> str:
    """Return the facade's own address, without a slash at its end."""
    return f"{hub.settings.public_url or str(request.base_url).rstrip('/')}/fhir"


def check_readable(request: Request) -> None:
    """Check that the caller reads JSON. :raises NotAcceptable: it names other words alone."""
    accepted = [one.partition(";")[0].strip().lower() for one in request.headers.get("accept", "*/*").split(",")]
    if not any(one in _READABLE for one in accepted) and any(accepted):
        raise NotAcceptable("The facade speaks JSON alone.", f"Send Accept: {MEDIA_TYPE}, or leave it out.")


def check_current(if_match: str, told: Mapping[str, Any]) -> None:
    """Check that a change rests on what its writer reads now. :raises NotCurrent: it does not, or does not say."""
    if not if_match:
        raise VersionMissing("The request does not say on which version it rests.")
    version = version_of(told)
    if if_match.strip() not in (etag(version), f'"{version}"'):
        raise NotCurrent("This has been changed since you read it.")


def last_modified(resource: Mapping[str, Any]) -> Mapping[str, str]:
    """Return since when a resource reads as it does, as a header says it; nothing where that is not told."""
    told = resource["meta"].get("lastUpdated")
    if told is None:
        return {}
    return {"Last-Modified": format_datetime(datetime.fromisoformat(told).astimezone(UTC), usegmt=True)}
