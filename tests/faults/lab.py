"""The lab: the hub as real processes, recipients and senders around it, and what each of them knows in the end.

    with a_lab(SERVERS, seed=7, plans=5) as lab:
        lab.say(20)                                # 20 messages, by several senders at once; waits for their answers
        lab.processes.kill("worker")
        lab.processes.start("worker")
        lab.settles()                              # everybody holds the newest that was acknowledged, nothing is due
        verdict = judge(lab, "worker-killed")      # tests.faults.checker

What a scenario may turn:

``lab.recipients["social"].behaviour``   how a recipient answers (see ``Recipient``)
``a_lab(..., database_url=, broker_url=)``   a node of the scenario's own instead of the machine's servers
``a_lab(..., via=)``   is given "database", "broker", "social" or "youth" and its URL, and returns the one that the hub
    is told: so a proxy stands in between, while the lab itself looks past it
``lab.door``   the address that senders post at: a proxy, a balancer
``a_lab(..., settings=, doors=, workers=, command=)``   the hub's settings, its processes, how they are run
"""

from __future__ import annotations

import random
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from hub.authority import Authorities, load
from hub.cli.assembly import open_store
from hub.clock import monotonic, new_id
from hub.consent.reader import Reader
from hub.errors import BrokerDown, StoreBusy
from hub.flow.policies import publish_first_policy
from hub.flow.revise import give, open_plan
from hub.identity.tokens import new_token
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.queue.broker import Broker
from hub.settings import read_settings
from hub.store.migrations import upgrade
from hub.store.tables import outbox
from hub.store.transaction import Store
from hub.testing.builders import a_consent, a_consent_to_one_plan
from tests.faults.processes import HUB_COMMAND, Processes, random_key
from tests.faults.recipients import WORDS, Recipient, a_recipient
from tests.faults.senders import SENDER, Answered, Case, Journal, Message, Sender, version_in
from tests.integration.databases import a_postgresql_database
from tests.integration.set_up import BROKER, EMBEDDED, SERVERS, must_answer

__all__ = ["EMBEDDED", "SERVERS", "Lab", "a_lab"]

#: Shorter waits, so that a dead worker's lease runs out soon; they are settings of the product. The embedded hub needs
#: none: it is the only process, and forgets leases and rings of the one before when it starts.
QUICK: Mapping[str, Any] = {"lease_seconds": 3, "ring_again_seconds": 1, "sweep_seconds": 1}
_COORDINATOR = Reader("coordination", Role.COORDINATOR)
_NOBODY_YET = UUID(int=0)
_PAUSE = threading.Event()
_SENDERS = 5


@dataclass
class Lab:
    """A hub under test.

    :ivar store: the hub's database, past every proxy; None of the hub's processes shares it.
    :ivar door: where senders post; set it to put something in between.
    :ivar revoked: (consent, plan)s that were withdrawn with ``revoke``.
    :ivar random: the dice of the scenario.
    """

    set_up: str
    seed: int
    processes: Processes
    recipients: Mapping[str, Recipient]
    store: Store
    broker: Broker
    tokens: Mapping[str, str]
    door: str
    cases: list[Case] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    revoked: set[tuple[UUID, UUID]] = field(default_factory=set)
    random: random.Random = field(default_factory=random.Random)

    # --- senders --------------------------------------------------------------------------------------------------

    def say(self, how_many: int, *, senders: int = _SENDERS, patience: float = 30) -> list[Answered | None]:
        """Let senders post so many new versions of cases picked by dice, side by side; return their answers.

        :param patience: seconds that each tries again for while it is not answered.
        """
        with self.saying(how_many, senders=senders, patience=patience) as under_way:
            pass
        return [one.result() for one in under_way]

    @contextmanager
    def saying(
        self, how_many: int, *, senders: int = _SENDERS, patience: float = 30
    ) -> Iterator[Sequence[Future[Answered | None]]]:
        """Let senders post while the block goes on; its end waits for them."""
        messages = [self.journal.next_message(self.random.choice(self.cases)) for _ in range(how_many)]
        with ThreadPoolExecutor(senders) as side_by_side:
            yield [side_by_side.submit(self.send, message, patience) for message in messages]

    def send(self, message: Message, patience: float = 30) -> Answered | None:
        """Post one message as a good client: again and again until it is acknowledged or refused for good."""
        sender = Sender(self.journal, lambda: self.door, self.tokens[SENDER])
        try:
            return sender.send(message, patience)
        finally:
            sender.close()

    def ask(self, caller: str, method: str, path: str, content: Any = None) -> httpx.Response:
        """Ask the hub as ``coordinator``, ``operator`` or ``children``."""
        headers = {"Authorization": f"Bearer {self.tokens[caller]}"}
        return httpx.request(method, self.door + path, json=content, headers=headers, timeout=20)

    def revoke(self, case: Case) -> httpx.Response:
        """Withdraw the consent by which a case's goals are shared; the answer comes after the commit."""
        answered = self.ask("coordinator", "POST", f"/consents/{case.consent}/withdraw")
        if answered.is_success:
            self.revoked.add((case.consent, case.plan))
        return answered

    # --- the end --------------------------------------------------------------------------------------------------

    def settles(self, seconds: float = 60) -> float | None:
        """Wait until all is delivered; return how many seconds that took, None: it did not in time."""
        begun = monotonic()
        while monotonic() - begun < seconds:
            if self.due() == 0 and not self.behind():
                return monotonic() - begun
            _PAUSE.wait(0.05)
        return None

    def due(self) -> int:
        """Count the rows of the outbox that are due, dead letters aside; -1: the database does not answer."""
        wanted = sa.select(sa.func.count()).where(outbox.c.due_at.is_not(None), outbox.c.dead_at.is_(None))
        try:
            with self.store.begin(read_only=True) as unit:
                return int(unit.connection.execute(wanted).scalar_one())
        except StoreBusy:
            return -1

    def behind(self, but_not: Sequence[str] = ()) -> list[tuple[str, Case]]:
        """Return each recipient and case of which it holds less than was acknowledged, or more than it may.

        :param but_not: recipients that are not asked.
        """
        return [
            (name, case)
            for name, recipient in self.recipients.items()
            if name not in but_not
            for case in self.cases
            if not self._holds_what_it_should(recipient, case)
        ]

    def _holds_what_it_should(self, recipient: Recipient, case: Case) -> bool:
        versions = [version_in(title) for title in recipient.held(case.plan).values()]
        if (case.consent, case.plan) in self.revoked:
            return not any(versions)
        return max(versions, default=0) >= self.journal.newest_acknowledged(case)


