"""An authority's lists of tasks: they wait for nobody, are true of one instant, and what does not open is left out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from threading import current_thread, main_thread
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.subjects import KLE
from hub.errors import NotFound
from hub.flow import correct, propose, statements
from hub.flow.statements import Says
from hub.plan.element import Code, Kind, Period, Status
from hub.plan.person import Role
from hub.store.tables import plans
from hub.testing.builders import TEST_CPR, a_consent, a_contribution, an_id
from tests.integration.databases import OPERATED
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
OTHER_CPR, CHILD = "0301609995", "0505159995"
CASEWORKER = Reader("children", Role.CASEWORKER)
WITHIN, ELSEWHERE = (Reader("children", Role.CASEWORKER, kle=frozenset({kle})) for kle in ("27.24", "32"))
WORDS = "Hvorfor lige den dag, og ikke en anden?"
DAY = timedelta(days=1)
NINE = now() + 7 * DAY
ABOUT_SUPPORT, ABOUT_ANOTHER = ((Code(KLE, code, ""),) for code in ("27.24.00", "32.18.04"))


def a_plan(world: World, cpr: str = TEST_CPR, case: str = "C1") -> UUID:
    """Open a plan with a case about support, and an appointment of it that has no subject of its own."""
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(cpr).plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    sends(world, cpr, case)
    return plan


def sends(world: World, cpr: str = TEST_CPR, case: str = "C1", version: int = 1, start: Any = NINE) -> None:
    meets = {"status": Status.PLANNED, "valid": Period(start, start + DAY)}
    told = a_contribution("children", case).about(cpr).version(version).with_draft("a1", Kind.APPOINTMENT, **meets)
    world.accepts(told.with_draft("case", Kind.CASE, codes=ABOUT_SUPPORT).build())


def asks(world: World, plan: UUID, case: str = "C1", source: str = "a1", words: str = WORDS) -> UUID:
    element, me = an_id("children", source, case), citizen_of(world, plan)
    return statements.say(
        plan, element, Says.ASK, words, me, world.store, 10, actor="me", correlation_id="c"
    ).statement.id  # fmt: skip


def claims(world: World, plan: UUID, case: str = "C1") -> UUID:
    element, me = an_id("children", "a1", case), citizen_of(world, plan)
    return correct.ask(plan, element, WORDS, me, world.store, actor="me", correlation_id="c").correction.id


def proposes(world: World, plan: UUID, case: str = "C1") -> UUID:
    element, start = an_id("children", "a1", case), NINE + 3 * DAY
    return propose.propose(
        plan, element, start, COORDINATOR, world.store, actor="k", correlation_id="c"
    ).proposal.id  # fmt: skip


def asked(world: World, reader: Reader = CASEWORKER) -> list[UUID]:
    found = statements.for_authority(reader, world.store, actor="x", correlation_id="c")
    return [one.statement.id for one in found]


def claimed(world: World, reader: Reader = CASEWORKER) -> list[UUID]:
    found = correct.for_authority(reader, world.store, actor="x", correlation_id="c")
    return [one.correction.id for one in found]


def proposed(world: World, reader: Reader = CASEWORKER) -> list[UUID]:
    found = propose.for_authority(reader, world.store, actor="x", correlation_id="c")
    return [one.proposal.id for one in found]


Does = Callable[..., UUID]
Lists = Callable[..., list[UUID]]
KINDS = [(asks, asked), (claims, claimed), (proposes, proposed)]
each_list = pytest.mark.parametrize(("does", "lists"), KINDS, ids=["statements", "corrections", "proposals"])


# --- whom a list waits for, and who waits for it ------------------------------------------------------------------


def listed_beside_a_writer(world: World, plan: UUID, lists: Lists) -> list[UUID]:
    """Return a list that is asked for while another transaction has a plan for writing."""
    with ThreadPoolExecutor(1) as pool, world.store.begin() as unit:
        unit.plans.lock([plan])
        return pool.submit(lists, world).result(5)


@pytest.mark.parametrize("url", [OPERATED], indirect=True)
@pytest.mark.parametrize(("does", "lists"), KINDS[1:], ids=["corrections", "proposals"])
def test_a_list_waits_for_no_plan_in_which_nothing_waits(world: World, url: str, does: Does, lists: Lists) -> None:
    """On SQLite whoever writes holds off whoever writes, and a list is written down."""
    plan, other = a_plan(world), a_plan(world, OTHER_CPR, "C2")
    does(world, plan)
    waiting = does(world, other, "C2")
    sends(world, version=2, start=NINE + 3 * DAY)  # which settles both
    assert listed_beside_a_writer(world, plan, lists) == [waiting]


@pytest.mark.parametrize("url", [OPERATED], indirect=True)
@each_list
def test_a_list_waits_for_no_plan_in_which_something_waits(world: World, url: str, does: Does, lists: Lists) -> None:
    plan = a_plan(world)
    one = does(world, plan)
    assert listed_beside_a_writer(world, plan, lists) == [one]


def test_what_is_said_of_something_that_is_withheld_meanwhile_is_on_no_list(world: World) -> None:
    """What is decided on and what is said stood so at one instant."""
    plan = a_plan(world)
    one, doing = asks(world, plan), list[Future[Any]]()

    def is_of_another_subject_and_then_spoken_of() -> None:
        told = a_contribution("children").version(2).with_draft("case", Kind.CASE, codes=ABOUT_ANOTHER)
        world.accepts(told.build())
        asks(world, plan, source="case", words="Det her er ikke for andre.")

    with ThreadPoolExecutor(1) as pool:

        def between(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if current_thread() is main_thread() and "FROM plans" in statement and not doing:
                doing.append(pool.submit(is_of_another_subject_and_then_spoken_of))
                wait(doing, timeout=2)

        sa.event.listen(world.store.engine, "after_cursor_execute", between)
        try:
            found = asked(world, WITHIN)
        finally:
            sa.event.remove(world.store.engine, "after_cursor_execute", between)
        doing[0].result(20)
    assert found == [one]
    assert not asked(world, WITHIN), "else this shows nothing"


# --- what does not open -------------------------------------------------------------------------------------------


def flips(world: World, plan: UUID) -> None:
    with world.store.begin() as unit:
        where = plans.c.id == plan
        state = unit.connection.execute(sa.select(plans.c.state).where(where)).scalar_one()
        flipped = state[:-1] + bytes([state[-1] ^ 1])
        unit.connection.execute(plans.update().where(where).values(state=flipped))


@each_list
def test_a_damaged_plan_keeps_no_other_from_the_list(world: World, does: Does, lists: Lists) -> None:
    cases = {a_plan(world): "C1", a_plan(world, OTHER_CPR, "C2"): "C2"}
    done = {plan: does(world, plan, case) for plan, case in cases.items()}
    first, second = sorted(cases)  # in that order they are walked through
    flips(world, first)
    with capture_logs() as lines:
        assert lists(world) == [done[second]]
    assert [(line["event"], line["code"]) for line in lines] == [("refused", "tampered")]
    flips(world, first)
    assert sorted(lists(world)) == sorted(done.values()), "restored, it is on the list again"


@each_list
def test_a_damaged_plan_of_a_relative_keeps_no_other_from_the_list(world: World, does: Does, lists: Lists) -> None:
    parents, other = a_plan(world), a_plan(world, OTHER_CPR, "C2")
    childs = a_plan(world, CHILD, "C3")
    world.accepts(a_contribution("children", "C4").with_relative("m", CHILD).build())
    one, two = does(world, parents), does(world, other, "C2")
    assert sorted(lists(world)) == sorted([one, two])
    flips(world, childs)
    assert lists(world) == [two]


def test_a_list_is_written_down_once(world: World) -> None:
    for cpr, case in ((TEST_CPR, "C1"), (OTHER_CPR, "C2")):
        asks(world, a_plan(world, cpr, case), case)
    asked(world)
    (row,) = world.audited("statements-listed")
    assert '"found":2' in row["details"].replace(" ", "")


# --- what is gone with its whole case -----------------------------------------------------------------------------


def is_gone(world: World, *sources: str) -> None:
    gone = a_contribution("children").version(2)
    for source in sources:
        gone = gone.removing(source)
    world.accepts(gone.build())


def answers(world: World, one: UUID, reader: Reader) -> None:
    statements.answer(one, "Det bliver en anden dag.", reader, world.store, actor="x", correlation_id="c")


def test_what_is_said_of_something_whose_whole_case_is_gone_is_answered_within_its_subject_alone(world: World) -> None:
    plan = a_plan(world)
    one = asks(world, plan)
    assert (asked(world, WITHIN), asked(world, ELSEWHERE)) == ([one], []), "else this shows nothing"
    is_gone(world, "a1", "case")
    assert (asked(world, WITHIN), asked(world, ELSEWHERE)) == ([one], [])
    with pytest.raises(NotFound):
        answers(world, one, ELSEWHERE)
    answers(world, one, WITHIN)
    assert not asked(world, WITHIN)


def test_a_snapshot_that_names_nothing_of_the_case_any_more_takes_the_question_from_nobody(world: World) -> None:
    plan = a_plan(world)
    one = asks(world, plan)
    world.accepts(a_contribution("children").version(2).snapshot().build())
    assert (asked(world, WITHIN), asked(world, ELSEWHERE)) == ([one], [])


def test_a_case_that_is_about_another_subject_by_now_is_what_counts(world: World) -> None:
    one = asks(world, a_plan(world))
    is_gone(world, "a1")
    told = a_contribution("children").version(3).with_draft("case", Kind.CASE, codes=ABOUT_ANOTHER)
    world.accepts(told.build())
    assert (asked(world, WITHIN), asked(world, ELSEWHERE)) == ([], [one])
    world.accepts(a_contribution("children").version(4).removing("case").build())
    assert (asked(world, WITHIN), asked(world, ELSEWHERE)) == ([], [one]), "as it read last"


@pytest.mark.parametrize(("codes", "sees"), [(ABOUT_ANOTHER, False), ((), True)], ids=["subject", "none"])
def test_another_part_of_the_case_counts_instead_if_it_says_a_subject(
    world: World, codes: tuple[Code, ...], sees: bool
) -> None:
    one = asks(world, a_plan(world))
    told = a_contribution("children").version(2).with_draft("plan", Kind.CASE, codes=codes)
    world.accepts(told.removing("a1").removing("case").build())
    assert (asked(world, WITHIN), asked(world, ELSEWHERE)) == (([one], []) if sees else ([], [one]))


def test_what_is_still_there_is_judged_by_the_plan_as_it_is(world: World) -> None:
    """What is gone with its case lends no subject to what the case has left behind: a read does not show that."""
    plan = a_plan(world)
    meets = {"status": Status.PLANNED, "valid": Period(NINE, NINE + DAY)}
    world.accepts(a_contribution("children").version(2).with_draft("a2", Kind.APPOINTMENT, **meets).build())
    one, other = asks(world, plan), asks(world, plan, source="a2")
    world.accepts(a_contribution("children").version(3).removing("a1").removing("case").build())
    assert not world.shows(plan, WITHIN).view.seen
    assert asked(world, WITHIN) == [one]
    assert sorted(asked(world)) == sorted([one, other])
