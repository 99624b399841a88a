"""The doors of the sandbox register: its control API for demos and tests, its page, and the contract's own."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from pydantic import Field

from hub.sandbox.behaving import add_behaviour
from hub.sandbox.case import Strict
from hub.sandbox.guard import add_guard
from hub.sandbox.register import CPR, Change, PeopleRegister, Strangers, Who
from hub.sandbox.register_page import RegisterPage
from hub.sandbox.system import raw_body

_CURSOR = r"^[0-9]{0,18}$"
_JSON = "application/json"


class Again(Who):
    """A change that is told of though nothing has changed."""

    kind: str = "Person"


class Asked(Strict):
    """A Personopslag."""

    Personnummer: str = Field(pattern=CPR)


def make_register_app(register: PeopleRegister) -> FastAPI:
    """Return the register's server."""
    app = FastAPI(title="sandbox register", docs_url=None, redoc_url=None, openapi_url=None)
    add_guard(app)
    add_behaviour(app, register)
    RegisterPage(register).add_to(app)
    _add_controls(app, register)
    _add_strangers(app, register)
    _add_doors(app, register)
    return app


def _add_controls(app: FastAPI, register: PeopleRegister) -> None:
    @app.post("/sandbox/people", status_code=201)
    def add(who: Who) -> dict[str, Any]:
        return register.add(who.cpr)

    @app.delete("/sandbox/people", status_code=204)
    def begin_anew() -> None:
        register.begin_anew()

    @app.post("/sandbox/people/tell", status_code=204)
    def tell_again(again: Again) -> None:
        register.tell_again(again.cpr, again.kind)

    @app.get("/sandbox/people")
    def people() -> list[dict[str, Any]]:
        return register.people()

    @app.post("/sandbox/people/change")
    def change(wanted: Change) -> dict[str, Any]:
        return register.change(wanted)


def _add_strangers(app: FastAPI, register: PeopleRegister) -> None:
    @app.get("/sandbox/subscriptions")
    def subscriptions() -> dict[str, str]:
        return register.subscriptions()

    @app.put("/sandbox/strangers")
    def strangers(wanted: Strangers) -> Strangers:
        register.strangers = wanted
        return wanted


def _add_doors(app: FastAPI, register: PeopleRegister) -> None:
    @app.put("/api/abonnementer/{subscription}")
    def subscribe(subscription: str, request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Response:
        register.enter(request)
        register.subscribe(subscription, _asked(body))
        return Response(status_code=200)

    @app.delete("/api/abonnementer/{subscription}")
    def unsubscribe(subscription: str, request: Request) -> Response:
        register.enter(request)
        register.unsubscribe(subscription)
        return Response(status_code=204)

    @app.get("/api/haendelser")
    def changes(
        request: Request,
        efter: Annotated[str, Query(pattern=_CURSOR)] = "",
        antal: Annotated[int, Query(ge=1, le=500)] = 100,
        if_none_match: Annotated[str, Header()] = "",
    ) -> Response:
        register.enter(request)
        body = orjson.dumps(register.page(int(efter or 0), antal))
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if if_none_match == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(body, media_type=_JSON, headers={"ETag": tag})

    @app.post("/api/personopslag")
    def look_up(request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Response:
        register.enter(request)
        cpr = _asked(body)
        found = None if cpr in register.strangers.cprs else register.person(cpr)
        if found is None:
            raise HTTPException(404, "nobody has this number")
        return Response(orjson.dumps(found), media_type=_JSON)


def _asked(body: bytes) -> str:
    try:
        return Asked.model_validate_json(body).Personnummer
    except ValueError:
        raise HTTPException(400, "this is no Personopslag") from None
