"""Letters to citizens: of each thing and time one, to whom the law says, and nothing in them that tells of a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import hub.flow.remind
from hub.authority import Letter, LetterFate, LetterReceipt, Parcel, Posts
from hub.clock import now
from hub.consent.consent import Capacity
from hub.errors import Conflict, NotFound
from hub.flow.hold import hold_back, lift
from hub.flow.post import Posted, send_next
from hub.flow.remind import remind, remind_of_consents
from hub.flow.revise import give
from hub.flow.told import replay_notice, show_notices, take_receipt, tell
from hub.flow.versions import Giver
from hub.plan.contribution import PersonFacts
from hub.plan.element import Draft, Kind, Period, Status
from hub.plan.identifier import cpr_identifier
from hub.settings import Settings
from hub.store.notice_counts import stuck as letters_stuck
from hub.store.notice_tables import notices
from hub.store.notices import NoticeKind, State
from hub.testing.builders import TEST_CPR, ContributionBuilder, a_consent, a_contribution
from hub.testing.clock import FrozenClock, frozen
from tests.integration.flow.emergencies import ANOTHER_CPR, breaks_glass, by_the_danish_rules
from tests.integration.post_box import Box
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World, some_settings

pytestmark = pytest.mark.integration
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MORNING = datetime(2026, 11, 28, 8, tzinfo=UTC)
CHILD, MOTHER, FATHER = "0101164000", "0101709995", "0201709990"
SECRET = "Samtale om alkohol"


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    with frozen(MORNING) as clock:
        yield clock


def sends(world: World, post: Posts | None, settings: Settings | None = None) -> list[Posted]:
    """Look for what there is to tell, and send all that is due."""
    settings = settings or world.settings
    remind(world.store, settings)
    done: list[Posted] = []
    while (posted := send_next(world.store, post, settings)) is not Posted.NOTHING and len(done) < 20:
        done.append(posted)
        if posted is Posted.PAUSED:
            break
    return done


def rows(world: World, kind: NoticeKind | None = None) -> list[Any]:
    with world.store.begin(read_only=True) as unit:
        query = sa.select(notices).order_by(notices.c.made_at, notices.c.moment)
        return list(unit.connection.execute(query if kind is None else query.where(notices.c.kind == kind)))


def states(world: World) -> list[tuple[str, str]]:
    return [(row.state, row.cause) for row in rows(world)]


def came(world: World, box: Box) -> list[dict[str, Any]]:
    """Return the letters of this world's notices."""
    ours = {str(row.id) for row in rows(world)}
    return [letter for letter in box.letters() if letter["key"] in ours]


def an_appointment(start: datetime, version: int = 1, **facts: Any) -> ContributionBuilder:
    given = {"title": SECRET, "valid": Period(start, start + HOUR), "status": Status.PLANNED, **facts}
    return a_contribution("social").version(version).with_draft("a1", Kind.APPOINTMENT, **given)


def a_plan_with(world: World, start: datetime, **facts: Any) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(an_appointment(start, **facts).build())
    return plan


def a_child(world: World, *holders: str, protected: bool = False) -> UUID:
    """Open a child's plan; each of some people holds custody."""
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(CHILD).plans
    told = a_contribution("children").about(CHILD)
    for number, holder in enumerate(holders):
        told = told.with_relative(f"h{number}", holder, name="En forælder")
    drafts = tuple(_with_custody(draft) for draft in told.build().drafts)
    told = told.with_protected_address() if protected else told
    world.accepts(replace(told.build(), drafts=drafts))
    return plan


def _with_custody(draft: Draft) -> Draft:
    return replace(draft, details={"relation": "parent", "custody": "yes"})


# --- reminders of appointments ------------------------------------------------------------------------------------


def test_an_appointment_is_told_of_in_time_once_and_without_a_word_of_what_it_is(
    world: World, box: Box, clock: FrozenClock
) -> None:
    a_plan_with(world, MORNING + 3 * DAY)
    assert sends(world, box.post) == []
    clock.advance(DAY)
    assert sends(world, box.post) == [Posted.SENT]
    clock.advance(HOUR)
    assert sends(world, box.post) == []
    [letter] = came(world, box)
    assert (letter["cpr"], letter["times"]) == (TEST_CPR, 1)
    told = letter["subject"] + letter["text"]
    assert "aftale" in told
    assert "appointment" in told
    for secret in (SECRET, "social", TEST_CPR, "Social"):
        assert secret not in told
    assert [row["details"] for row in world.audited("letter-sent")]


