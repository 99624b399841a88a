"""Somebody with a browser: keeps cookies, says where a form comes from, and follows nothing by itself."""

from __future__ import annotations

from typing import Any, Self, cast

import httpx
from lxml import html


class Visitor:
    """A browser of one person."""

    def __init__(self, url: str, **headers: str) -> None:
        self.client = httpx.Client(base_url=url, headers={"Accept-Language": "da", **headers}, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def gets(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, headers={"X-Correlation-Id": "same", **headers})

    def posts(self, path: str, *, site: str | None = "same-origin", origin: str = "", **fields: str) -> httpx.Response:
        """Send a form, from a page of the hub unless told otherwise."""
        headers = {"Sec-Fetch-Site": site} if site else {}
        return self.client.post(path, data=fields, headers=headers | ({"Origin": origin} if origin else {}))

    def signs_in(self, token: str, wanted: str = "/coordinator") -> httpx.Response:
        """Sign in."""
        return self.posts("/sign-in", token=token, next=wanted)

    def finds(self, cpr: str) -> httpx.Response:
        """Look for a person's plan."""
        return self.posts("/coordinator", cpr=cpr, form=self.form_token())

    def form_token(self) -> str:
        """Return what the forms of this session carry."""
        return parts_of(self.gets("/coordinator"), "//input[@name='form']/@value")[0]


def parts_of(answer: httpx.Response, path: str) -> list[str]:
    """Return the texts that an XPath names on a page."""
    return [str(found).strip() for found in cast(list[Any], html.fromstring(answer.text).xpath(path))]


def words_of(answer: httpx.Response, within: str = "//main") -> str:
    """Return what a page says, in its order, without its tags."""
    return " ".join(" ".join(parts_of(answer, f"{within}//text()")).split())
