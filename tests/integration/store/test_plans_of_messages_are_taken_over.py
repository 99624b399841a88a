"""Which plans an older version's messages were for is known from the audit once the tables are brought up to date."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from alembic import command

from hub.clock import new_id, now
from hub.store.migrations import _config, upgrade
from hub.store.retention_tables import inbox_plans
from hub.store.tables import audit, inbox, people, plans
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_store, an_empty_database

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_a_message_of_before_names_its_plans(kind: str, tmp_path: Path) -> None:
    person, plan, receipt, at = new_id(), new_id(), new_id(), now()
    ours = {"municipality": MUNICIPALITY}
    deed = {**ours, "at": at, "actor": "children", "plan_id": plan, "correlation_id": "c"}
    said = orjson.dumps({"receipt": str(receipt)}).decode()
    with an_empty_database(kind, tmp_path) as url:
        store, config = a_store(url), _config()
        with store.begin() as unit:
            config.attributes["connection"] = unit.connection
            command.upgrade(config, "0007")
            do = unit.connection.execute
            do(people.insert().values(id=person, **ours, wrapped_key=b"k", identity=b"i"))
            do(plans.insert().values(id=plan, person_id=person, opened_at=at, **ours, status="active", version=1,
                                         consent_version=1, wrapped_key=b"k", state=b"s"))  # fmt: skip
            do(inbox.insert().values(id=receipt, **ours, authority="children", message_index=b"m", body_digest=b"d",
                                         received_at=at, correlation_id="c", outcome="{}"))  # fmt: skip
            do(audit.insert().values(**deed, action="accepted", details=said))
            do(audit.insert().values(**deed, action="read", details="{}"))
        upgrade(store)
        with store.begin(read_only=True) as unit:
            found = unit.connection.execute(sa.select(inbox_plans.c.receipt, inbox_plans.c.plan_id)).all()
        assert [tuple(row) for row in found] == [(receipt, plan)]
        store.close()
