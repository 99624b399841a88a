"""Goals, appointments, a citizen's words and Tasks written as FHIR R4: one by one, or several, all or none of them.

A change names the version that it rests on (``If-Match``, as ``ETag`` gave it). A client that lost an answer asks again
with ``If-None-Exist``, and finds what it has written. Nothing is deleted: it ends, by its status. Errors are
OperationOutcomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import Response

from hub.api.asking import APlanWriter, CorrelationId, Hub, TheBody, TheHub
from hub.api.fhir_answers import last_modified, resource_response
from hub.api.fhir_sources import resources_of
from hub.api.fhir_wishes import WRITTEN, wish_of
from hub.api.models import read, schema_of
from hub.api.problems import CREATED, OK
from hub.errors import Fault, InvalidRequest, NotFound
from hub.fhir.transaction_in import Entry, entries_of
from hub.fhir.versions import etag, versioned
from hub.flow.lookups import count_lookup
from hub.flow.wishes import Became
from hub.flow.write_many import Written, write_many
from hub.identity.tokens import Caller
from hub.plan.identifier import Identifier

router = APIRouter(prefix="/fhir", tags=["fhir"])
_RESOURCE = dict[str, Any]
_KINDS = frozenset(WRITTEN)
_RETURN = re.compile(r"(?:^|[;,\s])return=(minimal|representation|OperationOutcome)(?:$|[;,\s])")
_SAID = {
    Became.CREATED: "It is created.",
    Became.CHANGED: "It is changed.",
    Became.AS_IT_WAS: "It says that already; nothing was written.",
}
_STATUS = {CREATED: "201 Created", OK: "200 OK"}
IfMatch = Annotated[str, Header(alias="If-Match")]
IfNoneExist = Annotated[str, Header(alias="If-None-Exist")]
Prefer = Annotated[str, Header()]


@router.post("", openapi_extra=schema_of(_RESOURCE))
def transact(
    body: TheBody, hub: TheHub, caller: APlanWriter, correlation_id: CorrelationId, prefer: Prefer = ""
) -> Response:
    """Write all that a transaction Bundle asks for, or nothing of it."""
    entries = entries_of(read(_RESOURCE, body), _KINDS)
    written = _written(entries, hub, caller, correlation_id)
    told = [_told(entry, one, hub, prefer) for entry, one in zip(entries, written, strict=True)]
    return resource_response({"resourceType": "Bundle", "type": "transaction-response", "entry": told})


@router.post("/{kind}", status_code=CREATED, openapi_extra=schema_of(_RESOURCE))
def create(
    kind: str, body: TheBody, hub: TheHub, caller: APlanWriter, correlation_id: CorrelationId,
    if_none_exist: IfNoneExist = "", prefer: Prefer = "",
) -> Response:  # fmt: skip
    """Write something new into the plan of the patient that it names; or, on a condition, find it there."""
    _check_kind(kind)
    entry = Entry(kind, read(_RESOURCE, body), kind, unless=if_none_exist, unless_path="If-None-Exist")
    (written,) = _written([entry], hub, caller, correlation_id)
    return _answer(entry, written, hub, prefer)


@router.put("/{kind}/{id}", openapi_extra=schema_of(_RESOURCE))
def change(
    kind: str, id: UUID, body: TheBody, hub: TheHub, caller: APlanWriter, correlation_id: CorrelationId,
    if_match: IfMatch = "", prefer: Prefer = "",
) -> Response:  # fmt: skip
    """Let something that is there say what is sent; not where it is another version by now."""
    _check_kind(kind)
    told: dict[str, Any] = read(_RESOURCE, body)
    if told.get("id") != str(id):
        fault = Fault(f"{kind}.id", "It is not the id of the address.", "Let the two agree.")
        raise InvalidRequest("The request has faults.", faults=[fault])
    entry = Entry(kind, told, kind, id, if_match=if_match)
    (written,) = _written([entry], hub, caller, correlation_id)
    return _answer(entry, written, hub, prefer)


def _check_kind(kind: str) -> None:
    if kind not in _KINDS:
        step = f"Written here are {', '.join(sorted(_KINDS))}, and Consent; /fhir/metadata tells what is read."
        raise NotFound("Nothing of this type is written here.", step)


def _written(entries: Sequence[Entry], hub: Hub, caller: Caller, correlation_id: str) -> Sequence[Written]:
    wishes = [wish_of(entry, hub, caller) for entry in entries]
    said: Mapping[str, Any] = {"actor": caller.client, "correlation_id": correlation_id}
    for number in _numbers(wish.whose for wish in wishes):
        count_lookup([number], hub.settings.lookups_at_most(caller.client), hub.store, **said)
    return write_many(wishes, caller.reader, hub.store, hub.authorities, **said)


def _numbers(people: Iterable[object]) -> Iterable[Identifier]:
    return dict.fromkeys(one for one in people if isinstance(one, Identifier))


def _answer(entry: Entry, written: Written, hub: Hub, prefer: str) -> Response:
    resource = _as_read(entry, written, hub)
    headers = {"ETag": etag(resource["meta"]["versionId"]), **last_modified(resource)}
    status = OK
    if written.became is Became.CREATED:
        status, headers["Location"] = CREATED, f"/fhir/{_place(resource)}"
    wanted = _wanted(prefer)
    if wanted == "minimal":
        return Response(status_code=status, headers=headers)
    return resource_response(resource if wanted == "representation" else _outcome(written), status, headers)


def _told(entry: Entry, written: Written, hub: Hub, prefer: str) -> _RESOURCE:
    """Return what a transaction answers of one entry."""
    resource, wanted = _as_read(entry, written, hub), _wanted(prefer)
    response = {
        "status": _STATUS[CREATED if written.became is Became.CREATED else OK],
        "location": _place(resource),
        "etag": etag(resource["meta"]["versionId"]),
    }
    if "lastUpdated" in resource["meta"]:
        response["lastModified"] = resource["meta"]["lastUpdated"]
    if wanted == "OperationOutcome":
        return {"response": {**response, "outcome": _outcome(written)}}
    return {"response": response} if wanted == "minimal" else {"resource": resource, "response": response}


def _as_read(entry: Entry, written: Written, hub: Hub) -> _RESOURCE:
    """Return what was written as its writer reads it now."""
    return versioned(resources_of(written.shown, hub)[entry.kind, str(written.element)])


def _place(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}"


def _wanted(prefer: str) -> str:
    found = _RETURN.search(prefer)
    return found[1] if found else "representation"


def _outcome(written: Written) -> _RESOURCE:
    issue = {"severity": "information", "code": "informational", "details": {"text": _SAID[written.became]}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
