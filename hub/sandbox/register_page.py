"""The page of the sandbox register: who is in it, and what may become of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from importlib.resources import files
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.clock import now
from hub.sandbox.forms import LOCAL
from hub.sandbox.register import Change, PeopleRegister, Protection

FORMS = "/sandbox/page/"
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
Number = Annotated[str, Form(pattern=r"^[0-9]{10}$")]
_YEAR = timedelta(days=364)


class RegisterPage:
    """The page; numbers go into bodies of forms, never into an address."""

    def __init__(self, register: PeopleRegister) -> None:
        made = Environment(loader=PackageLoader("hub.sandbox"), autoescape=True, undefined=StrictUndefined)
        self._register, self._template = register, made.get_template("register.html")
        self._style = files("hub.sandbox").joinpath("static/page.css").read_bytes()

    def add_to(self, app: FastAPI) -> None:
        """Add the page to the register's server."""
        app.get("/")(self.show)
        app.get("/sandbox/page.css")(self.style)
        posted: dict[str, Callable[..., Response]] = {
            "add": self.add,
            "die": self.die,
            "live": self.live,
            "renumber": self.renumber,
            "protect": self.protect,
            "unprotect": self.unprotect,
        }
        for path, form in posted.items():
            app.post(FORMS + path)(form)

    def show(self) -> Response:
        """Show everybody."""
        return self._rendered()

    def style(self) -> Response:
        """Serve the style sheet."""
        return Response(self._style, media_type="text/css", headers=_SAFE)

    def add(self, cpr: Number) -> Response:
        """Add somebody."""
        self._register.add(cpr)
        return RedirectResponse("/", 303)

    def die(self, cpr: Number) -> Response:
        """Let somebody die today."""
        return self._done(Change(cpr=cpr, died=_today()))

    def live(self, cpr: Number) -> Response:
        """Take a death back."""
        return self._done(Change(cpr=cpr, alive=True))

    def renumber(self, cpr: Number, new_cpr: Number) -> Response:
        """Give somebody another number."""
        return self._done(Change(cpr=cpr, new_cpr=new_cpr))

    def protect(self, cpr: Number) -> Response:
        """Protect name and address for a year (CPR-lov § 28)."""
        return self._done(Change(cpr=cpr, protections=[Protection(since=_today(), until=_today() + _YEAR)]))

    def unprotect(self, cpr: Number) -> Response:
        """End the protection."""
        return self._done(Change(cpr=cpr, protections=[]))

    def _done(self, change: Change) -> Response:
        try:
            self._register.change(change)
        except HTTPException as refused:
            return self._rendered(str(refused.detail), refused.status_code)
        return RedirectResponse("/", 303)

    def _rendered(self, wrong: str = "", status: int = 200) -> Response:
        text = self._template.render(
            people=self._register.people()[::-1], forms=FORMS, wrong=wrong, behaviour=self._register.behaviour
        )
        return HTMLResponse(text, status, _SAFE)


def _today() -> date:
    return now().astimezone(LOCAL).date()
