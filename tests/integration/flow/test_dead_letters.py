"""Dead letters: each cause arises by a real way of failing, and says what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar
from uuid import UUID

import pytest

from hub.authority import Authority, Document, PlanUpdate
from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import (
    Conflict,
    ContractViolation,
    InvalidRequest,
    NotFound,
    RecipientDenied,
    RecipientFailed,
    RecipientRefused,
)
from hub.flow.dead_causes import FIXES, Cause, cause_of
from hub.flow.dead_letter_deeds import discard, discard_group, reveal
from hub.flow.dead_letter_shapes import RevealedLetter
from hub.flow.dead_letters import Wanted, groups, listed, show
from hub.flow.replay import replay
from hub.flow.settle import Settled, fail
from hub.plan.person import Role
from hub.store.dead_letters import Deed, Kind
from hub.testing.builders import TEST_CPR, a_consent, a_contribution, an_id
from tests.integration.flow.test_deliver import raises
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, Words, World, citizen_of

pytestmark = pytest.mark.integration

T = TypeVar("T")
TITLE = "Et mål om en kanariefugl"
OTHER_CPR = "0101709995"
WHY = "Modtageren har lukket sagen."


class Stumbles(Words):
    """A mapping with a bug that quotes what it stumbled over."""

    def from_plan(self, update: PlanUpdate) -> Document:
        raise KeyError(update.disclosed[0].element.title)


def strings(tree: object) -> Iterator[str]:
    """Return every text of a tree, keys left aside."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for inner in tree:
            yield from strings(inner)
    elif isinstance(tree, str):
        yield tree


def a_dead_letter(
    world: World, error: BaseException | None, cpr: str = TEST_CPR, is_taken_in: bool = False
) -> tuple[UUID, UUID]:
    """Let a delivery of one goal to social services end for good; return the plan and the consent.

    :param error: what its system comes to; None: no way to it is configured any more.
    :param is_taken_in: whether its system has taken the update in before.
    """
    (plan,) = world.opens_plan(cpr).plans
    consent = world.says(a_consent(SOMEBODY).to("social").for_categories("goals").build(), plan)
    world.accepts(a_contribution("children", cpr).about(cpr).with_draft("g", title=TITLE).build())
    world.systems["social"].delivers = error is not None
    failing = raises(error or RecipientRefused("It is never asked."))
    nothing = world.systems["social"].before
    setattr(world.systems["social"], "after" if is_taken_in else "before", failing)
    for _ in range(9):
        world.waits()
        try:
            ended = world.delivers(plan, "social")
        except Exception as found:
            ended = fail(world.store, world.row(plan, "social").id, found, world.settings)
        except Dies:
            continue
        if ended is Settled.DEAD:
            break
    world.systems["social"].before = world.systems["social"].after = nothing
    world.systems["social"].delivers = True
    assert world.row(plan, "social").dead_at is not None
    return plan, consent.id


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ContractViolation("A field has no word."), Cause.CONTRACT),
        (RecipientRefused("It will not."), Cause.BUSINESS_REFUSAL),
        (RecipientDenied("The system of social answered HTTP 403."), Cause.AUTH),
        (RecipientFailed("It failed."), Cause.POISON),
        (Dies(), Cause.POISON),
        (KeyError("Titel"), Cause.BUG),
    ],
)
def test_a_way_of_failing_has_its_cause(world: World, error: BaseException, cause: Cause) -> None:
    plan, _ = a_dead_letter(world, error)
    assert cause_of(world.row(plan, "social").dead_cause) is cause


def test_without_a_way_to_it_nobody_is_let_in(world: World) -> None:
    plan, _ = a_dead_letter(world, None)
    assert cause_of(world.row(plan, "social").dead_cause) is Cause.AUTH


def test_a_dead_letter_that_a_consent_has_overtaken_says_so(world: World) -> None:
    plan, consent = a_dead_letter(world, RecipientRefused("It will not."))
    world.takes_back(consent)
    world.drains()
    row = world.row(plan, "social")
    assert (cause_of(row.dead_cause), row.dead_at is not None) == (Cause.CONSENT_CHANGED, True)


