"""How long what was done waits to be sealed, under load; and that no deed asks the database for more because of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.flow.accept import accept
from hub.flow.seal import standing
from hub.store.seal_tables import audit_seals
from hub.store.tables import audit
from hub.testing.builders import TEST_CPR, a_contribution
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import SetUp, authorities_of, eventually
from tests.integration.world import World

pytestmark = pytest.mark.integration

MESSAGES = 200
#: Far above what was measured (docs/explanation/audit.md), and far below the alarm of sixty seconds.
LONGEST_SECONDS = 15.0


class Watching(threading.Thread):
    """Sees, twenty times a second, which rows are sealed."""

    def __init__(self, set_up: SetUp) -> None:
        super().__init__(daemon=True)
        self._set_up, self._ends = set_up, threading.Event()
        self.sealed_at: dict[int, datetime] = {}

    def run(self) -> None:
        reached = -1
        while not self._ends.wait(0.05):
            with self._set_up.store.begin(read_only=True) as unit:
                query = sa.select(audit_seals.c.row, audit_seals.c.position).where(audit_seals.c.position > reached)
                found = unit.connection.execute(query).all()
            at = now()
            self.sealed_at.update({row.row: at for row in found})
            reached = max((row.position for row in found), default=reached)

    def end(self) -> None:
        self._ends.set()
        self.join()


def test_under_load_what_is_done_is_sealed_within_seconds(
    set_up: SetUp, record_property: Callable[[str, object], None]
) -> None:
    children, social = MemoryAdapter("children", channel="xml"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    watching = Watching(set_up)
    with set_up.running(authorities):
        eventually(lambda: standing(set_up.store, set_up.settings).unsealed == 0)
        watching.start()
        began = now()
        for version in range(1, MESSAGES + 1):
            told = Told(TEST_CPR, case="C1", version=version, goals={"g1": f"Mål {version}"})
            accept(children.message(told), set_up.store, authorities)
        seconds = (now() - began).total_seconds()
        eventually(lambda: list(social.holds.values()) == [f"Mål {MESSAGES}"], 60)
        eventually(lambda: set_up.row(plan, "social").due_at is None, 60)  # what it holds is remembered too
        with set_up.store.begin(read_only=True) as unit:
            done = unit.connection.execute(sa.select(audit.c.row, audit.c.at).where(audit.c.at >= began)).all()
        eventually(lambda: {row.row for row in done} <= watching.sealed_at.keys(), 60)
    watching.end()
    waited = sorted((watching.sealed_at[row.row] - row.at).total_seconds() for row in done)
    measured = f"{len(waited)} entries, {MESSAGES} messages in {seconds:.1f} s: "
    measured += ", ".join(f"p{part} {waited[len(waited) * part // 100]:.2f} s" for part in (50, 99))
    record_property("unsealed_window", measured)
    assert len(waited) >= MESSAGES
    assert waited[len(waited) * 99 // 100] < LONGEST_SECONDS, measured


def test_a_message_and_its_delivery_ask_nothing_about_sealing(world: World) -> None:
    world.opens_plan()
    statements: list[str] = []
    sa.event.listen(world.store.engine, "before_cursor_execute", lambda _c, _cursor, text, *_: statements.append(text))
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    about_audit = [text for text in statements if "audit" in text]
    assert about_audit, "deeds write their rows"
    assert all(text.startswith("INSERT INTO audit ") for text in about_audit)
