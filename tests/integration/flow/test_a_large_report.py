"""An access report of a citizen with a long history: how its work grows, apart from what else the machine does."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.api.report_answers import report_answer
from hub.api.report_page import report_page
from hub.clock import new_id, now
from hub.flow.report import report_on
from hub.testing.builders import a_contribution, an_id
from tests.effort import readings
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import World, citizen_of

pytestmark = pytest.mark.integration
ELEMENTS, DISCLOSURES = 500, 5_000
#: Sixty seconds, where a reading takes some 25 ms.
A_MINUTE = 2_400
NAMED = 40


def a_long_history(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    letter = a_contribution("children")
    for number in range(ELEMENTS):
        letter = letter.with_draft(f"g{number}", title=f"Goal {number}")
    world.accepts(letter.build())
    return plan


def disclosed(world: World, plan: UUID, times: int) -> None:
    elements = [str(an_id("children", f"g{number}")) for number in range(NAMED)]
    with world.store.begin() as unit:
        for number in range(times):
            unit.audit.record(
                "delivered", "hub", now(), "c", plan, recipient="social", delivery=new_id(), sequence=number,
                elements=elements, withdrawn=[], categories=["goals"], rules=["CON-SEL141"], consents=[], policy=1,
            )  # fmt: skip


def test_a_report_of_500_elements_and_5000_disclosures_is_made_well_within_a_minute(world: World) -> None:
    plan = a_long_history(world)
    asked: list[str] = []
    sa.event.listen(world.store.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))

    def made() -> tuple[bytes, bytes]:
        asker = citizen_of(world, plan)
        asked.clear()
        report = report_on(plan, asker, world.store, world.settings, actor="anna", correlation_id="c")
        return orjson.dumps(report_answer(report)), bytes(report_page(report, "da").body)

    disclosed(world, plan, 100)
    made()
    questions = len(asked)
    disclosed(world, plan, DISCLOSURES - 100)
    (told, page), work = readings(made)
    assert len(asked) == questions, "the database is asked as often, however long the history is"
    assert work < A_MINUTE / 4
    report = orjson.loads(told)
    assert len(report["elements"]) == ELEMENTS
    assert sum(one["what"] == "sent" for one in report["disclosures"]) == DISCLOSURES
    assert page.count(b"<tr>") > ELEMENTS + DISCLOSURES