def test_a_dead_letter_with_something_to_bring_keeps_its_cause(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    world.says(a_consent(SOMEBODY).to("employment").for_categories("goals").build(), plan)
    world.drains()
    assert cause_of(world.row(plan, "social").dead_cause) is Cause.BUSINESS_REFUSAL


# --- in groups, and singly ----------------------------------------------------------------------------------------


def only(found: Sequence[T]) -> T:
    (one,) = found
    return one


def test_those_that_ended_alike_are_one_group_with_its_fix(world: World) -> None:
    first, _ = a_dead_letter(world, RecipientRefused("Case 4711 is closed."))
    second, _ = a_dead_letter(world, RecipientRefused("Case 99 is closed."), cpr=OTHER_CPR)
    group = only(groups(Wanted(), world.store))
    assert (group.count, group.cause, group.recipient, group.type) == (
        2, Cause.BUSINESS_REFUSAL, "social", "recipient-refused",
    )  # fmt: skip
    assert (group.text, group.fix) == ("case <number> is closed.", FIXES[Cause.BUSINESS_REFUSAL])
    rows = [world.row(plan, "social") for plan in (first, second)]
    assert (group.oldest, group.newest) == (rows[0].dead_at, rows[1].dead_at)
    one_page = listed(Wanted(group=group.group), world.store, 1)
    assert [one["id"] for one in one_page] == [rows[1].id]
    assert [one["id"] for one in listed(Wanted(), world.store, 1, rows[1].id)] == [rows[0].id]
    assert not listed(Wanted(cause=Cause.BUG), world.store, 10)
    assert not groups(Wanted(recipient="employment"), world.store)


def test_a_fetch_whose_person_has_no_plan_is_in_the_list(world: World) -> None:
    with world.store.begin() as unit:
        unit.jobs.add_fetches("social", ["case-1"], now(), "c")
        job = unit.jobs.lease(now(), 60, ["social"])
        assert job
        unit.jobs.park(job, now(), "unknown-person")
    group = only(groups(Wanted(), world.store))
    assert (group.kind, group.cause, group.recipient, group.count) == (
        Kind.FETCH, Cause.UNKNOWN_PERSON, "social", 1,
    )  # fmt: skip
    shown = show(job.id, world.store, world.authorities, actor="ops", correlation_id="s")
    assert (shown["would_leave"], shown["trace"]) == (None, "hub trace c")
    with pytest.raises(Conflict):
        discard(job.id, WHY, world.store, actor="ops", correlation_id="d")


def test_one_tells_its_origin_its_attempts_and_a_shape_without_content(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientFailed("It failed."))
    row = world.row(plan, "social")
    shown = show(row.id, world.store, world.authorities, actor="ops", correlation_id="s")
    assert [one["outcome"] for one in shown["tried"]] == ["recipient-failed"] * 8
    assert all(one["finished_at"] and one["started_at"] <= one["finished_at"] for one in shown["tried"])
    assert any(one["deed"] == "accepted" and one["by"] == "children" for one in shown["origin"])
    leaves = shown["would_leave"]
    assert leaves
    assert leaves["shape"]["disclosed"][0]["element"]["title"] == f"string({len(TITLE)})"
    assert not {TITLE, TEST_CPR, "children/v1"} & set(strings(leaves["shape"]))
    assert str(plan) not in str(shown), "whose plan it is, is not told"
    assert only(world.audited("dead-letter-shown"))["actor"] == "ops"


def test_how_often_it_was_tried_stays_while_it_is_settled_and_begins_anew_with_a_replay(world: World) -> None:
    """What comes in for its plan makes a dead letter due, and settles it: there may be something to take back."""
    plan, _ = a_dead_letter(world, RecipientFailed("It failed."))
    row = world.row(plan, "social").id

    def tried() -> int:
        with world.store.begin(read_only=True) as unit:
            letter = unit.dead_letters.one(row)
        assert letter is not None
        return letter.attempts

    assert tried() == 8
    world.accepts(a_contribution("children").about(TEST_CPR).with_draft("g2", title="Endnu et mål").build())
    assert world.delivers(plan, "social") is Settled.UP_TO_DATE
    assert tried() == 8
    replay(row, world.store, actor="ops", correlation_id="r")
    world.systems["social"].before = raises(RecipientRefused("It will not."))
    assert world.delivers(plan, "social") is Settled.DEAD
    assert tried() == 1


def test_looking_changes_nothing_and_sends_nothing(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    before, heard = world.row(plan, "social"), len(world.systems["social"].heard)
    show(before.id, world.store, world.authorities, actor="ops", correlation_id="s")
    assert world.row(plan, "social") == before
    assert len(world.systems["social"].heard) == heard


def test_what_would_leave_is_decided_by_the_consents_of_now(world: World) -> None:
    plan, consent = a_dead_letter(world, RecipientRefused("It will not."))
    world.systems["social"].shelf.clear()
    world.takes_back(consent)
    shown = show(world.row(plan, "social").id, world.store, world.authorities, actor="ops", correlation_id="s")
    assert shown["would_leave"]
    assert not (shown["would_leave"]["shape"] or {}).get("disclosed")


def test_a_mapping_that_stumbles_is_told_as_a_bug_and_not_by_its_text(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    authorities = dict(world.authorities)
    authorities["social"] = Authority("social", world.systems["social"], Stumbles("social"))
    shown = show(world.row(plan, "social").id, world.store, authorities, actor="ops", correlation_id="s")
    assert shown["would_leave"]
    assert shown["would_leave"]["because"] == "bug"
    assert TITLE not in str(shown)


# --- discarded ----------------------------------------------------------------------------------------------------


def test_what_is_discarded_never_leaves_and_the_newest_goes_with_the_next_change(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    row = world.row(plan, "social").id
    done = discard(row, WHY, world.store, actor="ops", correlation_id="d")
    world.drains()
    assert not world.systems["social"].heard
    assert not groups(Wanted(), world.store)
    assert discard(row, WHY, world.store, actor="another", correlation_id="d") == done, "the same once more"
    assert only(world.audited("dead-letter-discarded"))["details"] == f'{{"delivery":"{row}"}}'
    world.accepts(
        a_contribution("children", TEST_CPR).version(2).about(TEST_CPR).with_draft("g", title="Et nyt mål").build()
    )
    world.drains()
    told = only(world.systems["social"].heard)
    assert [item.element.title for item in told.disclosed] == ["Et nyt mål"]


def test_a_withdrawal_leaves_though_the_dead_letter_was_discarded(world: World) -> None:
    social = world.systems["social"]
    plan, consent = a_dead_letter(world, RecipientRefused("It took it in, and says no."), is_taken_in=True)
    held = social.holds(plan)
    assert held
    discard(world.row(plan, "social").id, WHY, world.store, actor="ops", correlation_id="d")
    world.takes_back(consent)
    world.drains()
    assert not social.holds(plan)


@pytest.mark.parametrize("reason", ["", "kort", "aaaaaaaaaaaaaaaa"])
def test_a_discard_needs_a_reason_that_says_something(world: World, reason: str) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    with pytest.raises(InvalidRequest):
        discard(world.row(plan, "social").id, reason, world.store, actor="ops", correlation_id="d")
    assert world.row(plan, "social").dead_at is not None


def test_a_group_is_discarded_whole_and_another_is_left(world: World) -> None:
    mine, _ = a_dead_letter(world, RecipientRefused("It will not."))
    other, _ = a_dead_letter(world, RecipientFailed("It failed."), cpr=OTHER_CPR)
    group = only(groups(Wanted(cause=Cause.BUSINESS_REFUSAL), world.store)).group
    assert discard_group(group, WHY, world.store, actor="ops", correlation_id="d") == [world.row(mine, "social").id]
    assert world.row(other, "social").dead_at is not None
    with pytest.raises(NotFound):
        discard_group(group, WHY, world.store, actor="ops", correlation_id="d")


def test_what_is_no_dead_letter_is_not_found(world: World) -> None:
    (plan,) = world.opens_plan().plans
    for row in (world.row(plan, "social").id, plan):
        with pytest.raises(NotFound):
            discard(row, WHY, world.store, actor="ops", correlation_id="d")


# --- revealed -----------------------------------------------------------------------------------------------------


def reveals(world: World, row: UUID, reader: Reader, reason: str = WHY) -> RevealedLetter:
    return reveal(row, reason, reader, world.store, world.authorities, actor="somebody", correlation_id="r")


def test_the_plans_coordinator_sees_what_would_leave_and_that_is_written_down(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    world.says(a_consent(SOMEBODY).to("coordination").for_categories("goals").build(), plan)
    row = world.row(plan, "social").id
    revealed = reveals(world, row, COORDINATOR)
    assert revealed["content"]["disclosed"][0]["element"]["title"] == TITLE
    deed = only(world.audited("dead-letter-revealed"))
    assert (deed["actor"], deed["plan_id"], WHY in deed["details"]) == ("somebody", plan, False)
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored
        assert [(one.deed, one.reason) for one in unit.dead_letters.deeds(row, stored.key)] == [(Deed.REVEALED, WHY)]


@pytest.mark.parametrize(
    "reader",
    [
        Reader("elsewhere", Role.COORDINATOR),
        *(Reader("coordination", role) for role in (Role.OPERATOR, Role.ADMINISTRATOR, Role.CASEWORKER)),
        *(Reader("social", role) for role in (Role.AUTHORITY_SYSTEM, Role.CASEWORKER, Role.OPERATOR, Role.PARTNER)),
        Reader("citizen", Role.CITIZEN, "citizen-access", person=UUID(int=9)),
    ],
    ids=lambda reader: f"{reader.role}-of-{reader.organisation}",
)
def test_nobody_else_sees_it_and_the_try_is_written_down(world: World, reader: Reader) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    with pytest.raises(NotFound):
        reveals(world, world.row(plan, "social").id, reader)
    assert not world.audited("dead-letter-revealed")
    assert only(world.audited("refused"))["actor"] == "somebody"


def test_the_plans_citizen_reads_the_plan_and_no_dead_letter(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    with pytest.raises(NotFound):
        reveals(world, world.row(plan, "social").id, citizen_of(world, plan))


def test_nothing_is_revealed_that_the_coordinator_may_not_see_in_the_plan(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    with pytest.raises(NotFound):
        reveals(world, world.row(plan, "social").id, COORDINATOR)


def a_letter_about_what_is_around(world: World, *sees: str) -> UUID:
    """Let a dead letter to social services bring a goal that serves another, and take back one that is gone.

    :param sees: categories that the coordinator sees, too.
    """
    (plan,) = world.opens_plan().plans
    for category in ("goals", "health"):
        world.says(a_consent(SOMEBODY).to("social").for_categories(category).build(), plan)
    world.says(a_consent(SOMEBODY).to("coordination").for_categories(*sees).build(), plan)
    first = a_contribution("children").with_draft("h1", category="health")
    world.accepts(first.with_draft("h2", category="health").with_draft("g", part_of="h1").build())
    world.delivers(plan, "social")
    world.systems["social"].before = raises(RecipientRefused("It will not."))
    changed = a_contribution("children").version(2).with_draft("g", title=TITLE, part_of="h1")
    world.accepts(changed.removing("h2").build())
    assert world.delivers(plan, "social") is Settled.DEAD
    return plan


def test_nothing_is_revealed_that_names_what_the_coordinator_may_not_see(world: World) -> None:
    plan = a_letter_about_what_is_around(world, "goals")
    goal = world.shows(plan).view.element(an_id("children", "g"))
    assert goal is not None
    assert goal.element.part_of is None, "else this shows nothing"
    with pytest.raises(NotFound):
        reveals(world, world.row(plan, "social").id, COORDINATOR)
    assert not world.audited("dead-letter-revealed")


def test_what_is_taken_back_is_revealed_where_it_would_be_seen_as_it_read_last(world: World) -> None:
    plan = a_letter_about_what_is_around(world, "goals", "health")
    content = reveals(world, world.row(plan, "social").id, COORDINATOR)["content"]
    assert (content["disclosed"][0]["element"]["part_of"], content["withdrawn"]) == (
        str(an_id("children", "h1")), [str(an_id("children", "h2"))],
    )  # fmt: skip


def test_nothing_is_revealed_of_which_a_part_is_left_out_for_the_coordinator(world: World) -> None:
    rules = a_generous_policy()
    (whole,) = rules["rule"]
    other = {**whole, "id": "CON-PART", "roles": ["coordinator"], "without": ["title"]}
    whole["roles"] = ["authority-system", "caseworker", "citizen"]
    publish_policy({**rules, "rule": [whole, other]}, world.store, actor="test", correlation_id="c")
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    world.says(a_consent(SOMEBODY).to("coordination").for_categories("goals").build(), plan)
    assert [one.element.title for one in world.shows(plan).view.seen] == [""], "else this shows nothing"
    with pytest.raises(NotFound):
        reveals(world, world.row(plan, "social").id, COORDINATOR)


def test_a_reveal_needs_a_reason(world: World) -> None:
    plan, _ = a_dead_letter(world, RecipientRefused("It will not."))
    world.says(a_consent(SOMEBODY).to("coordination").for_categories("goals").build(), plan)
    with pytest.raises(InvalidRequest):
        reveals(world, world.row(plan, "social").id, COORDINATOR, "fordi")
    assert not world.audited("dead-letter-revealed")
