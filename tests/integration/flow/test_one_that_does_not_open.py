"""One plan of which a bit has flipped: what is done for all plans in turn is done for the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

import hub.flow.erase
import hub.queue.posting
import hub.queue.registering
from hub.authority.legal_holds import LegalHold
from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import Conflict, NotAllowed, NotFound, Tampered
from hub.flow.erase import approve, ask, certificate, certificates, clear, finish
from hub.flow.legal_hold import hold, lift_hold, show_holds
from hub.flow.register import recheck
from hub.flow.remind import remind, remind_of_consents
from hub.flow.restore import erased_since, restored
from hub.flow.shred import begin
from hub.plan.person import Role
from hub.queue.posting import Posting
from hub.store.erasures import Erasure, LegalHoldRow
from hub.store.notice_tables import notices
from hub.store.notices import NoticeKind, State
from hub.store.register_tables import followed
from hub.store.rights_tables import legal_holds
from hub.store.tables import consents, people, plan_people, plans
from hub.store.transaction import Unit
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from hub.testing.clock import frozen
from tests.described import faults_of
from tests.integration.flow.emergencies import breaks_glass, by_the_danish_rules
from tests.integration.post_box import Box
from tests.integration.registers import People, a_register, follows, protected, rows_of
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration

OTHER_CPR, CHILD = "0301609995", "2509479989"
CASEWORKER = Reader("children", Role.CASEWORKER)
DAY = timedelta(days=1)
MORNING = datetime(2026, 11, 28, 8, tzinfo=UTC)
#: A value of a plan's row and a byte of it: the first of a wrapped key is of the version of its master key.
VALUES = [(plans.c.state, -1), (plans.c.wrapped_key, 20), (plans.c.wrapped_key, 0)]
damaged = pytest.mark.parametrize(("column", "byte"), VALUES, ids=["state", "key", "version-of-the-key"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with a_register(tmp_path_factory.mktemp("register")) as register:
        yield register


def flips(world: World, row: UUID, column: sa.Column[Any] = plans.c.state, byte: int = -1) -> None:
    """Flip one bit of what is sealed; flipped once more, it is as it was."""
    where = column.table.c.id == row
    with world.store.begin() as unit:
        content = bytearray(unit.connection.execute(sa.select(column).where(where)).scalar_one())
        content[byte] ^= 1
        unit.connection.execute(sa.update(column.table).where(where).values({column.name: bytes(content)}))


def two_plans(world: World) -> list[UUID]:
    """Open two plans, and return them in the order of their ids: in that they are walked through."""
    return sorted(world.opens_plan(cpr, until=MORNING + 400 * DAY).plans[0] for cpr in (TEST_CPR, OTHER_CPR))


def told_of(world: World, kind: NoticeKind) -> dict[UUID, str]:
    """Return the plans of which there is such a notice, and how it stands."""
    with world.store.begin(read_only=True) as unit:
        found = unit.connection.execute(sa.select(notices).where(notices.c.kind == kind))
        return {row.plan_id: row.state for row in found}


def events(lines: list[Any]) -> list[tuple[str, str]]:
    return [(line["event"], line["code"]) for line in lines if "code" in line]


# --- letters ------------------------------------------------------------------------------------------------------


@damaged
def test_others_are_told_of_consents_and_emergencies(world: World, box: Box, column: sa.Column[Any], byte: int) -> None:
    with frozen(MORNING) as clock:
        by_the_danish_rules(world)
        first, second = two_plans(world)
        for plan in (first, second):
            world.says(a_consent(SOMEBODY).to("*").until(MORNING + 20 * DAY).build(), plan)
            breaks_glass(world, plan)
        flips(world, first, column, byte)
        posting = Posting(world.store, box.post, world.settings)
        with capture_logs() as lines:
            for _ in range(5):
                posting.turn()
        assert {code for event, code in events(lines) if event == "refused"} <= {"tampered", "settings-refused"}
        assert [event for event, _ in events(lines)] == ["refused"] * 2
        for kind in (NoticeKind.CONSENT_ENDS, NoticeKind.EMERGENCY):
            assert told_of(world, kind) == {second: State.SENT}
        flips(world, first, column, byte)  # restored from a copy: it is told of what it missed
        clock.advance(timedelta(hours=2))
        remind(world.store, world.settings)
        remind_of_consents(None, world.store, world.settings)
        for kind in (NoticeKind.CONSENT_ENDS, NoticeKind.EMERGENCY):
            assert set(told_of(world, kind)) == {first, second}


def test_a_letter_is_sent_though_the_look_for_others_has_failed(
    world: World, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    breaks_glass(world, plan)
    remind(world.store, world.settings)
    monkeypatch.setattr(hub.queue.posting, "remind", fails)
    monkeypatch.setattr(hub.queue.posting, "remind_of_consents", fails)
    posting = Posting(world.store, box.post, world.settings)
    while told_of(world, NoticeKind.EMERGENCY)[plan] != State.SENT:
        assert posting.turn() == 0
    for _ in range(2):  # the loop shows it until it is mended
        with pytest.raises(ZeroDivisionError):
            posting.turn()
    assert told_of(world, NoticeKind.EMERGENCY) == {plan: State.SENT}


def fails(*_given: object) -> None:
    raise ZeroDivisionError


# --- the person register ------------------------------------------------------------------------------------------


def followed_plans(world: World, register: People) -> list[UUID]:
    register.begins_anew()
    found = [world.opens_plan(cpr).plans[0] for cpr in (TEST_CPR, OTHER_CPR)]
    follows(world, register.register)
    return found


def looks_again(world: World) -> None:
    """Let the time be over after which a look is repeated."""
    with world.store.begin() as unit:
        waits = followed.c.recheck_at.is_not(None)
        unit.connection.execute(followed.update().where(waits).values(recheck_at=now() - DAY))
    recheck(world.store)


@pytest.mark.parametrize("column", [plans.c.state, plans.c.wrapped_key, people.c.identity])
def test_others_protections_end_and_what_the_register_says_of_them_is_learned(
    world: World, running: People, column: sa.Column[Any]
) -> None:
    first, second = followed_plans(world, running)
    with frozen(datetime(2026, 11, 28, 9, tzinfo=UTC)) as clock:
        for cpr in (TEST_CPR, OTHER_CPR):
            running.protects(cpr, until=date(2026, 11, 30))
        follows(world, running.register)
        row = first if column.table is plans else next(iter(protected(world, first)))
        flips(world, row, column)
        clock.move_to(datetime(2026, 12, 1, 9, tzinfo=UTC))
        running.protects(OTHER_CPR, until=date(2026, 12, 30))
        with capture_logs() as lines:
            follows(world, running.register)
        assert protected(world, second), "what the register says is heard"
        assert ("loop-failed", "tampered") not in events(lines)
        clock.move_to(datetime(2026, 12, 31, 9, tzinfo=UTC))
        recheck(world.store)
        assert not protected(world, second)
        flips(world, row, column)  # restored from a copy
        assert protected(world, first)
        clock.advance(timedelta(hours=1))
        recheck(world.store)
        assert not protected(world, first), "its turn comes again"


def test_a_protection_counts_in_other_plans_at_once_and_in_one_that_did_not_open_once_it_does(
    world: World, running: People
) -> None:
    own, _ = followed_plans(world, running)
    (childs,) = world.opens_plan(CHILD).plans
    world.accepts(a_contribution("children").about(CHILD).with_relative("m", TEST_CPR).build())
    flips(world, childs)
    running.protects(TEST_CPR)
    follows(world, running.register)
    (person,) = protected(world, own)
    looks_again(world)
    flips(world, childs)
    assert person not in protected(world, childs)
    looks_again(world)
    assert person in protected(world, childs)
    assert [row.recheck_at for row in rows_of(world)] == [None] * 3, "nobody looks at it again and again"


def test_jobs_of_the_register_are_done_though_a_look_has_failed(
    world: World, running: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = followed_plans(world, running)
    running.protects(OTHER_CPR)
    monkeypatch.setattr(hub.queue.registering, "recheck", fails)
    with pytest.raises(ZeroDivisionError):  # once there is no job any more
        follows(world, running.register)
    assert protected(world, second)


# --- erasures -----------------------------------------------------------------------------------------------------


def ended(world: World, *some: UUID) -> None:
    with world.store.begin() as unit:
        for days, plan in enumerate(reversed(some), start=10):
            long_ago = {"ended_at": now() - timedelta(days=days)}
            unit.connection.execute(plans.update().where(plans.c.id == plan).values(long_ago))


def night(world: World) -> int:
    """Do a round; return how many plans it has erased."""
    rows, is_over = 0, False
    while not is_over:
        with world.store.begin() as unit:
            done = clear(unit, now() - timedelta(days=9), "", 500)
        rows, is_over = rows + done.rows, done.position is None
    return rows


def left(world: World) -> set[UUID]:
    with world.store.begin(read_only=True) as unit:
        return set(unit.connection.execute(sa.select(plans.c.id)).scalars())


def is_wanted(world: World, plan: UUID) -> None:
    """Let one person ask for its erasure, and a second approve it."""
    ask(plan, COORDINATOR, world.store, actor="one", correlation_id="c")
    approve(plan, CASEWORKER, world.store, actor="another", correlation_id="c")


def finishes(world: World, plan: UUID) -> None:
    finish(plan, world.store, timedelta(), actor="operator", correlation_id="c")


def is_passed_over(world: World) -> bool:
    """Do a round; tell whether one was refused, and none erased."""
    with capture_logs() as lines:
        erased = night(world)
    return not erased and {event for event, _ in events(lines)} == {"refused"}


@damaged
def test_housekeeping_erases_the_others_and_leaves_it_to_people(
    world: World, column: sa.Column[Any], byte: int
) -> None:
    """It is the evidence of its damage, and nobody may have looked at it yet."""
    first, second = two_plans(world)
    (lives,) = world.opens_plan("0101609995").plans
    ended(world, first, second)
    flips(world, first, column, byte)
    assert night(world) == 1
    assert left(world) == {lives, first}
    assert is_passed_over(world)
    with world.store.begin(read_only=True) as unit:
        assert unit.erasures.of_plan(first) is None, "nobody is told to delete anything of it either"
    is_wanted(world, first)
    finishes(world, first)
    assert left(world) == {lives}


@damaged
def test_one_that_was_damaged_after_its_erasure_was_approved_is_left_to_people_too(
    world: World, column: sa.Column[Any], byte: int
) -> None:
    (plan,) = world.opens_plan().plans
    is_wanted(world, plan)
    flips(world, plan, column, byte)
    assert is_passed_over(world)
    assert left(world) == {plan}
    finishes(world, plan)
    assert left(world) == set()


def test_a_plan_whose_erasure_is_refused_is_passed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither another that ended nor one that a citizen wants erased waits for it."""
    refused, second = two_plans(world)
    (wanted,) = world.opens_plan("0101609995").plans

    def begins(unit: Unit, one: Erasure, *given: Any, **asked: Any) -> Any:
        begun = begin(unit, one, *given, **asked)
        if one.plan == refused:
            raise Conflict("It cannot be.")
        return begun

    ended(world, refused, second)
    is_wanted(world, wanted)
    monkeypatch.setattr(hub.flow.erase, "begin", begins)
    assert night(world) == 2
    assert left(world) == {refused}
    with world.store.begin(read_only=True) as unit:
        assert unit.erasures.of_plan(refused) is None, "what was begun of it is taken back"


