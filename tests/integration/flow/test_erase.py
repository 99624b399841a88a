"""A plan that is erased: what is taken back first, what is destroyed, what stops it, and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.audit.verification import verify as verify_audit
from hub.authority.legal_holds import LegalHold
from hub.clock import now
from hub.consent.reader import Reader
from hub.crypto.signing import verify
from hub.errors import Conflict, NotAllowed, NotFound, Tampered, UnknownPerson
from hub.flow.erase import approve, ask, certificate, clear, finish, show
from hub.flow.hold import hold_back
from hub.flow.legal_hold import hold, lift_hold
from hub.flow.seal import export, seal
from hub.plan.person import Role
from hub.store.sealed_elements import ElementPlace, unseal_element
from hub.store.sqlite_file import empty_log
from hub.store.tables import elements, metadata, people, plans
from hub.testing.builders import a_consent, a_contribution
from tests.described import faults_of
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
CASEWORKER = Reader("children", Role.CASEWORKER)
DEADLINE = timedelta(hours=72)


def a_shared_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(name="Anna Test").plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1", title="Ro om aftenen").build())
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="Ro om natten").build())
    world.drains()
    assert world.systems["social"].holds(plan)
    return plan


def asks(world: World, plan: UUID, reader: Reader = COORDINATOR) -> None:
    ask(plan, reader, world.store, actor="one", correlation_id="c")


def approves(world: World, plan: UUID, actor: str = "another") -> None:
    approve(plan, CASEWORKER, world.store, actor=actor, correlation_id="c")


def finishes(world: World, plan: UUID, deadline: timedelta | None = None) -> None:
    finish(plan, world.store, deadline, actor="operator", correlation_id="c")


def is_erased(world: World, plan: UUID) -> None:
    asks(world, plan)
    approves(world, plan)
    world.drains()
    finishes(world, plan)


def sealed(world: World) -> Iterator[tuple[str, bytes]]:
    """Yield every sealed value of every table: what somebody with a copy of the database has."""
    with world.store.begin(read_only=True) as unit:
        for table in metadata.sorted_tables:
            if table.name.startswith("audit"):
                continue
            for column in table.columns:
                if isinstance(column.type, sa.LargeBinary):
                    for value in unit.connection.execute(sa.select(column).where(column.is_not(None))).scalars():
                        yield f"{table.name}.{column.name}", bytes(value)


def test_whoever_holds_something_is_told_to_delete_it_first(world: World) -> None:
    plan = a_shared_plan(world)
    asks(world, plan)
    assert world.systems["social"].holds(plan), "nothing is done before a second person has approved it"
    approves(world, plan)
    with pytest.raises(Conflict):
        finishes(world, plan)
    world.drains()
    assert not world.systems["social"].holds(plan)
    assert not world.systems["employment"].holds(plan)
    finishes(world, plan)


def test_nothing_of_the_plan_or_its_person_is_left_but_ids(world: World) -> None:
    plan = a_shared_plan(world)
    is_erased(world, plan)
    with world.store.begin(read_only=True) as unit:
        rows = {
            table.name: unit.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
    kept = {name for name, count in rows.items() if count}
    assert kept <= {"audit", "audit_seals", "audit_checkpoints", "policies", "policy_drafts", "erasures", "circuits",
                    "calls", "jobs", "paces", "housekeeping"}  # fmt: skip


def every_key(world: World) -> list[bytes]:
    """Return every data key that the database and the master keys together still give."""
    with world.store.begin(read_only=True) as unit:
        rows = [
            (f"{table.name}|{row.id}|key", bytes(row.wrapped_key))
            for table in (plans, people)
            for row in unit.connection.execute(sa.select(table.c.id, table.c.wrapped_key))
        ]
        return [world.store.keyring.unwrap(wrapped, place) for place, wrapped in rows]


def opens(world: World, row: sa.Row[Any, Any, Any], plan: UUID, keys: list[bytes]) -> bool:
    for key in keys:
        with suppress(Tampered):
            unseal_element(bytes(row.content), ElementPlace(row.id, plan, row.registered_at), key)
            return True
    return False


def test_what_was_sealed_before_opens_by_no_key_that_is_left(world: World) -> None:
    world.opens_plan("0301609995")  # somebody else, whose keys stay
    plan = a_shared_plan(world)
    with world.store.begin(read_only=True) as unit:
        columns = (elements.c.id, elements.c.registered_at, elements.c.content)
        copied = unit.connection.execute(sa.select(*columns).where(elements.c.plan_id == plan)).all()
    assert len(copied) == 2, "the history too"
    assert all(opens(world, row, plan, every_key(world)) for row in copied), "else this shows nothing"
    is_erased(world, plan)
    assert len(every_key(world)) == 2
    assert not any(opens(world, row, plan, every_key(world)) for row in copied)


def test_no_sealed_value_nor_the_key_is_left_in_the_database_or_its_file(world: World) -> None:
    plan = a_shared_plan(world)
    before = list(sealed(world))
    assert {"plans.wrapped_key", "plans.state", "elements.content", "inbox.body", "people.identity",
            "consents.content"} <= {place for place, _ in before}  # fmt: skip
    assert len([place for place, _ in before if place == "elements.content"]) == 2, "the history too"
    is_erased(world, plan)
    assert not {value for _, value in before} & {value for _, value in sealed(world)}
    if world.store.engine.dialect.name == "sqlite":
        assert empty_log(world.store)
        raw = Path(str(world.store.engine.url.database)).read_bytes()
        assert not [place for place, value in before if value in raw]


def test_a_message_that_comes_later_finds_nobody(world: World) -> None:
    plan = a_shared_plan(world)
    is_erased(world, plan)
    with pytest.raises(UnknownPerson):
        world.accepts(a_contribution("children").version(3).with_draft("g2").build())
    with pytest.raises(NotFound):
        world.shows(plan)


def test_who_joins_it_by_a_message_meanwhile_is_sent_nothing(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(circle=("children", "social")).plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    asks(world, plan)
    approves(world, plan)
    world.accepts(a_contribution("employment").with_draft("g9").build())
    world.accepts(a_contribution("children").version(2).with_draft("g2").build())
    world.drains()
    assert not world.systems["employment"].heard
    assert not world.systems["social"].heard
    finishes(world, plan)


def test_the_citizen_gets_a_signed_certificate(world: World) -> None:
    plan = a_shared_plan(world)
    citizen = citizen_of(world, plan)
    with pytest.raises(NotFound):
        certificate(plan, citizen, world.store, actor="anna", correlation_id="c")
    is_erased(world, plan)
    document = certificate(plan, citizen, world.store, actor="anna", correlation_id="c")
    statement = verify(document, [world.store.keyring.signing_key.public])["statement"]
    assert (statement["plan"], statement["cause"], statement["person_too"]) == (str(plan), "request", True)
    assert not {"rows", "told_to_citizen"} & statement.keys(), "counts would tell of what was withheld"
    assert statement["backups"] == {"master_key_version": 1}
    assert {one["recipient"] for one in statement["recipients"]} >= {"employment", "social"}
    assert all(one["confirmed"] for one in statement["recipients"])
    assert b"Anna" not in document
    whole_document = certificate(plan, COORDINATOR, world.store, actor="me", correlation_id="c")
    for one in (document, whole_document):
        assert faults_of("ErasureCertificateAnswer", orjson.loads(one)) == []
    whole = orjson.loads(whole_document)["statement"]
    assert whole["rows"]["elements"] == 2
    assert whole["recipients"] == whole["told_to_citizen"]["recipients"] == statement["recipients"]
    for nobody in (Reader("elsewhere", Role.COORDINATOR), Reader("citizen", Role.CITIZEN, person=plan), CASEWORKER):
        with pytest.raises(NotFound):
            certificate(plan, nobody, world.store, actor="x", correlation_id="c")


def test_a_legal_hold_stops_it_until_the_last_step(world: World) -> None:
    plan = a_shared_plan(world)
    held = hold(plan, LegalHold.CASE, "Sagen er anket", CASEWORKER, world.store, actor="me", correlation_id="c")
    asks(world, plan)
    with pytest.raises(Conflict):
        approves(world, plan)
    assert world.systems["social"].holds(plan)
    lift_hold(held.id, CASEWORKER, world.store, actor="me", correlation_id="c")
    later = hold(
        plan, LegalHold.ARCHIVES, "Arkivet skal se den", CASEWORKER, world.store, actor="me", correlation_id="c"
    )
    with pytest.raises(Conflict):
        approves(world, plan)
    lift_hold(later.id, COORDINATOR, world.store, actor="me", correlation_id="c")
    approves(world, plan)
    world.drains()
    finishes(world, plan)


def test_nobody_erases_alone(world: World) -> None:
    plan = a_shared_plan(world)
    asks(world, plan)
    with pytest.raises(NotAllowed):
        approves(world, plan, actor="one")
    assert world.systems["social"].holds(plan)


def test_who_has_not_answered_is_waited_for_until_the_deadline_and_named(world: World) -> None:
    plan = a_shared_plan(world)
    asks(world, plan)
    approves(world, plan)
    world.delivers(plan, "employment")
    shown = show(plan, citizen_of(world, plan), world.store, actor="anna", correlation_id="c")
    assert list(shown.waits_for) == ["social"]
    with pytest.raises(Conflict):
        finishes(world, plan, DEADLINE)
    finishes(world, plan, timedelta(0))
    citizen = Reader("citizen", Role.CITIZEN, person=shown.erasure.person)
    statement = orjson.loads(certificate(plan, citizen, world.store, actor="anna", correlation_id="c"))["statement"]
    assert {one["recipient"] for one in statement["recipients"] if not one["confirmed"]} == {"social"}


def stands(world: World, plan: UUID, reader: Reader) -> dict[str, bool]:
    shown = show(plan, reader, world.store, actor="me", correlation_id="c")
    return {one.name: one.holds for one in shown.recipients}


def test_who_holds_what_the_citizen_may_not_see_is_told_as_who_holds_nothing(world: World) -> None:
    plan = a_shared_plan(world)
    world.accepts(a_contribution("children").version(3).with_relative("g1", "0301609995", name="Far").build())
    citizen = citizen_of(world, plan)
    assert not world.shows(plan, citizen).view.seen, "else this shows nothing"
    assert world.systems["social"].holds(plan), "else this shows nothing"
    asked = ask(plan, citizen, world.store, actor="anna", correlation_id="c")
    assert not asked.waits_for
    assert stands(world, plan, citizen) == {"children": False, "employment": False, "social": False}
    assert stands(world, plan, COORDINATOR) == {"children": False, "employment": True, "social": True}
    approves(world, plan)
    assert not any(stands(world, plan, citizen).values())
    finishes(world, plan, timedelta(0))
    told, whole = (
        orjson.loads(certificate(plan, reader, world.store, actor="x", correlation_id="c"))["statement"]["recipients"]
        for reader in (citizen, COORDINATOR)
    )
    assert [one["confirmed"] for one in told] == [True, True, True]
    assert [one["confirmed"] for one in whole] == [True, False, False]


def test_of_a_held_plan_the_citizen_is_told_the_circle_of_before_and_not_what_it_holds(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(circle=("children", "social")).plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    citizen = citizen_of(world, plan)
    hold_back(plan, "Søsteren har fortalt om trusler", COORDINATOR, world.store, actor="me", correlation_id="c")
    world.accepts(a_contribution("employment", "C9").with_draft("e1").build())
    world.drains()
    assert world.systems["employment"].holds(plan), "it has joined since"
    asks(world, plan, citizen)
    assert stands(world, plan, citizen) == {"children": False, "social": False}
    assert stands(world, plan, COORDINATOR) == {"children": True, "employment": True, "social": True}
    approves(world, plan)
    assert stands(world, plan, citizen) == {"children": False, "social": False}
    world.drains()
    finishes(world, plan)
    document = certificate(plan, citizen, world.store, actor="x", correlation_id="c")
    assert [one["recipient"] for one in orjson.loads(document)["statement"]["recipients"]] == ["children", "social"]


def test_housekeeping_erases_what_ended_long_ago_and_nothing_else(world: World) -> None:
    plan = a_shared_plan(world)
    (other,) = world.opens_plan("0301609995").plans
    with world.store.begin() as unit:
        ended = {"ended_at": now() - timedelta(days=10)}
        unit.connection.execute(plans.update().where(plans.c.id == plan).values(ended))

    def night(before: timedelta) -> int:
        with world.store.begin() as unit:
            return clear(unit, now() - before, "", 500).rows

    assert night(timedelta(days=11)) == 0
    assert night(timedelta(days=9)) == 0, "recipients are told first"
    world.drains()
    assert night(timedelta(days=9)) == 1
    with world.store.begin(read_only=True) as unit:
        assert unit.connection.execute(sa.select(plans.c.id)).scalars().all() == [other]


def test_a_night_erases_all_that_has_ended_however_many(world: World) -> None:
    (lives,) = world.opens_plan("0101609995").plans
    ended = [world.opens_plan(f"{day:02}01609995").plans[0] for day in range(2, 10)]
    with world.store.begin() as unit:
        long_ago = {"ended_at": now() - timedelta(days=10)}
        unit.connection.execute(plans.update().where(plans.c.id.in_(ended)).values(long_ago))
    rows, is_over = 0, False
    while not is_over:
        with world.store.begin() as unit:
            done = clear(unit, now() - timedelta(days=9), "", 500)
        rows, is_over = rows + done.rows, done.position is None
    assert rows == len(ended)
    with world.store.begin(read_only=True) as unit:
        assert unit.connection.execute(sa.select(plans.c.id)).scalars().all() == [lives]


def test_it_is_audited_and_the_audit_stays_and_verifies(world: World) -> None:
    plan = a_shared_plan(world)
    seal(world.store, is_whole=True)
    with world.store.begin(read_only=True) as unit:
        before = unit.audit.of_plan(plan)
    is_erased(world, plan)
    with world.store.begin(read_only=True) as unit:
        after = unit.audit.of_plan(plan)
    assert after[: len(before)] == before
    assert [one["action"] for one in after if one["action"].startswith("eras")] == [
        "erasure-asked", "erasure-approved", "erased",
    ]  # fmt: skip
    assert after[-1]["details"]["rows"]["elements"] == 2
    while seal(world.store, is_whole=True):
        pass
    assert verify_audit(export(world.store), (), [world.store.keyring.signing_key.public]).is_whole
