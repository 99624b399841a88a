"""Every route says who may call it, and the page of roles says what the routes say."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI

from hub.api.app import create_app
from hub.api.asking import AMember, AnOperator, TheCaller
from hub.api.declared import Declared, declared_routes
from hub.plan.person import OF_THE_HUB, Role
from hub.testing.roles_page import page

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "roles.md"
#: What tells of plans, their people or what is done about them.
OF_PLANS = (
    "/plans",
    "/families",
    "/explain",
    "/consents",
    "/fhir",
    "/emergencies",
    "/meetings",
    "/notices",
    "/feed",
    "/in/",
)


@cache  # a hub is put together once: its routes stay as they are
def the_routes() -> dict[str, list[Declared]]:
    nothing = cast(Any, None)
    app = create_app(nothing, nothing, nothing, nothing, broker_answers=nothing)
    return {route: list(declared) for route, declared in declared_routes(app)}


@pytest.mark.parametrize("route", sorted(the_routes()))
def test_a_route_declares_who_may_call_it(route: str) -> None:
    assert len(the_routes()[route]) == 1, "take its caller by one of the types at the end of hub/api/asking.py"


def test_a_route_that_declares_nothing_or_two_things_is_found() -> None:
    app = FastAPI()

    @app.get("/nothing")
    def nothing(caller: TheCaller) -> None: ...

    @app.get("/two")
    def two(one: AMember, other: AnOperator) -> None: ...

    found = {route: len(declared) for route, declared in declared_routes(app)}
    assert found == {"GET /nothing": 0, "GET /two": 2}


def test_whoever_looks_after_the_hub_is_let_into_nothing_that_tells_of_plans() -> None:
    public = {Role(role) for role in Role}
    let_in = {
        (route, role)
        for route, (declared,) in the_routes().items()
        if route.split()[1].startswith(OF_PLANS) and declared.roles != public
        for role in declared.roles & OF_THE_HUB
    }
    # What a policy would change is tried out on made-up citizens.
    assert let_in == {("POST /consents/simulate", Role.ADMINISTRATOR)}


@pytest.mark.files
def test_the_page_of_roles_is_what_the_routes_declare() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: make docs"
