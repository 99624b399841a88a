"""The plan as FHIR R4: one resource as it reads now, as it has read, and all there is of a person or a plan.

Errors are OperationOutcomes (``problems``). What was decided yesterday shows nothing today: every version is decided
anew (``hub.flow.history``). Of what is made of a whole plan (``CarePlan``, ``CareTeam``, ``Patient``, ``Provenance``)
the hub keeps no versions; it is made anew from the elements, so its history is how it reads now.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api.asking import ANYONE, AMember, CorrelationId, TheHub
from hub.api.fhir_answers import base_of, check_readable, resource_response, version_response
from hub.api.fhir_sources import (
    OF_THE_PLAN,
    Asker,
    elements_in,
    events_of,
    family_of,
    organisations,
    origin_of,
    resources_of,
)
from hub.api.models import Instant
from hub.errors import NotFound
from hub.fhir.around import Around
from hub.fhir.bundle import history, searchset
from hub.fhir.capability import capability_statement
from hub.fhir.elements import resource_of
from hub.fhir.page import Page, Place, key_of
from hub.fhir.render import TYPES
from hub.fhir.versions import versioned
from hub.fhir.words import Resource, type_of
from hub.flow.choices import show_consent
from hub.flow.history import History, show_history
from hub.flow.proposals_seen import is_proposal
from hub.flow.show import Shown
from hub.flow.show_many import plans_named, show_some

router = APIRouter(prefix="/fhir", tags=["fhir"])
_UUID_LENGTH = 36
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: A Provenance of a version of a consent, whose id begins with the consent's.
_OF_CONSENT = re.compile(rf"({_UUID.pattern})-([0-9]{{1,6}})")
_MOST = 10_000
Kinds = Annotated[str, Query(alias="_type", pattern=r"^[A-Za-z]{1,40}(,[A-Za-z]{1,40}){0,20}$")]
Since = Annotated[Instant | None, Query(alias="_since")]
Count = Annotated[int, Query(alias="_count", ge=1, le=_MOST)]
Cursor = Annotated[str, Query(alias="_cursor", pattern=r"^[a-z]{0,300}$")]


@router.get("/metadata", dependencies=[ANYONE])
def metadata(request: Request) -> Response:
    """Say what this server can do; needs no token, as FHIR has it."""
    check_readable(request)
    return resource_response(capability_statement())


@router.get("/{kind}/{id}")
def read_resource(
    kind: str, id: str, request: Request, hub: TheHub, caller: AMember, correlation_id: CorrelationId
) -> Response:
    """Read one resource as far as the caller may see it; ``If-None-Match`` spares an answer that has not changed."""
    check_readable(request)
    return version_response(_now(kind, id, Asker(hub, caller, correlation_id)), request)


@router.get("/{kind}/{id}/_history")
def read_history(
    kind: str, id: str, request: Request, hub: TheHub, caller: AMember, correlation_id: CorrelationId
) -> Response:
    """Read the versions of one resource, the newest first, by what the caller may see today."""
    check_readable(request)
    versions = _versions(kind, id, Asker(hub, caller, correlation_id))
    return resource_response(history(base_of(request, hub), f"{kind}/{id}/_history", versions))


@router.get("/{kind}/{id}/_history/{version}")
def read_version(
    kind: str, id: str, version: str, request: Request, hub: TheHub, caller: AMember, correlation_id: CorrelationId
) -> Response:
    """Read one version of a resource, by what the caller may see today."""
    check_readable(request)
    for one in _versions(kind, id, Asker(hub, caller, correlation_id)):
        if one["meta"]["versionId"] == version:
            return version_response(one, request)
    raise _not_found()


@router.get("/{kind}/{id}/$everything")
def everything(
    kind: str,
    id: UUID,
    request: Request,
    hub: TheHub,
    caller: AMember,
    correlation_id: CorrelationId,
    kinds: Kinds = "",
    since: Since = None,
    count: Count = _MOST,
    cursor: Cursor = "",
) -> Response:
    """Read all that the caller may see of a person's plan: of a Patient, or of the CarePlan over its parts."""
    check_readable(request)
    if kind not in ("Patient", "CarePlan"):
        raise _not_found()
    asker = Asker(hub, caller, correlation_id)
    wanted = frozenset(kinds.split(",")) - {""}
    page = Page(lambda one: _is_wanted(one, wanted, since), count, _place(cursor))
    plan = plans_named([id], hub.store)[0]

    def choose(shown: Shown) -> tuple[bool, set[UUID]]:
        if (shown.person.id if kind == "Patient" else plan) != id:
            raise _not_found()
        return True, set(elements_in(page.take(plan, list(resources_of(shown, hub).values())), shown.view))

    if not show_some(plan, caller.reader, hub.store, choose, **asker.named):
        raise _not_found()
    asked = [one for one in request.query_params.multi_items() if one[0] in ("_type", "_since", "_count")]
    found = page.found(is_counted=True)
    return resource_response(searchset(base_of(request, hub), f"{kind}/{id}/$everything", found, asked))