@damaged
def test_it_can_be_asked_for_and_approved_and_its_holders_are_waited_for_until_the_deadline(
    world: World, column: sa.Column[Any], byte: int
) -> None:
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    citizen = citizen_of(world, plan)
    flips(world, plan, column, byte)
    ask(plan, COORDINATOR, world.store, actor="one", correlation_id="c")
    shown = approve(plan, CASEWORKER, world.store, actor="another", correlation_id="c")
    assert "social" in shown.waits_for
    assert night(world) == 0
    with pytest.raises(Conflict):
        finish(plan, world.store, None, actor="operator", correlation_id="c")
    finishes(world, plan)
    assert left(world) == set()
    (document,) = certificates(world.store)
    whole = orjson.loads(document)["statement"]
    assert "social" in {one["recipient"] for one in whole["recipients"]}
    assert "told_to_citizen" not in whole, "what the citizen may see of them is not known; that is not nobody"
    own = orjson.loads(certificate(plan, citizen, world.store, actor="anna", correlation_id="c"))
    assert "recipients" not in own["statement"]
    assert faults_of("ErasureCertificateAnswer", own) == []


@damaged
def test_a_restored_hub_erases_it_again(world: World, tmp_path: Path, column: sa.Column[Any], byte: int) -> None:
    (plan,) = world.opens_plan().plans
    with world.store.begin() as unit:
        copy = {table: unit.connection.execute(sa.select(table)).mappings().all() for table in (people, plans)}
    is_wanted(world, plan)
    finishes(world, plan)
    kept = certificates(world.store)
    with world.store.begin() as unit:
        for table, rows in copy.items():
            unit.connection.execute(table.insert(), [dict(row) for row in rows])
    flips(world, plan, column, byte)
    assert restored(erased_since(kept, world.store), world.store, world.settings, actor="test").erased == [plan]
    assert left(world) == set()


