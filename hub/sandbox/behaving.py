"""What every sandbox lets itself be told: how to behave from now on; and it says that it is well."""

from __future__ import annotations

from typing import Protocol

from fastapi import FastAPI, Request, Response

from hub.sandbox.system import Behaviour, Garbage

#: What a proxy in front of a broken system likes to say.
_GARBAGE = b"<html><body>We are working on it \xff\x00"


class Behaves(Protocol):
    """Whoever answers the hub as it is told to."""

    name: str
    behaviour: Behaviour


def add_behaviour(app: FastAPI, one: Behaves) -> None:
    """Let it be told, and break as it was told."""

    @app.put("/sandbox/behaviour")
    def behave(behaviour: Behaviour) -> Behaviour:
        one.behaviour = behaviour
        return behaviour

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok", "system": one.name}

    @app.exception_handler(Garbage)
    def garbage(_request: Request, _error: Exception) -> Response:
        return Response(_GARBAGE, media_type="text/html")
