"""The doors of the sandbox's identity provider: OpenID Connect's own, the page to choose on, and the control API."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.sandbox.behaving import add_behaviour
from hub.sandbox.guard import add_guard
from hub.sandbox.provider import IdentityProvider, OAuthError, Registered, parsed_people
from hub.sandbox.system import obey, raw_body

_REFUSED, _SEE_OTHER = 400, 303
_ASKS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)


def make_provider_app(provider: IdentityProvider) -> FastAPI:
    """Return the provider's server."""
    app = FastAPI(title="sandbox identity provider", docs_url=None, redoc_url=None, openapi_url=None)
    add_guard(app)
    add_behaviour(app, provider)
    _add_controls(app, provider)
    _add_doors(app, provider)
    _Page(provider).add_to(app)
    return app


def _add_controls(app: FastAPI, provider: IdentityProvider) -> None:
    @app.put("/sandbox/client")
    def register(registered: Registered) -> Registered:
        provider.registered = registered
        return registered

    @app.put("/sandbox/people")
    def know(body: Annotated[bytes, Depends(raw_body)]) -> list[str]:
        provider.people = {one.sub: one for one in parsed_people(body)}
        return list(provider.people)


def _add_doors(app: FastAPI, provider: IdentityProvider) -> None:
    @app.get("/.well-known/openid-configuration")
    def described() -> dict[str, Any]:
        obey(provider.behaviour)
        return provider.described()

    @app.get("/jwks")
    def keys() -> dict[str, Any]:
        obey(provider.behaviour)
        return provider.keys()

    @app.post("/token")
    def token(request: Request, body: Annotated[bytes, Depends(raw_body)]) -> Response:
        obey(provider.behaviour)
        try:
            given = provider.token(_form(body), request.headers.get("authorization", ""))
        except OAuthError as error:
            status = 401 if error.code == "invalid_client" else _REFUSED
            return JSONResponse({"error": error.code, "error_description": error.description}, status)
        return JSONResponse(given, headers={"Cache-Control": "no-store"})


class _Page:
    """The page on which somebody chooses whom to be."""

    def __init__(self, provider: IdentityProvider) -> None:
        made = Environment(loader=PackageLoader("hub.sandbox"), autoescape=True, undefined=StrictUndefined)
        self._provider, self._template = provider, made.get_template("provider.html")
        self._style = files("hub.sandbox").joinpath("static/page.css").read_bytes()

    def add_to(self, app: FastAPI) -> None:
        """Add the page to the provider's server."""
        app.get("/")(self.about)
        app.get("/sandbox/page.css")(self.style)
        app.get("/authorize")(self.ask)
        app.post("/authorize")(self.choose)
        app.get("/end-session")(self.end)

    def about(self) -> Response:
        """Say what this is."""
        return self._rendered({}, "")

    def style(self) -> Response:
        """Serve the style sheet."""
        return Response(self._style, media_type="text/css", headers=_safe())

    def ask(self, request: Request) -> Response:
        """Ask whom to be."""
        asked = dict(request.query_params)
        return self._answered(asked) or self._rendered({name: asked.get(name, "") for name in _ASKS}, "")

    def choose(self, body: Annotated[bytes, Depends(raw_body)]) -> Response:
        """Send whoever has chosen back to where they came from."""
        asked = _form(body)
        if refused := self._answered(asked):
            return refused
        question = self._provider.read(asked)
        try:
            code = self._provider.sign_in(question, asked.get("sub", ""))
        except OAuthError as error:
            return self._back(question.redirect_uri, question.state, error=error.code)
        return self._back(question.redirect_uri, question.state, code=code)

    def end(self, request: Request) -> Response:
        """End the session, which is none: nobody is remembered here."""
        wanted = request.query_params.get("post_logout_redirect_uri", "")
        if wanted in self._provider.registered.post_logout_redirect_uris:
            state = request.query_params.get("state")
            return RedirectResponse(f"{wanted}?{urlencode({'state': state})}" if state else wanted, _SEE_OTHER)
        return self._rendered({}, "You are signed out.")

    def _answered(self, asked: dict[str, str]) -> Response | None:
        """Return the answer to a question that is none."""
        try:
            self._provider.read(asked)
        except ValueError as error:
            return self._rendered({}, f"{error}.", _REFUSED)
        except OAuthError as error:
            return self._back(asked["redirect_uri"], asked.get("state", ""), error=error.code)
        return None

    def _back(self, address: str, state: str, **told: str) -> Response:
        answer = urlencode({**told, "state": state, "iss": self._provider.issuer})
        return RedirectResponse(f"{address}?{answer}", _SEE_OTHER)

    def _rendered(self, asked: dict[str, str], said: str, status: int = 200) -> Response:
        text = self._template.render(asked=asked, people=self._provider.people.values(), said=said)
        return HTMLResponse(text, status, _safe(asked.get("redirect_uri", "")))


def _safe(redirect_uri: str = "") -> dict[str, str]:
    """Return the headers of a page. :param redirect_uri: where its form may lead, for browsers look at that too."""
    goes_to = urlsplit(redirect_uri)
    also = f" {goes_to.scheme}://{goes_to.netloc}" if redirect_uri else ""
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'{also}; "
        "base-uri 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=30))
    except ValueError:
        return {}
