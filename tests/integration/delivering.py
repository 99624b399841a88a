"""A hub that serves and delivers by itself, on the embedded set-up or the one of operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.authority import load
from hub.clock import new_id
from hub.queue.broker import Broker
from hub.queue.running import Running
from hub.settings import Settings
from tests.integration.api.served import Served, served
from tests.integration.databases import a_migrated_postgresql
from tests.integration.set_up import BROKER, must_answer


@contextmanager
def delivering(kind: str, folder: Path, wires: dict[str, dict[str, Any]], **changed: Any) -> Iterator[Served]:
    """Serve and deliver until the block ends.

    :param kind: ``embedded`` or ``servers``. :param wires: settings of authorities, by their names.
    :param changed: settings that differ.
    """
    if kind == "embedded":
        with _by(f"sqlite:///{folder / 'hub.db'}", "memory://", wires, changed) as running:
            yield running
    else:
        with a_migrated_postgresql() as url, _by(url, BROKER, wires, changed) as running:
            yield running


@contextmanager
def _by(url: str, broker_url: str, wires: dict[str, dict[str, Any]], changed: dict[str, Any]) -> Iterator[Served]:
    given: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32, **changed}
    settings = Settings(**given, database_url=url, broker_url=broker_url, queue_prefix=f"hub-test-{new_id().hex[:12]}")
    with served(url, wires=wires) as running, Broker(broker_url, settings.queue_prefix) as broker:
        must_answer(broker)
        loops = Running(running.store, broker, load(wires), settings)
        loops.start()
        try:
            yield running
        finally:
            assert loops.stop(15)
            broker.delete()
