"""Who asks for more at once than the hub takes on is told to come again; others are not held up."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from hub.api.crowd import Crowd
from hub.api.middleware import AtTheDoor

pytestmark = pytest.mark.integration
EACH = 3


def _app(each: int) -> tuple[FastAPI, asyncio.Event]:
    """Return an application whose one route waits until it may go on."""
    app, may_go = FastAPI(), asyncio.Event()
    app.state.crowd, app.state.is_going = Crowd(lambda: each), False

    @app.get("/waits")
    async def waits() -> str:
        await may_go.wait()
        return "done"

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    app.add_middleware(AtTheDoor)
    return app, may_go


def _client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.example")


async def _asked(app: FastAPI, may_go: asyncio.Event, tokens: list[str]) -> list[httpx.Response]:
    return await _sent(app, may_go, [{"Authorization": f"Bearer {token}"} if token else {} for token in tokens])


async def _sent(app: FastAPI, may_go: asyncio.Event, headers: list[Any]) -> list[httpx.Response]:
    async with _client(app) as client:
        asked = [asyncio.create_task(client.get("/waits", headers=one)) for one in headers]
        await asyncio.sleep(0.05)
        assert (await client.get("/healthz", headers={"Authorization": "Bearer flood"})).status_code == 200
        may_go.set()
        return await asyncio.gather(*asked)


def test_who_floods_is_told_to_come_again_and_others_are_answered() -> None:
    app, may_go = _app(EACH)
    answers = asyncio.run(_asked(app, may_go, ["flood"] * 5 + ["other"] * EACH))
    assert [one.status_code for one in answers] == [200] * EACH + [503] * 2 + [200] * EACH
    refused = answers[EACH]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert "fewer side by side" in refused.json()["next_step"]


@pytest.mark.parametrize(
    "spelled",
    [
        [
            {"Authorization": f"{scheme} flood{end}"}
            for scheme, end in (("Bearer", ""), ("bearer ", ""), ("BEARER", " "))
        ],
        [{"Authorization": "Bearer flood", "Cookie": f"hub-session=made-up-{number}"} for number in range(3)],
        [{"Authorization": f"Bearer made-up-{number}", "Cookie": "hub-session=flood"} for number in range(3)],
        [{"Cookie": f"a={number}; hub-session=flood; __Host-hub-session={number}"} for number in range(3)],
        [{"Cookie": f"__Host-hub-session=flood; hub-session={number}"} for number in range(3)],
        [[("Cookie", f"hub-session={number}"), ("Cookie", "hub-session=flood")] for number in range(3)],
    ],
    ids=["another scheme", "a session beside a token", "a token beside a session", "cookies", "a name", "two headers"],
)
def test_nobody_hides_behind_another_spelling(spelled: list[Any]) -> None:
    app, may_go = _app(2)
    answers = asyncio.run(_sent(app, may_go, spelled))
    assert [one.status_code for one in answers] == [200, 200, 503]


def test_what_is_answered_counts_no_more() -> None:
    app, may_go = _app(EACH)
    for _ in range(2):
        answers = asyncio.run(_asked(app, may_go, ["flood"] * EACH))
        assert {one.status_code for one in answers} == {200}


def test_who_has_no_token_is_nobodys_neighbour() -> None:
    app, may_go = _app(1)
    answers = asyncio.run(_asked(app, may_go, [""] * 5))
    assert {one.status_code for one in answers} == {200}


def test_when_too_many_wait_for_a_thread_the_next_is_told_to_come_again() -> None:
    async def crowded() -> tuple[int, int, httpx.Response]:
        app, may_go = _app(EACH)
        may_go.set()
        limiter = current_default_thread_limiter()
        before, limiter.total_tokens = limiter.total_tokens, 1
        holder = object()
        await limiter.acquire_on_behalf_of(holder)
        waiting = [asyncio.create_task(limiter.acquire_on_behalf_of(object())) for _ in range(80)]
        await asyncio.sleep(0.05)
        async with _client(app) as client:
            refused = await client.get("/waits")
            ready = await client.get("/healthz")
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        limiter.release_on_behalf_of(holder)
        limiter.total_tokens = before
        async with _client(app) as client:
            afterwards = await client.get("/waits")
        return ready.status_code, afterwards.status_code, refused

    ready, afterwards, refused = asyncio.run(crowded())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert (ready, afterwards) == (200, 200)
