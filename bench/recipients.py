"""Recipients: real HTTP servers that answer every delivery at once with a valid receipt of contract social/v1."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from bench.programs import Answer, served


@contextmanager
def recipient(seconds: float = 0) -> Iterator[Answer]:
    """Serve one recipient; whatever is asked, the answer is its URL.

    :param seconds: how long it takes for each answer.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if seconds:
            await asyncio.sleep(seconds)
        await _take_in(scope, receive, send)

    with served(app) as url:
        yield lambda _question: url


async def _take_in(scope: Any, receive: Any, send: Any) -> None:
    """Read the whole body and answer with a receipt for the sequence that the key ends with."""
    while (await receive()).get("more_body"):
        pass
    key = dict(scope["headers"])[b"idempotency-key"].decode()
    body = orjson.dumps({"Status": "taken-in", "Sekvens": int(key.rpartition(":")[2])})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
