"""A FHIR R4 ``Bundle`` of the type transaction: what each of its entries asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hub.errors import InvalidRequest
from hub.fhir.parts import Parts, uuid_of

MOST_ENTRIES = 50
_URL = re.compile(r"(?P<kind>[A-Z][A-Za-z]{1,40})(?:/(?P<id>[0-9a-f-]{36}))?")
_NAME = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource that is to be written.

    :ivar path: where it stands in what was sent; its type where it stands alone.
    :ivar id: which is changed; None: it is new.
    :ivar name: by which other entries refer to it; "" where none can.
    :ivar if_match: on which version it rests.
    :ivar unless: a query that finds what makes it needless, and ``unless_path`` where that stands.
    """

    kind: str
    resource: Mapping[str, Any] = field(repr=False)
    path: str
    id: UUID | None = None
    name: str = ""
    if_match: str = ""
    unless: str = field(default="", repr=False)
    unless_path: str = ""


def entries_of(bundle: Mapping[str, Any], kinds: frozenset[str]) -> list[Entry]:
    """Return the entries of a transaction, in their order.

    :param kinds: types that may be written.
    :raises InvalidRequest: naming every entry that is none, or asks for something else than to create or to change.
    """
    parts = Parts(bundle, "Bundle")
    parts.knows(frozenset({"resourceType", "id", "meta", "type", "entry"}))
    if parts.value.get("resourceType") != "Bundle":
        parts.fault("resourceType", "It is not Bundle.", "Send one Bundle.")
    if parts.value.get("type") != "transaction":
        parts.fault("type", "Only a transaction is taken, all of it or nothing.", "Send others one by one.")
    found = [one for entry in parts.children("entry") if (one := _entry(entry, kinds)) is not None]
    if not 0 < len(found) <= MOST_ENTRIES:
        parts.fault("entry", f"A transaction has 1 to {MOST_ENTRIES} entries.")
    ids, names = [one.id for one in found if one.id], [one.name for one in found if one.name]
    conditions = [(one.kind, one.unless) for one in found if one.unless]
    if any(len(set(said)) < len(said) for said in (ids, names, conditions)):
        parts.fault("entry", "Two are of one id, name or condition.", "Send each once.")
    if parts.faults:
        raise InvalidRequest("The Bundle has faults.", faults=parts.faults)
    return found


def _entry(entry: Parts, kinds: frozenset[str]) -> Entry | None:
    entry.knows(frozenset({"fullUrl", "resource", "request"}))
    resource, request = entry.child("resource"), entry.child("request")
    request.knows(frozenset({"method", "url", "ifMatch", "ifNoneExist"}))
    url = _URL.fullmatch(str(request.value.get("url", "")))
    if url is None or url["kind"] not in kinds:
        request.fault("url", "Nothing of this type is written here.", f"Use one of {', '.join(sorted(kinds))}.")
        return None
    if request.value.get("method") != ("PUT" if url["id"] else "POST"):
        request.fault("method", "A transaction creates (POST of a type) and changes (PUT of a type and id) alone.")
        return None
    id = uuid_of(request, "url", url["id"]) if url["id"] else None
    if id is not None and resource.value.get("id") != str(id):
        resource.fault("id", "It is not the id of the url.", "Let the two agree.")
    name = str(entry.value.get("fullUrl", ""))
    return Entry(
        url["kind"],
        resource.value,
        resource.path,
        id,
        name if _NAME.fullmatch(name) else "",
        str(request.value.get("ifMatch", "")),
        str(request.value.get("ifNoneExist", "")),
        f"{request.path}.ifNoneExist",
    )