def test_a_small_edit_sends_no_second_letter_and_a_moved_appointment_does(
    world: World, box: Box, clock: FrozenClock
) -> None:
    a_plan_with(world, MORNING + DAY)
    sends(world, box.post)
    world.accepts(an_appointment(MORNING + DAY, 2, title="Et andet ord").build())
    assert sends(world, box.post) == []
    world.accepts(an_appointment(MORNING + DAY + HOUR, 3).build())
    assert sends(world, box.post) == [Posted.SENT]
    assert len(came(world, box)) == 2


@pytest.mark.parametrize("change", ["moved", "cancelled", "gone"])
def test_what_no_longer_stands_when_its_letter_is_due_is_not_told(
    world: World, box: Box, clock: FrozenClock, change: str
) -> None:
    a_plan_with(world, MORNING + DAY)
    remind(world.store, world.settings)
    later = {
        "moved": an_appointment(MORNING + 9 * DAY, 2),
        "cancelled": an_appointment(MORNING + DAY, 2, status=Status.CANCELLED),
        "gone": a_contribution("social").version(2).removing("a1"),
    }[change]
    world.accepts(later.build())
    assert sends(world, box.post) == [Posted.ENDED]
    assert states(world) == [("dropped", "changed")]
    assert came(world, box) == []


def test_only_what_stands_in_the_citizens_own_view_is_told(world: World, box: Box, clock: FrozenClock) -> None:
    by_the_danish_rules(world)
    world.opens_plan()
    other = a_contribution("social").with_relative("r1", ANOTHER_CPR)
    numbers = (cpr_identifier(ANOTHER_CPR, "social"),)
    valid = Period(MORNING + DAY, MORNING + DAY + HOUR)
    about_another = other.with_draft("a1", Kind.APPOINTMENT, valid=valid, concerns=numbers)
    world.accepts(about_another.build())
    assert sends(world, box.post) == [Posted.LATER]
    assert states(world) == [("waiting", "not-shown")]
    clock.advance(2 * DAY)
    sends(world, box.post)
    assert states(world) == [("dropped", "past")]
    assert came(world, box) == []


def test_reminders_can_be_switched_off(world: World, box: Box, clock: FrozenClock) -> None:
    a_plan_with(world, MORNING + HOUR)
    assert sends(world, box.post, some_settings(appointment_hours=0)) == []


# --- emergency access ---------------------------------------------------------------------------------------------


