"""Old rows are cleared while deliveries go on: nobody waits for it."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from hub.authority import Authorities
from hub.clock import monotonic, new_id, now
from hub.flow.accept import accept
from hub.flow.housekeeping import MOST, ask, rounds
from hub.store.tables import inbox
from hub.store.transaction import Store
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration

ROWS = 20_000
SECONDS, TURNS = 3.0, 3
LEAST_SHARE = 0.5
BODY_BYTES = 1_500


def old_messages(store: Store, number: int) -> None:
    """Put so many messages of long ago into the inbox, each with a body."""
    at = now() - timedelta(days=31)
    for _ in range(number // 1000):
        rows = [
            {
                "id": new_id(), "municipality": store.municipality, "authority": "children",
                "message_index": os.urandom(32), "body_digest": os.urandom(32), "received_at": at,
                "correlation_id": "c", "outcome": "{}", "body": os.urandom(BODY_BYTES),
            }
            for _ in range(1000)
        ]  # fmt: skip
        with store.begin() as unit:
            unit.connection.execute(inbox.insert(), rows)


def bodies(store: Store) -> int:
    with store.begin(read_only=True) as unit:
        query = sa.select(sa.func.count()).select_from(inbox).where(inbox.c.body.is_not(None))
        return unit.connection.execute(query).scalar_one()


def holds(social: MemoryAdapter, title: str) -> bool:
    return list(social.holds.values()) == [title]


def rate(set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter, authorities: Authorities, first: int) -> float:
    """Return how many changes a second reach social services, one after the other, from a version on."""
    begun, version = monotonic(), first
    while monotonic() - begun < SECONDS:
        title = f"Mål {version}"
        told = Told(TEST_CPR, case="C1", version=version, goals={"g1": title})
        accept(children.message(told), set_up.store, authorities)
        eventually(partial(holds, social, title))
        version += 1
    return (version - first) / (monotonic() - begun)


def share(set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter, authorities: Authorities, first: int) -> float:
    """Return what is left of the rate while twenty thousand bodies are cleared."""
    old_messages(set_up.store, ROWS)
    with set_up.running(authorities):
        alone = rate(set_up, children, social, authorities, first)
    assert bodies(set_up.store) >= ROWS  # nothing is cleared before its hour
    ask(set_up.store, set_up.settings, "test")
    with set_up.running(authorities):
        eventually(lambda: bodies(set_up.store) < ROWS)
        beside = rate(set_up, children, social, authorities, first + 1_000_000)
        assert MOST < bodies(set_up.store) < ROWS, "it was cleared before the rate was taken, or not at all"
        eventually(lambda: bodies(set_up.store) < MOST, 60)
        eventually(lambda: not any(one["is_due"] for one in rounds(set_up.store, set_up.settings)), 60)
    return beside / alone


@pytest.mark.slow
def test_deliveries_keep_their_rate_while_twenty_thousand_rows_are_cleared(set_up: SetUp) -> None:
    children, social = MemoryAdapter("children", channel="xml"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    shares: list[float] = []  # the two rates are taken one after the other: turns bear what disturbs one of them
    while len(shares) < TURNS and max(shares, default=0) < LEAST_SHARE:
        first = 1 + len(shares) * 2_000_000
        shares.append(share(set_up, children, social, authorities, first))
    assert max(shares) >= LEAST_SHARE, f"what housekeeping leaves of the rate: {shares}"
    (found,) = [one for one in rounds(set_up.store, set_up.settings) if one["kind"] == "message-bodies"]
    assert found["total"] == ROWS * len(shares)
