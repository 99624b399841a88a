"""The page of a sandbox system: its cases, what the hub has delivered, and how it is broken and mended.

Server-rendered, without a script. No login: :mod:`hub.sandbox.guard` keeps strangers out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, get_args
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Form, HTTPException, Request, Response
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.sandbox.case import CaseChange
from hub.sandbox.desk import Desk
from hub.sandbox.forms import LOCAL, Minutes, Moment, NewCase, Text, booked, cancelled, moved
from hub.sandbox.proposed import say_yes
from hub.sandbox.shelf import Case, Shelf
from hub.sandbox.system import Behaviour, Broken, HubAnswer, System

FORMS = "/sandbox/page/"
NAMES = {
    "children": "Children and family services",
    "employment": "Employment services",
    "partner": "A partner",
    "social": "Social services",
    "youth": "Municipal youth services",
}
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a stricter one makes browsers hide the Origin that the guard looks at
    "Cache-Control": "no-store",
}


class Page:
    """One system's page."""

    def __init__(self, system: System, shelf: Shelf, desk: Desk) -> None:
        self._system, self._shelf, self._desk = system, shelf, desk
        templates = Environment(loader=PackageLoader("hub.sandbox"), autoescape=True, undefined=StrictUndefined)
        templates.filters |= {"local": _local, "for_input": _for_input, "readable": _readable}
        self._template = templates.get_template("page.html")
        self._style = (files("hub.sandbox") / "static" / "page.css").read_text("utf-8")

    def add_to(self, app: FastAPI) -> None:
        """Add the page and what its forms post to."""
        app.get("/")(self.show)
        app.get("/sandbox/page.css")(self.style)
        posted: dict[str, Callable[..., Response]] = {
            "cases": self.open_case,
            "cases/{case_id}/title": self.rename,
            "cases/{case_id}/close": self.close,
            "cases/{case_id}/appointments": self.book,
            "cases/{case_id}/appointments/move": self.move,
            "cases/{case_id}/appointments/cancel": self.cancel,
            "proposals/{proposal}/yes": self.say_yes,
            "break": self.break_down,
            "mend": self.mend,
        }
        for path, form in posted.items():
            app.post(FORMS + path)(form)

    def show(self) -> Response:
        """Show everything."""
        return self.rendered()

    def style(self) -> Response:
        """Serve the style sheet."""
        return Response(self._style, media_type="text/css", headers=_SAFE)

    def open_case(self, filled_in: Annotated[NewCase, Form()]) -> Response:
        """Open a case."""
        return self._done(lambda: self._desk.create(filled_in.content()))

    def rename(self, case_id: str, title: Text) -> Response:
        """Give a case another title."""
        return self._changed(case_id, lambda _: CaseChange(title=title))

    def close(self, case_id: str) -> Response:
        """Close a case."""
        return self._changed(case_id, lambda _: CaseChange(close=True))

    def book(self, case_id: str, title: Text, start: Moment, minutes: Minutes = 60, place: Text = "") -> Response:
        """Book an appointment."""
        return self._changed(case_id, lambda case: booked(case, title, start, minutes, place))

    def move(self, case_id: str, appointment: Text, start: Moment) -> Response:
        """Move an appointment."""
        return self._changed(case_id, lambda case: moved(case, appointment, start))

    def cancel(self, case_id: str, appointment: Text) -> Response:
        """Cancel an appointment."""
        return self._changed(case_id, lambda case: cancelled(case, appointment))

    def say_yes(self, proposal: str) -> Response:
        """Move an appointment to the time that the hub's coordinator proposes."""
        return self._done(lambda: say_yes(proposal, self._desk, self._shelf))

    def break_down(self, how: Annotated[Broken, Form()]) -> Response:
        """Break the system."""
        self._system.behaviour = Behaviour(broken=how)
        return RedirectResponse("/", 303)

    def mend(self) -> Response:
        """Let the system behave well again, whatever it was told before."""
        self._system.behaviour = Behaviour()
        return RedirectResponse("/", 303)

    def rendered(self, wrong: str = "", status: int = 200) -> Response:
        """Show everything, and what went wrong."""
        text = self._template.render(
            name=self._system.name,
            title=NAMES[self._system.name],
            forms=FORMS,
            wrong=wrong,
            behaviour=self._system.behaviour,
            ways=get_args(Broken),
            cases=self._shelf.cases()[::-1],
            answers=self._shelf.answers(),
            plans=self._shelf.plans(),
            proposals=self._shelf.proposals(),
            deliveries=self._shelf.deliveries()[::-1],
        )
        return HTMLResponse(text, status, _SAFE)

    def _changed(self, case_id: str, change: Callable[[Case], CaseChange]) -> Response:
        return self._done(lambda: self._desk.change(case_id, change(self._desk.case(case_id))))

    def _done(self, deed: Callable[[], tuple[Case, HubAnswer]]) -> Response:
        """Do it and go back to the page, or say there why not."""
        try:
            case, _ = deed()
        except HTTPException as refused:
            return self.rendered(str(refused.detail), refused.status_code)
        except ValueError as wrong:
            return self.rendered(str(wrong), 422)
        return RedirectResponse(f"/#case-{quote(case.id)}", 303)


def add_page(app: FastAPI, page: Page) -> None:
    """Add the page to a system's server."""
    page.add_to(app)

    @app.exception_handler(RequestValidationError)
    async def not_filled_in(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - it is registered for nothing else
        if not request.scope["path"].startswith(FORMS):
            return await request_validation_exception_handler(request, error)
        fields = sorted({str(fault["loc"][-1]) for fault in error.errors()})
        return page.rendered(f"This is not filled in as it must be: {', '.join(fields)}.", 422)


def _local(instant: str) -> str:
    """Write an instant of a message in Danish time; what is no instant stays as it is."""
    try:
        return datetime.fromisoformat(instant).astimezone(LOCAL).strftime("%-d %b %Y %H:%M")
    except ValueError:
        return instant


def _for_input(instant: str) -> str:
    """Write an instant as a field of a form has it."""
    return datetime.fromisoformat(instant).astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")


def _readable(answer: Any) -> str:
    """Write the hub's answer for people; XML stays as the hub wrote it."""
    return answer if isinstance(answer, str) else orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode()