def _now(kind: str, id: str, asker: Asker) -> Resource:
    """Return a resource as it reads now."""
    if kind == "Organization":
        return _named(f"{kind}/{id}", organisations(asker.hub))
    start = id[:_UUID_LENGTH]
    if not _UUID.fullmatch(start):
        raise _not_found()
    if kind == "Group" and id == start:
        return family_of(UUID(id), asker)
    if kind == "AuditEvent":
        return _named(f"{kind}/{id}", events_of(UUID(start), asker))
    if kind == "Provenance" and (of_consent := _OF_CONSENT.fullmatch(id)):
        return _origin(UUID(of_consent.group(1)), int(of_consent.group(2)), asker)
    if kind not in TYPES:
        raise _not_found()
    return _in_its_plan(kind, id, asker)


def _in_its_plan(kind: str, id: str, asker: Asker) -> Resource:
    """Return a resource of a plan's view. Withheld, of another's plan, of another type, not there: told alike."""

    def choose(shown: Shown) -> tuple[Resource, Collection[UUID]]:
        one = _named(f"{kind}/{id}", resources_of(shown, asker.hub).values())
        return one, elements_in([one], shown.view)

    asked, store = UUID(id[:_UUID_LENGTH]), asker.hub.store
    plan = plans_named([asked], store)[0]
    found = show_some(plan, asker.caller.reader, store, choose, **asker.named, asked=asked)
    if found is None:
        raise _not_found()
    return found


def _versions(kind: str, id: str, asker: Asker) -> Sequence[Resource]:
    """Return the versions of a resource, the newest first."""
    is_element = kind in TYPES and kind not in (*OF_THE_PLAN, "Patient", "Organization") and _UUID.fullmatch(id)
    if not is_element:
        return [versioned(_now(kind, id, asker))]
    store = asker.hub.store
    if kind == "Task" and is_proposal(UUID(id), store):
        return [versioned(_now(kind, id, asker))]
    plan = plans_named([UUID(id)], store)[0]
    try:
        versions = show_history(
            plan, UUID(id), asker.caller.reader, store, lambda element: type_of(element) == kind, **asker.named
        )
    except NotFound:
        raise _not_found() from None
    return [one for one in map(versioned, _as_resources(versions)) if one["resourceType"] == kind]


def _as_resources(found: History) -> Sequence[Resource]:
    """Return versions of an element as resources; what they stand among is the plan as it reads now."""
    view, person = found.shown.view, found.shown.person
    elements = {seen.element.id: seen.element for seen in view.seen}
    told_at = {seen.element.id: seen.registered_at for seen in view.seen if seen.registered_at}
    resources = []
    for seen in found.versions:
        own = {seen.element.id: seen.registered_at} if seen.registered_at else {}
        others = {one: at for one, at in told_at.items() if one != seen.element.id}
        around = Around(person.id, elements | {seen.element.id: seen.element}, others | own)
        resources.append(resource_of(seen.element, around))
    return resources


def _origin(consent: UUID, version: int, asker: Asker) -> Resource:
    told = show_consent(consent, asker.caller.reader, asker.hub.store, **asker.named, version=version)
    return origin_of(told, asker)


def _named(key: str, resources: Iterable[Resource]) -> Resource:
    """Return the resource of a type and id."""
    for one in resources:
        if key_of(one) == key:
            return one
    raise _not_found()


def _is_wanted(resource: Resource, kinds: frozenset[str], since: datetime | None) -> bool:
    """Tell whether a resource is of the types asked for and has changed since; of what no time is told, it may have."""
    changed = resource.get("meta", {}).get("lastUpdated")
    is_new = since is None or changed is None or datetime.fromisoformat(changed) >= since
    return is_new and (not kinds or resource["resourceType"] in kinds)


def _place(cursor: str) -> Place | None:
    try:
        return Place.read(cursor) if cursor else None
    except ValueError:
        raise _not_found() from None


def _not_found() -> NotFound:
    return NotFound("There is no resource of this type and id that you may see.")
