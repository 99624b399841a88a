"""Any number of workers and relays on one database add up: two processes of the hub, as an operator starts them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import orjson
import pytest

from hub.authority import Authorities, load
from hub.clock import now
from hub.flow.accept import accept
from hub.settings import Settings
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.environment import environment_of
from tests.integration.set_up import SERVERS, SetUp, authorities_of, eventually
from tests.integration.token_server import serving

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

on_servers = pytest.mark.parametrize("set_up", [pytest.param(SERVERS, marks=pytest.mark.servers)], indirect=True)
PEOPLE = [f"010170{number:04d}" for number in range(1, 41)]
ROUNDS = 6


@dataclass
class Recipient:
    """A system on a socket that remembers what has arrived, in order, and which process has brought it."""

    arrivals: list[tuple[str, int, str]] = field(default_factory=list)
    under_way: Counter[str] = field(default_factory=Counter)
    collisions: list[str] = field(default_factory=list)
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve until the block ends; yield the address."""
        recipient = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                _, plan, sequence = self.headers["idempotency-key"].split(":")
                recipient.takes_in(plan, int(sequence), self.headers["authorization"])
                body = orjson.dumps({"Status": "taken-in", "Sekvens": int(sequence)})
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with serving(Door) as url:
            yield url

    def takes_in(self, plan: str, sequence: int, token: str) -> None:
        """Remember a delivery, and whether another of the same plan is on the wire."""
        with self._lock:
            self.arrivals.append((plan, sequence, token))
            self.under_way[plan] += 1
            if self.under_way[plan] > 1:
                self.collisions.append(plan)
        threading.Event().wait(0.01)
        with self._lock:
            self.under_way[plan] -= 1


@contextmanager
def a_worker(settings: Settings, url: str, token: str, folder: Path) -> Iterator[None]:
    """Run ``hub worker`` as a process of its own, until the block ends."""
    environment = environment_of(settings, url, token) | {"HUB_WORKERS": "4", "HUB_CALLS_AT_ONCE": "8"}
    with (folder / f"{token}.log").open("wb") as log:
        command = [sys.executable, "-m", "hub", "worker"]
        running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, cwd=folder)
        assert running.stdout is not None
        try:
            ready = running.stdout.readline()
            assert b'"ready"' in ready, (folder / f"{token}.log").read_text("utf-8")
            yield
        finally:
            running.terminate()
            running.wait(40)
            running.stdout.close()


def say(version: int, sender: MemoryAdapter, set_up: SetUp, authorities: Authorities) -> None:
    """Let the case of every person change, several at once."""

    def one(numbered: tuple[int, str]) -> None:
        number, cpr = numbered
        told = Told(cpr, case=f"C{number}", version=version, goals={f"g{number}": f"Mål {version}"})
        accept(sender.message(told), set_up.store, authorities)

    with ThreadPoolExecutor(4) as senders:
        list(senders.map(one, enumerate(PEOPLE)))


def sequences(arrivals: Sequence[tuple[str, int, str]]) -> dict[str, list[int]]:
    """Return the sequences of each plan as they arrived."""
    found: dict[str, list[int]] = defaultdict(list)
    for plan, sequence, _ in arrivals:
        found[plan].append(sequence)
    return found


@on_servers
def test_two_processes_send_every_sequence_once_and_none_after_a_later_one(set_up: SetUp, tmp_path: Path) -> None:
    sender, recipient = MemoryAdapter("children"), Recipient()
    sender.delivers = False
    with recipient.served() as url:
        authorities = {**authorities_of(sender), **load({"social": {"url": url, "token": "t", "poll_every": 0}})}
        for cpr in PEOPLE:
            set_up.opens_plan(authorities, cpr)
        with (
            a_worker(set_up.settings, url, "first", tmp_path),
            a_worker(set_up.settings, url, "second", tmp_path),
        ):
            for version in range(1, ROUNDS + 1):
                say(version, sender, set_up, authorities)
                eventually(lambda version=version: len(recipient.arrivals) >= version * len(PEOPLE), 100)  # type: ignore[misc]
            assert all(one == list(range(1, ROUNDS + 1)) for one in sequences(recipient.arrivals).values())
            for version in range(ROUNDS + 1, 2 * ROUNDS + 1):  # a burst, of which several may be one delivery
                say(version, sender, set_up, authorities)
            eventually(lambda: nothing_is_due(set_up), 60)
    by_plan = sequences(recipient.arrivals)
    assert len(by_plan) == len(PEOPLE)
    for arrived in by_plan.values():
        assert arrived == list(range(1, len(arrived) + 1)), "each once, in order, and none left out"
    assert len(recipient.arrivals) > ROUNDS * len(PEOPLE)
    assert recipient.collisions == []
    brought = Counter(token for _, _, token in recipient.arrivals)
    assert min(brought["Bearer first"], brought["Bearer second"]) > len(PEOPLE), "both do their part"


def nothing_is_due(set_up: SetUp) -> bool:
    with set_up.store.begin(read_only=True) as unit:
        return not any(row["due"] for row in unit.outbox.counts(now()))
