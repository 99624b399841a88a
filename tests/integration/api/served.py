"""The API on a real socket: a database, real adapters of two authorities and a plain one of a third."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
import sqlalchemy as sa
import uvicorn

from hub.api.app import create_app
from hub.authority import (
    Announcement,
    Authorities,
    Authority,
    DeliveryKey,
    Document,
    LedgerEntry,
    Parcel,
    PlanUpdate,
    Receipt,
    load,
    load_post,
)
from hub.cli.contract_check import contract_check
from hub.cli.serving import http_config, open_door
from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import ContractViolation, Fault, RecipientRefused
from hub.flow.revise import open_plan
from hub.identity.access import Access
from hub.identity.tokens import Identity, new_token
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import Draft, Kind, OrderKey, Period, Sensitivity, Status
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.settings import Client, Settings
from hub.store.migrations import upgrade
from hub.store.tables import audit, outbox
from hub.store.transaction import Store
from hub.testing.builders import THEN, a_consent_to_one_plan
from hub.ui.pages import add_pages
from tests.described import hold
from tests.integration.databases import EMBEDDED, OPERATED, a_store
from tests.integration.policy import publish_policy

#: dk-core's own test number; must never come back from the hub.
CANARY_CPR = "0201609995"
CANARY_NAME = "Kanariefugl Prøvesen"
ANNA_CPR = "1503879996"
LIMIT = 200_000
#: For tests of what the database has a say in: doors, consents, reads.
on_both = pytest.mark.parametrize("hub", [EMBEDDED, OPERATED], indirect=True)


class PlainAdapter:
    """Speaks JSON that is almost the plan's own words."""

    channel = "rest"
    delivers = True

    def __init__(self, name: str) -> None:
        self.name, self.contract = name, f"{name}/v1"
        self.parcels: list[Parcel] = []

    def receive(self, parcel: Parcel) -> Document:
        self.parcels.append(parcel)
        if parcel.body == b"BUG":
            raise RuntimeError(f"a bug that quotes {CANARY_CPR} {CANARY_NAME}")
        letter = _read(parcel, "id", "cpr", "case", "version", "elements")
        return Document(self.name, self.contract, "letter", letter["id"], letter)

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        raise RecipientRefused("Nothing is taken in here.")

    def announcement(self, parcel: Parcel) -> Announcement:
        event = _read(parcel, "id", "reference")
        return Announcement(event["id"], event["reference"])


def _read(parcel: Parcel, *names: str) -> dict[str, Any]:
    try:
        letter: dict[str, Any] = orjson.loads(parcel.body)
        for name in names:
            letter[name]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        fault = Fault("id", "The field is missing.", "Add it.")
        raise ContractViolation("The letter breaks the contract.", faults=[fault]) from None
    return letter


