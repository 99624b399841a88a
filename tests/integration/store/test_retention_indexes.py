"""No step of housekeeping reads a table through: what PostgreSQL says of each statement, with some 100,000 rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.flow.housekeeping import MOST
from hub.store.retention import Retention
from hub.store.transaction import Store
from tests.integration.databases import a_migrated_postgresql, a_store

pytestmark = [pytest.mark.integration, pytest.mark.servers]

#: A municipality some years on: 5,000 plans, of which 1,000 have ended; twenty rows of everything for each.
FILLING = """
CREATE TEMPORARY TABLE people_made AS SELECT n, gen_random_uuid() AS person, gen_random_uuid() AS plan,
    gen_random_uuid() AS box FROM generate_series(1, 5000) AS n;
INSERT INTO people (id, municipality, wrapped_key, identity) SELECT person, '0376', 'k', 'i' FROM people_made;
INSERT INTO plans (id, municipality, person_id, status, opened_at, ended_at, version, consent_version, wrapped_key,
    state) SELECT plan, '0376', person, 'active', now() - interval '3 years',
    CASE WHEN n / 5 * 5 = n THEN now() - n * interval '4 hours' END, 1, 1, 'k', 's' FROM people_made;
INSERT INTO outbox (id, municipality, plan_id, recipient, channel, is_urgent, mark, not_before, ring_after, attempts,
    sequence, plan_version, consent_version, policy_version, correlation_id)
    SELECT box, '0376', plan, 'social', 'rest', false, 0, now(), now(), 0, 1, 1, 1, 1, 'c' FROM people_made;
INSERT INTO attempts (id, outbox_id, sequence, started_at, finished_at, outcome, is_open, leaving)
    SELECT gen_random_uuid(), box, 21 - m, now() - (n / 125 + m * 40) * interval '1 day',
    now() - (n / 125 + m * 40) * interval '1 day', 'taken-in', false, '{}'
    FROM people_made, generate_series(1, 20) AS m;
INSERT INTO withdrawals (id, outbox_id, element_id, owed_at, attempt_id, ended_at)
    SELECT gen_random_uuid(), outbox_id, gen_random_uuid(), started_at, id, started_at FROM attempts
    WHERE sequence / 4 * 4 = sequence;
INSERT INTO elements (id, plan_id, kind, authority, status, registered_at, superseded_at, content)
    SELECT gen_random_uuid(), plan, 'goal', 'social', 'active', now() - interval '3 years',
    CASE WHEN m > 4 THEN now() - (n / 125 + m * 60) * interval '1 day' END, 'c'
    FROM people_made, generate_series(1, 20) AS m;
INSERT INTO inbox (id, municipality, authority, message_index, body_digest, received_at, correlation_id, outcome, body)
    SELECT gen_random_uuid(), '0376', 'social', decode(md5(n || '-' || m), 'hex'), 'd',
    now() - (n / 125 + m * 40) * interval '1 day', 'c', '{}', CASE WHEN m < 2 THEN 'b'::bytea END
    FROM people_made, generate_series(1, 20) AS m;
INSERT INTO inbox_plans (receipt, plan_id) SELECT inbox.id, plan FROM inbox
    JOIN people_made ON people_made.n = ('x' || substr(encode(message_index, 'hex'), 1, 4))::bit(16)::int / 14 + 1;
INSERT INTO jobs (id, municipality, kind, authority, reference, cursor, attempts, last_attempt_at, last_success_at,
    last_result, correlation_id) SELECT gen_random_uuid(), '0376', 'fetch', 'social', m || '-' || n, '', 0,
    now() - (n / 125 + m * 20) * interval '1 day', now(), CASE WHEN m > 10 THEN 'unknown-person' ELSE '' END, 'c'
    FROM people_made, generate_series(1, 20) AS m;
ANALYZE
"""


@pytest.fixture(scope="module")
def big() -> Iterator[Store]:
    with a_migrated_postgresql() as url:
        store = a_store(url)
        with store.begin() as unit:
            for statement in FILLING.split(";\n"):
                unit.connection.exec_driver_sql(statement)
        yield store
        store.close()


class NotKept(Exception):
    """Nothing of the step is to stay."""


def explained(store: Store, step: Callable[[Retention], object]) -> str:
    """Return how PostgreSQL does every statement of a step; nothing of the step stays."""
    plans: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        with connection.connection.cursor() as asking:
            asking.execute(f"EXPLAIN {statement}", given)
            plans.extend(re.sub(r"'\{.*\}'", "these", row[0]) for row in asking.fetchall())

    with suppress(NotKept), store.begin() as unit:
        # As of a disk without a moving head; by what PostgreSQL thinks else, it would read so small a table through.
        unit.connection.exec_driver_sql("SET LOCAL random_page_cost = 1.1")
        sa.event.listen(unit.connection, "before_cursor_execute", explain)
        step(Retention(unit.connection, unit.municipality))
        raise NotKept
    return "\n".join(plans)


STEPS: Mapping[str, tuple[str, Callable[[Retention, datetime], object]]] = {
    "message bodies": ("ix_inbox_bodies", lambda kept, before: kept.bodies(before, MOST)),
    "messages": ("ix_plans_ended", lambda kept, before: kept.messages(before, "", MOST)),
    "attempts": ("ix_attempts_closed", lambda kept, before: kept.attempts(before, "", MOST)),
    "versions": ("ix_elements_superseded", lambda kept, before: kept.versions(before, "", MOST)),
    "unknown people": ("ix_jobs_unknown", lambda kept, before: kept.unknown_people(before, MOST)),
}


@pytest.mark.parametrize("days", [20, 700], ids=["much is old", "little is old"])
@pytest.mark.parametrize("name", STEPS)
def test_a_step_finds_and_judges_its_rows_by_indexes(big: Store, name: str, days: int) -> None:
    index, step = STEPS[name]
    said = explained(big, lambda kept: step(kept, now() - timedelta(days=days)))
    assert index in said
    assert not re.search("Seq Scan on (inbox|inbox_plans|attempts|elements|withdrawals|jobs)", said), said
