"""Search as R4 has it, by ``GET`` or by a posted form: in the plans that it names, or in all that the caller has.

Consent comes first: what is found, how many there are, what comes along and where a page ends are functions of what the
caller is shown. A search that names nobody goes through the caller's plans in order, so many at once, and counts them
not: what it costs does not grow with how many plans there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.asking import ASearcher, CorrelationId, TheBody, TheHub
from hub.api.fhir_answers import base_of, check_readable, resource_response
from hub.api.fhir_locating import located, search_fault
from hub.api.fhir_sources import Asker, organisations, take_of_plan
from hub.errors import NotFound
from hub.fhir.bundle import Found, searchset
from hub.fhir.page import Page, Place
from hub.fhir.search_parameters import PARAMETERS
from hub.fhir.search_query import MOST_AT_ONCE, Query, read_query
from hub.fhir.subset import subset
from hub.flow.show_many import plans_open_to

router = APIRouter(prefix="/fhir", tags=["fhir"])
#: Plans that one page of a search goes through.
PLANS_AT_ONCE = 50
_FORM = "application/x-www-form-urlencoded"
_NO_PLAN = UUID(int=0)


@router.get("/{kind}")
def search(kind: str, request: Request, hub: TheHub, caller: ASearcher, correlation_id: CorrelationId) -> Response:
    """Search for resources of a type; who somebody is, is posted."""
    query = read_query(_known(kind), request.query_params.multi_items(), is_strict=_is_strict(request))
    return _answer(query, request, Asker(hub, caller, correlation_id))


@router.post("/{kind}/_search")
def search_posted(
    kind: str, request: Request, body: TheBody, hub: TheHub, caller: ASearcher, correlation_id: CorrelationId
) -> Response:
    """Search by a posted form: the only way for identifiers, for an address is written down in many places."""
    if body and request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise search_fault("Content-Type", "A search is posted as a form.", f"Send Content-Type: {_FORM}.")
    try:
        asked = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_AT_ONCE)
    except ValueError:
        raise search_fault("body", "It is no form in UTF-8, or has too many fields.", "Send fewer.") from None
    in_address = request.query_params.multi_items()
    read_query(_known(kind), in_address, is_strict=_is_strict(request))  # what stands in the address is no form's
    query = read_query(kind, [*in_address, *asked], is_strict=_is_strict(request), is_posted=True)
    return _answer(query, request, Asker(hub, caller, correlation_id))


def _answer(query: Query, request: Request, asker: Asker) -> Response:
    check_readable(request)
    found = _found(query, asker)
    cut = [subset(one, query.summary, query.elements) for one in found.matches]
    told = Found(cut, found.included, found.total, found.after)
    return resource_response(searchset(base_of(request, asker.hub), query.kind, told, query.heeded))


def _found(query: Query, asker: Asker) -> Found:
    page = _page(query)
    if query.kind == "Organization":
        page.take(_NO_PLAN, organisations(asker.hub))
        return page.found(is_counted=True)
    plans = located(query, asker)
    if plans is not None:
        for plan in plans:
            take_of_plan(plan, query.kind, page.take, asker)
        return page.found(is_counted=True)
    if page.is_count:
        step = "Name a patient, or read the pages."
        raise search_fault(
            "_summary", "The resources of all plans are not counted: that would cost as much as there is.", step
        )
    return _in_all_plans(query, page, asker)


def _in_all_plans(query: Query, page: Page, asker: Asker) -> Found:
    """Go through the caller's plans in order, from where the last page stopped."""
    gone_through = None
    for plan in _plans_from(page.after, asker):
        if gone_through is not None and page.is_full:
            page.stop_after(gone_through)
            return page.found(is_counted=False)
        take_of_plan(plan, query.kind, page.take, asker)
        gone_through = plan
    if gone_through is not None and next(iter(_plans_after(gone_through, 1, asker)), None) is not None:
        page.stop_after(gone_through)
    return page.found(is_counted=False)


def _plans_from(after: Place | None, asker: Asker) -> Iterator[UUID]:
    """Yield the plans that one page goes through, that in which the last page stopped among them."""
    before = UUID(int=after.plan.int - 1) if after and after.plan.int else None
    yield from _plans_after(before, PLANS_AT_ONCE, asker)


def _plans_after(after: UUID | None, at_most: int, asker: Asker) -> Sequence[UUID]:
    return plans_open_to(asker.caller.reader, asker.hub.store, after, at_most)


def _page(query: Query) -> Page:
    try:
        after = Place.read(query.after) if query.after else None
    except ValueError:
        raise search_fault("_cursor", "It is none of the hub's.", "Follow the link next as it stands.") from None
    # What tells who somebody is cannot be part of the link to a next page, so there is one page.
    is_whole = any(one.parameter.tells_who for one in query.criteria)
    count = len(PARAMETERS) * 10_000 if is_whole else query.count
    return Page(query.finds, count, after, query.includes, query.summary == "count")


def _known(kind: str) -> str:
    if kind not in PARAMETERS:
        raise NotFound("There are no resources of this type here.", "GET /fhir/metadata lists those that there are.")
    return kind


def _is_strict(request: Request) -> bool:
    asked = request.headers.get("prefer", "").replace(" ", "").lower()
    return "handling=strict" in asked.replace(";", ",").split(",")
