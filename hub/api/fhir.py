"""The plan as FHIR R4: reads of whatever a view holds. Errors are OperationOutcomes (``problems``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.responses import Response

from hub import __version__
from hub.api.asking import ANYONE, AMember, CorrelationId, Hub, TheHub
from hub.errors import NotFound
from hub.fhir.render import TYPES, organisation, render
from hub.flow.show import Shown, show_element, show_plan, show_plan_of
from hub.identity.tokens import Caller

router = APIRouter(prefix="/fhir", tags=["fhir"])
_MEDIA_TYPE = "application/fhir+json"
_UUID_LENGTH = 36
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Resources whose id begins with the plan's.
_OF_THE_PLAN = ("CarePlan", "CareTeam", "Provenance")
_CONSENT = {
    "type": "Consent",
    "documentation": "In the shapes of IHE PCF; what cannot be represented is refused.",
    "interaction": [{"code": "read"}, {"code": "vread"}, {"code": "create"}],
    "operation": [{"name": "decide", "definition": "urn:one-plan-hub:fhir:operation:decide"}],
}
_STATED_ON = "2026-11-28"  # when the capability statement last changed


@router.get("/metadata", dependencies=[ANYONE])
def metadata() -> Response:
    """Say what this server can do; needs no token, as FHIR has it."""
    return resource_response(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": _STATED_ON,
            "kind": "instance",
            "software": {"name": "One Plan Hub", "version": __version__},
            "implementation": {"description": "One citizen, one plan: as far as the caller may see"},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "security": {"description": "A bearer token of a configured client; see SECURITY.md."},
                    "resource": [*({"type": kind, "interaction": [{"code": "read"}]} for kind in TYPES), _CONSENT],
                }
            ],
        }
    )


@router.get("/{kind}/{id}")
def read_resource(kind: str, id: str, hub: TheHub, caller: AMember, correlation_id: CorrelationId) -> Response:
    """Read one resource of a plan as far as the caller may see it."""
    if kind == "Organization" and (id in hub.authorities or id == hub.settings.coordinator):
        return resource_response(organisation(id))
    shown = _find(kind, id, hub, caller, correlation_id)
    resources = render(shown.view, shown.person, shown.status, coordinator=hub.settings.coordinator)
    resource = resources.get((kind, id))
    if resource is None:
        raise _not_found()
    return resource_response(resource)


def _find(kind: str, id: str, hub: Hub, caller: Caller, correlation_id: str) -> Shown:
    """Return the view that the resource is in."""
    start = id[:_UUID_LENGTH]
    if kind not in TYPES or not _UUID.fullmatch(start):
        raise _not_found()
    show = show_plan if kind in _OF_THE_PLAN else show_plan_of if kind == "Patient" else show_element
    return show(UUID(start), caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)


def _not_found() -> NotFound:
    return NotFound("There is no resource of this type and id that you may see.")


def resource_response(
    resource: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a resource as an answer."""
    return Response(orjson.dumps(resource), status, headers, media_type=_MEDIA_TYPE)
