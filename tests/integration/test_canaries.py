"""Two hundred made-up people walk every way of the hub; outside the ciphertext nothing of them is left anywhere."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from hub.cli.town import SetUp, Town
from hub.clock import now
from hub.queue.relay import Relay
from hub.store.tables import metadata
from hub.testing.memory_adapter import MemoryAdapter
from tests.integration import canary_paths as ways
from tests.integration.api.test_roles import ROUTES
from tests.integration.canaries import CANARIES, HOW_MANY, Canary, hits
from tests.integration.collector import a_collector
from tests.integration.databases import a_store
from tests.integration.reading_metrics import address_in, series_of
from tests.integration.set_up import SetUp as Bare
from tests.integration.set_up import authorities_of
from tests.patience import wait_for
from tests.town_set_ups import EMBEDDED, a_set_up, both_set_ups

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
#: Of a process: routes by method and status, each with a dozen buckets, and a few of each authority.
MOST_SERIES = 8_000
_OPS = [route.partition(" ")[2] for route in ROUTES if route.startswith("GET /ops/") and "{" not in route]


@pytest.mark.slow
@both_set_ups
def test_nothing_of_two_hundred_people_is_left_outside_the_ciphertext(set_up_name: str, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    with a_set_up(set_up_name) as given, ways.a_system_that_quotes() as url, a_collector() as collector:
        with Town(tmp_path, as_talkative(given, tmp_path / "tmp", url, otlp_endpoint=collector.url)) as town:
            walk = ways.Walk(town)
            walks(walk, town)
            found = list(told_to_operators(walk)) + in_all("error bodies", walk.errors)
            found += told_to_prometheus(tmp_path)
        walk.close()
        found += list(in_files(tmp_path))
        found += in_all("spans", collector.bodies)
        assert {"accept", "transaction", "ring", "deliver", "call"} < {one.name for one in collector.spans}
        if set_up_name != EMBEDDED:
            found += in_all("the dump", [dumped(given.database_url)])
        assert found == [], "\n".join(found)
        assert walk.walked == {one.cpr for one in CANARIES}, f"fewer than {HOW_MANY} have walked"
        assert walk.failed == []
        assert walk.seen >= {200, 201, 400, 401, 403, 404, 405, 422}, "not every kind of answer came"


def as_talkative(given: SetUp, temporary: Path, quoting: str, **besides: Any) -> SetUp:
    """Return a set-up whose hub logs everything, keeps temporary files apart, and delivers to a system that quotes."""
    return replace(
        given,
        hub_command=(sys.executable, "-m", "tests.integration.talkative"),
        environment={"TMPDIR": str(temporary), "PYTHONPATH": str(Path(__file__).parents[2])},
        authorities={"youth": {"url": quoting, "token": "t" * 20}},
        settings={**given.settings, "max_attempts": 2, "retry_seconds": 0.2, "metrics_port": 0, **besides},
    )


def walks(walk: ways.Walk, town: Town) -> None:
    """Walk every way."""
    plans = ways.good_ways(walk, town)
    assert wait_for(lambda: walk.ask("operator", "GET", "/ops/dead-letters").text.count('"id"'), lambda n: n > 0)
    ways.drops_files(walk, town.folder / "children-files")
    ways.occasions(walk, plans)
    ways.wrong_words(walk)
    ways.wrong_addresses(walk)
    ways.examples(walk)
    ways.every_leaf(walk)
    refused = town.folder / "children-files" / "refused"
    assert len(wait_for(lambda: list(refused.glob("*.json")), lambda some: len(some) >= 4)) >= 4


def told_to_operators(walk: ways.Walk) -> Iterator[str]:
    """Yield what is found in what operators are told: queues, dead letters and their shapes, traces, health."""
    for path in (*_OPS, "/healthz", "/readyz"):
        answer = walk.ask("operator", "GET", path)
        assert answer.is_success, (path, answer.text)
        yield from in_all(path, [answer.content])
    letters = set(re.findall(r"[0-9a-f-]{36}", walk.ask("operator", "GET", "/ops/dead-letters").text))
    assert letters
    for letter in letters:
        for path in (f"/ops/dead-letters/{letter}", f"/ops/trace/{letter}"):
            yield from in_all(path, [walk.ask("operator", "GET", path).content])


def told_to_prometheus(folder: Path) -> Iterator[str]:
    """Yield what is found in the numbers of each process; whatever was sent, they stay few."""
    logs = [log for log in (folder / "hub.log", folder / "worker.log") if log.exists()]
    for address in map(address_in, logs):
        numbers = httpx.get(address, timeout=20).text
        yield from in_all(address, [numbers.encode()])
        assert len(series_of(numbers)) < MOST_SERIES, "something of what was sent has become a label"


def in_files(folder: Path) -> Iterator[str]:
    """Yield what is found in the hub's logs, its temporary files, what it left of refused files, and its database."""
    ours = [*folder.glob("hub.log"), *folder.glob("worker.log"), *folder.glob("hub.db*")]
    ours += [file for part in ("tmp", "children-files/refused") for file in (folder / part).rglob("*")]
    logs = [file for file in ours if file.suffix == ".log"]
    assert logs
    assert all(re.search(rb'"level": ?"debug"', file.read_bytes()) for file in logs), (
        "else the hub was as quiet as ever"
    )
    for file in ours:
        if file.is_file():
            yield from in_all(file.name, [file.read_bytes()])


