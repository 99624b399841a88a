"""Start one sandbox system as its own process: ``python -m hub.sandbox children --port 0 --store children.db …``.

When it is ready it prints one JSON line: ``{"ready": "children", "port": 8101, "url": "http://127.0.0.1:8101"}``.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub.sandbox.app import make_app
from hub.sandbox.guard import is_for_staff
from hub.sandbox.postbox import PostBox
from hub.sandbox.provider import IdentityProvider, Registered
from hub.sandbox.provider_doors import make_provider_app
from hub.sandbox.register import PeopleRegister
from hub.sandbox.register_doors import make_register_app
from hub.sandbox.shelf import Shelf
from hub.sandbox.system import Maker, Surroundings, System

SYSTEMS = {
    "children": "hub.sandbox.children:ChildrenSystem",
    "employment": "hub.sandbox.employment:EmploymentSystem",
    "partner": "hub.sandbox.partner:PartnerSystem",
    "social": "hub.sandbox.social:SocialSystem",
    "youth": "hub.sandbox.youth:YouthSystem",
}

#: Whose server this is.
Served = System | PostBox | PeopleRegister | IdentityProvider


class _Server(uvicorn.Server):
    """Says that it is ready when it is, and is deaf to the hub while the system is down."""

    def __init__(self, app: ASGIApp, system: Served, line: str) -> None:
        super().__init__(
            uvicorn.Config(
                self.answer,
                interface="asgi3",
                http=HttpToolsProtocol,
                ws="none",
                proxy_headers=False,
                log_level="warning",
                access_log=False,
            )
        )
        self._app, self._system, self._line = app, system, line

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or close its connection; who works at the system may go on even then."""
        if self._system.behaviour.broken != "down" or scope["type"] != "http" or is_for_staff(scope["path"]):
            await self._app(scope, receive, send)
            return
        for connection in self.server_state.connections:
            if isinstance(connection, HttpToolsProtocol) and connection.client == scope["client"]:
                connection.transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._line, flush=True)


def main(arguments: Sequence[str]) -> None:
    """Serve one system until it is told to stop."""
    chosen = _read(arguments)
    door = open_door(chosen.host, chosen.port)
    port = door.getsockname()[1]
    app, system = _made(chosen, f"http://{chosen.host}:{port}")
    line = orjson.dumps({"ready": chosen.system, "port": port, "url": f"http://{chosen.host}:{port}"}).decode()
    _Server(app, system, line).run(sockets=[door])


def open_door(host: str, port: int) -> socket.socket:
    """Listen at an address, with Nagle's algorithm off: asyncio leaves it on, and the bodies of answers wait 40 ms."""
    door = socket.create_server((host, port))
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def _made(chosen: argparse.Namespace, url: str) -> tuple[ASGIApp, Served]:
    match chosen.system:
        case PostBox.name:
            return _post(chosen)
        case PeopleRegister.name:
            return _register(chosen)
        case IdentityProvider.name:
            return _identity(chosen, url)
        case _:
            return _authority(chosen)


def _authority(chosen: argparse.Namespace) -> tuple[ASGIApp, System]:
    module, maker_name = SYSTEMS[chosen.system].split(":")
    maker: Maker = getattr(import_module(module), maker_name)
    shelf = Shelf(chosen.store)
    system = maker(
        Surroundings(
            shelf,
            chosen.hub_url.rstrip("/"),
            chosen.hub_token_file.read_text().strip(),
            chosen.token_file.read_text().strip(),
            chosen.folder,
            chosen.keys,
        )
    )
    return make_app(system, shelf, has_folder=chosen.folder is not None), system


def _post(chosen: argparse.Namespace) -> tuple[ASGIApp, PostBox]:
    tokens = chosen.hub_token_file.read_text().strip(), chosen.token_file.read_text().strip()
    box = PostBox(chosen.store, chosen.hub_url.rstrip("/"), *tokens)
    return box.app(), box


def _register(chosen: argparse.Namespace) -> tuple[ASGIApp, PeopleRegister]:
    register = PeopleRegister(chosen.store, chosen.token_file.read_text().strip())
    return make_register_app(register), register


def _identity(chosen: argparse.Namespace, url: str) -> tuple[ASGIApp, IdentityProvider]:
    hub = chosen.hub_url.rstrip("/")
    registered = Registered(redirect_uris=[f"{hub}/sign-in/back"], post_logout_redirect_uris=[f"{hub}/sign-in/left"])
    provider = IdentityProvider(url, registered, chosen.token_file.read_text().strip())
    return make_provider_app(provider), provider


def _read(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m hub.sandbox",
        description="Start one sandbox authority system, the post, the person register or the identity provider.",
    )
    parser.add_argument("system", choices=sorted([*SYSTEMS, PostBox.name, PeopleRegister.name, IdentityProvider.name]))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--store", type=Path, required=True, help="SQLite file, made when missing")
    parser.add_argument("--hub-url", required=True)
    parser.add_argument("--hub-token-file", type=Path, required=True, help="the token the hub has issued to the system")
    parser.add_argument(
        "--token-file",
        type=Path,
        required=True,
        help="what the hub must show to the system: a token, a partner's whsec_ secret, a client's secret",
    )
    parser.add_argument("--folder", type=Path, help="drop folder shared with the hub, for systems that have one")
    parser.add_argument(
        "--keys", type=Path, help="sign messages: a folder of signing.key.pem, signing.pem, trusted.pem"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