class PlainMapping:
    """Turns a letter into one contribution."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        letter: Mapping[str, Any] = document.content
        person = PersonFacts((cpr_identifier(letter["cpr"], document.authority),))
        return [
            Contribution(
                authority=document.authority,
                source_system="plain",
                contract=document.contract,
                case=letter["case"],
                message_id=document.message_id,
                order=OrderKey(letter["version"], THEN, document.message_id),
                coverage=Coverage.SNAPSHOT,
                person=person,
                drafts=tuple(
                    Draft(
                        source_id=one["id"],
                        kind=Kind(one.get("kind", "goal")),
                        category=one.get("category", "goals"),
                        label=Sensitivity[one.get("label", "FORTROLIGE_PERSONOPLYSNINGER")],
                        status=Status(one.get("status", "active")),
                        title=one.get("title", "Et mål"),
                        valid=Period(*(datetime.fromisoformat(at) for at in one.get("hours", ()))),
                        part_of=one.get("part_of"),
                    )
                    for one in letter["elements"]
                ),
            )
        ]

    def from_plan(self, update: PlanUpdate) -> Document:
        return Document(update.recipient, f"{update.recipient}/v1", "update", str(update.sequence), update)

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        return ()


@dataclass
class Served:
    """The running API, who may call it, and a plan to ask for."""

    url: str
    store: Store
    tokens: Mapping[str, str]
    plan: UUID
    anna: UUID
    parcels: list[Parcel]
    broker_error: list[Exception] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    # One for all: a client of its own would read the machine's certificates for each question.
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))
    _numbers: list[int] = field(default_factory=lambda: [0])

    def ask(self, caller: str | None, method: str, path: str, body: Any = None, **how: Any) -> httpx.Response:
        """Ask as one of the callers; ``body`` is sent as JSON unless it is bytes.

        :raises AssertionError: the answer has not the shape that ``/openapi.json`` gives it.
        """
        headers = {"Authorization": f"Bearer {self.tokens[caller]}"} if caller else {}
        headers |= how.pop("headers", {})
        if body is not None and not isinstance(body, bytes):
            headers = {"Content-Type": "application/json", **headers}
            body = orjson.dumps(body)
        answer = self._client.request(method, self.url + path, content=body, headers=headers, **how)
        hold(method, path, answer)
        return answer

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def a_cpr(self) -> str:
        """Return a made-up number nobody else has here."""
        self._numbers[0] += 1
        return f"010170{self._numbers[0]:04d}"

    def opens_plan(self, cpr: str = "", name: str = "Test Testesen", **said: Any) -> tuple[str, dict[str, Any]]:
        """Open a plan over the API; return the number of its person and the answer."""
        cpr = cpr or self.a_cpr()
        person = {"cpr": cpr, "name": name}
        request = {"kind": "one-plan", "person": person, "authorities": ["children", "employment"], **said}
        answer = self.ask("coordinator", "POST", "/consents", request)
        assert answer.status_code == 201, answer.text
        return cpr, answer.json()

    def sends(self, cpr: str, *elements: Mapping[str, Any], version: int = 1, case: str = "", id: str = "") -> Any:
        """Let the employment authority's system send its case."""
        case = case or f"case-of-{cpr[-4:]}"
        letter = {
            "id": id or f"{case}-{version}", "cpr": cpr, "case": case, "version": version, "elements": list(elements),
        }  # fmt: skip
        answer = self.ask("employment", "POST", "/in/employment", letter)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def a_dead_letter(self) -> UUID:
        """Have a delivery to employment end as a dead letter; return its row."""
        _, opened = self.opens_plan()
        return self.buries(UUID(opened["plan"]))

    def buries(self, plan: UUID) -> UUID:
        """Have the one delivery of a plan end as a dead letter; return its row."""
        with self.store.begin() as unit:
            at = now()
            row = unit.connection.execute(outbox.select().where(outbox.c.plan_id == plan)).one()
            lease = unit.outbox.lease(row.id, at, 60)
            assert lease
            unit.outbox.bury(lease, "recipient-refused", "It said no.", at)
        found: UUID = row.id
        return found

    def forges_the_audit(self) -> None:
        """Change its first entry, as who owns the database (SQLite) can: without its guards for the while."""
        with self.store.begin() as unit:
            triggers = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            guards = unit.connection.execute(triggers).all()
            for name, _ in guards:
                unit.connection.execute(sa.text(f'DROP TRIGGER "{name}"'))
            unit.connection.execute(audit.update().where(audit.c.row == 1).values(actor="nobody"))
            for _, made_by in guards:
                unit.connection.execute(sa.text(made_by))

    def audited(self, action: str) -> list[dict[str, Any]]:
        """Return audit rows of an action."""
        with self.store.begin(read_only=True) as unit:
            rows = unit.connection.execute(sa.select(audit).where(audit.c.action == action).order_by(audit.c.row))
            return [{**row._mapping, "details": orjson.loads(row.details)} for row in rows]


def _clients(anna: UUID) -> tuple[dict[str, str], dict[str, Client]]:
    tokens: dict[str, str] = {}
    clients: dict[str, Client] = {}
    for name, organisation, role, person in (
        ("children", "children", Role.AUTHORITY_SYSTEM, None),
        ("social", "social", Role.AUTHORITY_SYSTEM, None),
        ("employment", "employment", Role.AUTHORITY_SYSTEM, None),
        ("youth", "youth", Role.AUTHORITY_SYSTEM, None),
        ("caseworker", "children", Role.CASEWORKER, None),
        ("partner", "association", Role.PARTNER, None),
        ("post", "digital-post", Role.AUTHORITY_SYSTEM, None),
        ("coordinator", "coordination", Role.COORDINATOR, None),
        ("another-coordinator", "elsewhere", Role.COORDINATOR, None),
        ("coordinator-of-children", "children", Role.COORDINATOR, None),
        ("operator", "operations", Role.OPERATOR, None),
        ("operator-of-children", "children", Role.OPERATOR, None),
        ("administrator", "children", Role.ADMINISTRATOR, None),
        ("another-administrator", "coordination", Role.ADMINISTRATOR, None),
        ("caseworker-of-social", "social", Role.CASEWORKER, None),
        ("partner-of-children", "children", Role.PARTNER, None),
        ("auditor", "audit", Role.AUDITOR, None),
        ("auditor-of-children", "children", Role.AUDITOR, None),
        ("security", "security", Role.SECURITY_ADMINISTRATOR, None),
        ("security-of-children", "children", Role.SECURITY_ADMINISTRATOR, None),
        ("anna", "citizen", Role.CITIZEN, anna),
        ("bo", "citizen", Role.CITIZEN, new_id()),
    ):
        tokens[name], digest = new_token()
        given = {"token_sha256": digest, "organisation": organisation, "role": role, "person": person}
        clients[name] = Client.model_validate(given)
    return tokens, clients


