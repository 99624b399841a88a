"""A part of a page that cannot be answered leaves the page as it is, or leads it to where that is told."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.testclient import TestClient

from hub.errors import HubError, NotAllowed, NotAuthenticated, NotFound, StoreBusy
from hub.ui.problems import FragmentRoute

HTMX = {"HX-Request": "true"}
SIGNED_OUT = NotAuthenticated("No.", "Sign in.")


def asks(error: HubError | None, query: str = "", **headers: str) -> tuple[int, bytes, str | None, str | None]:
    """Ask for a part whose route raises; return status, body, and where htmx is to go and what it is to swap."""
    router = APIRouter(route_class=FragmentRoute)

    @router.get("/plans/p/part")
    def part(request: Request) -> str:
        request.state.correlation_id = "c"
        if error is not None:
            raise error
        return "part"

    app = FastAPI()
    app.include_router(router)
    with TestClient(app) as client:
        answer = client.get(f"/plans/p/part{query}", headers=headers, follow_redirects=False)
    said = answer.headers
    return answer.status_code, answer.content, said.get("hx-redirect"), said.get("hx-reswap")


@pytest.mark.parametrize("error", [NotFound("No."), NotAllowed("No.")])
def test_a_page_that_may_have_no_part_any_more_goes_to_where_that_is_told(error: HubError) -> None:
    assert asks(error, **HTMX) == (204, b"", "/plans/p", "none")


def test_a_page_whose_session_has_ended_asks_once_more_before_it_goes_for_it_may_be_on_its_way() -> None:
    status, part, leads, swaps = asks(SIGNED_OUT, **HTMX)
    assert (status, leads, swaps) == (200, None, "outerHTML")
    assert b'data-hx-get="/plans/p/part?ended=yes" data-hx-trigger="every 3s"' in part
    assert asks(SIGNED_OUT, "?ended=yes", **HTMX) == (204, b"", "/plans/p", "none")


def test_a_page_that_listens_besides_asks_once_more_too() -> None:
    listens = "text/html, text/event-stream"  # so htmx says it in all that such a page asks for
    assert asks(SIGNED_OUT, **HTMX, Accept=listens)[0] == 200


def test_by_hand_the_same_are_pages() -> None:
    assert [asks(one)[0] for one in (NotFound("No."), NotAllowed("No."))] == [404, 403]
    assert asks(SIGNED_OUT)[0] == 303


def test_a_hub_that_cannot_answer_now_leaves_the_page_as_it_is() -> None:
    status, body, leads, swaps = asks(StoreBusy("Not now."), **HTMX)
    assert (status, body, leads, swaps) == (503, b"", None, "none")


def test_a_part_that_can_be_answered_is_answered() -> None:
    assert asks(None, **HTMX)[:2] == (200, b'"part"')
