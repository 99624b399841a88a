"""What every sandbox system is made of: how it is told to behave, how it asks the hub, and its own half of the wire.

An authority's own half is a :class:`System`: how it tells the hub of a case, and the doors it opens to the hub.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson
from fastapi import FastAPI, HTTPException, Request
from pydantic import Field

from hub.sandbox.case import Strict
from hub.sandbox.shelf import Case, Delivery, Shelf

#: Longer than the hub waits for any answer (15 s).
_SLOW_SECONDS = 20
Broken = Literal["down", "slow", "garbage", "refuse"]


class Behaviour(Strict):
    """How the system answers the hub from now on: its deliveries, polls and fetches."""

    #: Answer this status and take nothing in.
    status: int | None = Field(default=None, ge=300, le=599)
    #: Seconds to wait before answering.
    delay: float = Field(default=0, ge=0, le=60)
    #: Seconds to put into a Retry-After header beside ``status``.
    retry_after: int | None = None
    #: Keep what is withdrawn, and give this reason.
    legal_hold: str = ""
    #: Broken on demand. down: the connection is closed without an answer. slow: answered later than the hub waits.
    #: garbage: 200 with something that is no answer. refuse: the system will not have it, in its own protocol's words.
    broken: Broken | None = None


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """What the hub said: its HTTP status (None when there was none) and its answer."""

    status: int | None
    answer: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a system is told at its start."""

    shelf: Shelf
    hub_url: str
    hub_token: str = field(repr=False)
    #: The token the hub must show at this system's own doors.
    token: str = field(repr=False)
    folder: Path | None = None
    #: Keys to sign with and to trust, for a system that signs its messages; else it does not.
    keys: Path | None = None


class System(Protocol):
    """An authority's own half."""

    name: str
    #: Fields of a case that its contract has no words for, such as ``household`` or ``appointments.interview_type``.
    has_no_words_for: tuple[str, ...]
    #: What the control API's ``PUT /sandbox/behaviour`` sets; the system's doors obey it.
    behaviour: Behaviour

    def case_id(self, number: int) -> str:
        """Return the id of the system's n-th case, as the control API's paths name it (no slash)."""
        ...

    def render(self, case: Case) -> bytes:
        """Return the message that tells of the case; kept, so that a repeat is the same bytes."""
        ...

    def send(self, case: Case) -> HubAnswer:
        """Send ``case.message`` to the hub in the system's own way."""
        ...

    def open_doors(self, app: FastAPI) -> None:
        """Add the routes by which the hub delivers and fetches."""
        ...


class Garbage(Exception):
    """The system is to answer with something that is no answer."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a delivery, for the system's receipt. ``reason`` says why something withdrawn is kept."""

    status: str
    sequence: int
    reason: str | None


def take_in(shelf: Shelf, delivery: Delivery, behaviour: Behaviour) -> Taken:
    """Apply a delivery, and return what the receipt says of it."""
    status = shelf.take_in(delivery, legal_hold=bool(behaviour.legal_hold))
    held = shelf.plans()[delivery.plan]["sequence"]
    return Taken(status, held, behaviour.legal_hold if status == "legal-hold" else None)


async def raw_body(request: Request) -> bytes:
    """Read the request's body."""
    return await request.body()


def require_token(request: Request, token: str) -> None:
    """Refuse a caller without the system's token (401)."""
    shown = request.headers.get("authorization", "")
    if not compare_digest(shown.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "no valid token", headers={"WWW-Authenticate": "Bearer"})


def obey(behaviour: Behaviour, refusal: Exception | None = None) -> None:
    """Wait and fail as the behaviour says; called by a system's doors before they take anything in.

    :param refusal: how the system refuses in its own protocol; without it by HTTP 422.
    """
    if wait := _SLOW_SECONDS if behaviour.broken == "slow" else behaviour.delay:
        time.sleep(wait)
    if behaviour.broken == "garbage":
        raise Garbage
    if behaviour.broken == "refuse":
        raise refusal or HTTPException(422, "this system takes nothing at present")
    if behaviour.status is not None:
        later = {} if behaviour.retry_after is None else {"Retry-After": str(behaviour.retry_after)}
        raise HTTPException(behaviour.status, "as the test wished", headers=later)


def ask_hub(url: str, body: bytes, headers: Mapping[str, str], timeout: float = 20.0) -> HubAnswer:
    """POST to the hub and return its answer, whatever its status."""
    # A plain client on purpose: what a foreign system uses is not the hub's business.
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as response:
            return HubAnswer(response.status, _readable(response.read()))
    except urllib.error.HTTPError as error:
        with error:
            return HubAnswer(error.code, _readable(error.read()))
    except OSError:
        return HubAnswer(None, "the hub does not answer")


def _readable(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


#: How a system is made from its surroundings; each sandbox module names one.
Maker = Callable[[Surroundings], System]
