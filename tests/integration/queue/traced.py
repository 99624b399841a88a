"""A whole hub whose messages can be followed: its API on a real socket, its loops, and recipients that keep headers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import httpx
import orjson
import uvicorn

from hub.api.app import create_app
from hub.authority import Authorities, Document, Parcel, load
from hub.authority.tracing import TraceContext, read_traceparent
from hub.clock import new_id
from hub.flow.revise import open_plan
from hub.identity.access import Access
from hub.identity.tokens import Identity, new_token
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.settings import Client
from hub.testing.builders import a_consent_to_one_plan
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.described import hold
from tests.integration.set_up import COORDINATOR, SetUp, authorities_of, eventually
from tests.integration.token_server import serving

#: dk-core's own test number, and words that must never come back.
CANARY_CPR, CANARY_NAME, CANARY_TITLE = "0201609995", "Kanariefugl Prøvesen", "Et mål om en kanariefugl"
#: A body that no adapter expects.
BUG = b"BUG"
_CALLERS: Mapping[str, tuple[str, Role]] = {
    "children": ("children", Role.AUTHORITY_SYSTEM),
    "caseworker": ("children", Role.CASEWORKER),
    "coordinator": ("coordination", Role.COORDINATOR),
    "administrator": ("operations", Role.ADMINISTRATOR),
    "citizen": ("citizen", Role.CITIZEN),
    "operator": ("operations", Role.OPERATOR),
}


class _Children(MemoryAdapter):
    def receive(self, parcel: Parcel) -> Document:
        if parcel.body == BUG:
            raise RuntimeError(f"a bug that quotes {CANARY_NAME}")
        return super().receive(parcel)


@dataclass
class Traced:
    """The hub, its callers, and what recipients on sockets were sent."""

    set_up: SetUp
    authorities: Authorities
    children: MemoryAdapter
    employment: MemoryAdapter
    url: str
    tokens: Mapping[str, str]
    #: Recipient → each ``traceparent`` and document that came, in order.
    heard: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    plan: UUID = field(default_factory=new_id)

    def ask(self, caller: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Ask the hub; names of headers have underscores for dashes."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        told |= {"Authorization": f"Bearer {self.tokens[caller]}", "Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else orjson.dumps(body) if body is not None else None
        answer = httpx.request(method, self.url + path, content=content, headers=told, timeout=20)
        hold(method, path, answer)
        return answer

    def sends(self, version: int, correlation_id: str, **headers: str) -> str:
        """Let the children's system send its case; return the id of the receipt."""
        body = Told(CANARY_CPR, case="C1", version=version, goals={"g1": f"{CANARY_TITLE} {version}"}).body()
        answer = self.ask("children", "POST", "/in/children", body, X_Correlation_Id=correlation_id, **headers)
        assert answer.status_code == 201, answer.text
        assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"] == correlation_id
        return str(answer.json()["receipt"])

    def trace(self, wanted: object) -> dict[str, Any]:
        """Follow an id as an operator does; nothing of a person may come back, whatever is asked."""
        answer = self.ask("operator", "GET", f"/ops/trace/{wanted}")
        assert answer.status_code == 200, answer.text
        for secret in (CANARY_CPR, CANARY_NAME, CANARY_TITLE, "kanariefugl", str(self.plan)):
            assert secret not in answer.text
        found: dict[str, Any] = answer.json()
        return found

    def steps(self, wanted: object, *names: str) -> list[dict[str, Any]]:
        """Return the steps of a trace; of some names, where names are given."""
        return [step for step in self.trace(wanted)["steps"] if not names or step["step"] in names]

    def ends(self, wanted: object, *recipients: str) -> None:
        """Wait until a trace tells of each recipient that it is settled."""
        eventually(lambda: {step["recipient"] for step in self.steps(wanted, "settled")} >= set(recipients))

    def contexts(self, recipient: str) -> Sequence[TraceContext | None]:
        """Return the trace contexts that a recipient was sent."""
        return [read_traceparent(told) for told, _ in self.heard[recipient]]

    def opens_plan(self, *, is_shared: bool = True) -> None:
        """Open the canary's plan; where it is shared, everyone may see the goals of the others."""
        opened = open_plan(
            PersonFacts((cpr_identifier(CANARY_CPR, "hub"),), CANARY_NAME),
            a_consent_to_one_plan(UUID(int=0)).build(),
            list(self.authorities),
            COORDINATOR,
            self.set_up.store,
            self.authorities,
            coordinator="coordination",
            actor="test",
            correlation_id="opened",
        )
        self.plan = opened.plans[0]
        if is_shared:
            self.set_up.shares(self.plan, self.authorities)


@contextmanager
def traced(set_up: SetUp) -> Iterator[Traced]:
    """Serve the hub's API, and recipients; its loops run when a test lets them."""
    children, employment = _Children("children", channel="xml"), MemoryAdapter("employment", channel="soap")
    heard: dict[str, list[tuple[str, bytes]]] = {"social": [], "youth": []}
    with ExitStack() as stack:
        wires = {name: stack.enter_context(_recipient(heard[name])) for name in heard}
        polls = {"social": {"poll_every": 0}}
        joined = load({name: {"url": url, "token": "a token", **polls.get(name, {})} for name, url in wires.items()})
        authorities = {**authorities_of(children, employment), **joined}
        tokens, clients = {}, {}
        for name, (organisation, role) in _CALLERS.items():
            tokens[name], digest = new_token()
            person = new_id() if role is Role.CITIZEN else None
            given = {"token_sha256": digest, "organisation": organisation, "role": role, "person": person}
            clients[name] = Client.model_validate(given)
        access = Access(set_up.store, Identity(clients), set_up.settings.address)
        app = create_app(set_up.store, authorities, set_up.settings, access, broker_answers=lambda: None)
        url = stack.enter_context(_served(app))
        yield Traced(set_up, authorities, children, employment, url, tokens, heard)


@contextmanager
def _served(app: Any) -> Iterator[str]:
    config = uvicorn.Config(app, port=0, http="httptools", ws="none", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _recipient(heard: list[tuple[str, bytes]]) -> Iterator[str]:
    """Serve a system that takes every update in, and keeps what it was sent beside which trace."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            update = self.rfile.read(int(self.headers["content-length"]))
            heard.append((self.headers["traceparent"], update))
            sequence = int(self.headers["idempotency-key"].rpartition(":")[2])
            body = orjson.dumps({"Status": "taken-in", "Sekvens": sequence})
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Door) as url:
        yield url