def _authorities(plain: Authority, also: Sequence[str], wires: Mapping[str, Mapping[str, Any]]) -> Authorities:
    return {**load({name: wires.get(name, {}) for name in ("children", "social", *also)}), "employment": plain}


@contextmanager
def served(
    url: str,
    employment: Authority | None = None,
    also: Sequence[str] = (),
    wires: Mapping[str, Mapping[str, Any]] | None = None,
    clients: Mapping[str, Client] | None = None,
    **changed: Any,
) -> Iterator[Served]:
    """Serve the API and the pages over an empty database on a free port until the block ends.

    :param employment: the authority of this name; the plain one when left out.
    :param also: authorities beside the usual three.
    :param wires: settings of authorities, by their names.
    :param clients: beside the usual ones.
    :param changed: settings that differ.
    """
    store = a_store(url)
    upgrade(store)
    rules = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    publish_policy(rules, store, actor="test", correlation_id="c")
    adapter = PlainAdapter("employment")
    authorities = _authorities(employment or Authority("employment", adapter, PlainMapping()), also, wires or {})
    opened = open_plan(
        PersonFacts((cpr_identifier(ANNA_CPR, "hub"),), "Anna Test Andersen"),
        a_consent_to_one_plan(UUID(int=0)).build(),
        ("children", "employment"),
        Reader("coordination", Role.COORDINATOR),
        store,
        authorities,
        coordinator="coordination",
        actor="test",
        correlation_id="c",
    )
    tokens, usual = _clients(opened.consent.person)
    clients = {**usual, **(clients or {})}
    given: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32}
    changed.setdefault("lookups_per_minute", 10_000)  # tests look for many people
    changed.setdefault("hosts", ["127.0.0.1"] if "public_url" in changed else [])  # where tests reach it
    settings = Settings(**given, clients=clients, max_body_bytes=LIMIT, **changed)
    hub = Served("", store, tokens, opened.plan, opened.consent.person, adapter.parcels)

    def broker_answers() -> None:
        for error in hub.broker_error:
            raise error

    api = create_app(
        store,
        authorities,
        settings,
        Access(store, Identity(clients), settings.address),
        broker_answers=broker_answers,
        health=lambda: hub.health,
        post=load_post(settings.post),
    )
    add_pages(api, store, Identity(clients), settings, authorities, contract_check)
    door = open_door("127.0.0.1", changed.get("port", 0))
    hub.url = f"http://127.0.0.1:{door.getsockname()[1]}"
    server = uvicorn.Server(http_config(api))
    thread = threading.Thread(target=server.run, args=([door],))
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield hub
    finally:
        hub.close()
        server.should_exit = True
        thread.join()
        store.close()


def on_the_command_line(hub: Served, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the hub against the same database; ``given`` are further settings, from the environment."""
    url = hub.store.engine.url
    url = url.set(drivername=url.get_backend_name())  # as an operator writes it
    known = {
        "HUB_DATABASE_URL": url.render_as_string(hide_password=False),
        # Nobody is rung for; but the two go together.
        "HUB_BROKER_URL": "memory://" if url.get_backend_name() == "sqlite" else "amqp://guest:guest@127.0.0.1:5672//",
        "HUB_KEYS__1": base64.b64encode(b"\x01" * 32).decode(),
        "HUB_INDEX_KEY": base64.b64encode(b"\x02" * 32).decode(),
        "COLUMNS": "300",
    }
    command = [sys.executable, "-m", "hub", *arguments]
    environment = {**os.environ, **known, **given}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
