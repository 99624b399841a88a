"""No question of a trace reads a table through, and neither does clearing: what both databases say of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

import pytest

from hub.clock import new_id, now
from hub.store.tables import attempts, audit, inbox, outbox, people, plans
from hub.store.trace_tables import delivery_causes
from hub.store.traces import Traces
from hub.store.transaction import Store, Unit
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_filled_store
from tests.integration.explained import by_indexes_alone, explaining

pytestmark = pytest.mark.integration

PLANS, EACH = 400, 25
#: What each question must be answered by: an index of its own, or a key (SQLite names none for a primary key of one).
QUESTIONS: Mapping[str, tuple[str, Callable[[Traces, UUID], object]]] = {
    "deeds": ("ix_audit_correlation_id", lambda traces, _: traces.deeds(["c-7"])),
    "messages of a trace": ("ix_inbox_trace_id", lambda traces, one: traces.message_of_trace(one)),
    "audit of deliveries": ("ix_audit_plan_id", lambda traces, one: traces.of_deliveries([one], now())),
    "caused": ("delivery_causes", lambda traces, one: traces.caused([one], ["c-7"])),
    "causes": ("delivery_causes", lambda traces, one: traces.newest_causes(one, 9, 50)),
    "attempts": ("ix_attempts_outbox_id_is_open", lambda traces, one: traces.attempts([one], now())),
    "rows of a trace": ("outbox", lambda traces, one: traces.rows_between(one, one)),
    "clearing": ("ix_delivery_causes_caused_at", lambda traces, _: traces.clear(now(), 500)),
}


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def big(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Ten thousand rows of everything that a trace looks at."""
    with a_filled_store(request.param, tmp_path_factory.mktemp("big"), _fill) as store:
        yield store


def _fill(unit: Unit) -> None:
    connection = unit.connection
    at = now()
    for number in range(PLANS):
        person, plan, row = new_id(), new_id(), new_id()
        of_hub = {"municipality": MUNICIPALITY}
        connection.execute(people.insert().values(id=person, wrapped_key=b"k", identity=b"i", **of_hub))
        connection.execute(
            plans.insert().values(
                id=plan, person_id=person, status="active", opened_at=at, version=1, consent_version=1,
                wrapped_key=b"k", state=b"s", **of_hub,
            )
        )  # fmt: skip
        connection.execute(
            outbox.insert().values(
                id=row, plan_id=plan, recipient="social", channel="rest", is_urgent=False, mark=EACH, not_before=at,
                ring_after=at, attempts=0, sequence=1, plan_version=1, consent_version=1, policy_version=1,
                correlation_id="c", **of_hub,
            )
        )  # fmt: skip
        many = range(EACH)
        named = {"at": at, "actor": "hub", "plan_id": plan, "details": "{}", **of_hub}
        connection.execute(
            audit.insert(), [{"action": "accepted", "correlation_id": f"c-{number}-{n}", **named} for n in many]
        )
        cause = {"outbox_id": row, "correlation_id": f"c-{number}", "caused_at": at}
        connection.execute(delivery_causes.insert(), [{"mark": n, **cause} for n in many])
        tried = {"outbox_id": row, "sequence": 1, "started_at": at, "is_open": False, "leaving": "{}"}
        connection.execute(attempts.insert(), [{"id": new_id(), "mark": n, **tried} for n in many])
        came = {"authority": "social", "body_digest": b"d", "received_at": at, "correlation_id": "c", "outcome": "{}"}
        connection.execute(
            inbox.insert(),
            [{"id": new_id(), "message_index": new_id().bytes, "trace_id": new_id(), **came, **of_hub} for _ in many],
        )


def explained(store: Store, question: Callable[[Traces], object]) -> str:
    """Return how the database answers a question."""
    with store.begin() as unit:
        by_indexes_alone(unit.connection)
        with explaining(unit.connection) as told:
            question(Traces(unit.connection, unit.municipality))
    return "\n".join(told)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_of_a_trace_is_answered_by_an_index(big: Store, name: str) -> None:
    index, question = QUESTIONS[name]
    said = explained(big, lambda traces: question(traces, new_id()))
    assert index in said
    assert not re.search("Seq Scan|^SCAN (?!wanted|anon)", said, re.MULTILINE), said