@contextmanager
def a_lab(
    set_up: str,
    *,
    seed: int = 0,
    plans: int = 5,
    settings: Mapping[str, Any] | None = None,
    doors: int = 1,
    workers: int = 1,
    command: tuple[str, ...] = HUB_COMMAND,
    database_url: str = "",
    broker_url: str = "",
    via: Callable[[str, str], str] = lambda _name, url: url,
    folder: Path | None = None,
    tables: Callable[[Store], None] = upgrade,
) -> Iterator[Lab]:
    """Start a hub with so many plans open, each shared with all recipients, and its processes; leave nothing of it.

    :param plans: each with a case of children and family services of its own.
    :param workers: how many ``hub worker`` beside ``hub serve``; the embedded set-up has none.
    :param tables: makes the database's tables.
    :param database_url: of an empty database of the scenario's own; embedded: ``sqlite:///FILE``.
    """
    with ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-lab-")))
        is_embedded = set_up == EMBEDDED
        if not database_url:
            alone = f"sqlite:///{folder / 'hub.db'}"
            database_url = alone if is_embedded else stack.enter_context(a_postgresql_database())
        broker_url = "memory://" if is_embedded else broker_url or BROKER
        prefix = f"hub-lab-{new_id().hex[:12]}"
        broker = stack.enter_context(Broker(broker_url, prefix))
        must_answer(broker)
        if not is_embedded:
            stack.callback(_forget, broker)
        recipients = {name: stack.enter_context(a_recipient(name)) for name in WORDS}
        known, tokens = _settings({name: via(name, one.url) for name, one in recipients.items()})
        known |= {"queue_prefix": prefix, **({} if is_embedded else QUICK), **(settings or {})}
        told = {"database_url": via("database", database_url), "broker_url": via("broker", broker_url)}
        processes = Processes(
            folder, {**known, **told}, doors=doors, workers=0 if is_embedded else workers, command=command
        )
        store = _a_store({**known, "database_url": database_url, "broker_url": broker_url}, tables)
        stack.callback(store.close)
        door = processes.programs["hub"].url
        lab = Lab(set_up, seed, processes, recipients, store, broker, tokens, door, random=random.Random(seed))
        authorities = load(known["authorities"])
        lab.cases = [_opened(number, store, authorities) for number in range(plans)]
        stack.callback(processes.end)
        processes.start_all()
        yield lab


def _settings(urls: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the hub's settings, with keys that end with the lab, and the token of each caller."""
    clients, tokens = {}, {}
    for name, organisation, role in (
        (SENDER, SENDER, "authority-system"),
        ("coordinator", "coordination", "coordinator"),
        ("operator", "operations", "operator"),
    ):
        tokens[name], digest = new_token()
        clients[name] = {"token_sha256": digest, "organisation": organisation, "role": role}
    reached: dict[str, dict[str, Any]] = {name: {"url": url, "token": "a token"} for name, url in urls.items()}
    reached["social"]["poll_every"] = 0
    return {
        "index_key": random_key(),
        "keys": {"1": random_key()},
        "clients": clients,
        "authorities": {SENDER: {}, **reached},
    }, tokens


def _a_store(known: Mapping[str, Any], tables: Callable[[Store], None]) -> Store:
    """Open the database, make its tables and put the Danish rules in force, as ``hub migrate`` does."""
    store = open_store(read_settings(**known))
    tables(store)
    rules = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    publish_first_policy(rules, store, actor="lab", correlation_id="c")
    return store


def _opened(number: int, store: Store, authorities: Authorities) -> Case:
    """Open a child's plan, and let all recipients see its goals."""
    cpr = f"010115{number:04d}"
    opened = open_plan(
        PersonFacts((cpr_identifier(cpr, "hub"),)),
        a_consent_to_one_plan(_NOBODY_YET).build(),
        list(authorities),
        _COORDINATOR,
        store,
        authorities,
        coordinator=_COORDINATOR.organisation,
        actor="lab",
        correlation_id="c",
    )
    shared = a_consent(_NOBODY_YET).to(*WORDS).for_categories("goals").build()
    given = give(opened.plan, shared, _COORDINATOR, store, actor="lab", correlation_id="c")
    return Case(number, cpr, opened.plan, given.consent.id)


def _forget(broker: Broker) -> None:
    """Delete the lab's queues; a broker that a scenario has ended has none."""
    with suppress(BrokerDown):
        broker.delete()