@pytest.mark.parametrize("column", [people.c.identity, consents.c.content], ids=str)
def test_a_damaged_relative_leaves_nothing_out_of_the_citizens_certificate(
    world: World, column: sa.Column[Any]
) -> None:
    """The plan opens, so what the citizen may see of recipients can be known: the last step waits until it is."""
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_relative("m", CHILD).with_draft("g1").build())
    citizen = citizen_of(world, plan)
    with world.store.begin() as unit:
        (relative,) = set(unit.connection.execute(sa.select(plan_people.c.person_id)).scalars()) - {citizen.person}
        consent = a_consent(relative).to("social").build()
        unit.consents.add(consent, now())
    world.drains()
    is_wanted(world, plan)
    world.drains()
    row = consent.id if column.table is consents else relative
    flips(world, row, column)
    assert is_passed_over(world)
    with pytest.raises(Tampered):
        finishes(world, plan)
    assert left(world) == {plan}
    flips(world, row, column)  # restored from a copy
    assert night(world) == 1
    own = orjson.loads(certificate(plan, citizen, world.store, actor="anna", correlation_id="c"))
    assert "social" in {one["recipient"] for one in own["statement"]["recipients"]}


# --- legal holds --------------------------------------------------------------------------------------------------


WORDS = "Sagen er anket"


