"""The documents stay true: what the code offers, they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer.main
from fastapi.routing import APIRoute
from pydantic import BaseModel

from hub import errors
from hub.adapters._endpoints import EndpointSettings
from hub.adapters._feed import WebhookSettings
from hub.adapters.beskedfordeler import BeskedfordelerSettings
from hub.adapters.children import ChildrenSettings
from hub.adapters.digital_post import PostSettings
from hub.adapters.employment import EmploymentSettings
from hub.adapters.partners import PartnerSettings
from hub.adapters.register import RegisterSettings
from hub.adapters.social import SocialSettings
from hub.adapters.youth import YouthSettings
from hub.api.app import create_app
from hub.api.problems import STATUS
from hub.cli.commands import app
from hub.cli.demo import STORIES
from hub.errors import HubError
from hub.settings import Client, Settings, SignIn
from hub.settings.key_token import KeyToken
from hub.settings.sign_in import RoleRule
from hub.testing import settings_page
from hub.ui import pages

pytestmark = pytest.mark.files

DOCS = Path(__file__).parents[2] / "docs"
#: Codes that HTTP itself brings, and no error of the tree.
OF_HTTP = {"method-not-allowed": 405, "failed": 500}


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"| `HUB_{name.upper()}` |" in (DOCS / "reference" / "settings.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Client.model_fields))
def test_every_field_of_a_client_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "reference" / "settings.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted({*SignIn.model_fields, *RoleRule.model_fields}))
def test_every_field_of_signing_in_is_documented(name: str) -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    assert f"| `{name}` |" in page.partition("## Signing in")[2].partition("## Authorities")[0]


#: Whose settings stand in which section; the last two take over what stands under Authorities.
OF_ADAPTERS: dict[str, tuple[type[BaseModel], ...]] = {
    "Authorities": (
        *(BeskedfordelerSettings, ChildrenSettings, EmploymentSettings),
        *(PartnerSettings, SocialSettings, YouthSettings),
    ),
    "The person register": (RegisterSettings,),
    "Post": (PostSettings,),
}


def _fields_documented(section: str) -> set[str]:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", page, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)} - {"kind"}  # which adapter it is


def _fields(*models: type[BaseModel]) -> set[str]:
    return {name for model in models for name in model.model_fields}


@pytest.mark.parametrize("section", sorted(OF_ADAPTERS))
def test_every_field_of_an_adapters_settings_is_documented_and_no_other(section: str) -> None:
    fields, ours = _fields(*OF_ADAPTERS[section]), _fields_documented(section)
    assert fields - ours - (_fields_documented("Authorities") if section != "Authorities" else set()) == set()
    assert ours - fields == set()


@pytest.mark.parametrize(
    ("name", "table"), [("HUB_KEY_TOKEN", KeyToken), ("webhook", WebhookSettings), ("subscriptions", EndpointSettings)]
)
def test_every_field_of_a_table_within_a_line_is_documented(name: str, table: type[BaseModel]) -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    (line,) = re.findall(rf"^\| `{name}` \|.*$", page, flags=re.MULTILINE)
    assert [field for field in table.model_fields if f"`{field}`" not in line] == []


def test_no_setting_is_documented_that_is_not_there() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    documented = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `HUB_")}
    assert documented == {f"HUB_{name.upper()}" for name in Settings.model_fields}


def test_the_page_of_settings_is_what_the_model_says() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    assert settings_page.written(page) == page, "run: make docs"


def test_the_page_of_settings_follows_a_model_that_has_changed() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    old = page.replace("| whole number | `8080` |", "| whole number | `80` |").replace("| `HUB_PORT` ", "| `HUB_GONE` ")
    told = settings_page.written(old)
    assert "HUB_GONE" not in told
    assert "| `HUB_PORT` | port to listen on; 0 takes a free one | whole number | `8080` |" in told


def _headings(page: str) -> dict[str, str]:
    """Return the sections whose heading is code, such as a route or a command."""
    text = (DOCS / "reference" / page).read_text("utf-8")
    sections = re.split(r"^#{2,3} ", text, flags=re.MULTILINE)[1:]
    found = [(section.splitlines()[0], section) for section in sections if section.startswith("`")]
    assert len({heading for heading, _ in found}) == len(found), "something is documented twice"
    return {heading.strip("`"): section for heading, section in found}


def _routes() -> set[str]:
    nothing = cast(Any, None)  # to describe the routes, nothing behind them is needed
    paths = create_app(nothing, nothing, nothing, nothing, broker_answers=nothing).openapi()["paths"]
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    return described | {"GET /openapi.json"} | _pages()


def _pages() -> set[str]:
    routes = [route for room in (*pages.ROOMS, pages) for route in room.router.routes]
    ours = [route for route in routes if isinstance(route, APIRoute)]
    return {f"{method} {route.path_format}" for route in ours for method in route.methods or ()}


def _commands() -> dict[str, Any]:
    def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
        for part, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{name} {part}")
        if not hasattr(command, "commands") or command.invoke_without_command:
            yield name, command

    return dict(walk(typer.main.get_command(app), "hub"))


def _codes() -> dict[str, int]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)]
    return {kind.code: next(STATUS[one] for one in kind.__mro__ if one in STATUS) for kind in kinds}


def test_every_route_is_documented_and_no_other() -> None:
    assert _headings("api.md").keys() == _routes()


@pytest.mark.parametrize("route", sorted(_routes()))
def test_a_route_says_who_may_and_what_it_answers(route: str) -> None:
    section = _headings("api.md")[route]
    assert "*Answer*" in section
    assert "*Who*" in section or "/consents" in route, "of consents it is said once for all three"


def test_every_command_is_documented_and_no_other() -> None:
    assert _headings("cli.md").keys() == _commands().keys()


@pytest.mark.parametrize("name", sorted(_commands()))
def test_every_option_of_a_command_is_documented_and_no_other(name: str) -> None:
    options = {option for one in _commands()[name].params for option in one.opts if option.startswith("--")}
    documented = re.findall(r"^\| `(--[a-z-]+)`", _headings("cli.md")[name], flags=re.MULTILINE)
    assert set(documented) == options - {"--help"}


@pytest.mark.parametrize("name", sorted(_commands()))
def test_a_command_that_takes_something_says_what(name: str) -> None:
    section = _headings("cli.md")[name]
    takes = any(one.param_type_name == "argument" for one in _commands()[name].params)
    assert not takes or re.search(r"\b[Tt]akes\b|^\| `[A-Z]+` \|", section, flags=re.MULTILINE)


def test_every_error_stands_in_the_table_with_its_status_and_no_other() -> None:
    page = (DOCS / "reference" / "api.md").read_text("utf-8").partition("## Errors")[2]
    documented = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| \S", page, flags=re.MULTILINE)
    assert len(documented) == len(dict(documented))
    assert {code: int(status) for code, status in documented} == _codes() | OF_HTTP


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/a-new-authority.md"])
def test_who_runs_the_demo_is_told_how_many_stories_it_plays(page: str) -> None:
    (number,) = re.findall(r"plays (\w+) stories", (DOCS.parent / page).read_text("utf-8"))
    assert ["seven", "eight", "nine", "ten", "eleven"].index(number) + 7 == len(STORIES)
