"""A sandbox system's server: its page for people, its control API for demos and tests, and the authority's own doors.

Page and control API have no token: they are for loopback.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from hub.sandbox.behaving import add_behaviour
from hub.sandbox.case import CaseChange, CaseContent
from hub.sandbox.desk import Desk
from hub.sandbox.guard import add_guard
from hub.sandbox.page import Page, add_page
from hub.sandbox.proposed import say_yes
from hub.sandbox.shelf import Case, Shelf
from hub.sandbox.system import Behaviour, HubAnswer, System


def make_app(system: System, shelf: Shelf, *, has_folder: bool = False) -> FastAPI:
    """Return the system's server: page, control API and the system's own doors."""
    app = FastAPI(title=f"sandbox {system.name}", docs_url=None, redoc_url=None, openapi_url=None)
    desk = Desk(system, shelf, has_folder=has_folder)
    add_guard(app)
    add_behaviour(app, system)
    add_page(app, Page(system, shelf, desk))
    _add_case_controls(app, desk)
    _add_proposal_controls(app, desk, shelf)

    @app.get("/sandbox/behaviour")
    def behaviour() -> Behaviour:
        return system.behaviour

    @app.get("/sandbox/plans")
    def plans() -> dict[str, dict[str, Any]]:
        return shelf.plans()

    @app.get("/sandbox/deliveries")
    def deliveries() -> list[dict[str, Any]]:
        return shelf.deliveries()

    system.open_doors(app)
    return app


def _add_case_controls(app: FastAPI, desk: Desk) -> None:
    @app.post("/sandbox/cases", status_code=201)
    def create(content: CaseContent) -> dict[str, Any]:
        return _told(*desk.create(content))

    @app.patch("/sandbox/cases/{case_id}")
    def change(case_id: str, changes: CaseChange) -> dict[str, Any]:
        return _told(*desk.change(case_id, changes))

    @app.post("/sandbox/cases/{case_id}/resend")
    def resend(case_id: str) -> dict[str, Any]:
        return _told(*desk.resend(case_id))


def _add_proposal_controls(app: FastAPI, desk: Desk, shelf: Shelf) -> None:
    @app.get("/sandbox/proposals")
    def proposals() -> list[dict[str, Any]]:
        return shelf.proposals()

    @app.post("/sandbox/proposals/{proposal}/yes")
    def yes(proposal: str) -> dict[str, Any]:
        return _told(*say_yes(proposal, desk, shelf))


def _told(case: Case, hub: HubAnswer) -> dict[str, Any]:
    return {"case": case.id, "hub": {"status": hub.status, "answer": hub.answer}}