def sets(world: World, plan: UUID) -> LegalHoldRow:
    return hold(plan, LegalHold.CASE, WORDS, CASEWORKER, world.store, actor="me", correlation_id="c")


def words(world: World, plan: UUID) -> list[str]:
    shown = show_holds(plan, COORDINATOR, world.store, actor="me", correlation_id="c")
    return [one.reason for one in shown]


@damaged
def test_a_law_can_keep_it(world: World, column: sa.Column[Any], byte: int) -> None:
    """Where its key does not open either, nothing can seal the words: it is kept without them."""
    (plan,) = world.opens_plan().plans
    flips(world, plan, column, byte)
    kept = [WORDS] if column is plans.c.state else [""]
    held = sets(world, plan)
    assert [held.reason] == words(world, plan) == kept
    with pytest.raises(Conflict):
        is_wanted(world, plan)
    flips(world, plan, column, byte)  # restored from a copy
    assert words(world, plan) == kept
    flips(world, plan, column, byte)
    lift_hold(held.id, CASEWORKER, world.store, actor="me", correlation_id="c")
    approve(plan, CASEWORKER, world.store, actor="another", correlation_id="c")
    finishes(world, plan)
    assert left(world) == set()


@pytest.mark.parametrize(
    ("column", "byte"), [*VALUES, (legal_holds.c.reason, -1)], ids=["state", "key", "version-of-the-key", "words"]
)
def test_a_legal_hold_of_before_can_be_read_and_lifted_by_whom_it_could(
    world: World, column: sa.Column[Any], byte: int
) -> None:
    (plan,) = world.opens_plan().plans
    held = sets(world, plan)
    flips(world, held.id if column.table is legal_holds else plan, column, byte)
    assert words(world, plan) == ([WORDS] if column is plans.c.state else [""])
    with pytest.raises(NotAllowed):
        lift_hold(held.id, Reader("social", Role.CASEWORKER), world.store, actor="other", correlation_id="c")
    with pytest.raises(NotFound):
        lift_hold(held.id, Reader("elsewhere", Role.COORDINATOR), world.store, actor="other", correlation_id="c")
    lifted = lift_hold(held.id, CASEWORKER, world.store, actor="me", correlation_id="c")
    assert lifted.lifted_at is not None
    is_wanted(world, plan)
    finishes(world, plan)
    assert left(world) == set()
