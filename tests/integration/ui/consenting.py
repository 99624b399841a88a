"""A citizen at the pages of consents: follows their forms as a browser without scripts does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import httpx
from lxml import html

from hub.store.transaction import Store
from tests.integration.ui.visitor import Visitor, parts_of


@dataclass
class Form:
    """A form of a page: where it goes, what it holds, and its buttons."""

    action: str
    fields: dict[str, str]
    buttons: dict[str, str] = field(default_factory=dict)


def forms_of(page: httpx.Response) -> list[Form]:
    """Return the forms of a page but for the one that signs out."""
    found = []
    for one in cast(Any, html.fromstring(page.content)).xpath("//main//form"):
        hidden = {i.get("name"): i.get("value") for i in one.xpath(".//input[@type='hidden']")}
        buttons = {b.get("value") or "": " ".join(b.text_content().split()) for b in one.xpath(".//button")}
        found.append(Form(one.get("action"), hidden, buttons))
    return found


def form_with(page: httpx.Response, action: str, **fields: str) -> Form:
    """Return the one form whose address ends so and which holds these fields."""
    (found,) = (one for one in forms_of(page) if one.action.endswith(action) and fields.items() <= one.fields.items())
    return found


def sends(visitor: Visitor, form: Form, **chosen: str) -> httpx.Response:
    """Send a form, with what was chosen in it."""
    return visitor.posts(form.action, **{**form.fields, **chosen})


def ticked(*categories: str, months: str = "3") -> dict[str, str]:
    return {**{f"category-{one}": "yes" for one in categories}, "months": months}


def says_yes(visitor: Visitor, recipient: str, *categories: str, months: str = "3") -> httpx.Response:
    """Go as far as the page that checks a yes."""
    cards = visitor.gets("/citizen/consents")
    select = sends(visitor, form_with(cards, "/answer", recipient=recipient), answer="yes")
    assert select.status_code == 200, select.text
    return sends(visitor, form_with(select, "/check"), **ticked(*categories, months=months))


def confirms(visitor: Visitor, check: httpx.Response, answer: str = "yes") -> httpx.Response:
    """Answer the page that checks."""
    return sends(visitor, form_with(check, "/confirm"), answer=answer)


def changes(visitor: Visitor, consent: str, answer: str) -> httpx.Response:
    """Press a button beside what was said."""
    return sends(visitor, form_with(visitor.gets("/citizen/consents"), "/change", consent=consent), answer=answer)


def said(store: Store, person: UUID) -> list[tuple[str, int, str, str, list[str], list[str], object]]:
    """Return everything that is written down of what a person has said."""
    with store.begin(read_only=True) as unit:
        return sorted(
            (
                str(one.id), one.version, one.status.value, one.effect.value, sorted(one.scope.recipients),
                sorted(one.scope.categories), one.period.end,
            )
            for one in unit.consents.of([person])
        )  # fmt: skip


def table_of(visitor: Visitor) -> list[str]:
    """Return who can see what, as the page of that says it."""
    return parts_of(visitor.gets("/citizen/who-can-see"), "//tbody//td//summary/text()")
