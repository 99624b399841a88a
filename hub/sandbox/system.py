"""The shared half of every sandbox system: its control API for demos and tests, and how it is started.

The control API has no token: it is for loopback. An authority's own half is a :class:`System`: how it tells the hub of
a case, and the doors it opens to the hub.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from hmac import compare_digest
from pathlib import Path
from typing import Any, Protocol

import orjson
from fastapi import FastAPI, HTTPException, Request
from pydantic import Field

from hub.clock import new_id, now
from hub.sandbox.case import CaseChange, CaseContent, Strict
from hub.sandbox.shelf import Case, Shelf


class Behaviour(Strict):
    """How the system answers the hub's deliveries from now on; for tests of what the hub does about it."""

    #: Answer this status and take nothing in.
    status: int | None = Field(default=None, ge=300, le=599)
    #: Seconds to wait before answering.
    delay: float = Field(default=0, ge=0, le=60)
    #: Seconds to put into a Retry-After header beside ``status``.
    retry_after: int | None = None
    #: Keep what is withdrawn, and give this reason.
    legal_hold: str = ""


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


class System(Protocol):
    """An authority's own half."""

    name: str
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


def make_app(system: System, shelf: Shelf) -> FastAPI:
    """Return the system's server: the control API and the system's own doors."""
    app = FastAPI(title=f"sandbox {system.name}", docs_url=None, redoc_url=None, openapi_url=None)
    _add_case_controls(app, system, shelf)

    @app.put("/sandbox/behaviour")
    def behave(behaviour: Behaviour) -> Behaviour:
        system.behaviour = behaviour
        return behaviour

    @app.get("/sandbox/plans")
    def plans() -> dict[str, dict[str, Any]]:
        return shelf.plans()

    @app.get("/sandbox/deliveries")
    def deliveries() -> list[dict[str, Any]]:
        return shelf.deliveries()

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok", "system": system.name}

    system.open_doors(app)
    return app


def _add_case_controls(app: FastAPI, system: System, shelf: Shelf) -> None:
    one_at_a_time = threading.Lock()  # two changes at once would give the same version twice

    def keep(case: Case) -> Case:
        rendered = replace(case, message=system.render(case))
        shelf.save(rendered)
        return rendered

    @app.post("/sandbox/cases", status_code=201)
    def create(content: CaseContent) -> dict[str, Any]:
        number = shelf.next_number()
        told = content.model_dump(mode="json")
        case = keep(Case(system.case_id(number), number, 1, _stamp(), str(new_id()), told))
        return _told(case, system.send(case))

    @app.patch("/sandbox/cases/{case_id}")
    def change(case_id: str, changes: CaseChange) -> dict[str, Any]:
        given = changes.model_dump(mode="json", exclude_unset=True)
        with one_at_a_time:
            case = _found(shelf, case_id)
            content = CaseContent.model_validate({**case.content, **given}).model_dump(mode="json")
            version = case.version + 1
            case = keep(replace(case, version=version, changed_at=_stamp(), message_id=str(new_id()), content=content))
        return _told(case, system.send(case))

    @app.post("/sandbox/cases/{case_id}/resend")
    def resend(case_id: str) -> dict[str, Any]:
        case = _found(shelf, case_id)
        return _told(case, system.send(case))


def _told(case: Case, hub: HubAnswer) -> dict[str, Any]:
    return {"case": case.id, "hub": {"status": hub.status, "answer": hub.answer}}


def _found(shelf: Shelf, case_id: str) -> Case:
    case = shelf.case(case_id)
    if case is None:
        raise HTTPException(404, "no such case")
    return case


def _stamp() -> str:
    return now().astimezone(UTC).isoformat(timespec="milliseconds")


def require_token(request: Request, token: str) -> None:
    """Refuse a caller without the system's token (401)."""
    shown = request.headers.get("authorization", "")
    if not compare_digest(shown.encode(), f"Bearer {token}".encode()):
        raise HTTPException(401, "no valid token", headers={"WWW-Authenticate": "Bearer"})


def obey(behaviour: Behaviour) -> None:
    """Wait and fail as the behaviour says; called by a system's doors before they take anything in."""
    if behaviour.delay:
        time.sleep(behaviour.delay)
    if behaviour.status is not None:
        wait = {} if behaviour.retry_after is None else {"Retry-After": str(behaviour.retry_after)}
        raise HTTPException(behaviour.status, "as the test wished", headers=wait)


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