def dumped(url: str) -> bytes:
    """Return everything that a PostgreSQL database holds: as text, and each value of bytes as it is."""
    store = a_store(url)
    parts: list[bytes] = []
    with store.begin(read_only=True) as unit:
        for table in metadata.sorted_tables:
            for row in unit.connection.execute(sa.select(table)):
                parts += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row]
    store.close()
    text = subprocess.run(["pg_dump", "--inserts", url], capture_output=True, check=True).stdout
    return b"\n".join([*parts, text])


def in_all(where: str, contents: list[bytes]) -> list[str]:
    """Return what is found in any of these, and where."""
    return [f"{where}: {found}" for content in contents for found in hits(content)]


def test_what_waits_in_the_queues_tells_of_nobody(set_up: Bare) -> None:
    authorities = authorities_of(MemoryAdapter("children"), MemoryAdapter("social"))
    for who in CANARIES[:5]:
        plan = set_up.opens_plan(authorities, who.cpr)
        with set_up.store.begin() as unit:
            unit.outbox.mark_due([plan], now(), "c")
    relay = Relay(set_up.store, set_up.broker, set_up.settings)
    relay.turn()
    with set_up.broker.connect() as connection:
        channel = connection.channel()
        waiting = [
            message
            for queue in set_up.broker.queues.values()
            for message in iter(partial(channel.basic_get, queue.name), None)
        ]
    relay.close()
    assert len(waiting) >= 10
    told = [repr((message.body, message.headers, message.properties, message.delivery_info)) for message in waiting]
    assert in_all("a queue", [one.encode() for one in told]) == []


@pytest.mark.parametrize("who", [CANARIES[0], CANARIES[-1]])
def test_a_canary_is_found_whatever_it_is_written_in(who: Canary) -> None:
    plain = [who.cpr, who.hyphened, who.hyphened.replace("-", "%2D"), who.name, who.name.upper(), quote(who.name)]
    seen = [text.encode() for text in plain]
    seen += [text.encode(encoding) for text in (who.cpr, who.name) for encoding in ("utf-16-le", "utf-16-be")]
    seen += [text.encode().hex().encode() for text in (who.cpr, who.name)]
    seen += [base64.b64encode(b"x" * before + one.encode()) for before in range(3) for one in (who.cpr, who.name)]
    assert [one for one in seen if not hits(b'{"a":"' + one + b'"}')] == []
    assert hits(b"3112990000 canary 3112991 Kanal gul") == []
