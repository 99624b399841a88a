"""Several resources in one answer: what a search found, what a patient's or a plan's everything is, a history.

Addresses are absolute, by the hub's own (``base``), for a client follows a link without knowing where it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from hub.fhir.versions import etag
from hub.fhir.words import Resource, filled


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    :ivar matches: of this page, as they go out. :ivar included: what comes along.
    :ivar total: how many there are on all pages; None: nobody has counted, since that would cost as much as there is.
    :ivar after: where the next page begins; empty: there is none.
    """

    matches: Sequence[Resource] = ()
    included: Sequence[Resource] = ()
    total: int | None = None
    after: str = ""


def searchset(base: str, address: str, found: Found, heeded: Sequence[tuple[str, str]]) -> Resource:
    """Return what a search found.

    :param base: the facade's own address, without a slash at its end. :param address: what was searched, below it.
    :param heeded: the parameters that were heeded and may be part of an address.
    """
    links = [{"relation": "self", "url": _link(base, address, heeded)}]
    if found.after:
        links.append({"relation": "next", "url": _link(base, address, [*heeded, ("_cursor", found.after)])})
    entries = [_entry(base, one, "match") for one in found.matches]
    entries += [_entry(base, one, "include") for one in found.included]
    total = {} if found.total is None else {"total": found.total}
    return {"resourceType": "Bundle", "type": "searchset", **total, "link": links, **filled(entry=entries)}


def history(base: str, address: str, versions: Iterable[Resource]) -> Resource:
    """Return the versions of a resource, the newest first, each with the request that would have made it (bdl-3)."""
    entries = [_version(base, one) for one in versions]
    return {
        "resourceType": "Bundle",
        "type": "history",
        "total": len(entries),
        "link": [{"relation": "self", "url": f"{base}/{address}"}],
        **filled(entry=entries),
    }


def _entry(base: str, resource: Resource, mode: str) -> Resource:
    return {"fullUrl": _url(base, resource), "resource": resource, "search": {"mode": mode}}


def _version(base: str, resource: Resource) -> Resource:
    meta: Mapping[str, str] = resource["meta"]
    return {
        "fullUrl": _url(base, resource),
        "resource": resource,
        "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        "response": filled(status="200", etag=etag(meta["versionId"]), lastModified=meta.get("lastUpdated")),
    }


def _url(base: str, resource: Resource) -> str:
    return f"{base}/{resource['resourceType']}/{resource['id']}"


def _link(base: str, address: str, asked: Sequence[tuple[str, str]]) -> str:
    query = urlencode(asked)
    return f"{base}/{address}?{query}" if query else f"{base}/{address}"