def test_the_citizen_is_told_of_emergency_access_and_it_says_since_when(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    opened = breaks_glass(world, plan)
    assert sends(world, box.post) == [Posted.SENT]
    assert informed(world, opened.access.id) == MORNING
    assert sends(world, box.post) == []
    [letter] = came(world, box)
    assert "nødsituation" in letter["text"]
    assert "alene hjemme" not in letter["text"]


def test_however_many_letters_wait_newer_emergency_access_gets_its_own(
    world: World, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.flow.remind, "_BATCH", 2)
    plan = a_plan_with(world, MORNING + 9 * DAY)
    opened = []
    for client in "abcde":
        opened.append(breaks_glass(world, plan, client=client).access.id)
        clock.advance(timedelta(minutes=1))
    for _ in range(3):
        remind(world.store, world.settings)  # nothing is sent meanwhile, such as without a post
    assert {row.about for row in rows(world, NoticeKind.EMERGENCY)} == set(opened)


def informed(world: World, access: UUID) -> datetime | None:
    with world.store.begin(read_only=True) as unit:
        found = unit.emergencies.get(access)
    assert found is not None
    return found.informed_at


def test_a_held_plan_sends_nothing_until_it_is_let_go(world: World, box: Box, clock: FrozenClock) -> None:
    plan = a_plan_with(world, MORNING + DAY)
    breaks_glass(world, plan)
    remind(world.store, world.settings)
    told = {"actor": "test", "correlation_id": "c"}
    hold_back(plan, "Vi frygter en konflikt om ære.", COORDINATOR, world.store, **told)
    assert set(sends(world, box.post)) == {Posted.LATER}
    assert {cause for _, cause in states(world)} == {"held"}
    assert came(world, box) == []
    lift(plan, "Der er ingen konflikt.", COORDINATOR, world.store, **told)
    clock.advance(HOUR)
    assert sends(world, box.post) == [Posted.SENT, Posted.SENT]


def test_a_letter_that_comes_back_has_told_nobody_and_the_coordinator_does(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    opened = breaks_glass(world, plan)
    sends(world, box.post)
    [row] = rows(world)
    box.knows(TEST_CPR, sends_receipts=False)
    take_receipt(returned(row.id), world.store, actor="digital-post")
    assert states(world) == [("by-hand", "not-registered")]
    assert informed(world, opened.access.id) is None
    assert sends(world, box.post) == []  # it is the coordinator's now, and no second letter is made
    clock.advance(HOUR)
    told = tell(row.id, COORDINATOR, world.store, actor="c", correlation_id="c")
    assert told.state is State.TOLD
    assert informed(world, opened.access.id) == MORNING + HOUR
    with pytest.raises(Conflict):
        tell(row.id, COORDINATOR, world.store, actor="c", correlation_id="c")


class ComesBackAtOnce:
    """A post that takes a letter on, and whose receipt that it came back is quicker than its answer."""

    name = "digital-post"

    def __init__(self, world: World) -> None:
        self._world = world

    def send(self, letter: Letter) -> LetterReceipt:
        take_receipt(returned(letter.key), self._world.store, actor="digital-post")
        return LetterReceipt(letter.key, LetterFate.TAKEN_ON, "t-1")

    def receipt(self, parcel: Parcel) -> LetterReceipt | None:
        return None


def test_a_letter_that_comes_back_before_its_sender_has_written_down_that_it_left_has_told_nobody(
    world: World, clock: FrozenClock
) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    opened = breaks_glass(world, plan)
    sends(world, ComesBackAtOnce(world))
    assert states(world) == [("by-hand", "not-registered")]
    assert informed(world, opened.access.id) is None


def returned(key: UUID) -> LetterReceipt:
    return LetterReceipt(key, LetterFate.RETURNED, "", "not-registered")


# --- whose letter it is -------------------------------------------------------------------------------------------


def test_a_childs_letter_goes_to_each_holder_of_custody_and_tells_neither_of_the_other(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_child(world, MOTHER, FATHER)
    breaks_glass(world, plan)
    assert sends(world, box.post) == [Posted.SENT, Posted.SENT]
    letters = came(world, box)
    assert sorted(letter["cpr"] for letter in letters) == sorted((MOTHER, FATHER))
    assert len({letter["text"] for letter in letters}) == 1
    for number in (CHILD, MOTHER, FATHER):
        assert number not in letters[0]["text"]


@pytest.mark.parametrize(
    ("holders", "protected", "cause"),
    [((), False, "no-custodian"), ((MOTHER, FATHER), True, "protected-address")],
)
def test_where_it_is_not_clear_who_may_be_told_of_a_child_a_person_decides(
    world: World, box: Box, clock: FrozenClock, holders: tuple[str, ...], protected: bool, cause: str
) -> None:
    plan = a_child(world, *holders, protected=protected)
    breaks_glass(world, plan)
    assert sends(world, box.post) == []
    assert states(world) == [("by-hand", cause)]
    found, _ = show_notices(COORDINATOR, world.store, None, actor="c", correlation_id="c")
    assert [(one.plan, one.cause) for one in found] == [(plan, cause)]


def test_who_turns_fifteen_before_the_letter_leaves_is_told_and_no_longer_the_parents(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_child(world, MOTHER)
    breaks_glass(world, plan)
    remind(world.store, world.settings)
    clock.move_to(datetime(2031, 1, 2, tzinfo=UTC))
    assert sends(world, box.post) == [Posted.ENDED]
    assert sends(world, box.post) == [Posted.SENT]
    assert [letter["cpr"] for letter in came(world, box)] == [CHILD]


def test_a_childs_appointments_are_not_told_by_the_hub(world: World, box: Box, clock: FrozenClock) -> None:
    a_child(world, MOTHER)
    world.accepts(an_appointment(MORNING + DAY).about(CHILD).build())
    assert sends(world, box.post) == [Posted.ENDED]
    assert states(world) == [("dropped", "child")]


# --- consents -----------------------------------------------------------------------------------------------------


def test_a_consent_that_ends_soon_is_told_of_once(world: World, box: Box, clock: FrozenClock) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(until=MORNING + 400 * DAY).plans
    world.says(a_consent(SOMEBODY).to("*").until(MORNING + 40 * DAY).build(), plan)
    assert remind_of_consents(None, world.store, world.settings) is None
    assert rows(world) == []
    clock.advance(15 * DAY)
    for _ in range(2):
        remind_of_consents(None, world.store, world.settings)
    assert sends(world, box.post) == [Posted.SENT]
    [letter] = came(world, box)
    assert "samtykke" in letter["text"]


def test_a_consent_that_was_renewed_before_its_letter_left_is_not_told_of(
    world: World, box: Box, clock: FrozenClock
) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(until=MORNING + 400 * DAY).plans
    given = world.says(a_consent(SOMEBODY).to("*").until(MORNING + 10 * DAY).build(), plan)
    remind_of_consents(None, world.store, world.settings)
    world.takes_back(given.id)
    assert sends(world, box.post) == [Posted.ENDED]
    assert came(world, box) == []


def test_who_has_a_say_is_told_when_another_speaks_for_them(world: World, box: Box, clock: FrozenClock) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    guardian = Giver(Capacity.GUARDIAN, PersonFacts((cpr_identifier(ANOTHER_CPR, "hub"),), "En værge"))
    consent = a_consent(SOMEBODY).to("*").build()
    give(plan, consent, COORDINATOR, world.store, actor="test", correlation_id="c", givers=[guardian])
    assert sends(world, box.post) == [Posted.SENT]
    [letter] = came(world, box)
    assert letter["cpr"] == TEST_CPR
    assert "på dine vegne" in letter["text"]


def test_a_citizen_is_told_that_a_recipient_has_not_confirmed_in_time(
    world: World, box: Box, clock: FrozenClock
) -> None:
    owes_a_deletion(world)
    clock.advance(23 * HOUR)
    assert sends(world, box.post) == []
    clock.advance(2 * HOUR)
    assert sends(world, box.post) == [Posted.SENT]
    assert sends(world, box.post) == []
    [letter] = came(world, box)
    assert "ikke bekræftet" in letter["text"]


def test_a_receipt_that_comes_before_the_letter_leaves_makes_it_needless(
    world: World, box: Box, clock: FrozenClock
) -> None:
    owes_a_deletion(world)
    clock.advance(25 * HOUR)
    remind(world.store, world.settings)
    world.drains()
    assert sends(world, box.post) == [Posted.ENDED]
    assert states(world) == [("dropped", "answered")]


def owes_a_deletion(world: World) -> None:
    """Let a recipient hold a goal that it must delete, and not be called."""
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("g1").build())
    consent = world.says(a_consent(SOMEBODY).to("children").for_categories("goals").build(), plan)
    world.drains()
    world.takes_back(consent.id)


# --- faults -------------------------------------------------------------------------------------------------------


class DiesAfterwards:
    """A post that brings the letter, and then the process ends."""

    name = "digital-post"

    def __init__(self, post: Posts) -> None:
        self._post = post

    def send(self, letter: Letter) -> LetterReceipt:
        self._post.send(letter)
        raise Dies

    def receipt(self, parcel: Parcel) -> LetterReceipt | None:
        return self._post.receipt(parcel)


def test_a_crash_between_sending_and_settling_makes_one_letter(world: World, box: Box, clock: FrozenClock) -> None:
    a_plan_with(world, MORNING + DAY)
    remind(world.store, world.settings)
    with pytest.raises(Dies):
        send_next(world.store, DiesAfterwards(box.post), world.settings)
    assert sends(world, box.post) == []  # the dead sender's lease
    clock.advance(HOUR)
    assert sends(world, box.post) == [Posted.SENT]
    [letter] = came(world, box)
    assert letter["times"] == 2
    assert states(world) == [("sent", "")]


def test_an_outage_pauses_counts_nothing_and_loses_nothing(world: World, box: Box, clock: FrozenClock) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    breaks_glass(world, plan)
    box.behaves(status=503)
    for _ in range(20):
        assert sends(world, box.post) == [Posted.PAUSED]
        clock.advance(HOUR)
    [row] = rows(world)
    assert (row.state, row.attempts, row.cause) == ("waiting", 0, "recipient-down")
    box.behaves()
    assert sends(world, box.post) == [Posted.SENT]
    assert len(came(world, box)) == 1


def test_a_letters_own_failures_end_visibly_and_an_operator_replays_it(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    breaks_glass(world, plan)
    box.behaves(broken="garbage")
    for _ in range(world.settings.max_attempts):
        sends(world, box.post)
        clock.advance(2 * DAY)
    kinds = [row for row in rows(world) if row.kind == NoticeKind.EMERGENCY]
    assert [(row.state, row.cause) for row in kinds] == [("dead", "recipient-failed")]
    assert stuck(world)[State.DEAD] == 1
    box.behaves()
    assert Posted.SENT not in sends(world, box.post)
    replay_notice(kinds[0].id, world.store, actor="o", correlation_id="c")
    assert Posted.SENT in sends(world, box.post)
    with pytest.raises(NotFound):
        replay_notice(kinds[0].id, world.store, actor="o", correlation_id="c")


def test_who_is_not_registered_waits_for_the_coordinator(world: World, box: Box, clock: FrozenClock) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    opened = breaks_glass(world, plan)
    box.knows(TEST_CPR, at_once=True)
    assert sends(world, box.post) == [Posted.ENDED]
    assert states(world) == [("by-hand", "not-registered")]
    assert informed(world, opened.access.id) is None


def test_without_a_post_notices_are_made_and_wait_and_one_that_is_configured_later_sends_them(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_plan_with(world, MORNING + 9 * DAY)
    breaks_glass(world, plan)
    assert sends(world, None) == [Posted.LATER]
    found, _ = show_notices(COORDINATOR, world.store, None, actor="c", correlation_id="c")
    assert [(one.state, one.cause) for one in found] == [(State.WAITING, "no-post")]
    assert stuck(world) == {State.WAITING: 1}, "whoever watches is told so, though none is due just now"
    with world.store.begin() as unit:
        unit.notices.hurry("no-post", now())
    assert sends(world, box.post) == [Posted.SENT]
    assert stuck(world) == {}


def stuck(world: World) -> Mapping[State, int]:
    with world.store.begin(read_only=True) as unit:
        return letters_stuck(unit.connection, unit.municipality, now())


def test_who_has_no_cpr_number_is_told_another_way(world: World, box: Box, clock: FrozenClock) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan("6201609995", issuer="children").plans
    breaks_glass(world, plan)
    assert sends(world, box.post) == [Posted.ENDED]
    assert states(world) == [("by-hand", "no-number")]


# --- housekeeping -------------------------------------------------------------------------------------------------


def test_settled_notices_are_cleared_in_steps_once_their_time_has_passed(
    world: World, box: Box, clock: FrozenClock
) -> None:
    plan = a_plan_with(world, MORNING + DAY)
    breaks_glass(world, plan)
    sends(world, box.post)
    with world.store.begin() as unit:
        assert unit.notices.clear_sent(MORNING, 10) == 0
        assert unit.notices.clear_sent(MORNING + HOUR, 10) == 1  # the appointment is to come, and would be told again
        assert unit.notices.clear_sent(MORNING + 2 * DAY, 1) == 1
    assert rows(world) == []


def test_who_was_told_of_a_missing_receipt_is_not_told_again_when_that_notice_is_old(
    world: World, box: Box, clock: FrozenClock
) -> None:
    owes_a_deletion(world)
    clock.advance(25 * HOUR)
    assert sends(world, box.post) == [Posted.SENT]
    clock.advance(400 * DAY)
    with world.store.begin() as unit:
        unit.notices.clear_sent(now() - 365 * DAY, 10)
    assert sends(world, box.post) == []
    assert len(came(world, box)) == 1
    world.drains()
    with world.store.begin() as unit:
        assert unit.notices.clear_sent(now() - 365 * DAY, 10) == 1, "the receipt has come: nothing rests on it"


def test_nobody_writes_to_the_dead(world: World, box: Box, clock: FrozenClock) -> None:
    plan = a_plan_with(world, MORNING + DAY)
    breaks_glass(world, plan)
    with world.store.begin() as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        known = unit.people.get(stored.plan.person, for_change=True)
        unit.people.learn(known, replace(known, died=MORNING.date()))
    assert sends(world, box.post) == [Posted.ENDED, Posted.ENDED]
    assert set(states(world)) == {("dropped", "deceased")}
    assert sends(world, box.post) == []
    assert came(world, box) == []
