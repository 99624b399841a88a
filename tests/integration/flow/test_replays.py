"""A replay: chosen once, tried first, seen to, stopped in time; and every item has exactly one outcome."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.authority import PlanUpdate
from hub.clock import new_id, now
from hub.consent.consent import Consent
from hub.errors import Conflict, InvalidRequest, NotFound, RecipientRefused, WrongSender
from hub.flow.dead_causes import Cause
from hub.flow.kept import KINDS
from hub.flow.replay import replay
from hub.flow.replay_forecast import Would, forecast
from hub.flow.replay_pace import WINDOW, fails_too_often, interval, share
from hub.flow.replay_steps import active, step
from hub.flow.replays import Asker, Choice, Manner, ShownReplay, cancel, freeze, show, show_all, start
from hub.flow.settle import Settled
from hub.store.replay_rows import Outcome, State
from hub.store.replay_tables import replay_items, replays
from hub.store.tables import audit, outbox
from hub.testing.builders import a_consent, a_contribution
from hub.testing.clock import frozen
from tests.integration.databases import a_store
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

WHY = "Deres system er rettet i nat."
ME = Asker("operator", "replay-1")
REFUSED = RecipientRefused("It will not take it.")
EVERYTHING = Choice()
FAST = Manner(per_minute=6000)


@dataclass
class Town:
    """People with a plan each, whose goals social services are to hear of and do not."""

    world: World
    plans: list[UUID] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    #: Plans of which social services take nothing in.
    refused: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        def before(update: PlanUpdate) -> None:
            if update.plan in self.refused and update.disclosed:
                raise REFUSED

        self.world.systems["social"].before = before

    def dies(self, number: int = 1) -> list[UUID]:
        """Have so many more deliveries end as dead letters; return their plans."""
        new = []
        for _ in range(number):
            cpr = f"010170{len(self.plans) + 1:04d}"
            (plan,) = self.world.opens_plan(cpr, circle=("children", "social")).plans
            self.consents.append(self.world.says(a_consent(SOMEBODY).to("social").build(), plan))
            self.world.accepts(a_contribution("children", cpr).about(cpr).with_draft(f"g{cpr}").build())
            self.plans.append(plan)
            self.refused.add(plan)
            assert self.world.delivers(plan, "social") is Settled.DEAD
            new.append(plan)
        return new

    def row(self, plan: UUID) -> UUID:
        found: UUID = self.world.row(plan, "social").id
        return found

    def is_dead(self, plan: UUID) -> bool:
        return self.world.row(plan, "social").dead_at is not None

    def froze(self, choice: Choice = EVERYTHING, manner: Manner = FAST) -> UUID:
        return freeze(choice, manner, WHY, self.world.store, ME).replay.id

    def starts(self, choice: Choice = EVERYTHING, manner: Manner = FAST) -> UUID:
        wanted = self.froze(choice, manner)
        start(wanted, self.world.store, ME)
        return wanted

    def steps(self, wanted: UUID) -> None:
        """Do steps until none follows at once."""
        for _ in range(100):
            if not step(wanted, self.world.store, self.world.authorities):
                return
        raise AssertionError("it never rests")

    def goes_on(self, wanted: UUID, turns: int = 60) -> ShownReplay:
        """Replay, deliver and let time pass until nothing is left to do, or for so many turns."""
        with frozen(now()) as clock:
            for _ in range(turns):
                if wanted not in active(self.world.store):
                    break
                self.steps(wanted)
                self.world.drains()
                clock.advance(timedelta(seconds=5))
        return self.shown(wanted)

    def shown(self, wanted: UUID) -> ShownReplay:
        return show(wanted, self.world.store)

    def outcomes(self, wanted: UUID) -> Mapping[UUID, Outcome | None]:
        rows = {item.row: item.outcome for item in self.shown(wanted).items}
        return {plan: rows[self.row(plan)] for plan in self.plans if self.row(plan) in rows}

    def made_due(self) -> Counter[str]:
        return Counter(str(row["details"]) for row in self.world.audited("replayed"))


@pytest.fixture
def town(world: World) -> Town:
    return Town(world)


def test_a_replay_brings_back_what_was_chosen_and_each_item_has_one_outcome(town: Town) -> None:
    town.dies(4)
    town.refused.clear()
    wanted = town.starts()
    done = town.goes_on(wanted)
    assert (done.replay.state, done.replay.ended_by, done.replay.ended_why) == (State.DONE, "replayer", "all-ended")
    assert set(town.outcomes(wanted).values()) == {Outcome.DELIVERED}
    assert done.counts["delivered"] == 4
    assert all(town.world.systems["social"].holds(plan) for plan in town.plans)
    assert len(town.made_due()) == 4
    assert set(town.made_due().values()) == {1}
    deeds = [town.world.audited(f"replay-{deed}")[0]["actor"] for deed in ("drafted", "started", "done")]
    assert deeds == ["operator", "operator", "replayer"]


def test_one_goes_first_and_its_failure_stops_the_rest(town: Town) -> None:
    plans = town.dies(3)
    town.refused.discard(plans[2])
    wanted = town.starts()
    town.steps(wanted)
    assert town.shown(wanted).counts["under-way"] == 1, "the others wait for the first"
    stopped = town.goes_on(wanted)
    assert (stopped.replay.state, stopped.replay.ended_why) == (State.STOPPED, "canary-failed")
    assert [town.outcomes(wanted)[plan] for plan in plans] == [
        Outcome.FAILED_AGAIN, Outcome.UNTOUCHED, Outcome.UNTOUCHED,
    ]  # fmt: skip
    assert len(town.made_due()) == 1
    assert all(town.is_dead(plan) for plan in plans)


def test_the_others_wait_until_as_many_have_arrived_as_are_to_go_first(town: Town) -> None:
    town.dies(5)
    town.refused.clear()
    wanted = town.starts(manner=Manner(canary=2, per_minute=6000))
    with frozen(now()) as clock:
        for _ in range(5):
            town.steps(wanted)
            clock.advance(timedelta(seconds=5))
        assert town.shown(wanted).counts["under-way"] == 2
        assert town.shown(wanted).replay.state is State.CANARY
    assert town.goes_on(wanted).counts["delivered"] == 5


def test_what_dies_after_the_freeze_is_no_part_of_it(town: Town) -> None:
    before = town.dies(2)
    wanted = town.froze()
    after = town.dies(1)
    town.refused.clear()
    start(wanted, town.world.store, ME)
    town.goes_on(wanted)
    assert set(town.outcomes(wanted)) == set(before)
    assert town.is_dead(after[0])


def test_a_cutoff_in_the_past_leaves_out_what_died_since(town: Town) -> None:
    (first,) = town.dies(1)
    then = now()
    town.dies(1)
    assert set(town.outcomes(town.froze(Choice(until=then)))) == {first}


def test_what_died_anew_since_the_freeze_is_another_dead_letter(town: Town) -> None:
    (plan,) = town.dies(1)
    wanted = town.starts()
    replay(town.row(plan), town.world.store, actor="operator", correlation_id="c")
    assert town.world.delivers(plan, "social") is Settled.DEAD
    town.refused.clear()
    done = town.goes_on(wanted)
    assert town.outcomes(wanted) == {plan: Outcome.NO_DEAD_LETTER}
    assert done.replay.state is State.DONE
    assert town.is_dead(plan)


def test_of_two_replays_of_the_same_one_makes_it_due(town: Town) -> None:
    (plan,) = town.dies(1)
    town.refused.clear()
    first, second = town.starts(), town.starts()
    town.goes_on(first)
    town.goes_on(second)
    assert (town.outcomes(first)[plan], town.outcomes(second)[plan]) == (Outcome.DELIVERED, Outcome.NO_DEAD_LETTER)


def test_what_may_not_leave_any_more_does_not_and_that_is_no_failure(town: Town) -> None:
    plans = town.dies(3)
    town.refused.clear()
    wanted = town.starts()
    town.world.takes_back(town.consents[0].id)
    town.world.drains()
    done = town.goes_on(wanted)
    assert done.replay.state is State.DONE
    assert [town.outcomes(wanted)[plan] for plan in plans] == [
        Outcome.CONSENT_WITHDRAWN, Outcome.DELIVERED, Outcome.DELIVERED,
    ]  # fmt: skip
    assert not any(update.disclosed for update in town.world.systems["social"].heard if update.plan == plans[0])


def test_a_consent_withdrawn_while_an_item_is_under_way_counts_as_right(town: Town) -> None:
    (plan,) = town.dies(1)
    town.refused.clear()
    wanted = town.starts()
    town.steps(wanted)
    town.world.takes_back(town.consents[0].id)
    done = town.goes_on(wanted)
    assert (town.outcomes(wanted)[plan], done.replay.state) == (Outcome.CONSENT_WITHDRAWN, State.DONE)
    assert town.world.systems["social"].holds(plan) == set()


def test_it_stops_itself_when_too_much_fails_and_leaves_the_rest_untouched(town: Town) -> None:
    plans = town.dies(7)
    good = plans[:3]
    town.refused -= set(good)
    wanted = town.starts(manner=Manner(per_minute=6, stop_percent=40))
    with frozen(now()) as clock:
        for _ in range(9):
            town.steps(wanted)
            town.world.drains()
            clock.advance(timedelta(seconds=101))
    stopped = town.shown(wanted)
    assert (stopped.replay.state, stopped.replay.ended_why) == (State.STOPPED, "failure-rate")
    assert (stopped.counts["delivered"], stopped.counts["failed-again"]) == (3, 2), "two of five reach forty per cent"
    assert stopped.counts["untouched"] == 2
    (row,) = town.world.audited("replay-stopped")
    assert "failure-rate" in str(row["details"])


def test_whoever_cancels_leaves_the_rest_as_it_was_and_what_is_under_way_keeps_its_outcome(town: Town) -> None:
    plans = town.dies(3)
    town.refused.clear()
    before = [town.world.row(plan, "social").dead_at for plan in plans[1:]]
    wanted = town.starts()
    town.steps(wanted)
    cancelled = cancel(wanted, town.world.store, Asker("another", "c"))
    assert (cancelled.replay.state, cancelled.replay.ended_by) == (State.CANCELLED, "another")
    done = town.goes_on(wanted)
    assert done.replay.state is State.CANCELLED
    assert list(town.outcomes(wanted).values()) == [Outcome.DELIVERED, Outcome.UNTOUCHED, Outcome.UNTOUCHED]
    assert [town.world.row(plan, "social").dead_at for plan in plans[1:]] == before
    with pytest.raises(Conflict):
        cancel(wanted, town.world.store, ME)
    with pytest.raises(Conflict):
        start(wanted, town.world.store, ME)


def test_a_row_that_dies_again_tells_which_replay_it_died_after(town: Town) -> None:
    never, again = town.dies(2)
    wanted = town.starts(Choice(ids=(town.row(again),)))
    town.goes_on(wanted)
    (item,) = town.shown(wanted).items
    assert (item.outcome, item.kind, item.kind_again) == (
        Outcome.FAILED_AGAIN, "recipient-refused", "recipient-refused",
    )  # fmt: skip
    with town.world.store.begin(read_only=True) as unit:
        assert unit.replays.before([town.row(never), town.row(again)]) == {town.row(again): wanted}


def test_what_it_dies_of_then_may_be_another_cause(town: Town) -> None:
    (plan,) = town.dies(1)
    wanted = town.starts()

    def before(update: PlanUpdate) -> None:
        raise WrongSender("It knows the hub by another name.")

    town.world.systems["social"].before = before
    town.goes_on(wanted)
    (item,) = town.shown(wanted).items
    assert (item.kind, item.kind_again) == ("recipient-refused", "wrong-sender")
    assert town.is_dead(plan)


def test_a_choice_is_by_id_group_cause_and_recipient(town: Town) -> None:
    plans = town.dies(2)
    store = town.world.store
    (group,) = {item.group for item in town.shown(town.froze()).items}
    assert len(town.outcomes(town.froze(Choice(group=group)))) == 2
    assert len(town.outcomes(town.froze(Choice(cause=Cause.BUSINESS_REFUSAL, recipient="social")))) == 2
    assert set(town.outcomes(town.froze(Choice(ids=(town.row(plans[1]),))))) == {plans[1]}
    for none in (Choice(group="0" * 12), Choice(cause=Cause.AUTH), Choice(recipient="employment"), Choice((new_id(),))):
        with pytest.raises(NotFound):
            freeze(none, FAST, WHY, store, ME)
    with pytest.raises(InvalidRequest):
        freeze(Choice(), FAST, "aaaaaaaaaaaaaaa", store, ME)


def everything(world: World) -> Sequence[Sequence[object]]:
    with world.store.begin(read_only=True) as unit:
        return [unit.connection.execute(sa.select(one)).all() for one in (outbox, replays, replay_items)]


def test_a_forecast_tells_what_would_become_of_each_and_changes_nothing(town: Town) -> None:
    town.dies(3)
    town.world.takes_back(town.consents[0].id)
    town.world.drains()
    before = everything(town.world)
    heard = len(town.world.systems["social"].heard)
    told = forecast(Choice(), town.world.store, town.world.authorities, ME)
    assert told.total == {
        Would.LEAVE: 2, Would.NOTHING_TO_SAY: 0, Would.CONSENT_WITHDRAWN: 1, Would.DIE_AGAIN: 0,
    }  # fmt: skip
    assert {part.recipient for part in told.parts} == {"social"}
    assert sum(sum(part.would.values()) for part in told.parts if part.kind == "recipient-refused") == 2
    assert everything(town.world) == before
    assert len(town.world.systems["social"].heard) == heard


def test_why_is_sealed_and_stands_in_no_audit_row(town: Town) -> None:
    town.dies(1)
    wanted = town.starts()
    with town.world.store.begin(read_only=True) as unit:
        stored = unit.connection.execute(sa.select(replays.c.reason)).scalar_one()
        rows = unit.connection.execute(sa.select(audit.c.details)).scalars().all()
    assert WHY.encode() not in stored
    assert not any(WHY in row for row in rows)
    assert town.shown(wanted).replay.reason == WHY
    assert [one.replay.id for one in show_all(town.world.store)] == [wanted]


def test_what_has_ended_is_forgotten_when_it_is_old_enough_and_what_goes_on_is_not(town: Town) -> None:
    town.dies(3)
    going, ended = town.starts(), town.froze()
    cancel(ended, town.world.store, ME)
    (kind,) = [one for one in KINDS if one.name == "replays"]
    with town.world.store.begin() as unit:
        assert kind.clear(unit, now() - timedelta(days=1), "", 500).rows == 0
        assert kind.clear(unit, now() + timedelta(days=1), "", 500).rows == 4
        assert unit.replays.get(ended) is None
        assert unit.replays.get(going) is not None


@pytest.mark.parametrize(("judged", "part"), [(0, 0.1), (4, 0.1), (5, 0.25), (19, 0.25), (20, 1.0), (999, 1.0)])
def test_it_goes_slowly_until_enough_is_known(judged: int, part: float) -> None:
    assert share(judged) == part
    assert interval(60, judged) == timedelta(seconds=1) / part


@given(
    st.lists(st.sampled_from([Outcome.DELIVERED, Outcome.FAILED_AGAIN, Outcome.CONSENT_WITHDRAWN])), st.integers(1, 100)
)
def test_a_failure_more_never_lets_it_go_on(latest: list[Outcome], percent: int) -> None:
    if fails_too_often(latest, percent):
        worse = [Outcome.FAILED_AGAIN if one is Outcome.DELIVERED else one for one in latest]
        assert fails_too_often(worse, percent)
        assert latest[:WINDOW].count(Outcome.FAILED_AGAIN) * 100 >= percent * min(len(latest), WINDOW)


FATES = ("arrives", "fails", "withdrawn", "replayed-before")


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.sampled_from(FATES), min_size=1, max_size=5),
    st.integers(1, 3),
    st.integers(0, 12),
    st.sampled_from([1, 20, 100]),
)
def test_whatever_happens_every_item_ends_in_exactly_one_outcome(
    template: Path, fates: list[str], canary: int, cancel_at: int, percent: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "hub.db")
        store = a_store(f"sqlite:///{folder}/hub.db")
        town = Town(World(store).begins())
        plans = town.dies(len(fates))
        wanted = town.froze(manner=Manner(canary, 6000, percent))
        (later,) = town.dies(1)
        for plan, consent, fate in zip(plans, town.consents, fates, strict=False):
            if fate != "fails":
                town.refused.discard(plan)
            if fate == "withdrawn":
                town.world.takes_back(consent.id)
            if fate == "replayed-before":
                replay(town.row(plan), store, actor="operator", correlation_id="c")
        town.world.drains()
        before = len(town.made_due())
        start(wanted, store, ME)
        town.goes_on(wanted, turns=cancel_at)
        if town.shown(wanted).replay.ended_at is None:
            cancel(wanted, store, ME)
        town.goes_on(wanted)
        shown, outcomes = town.shown(wanted), town.outcomes(wanted)
        assert set(outcomes) == set(plans), "what died later is no part of it"
        assert town.is_dead(later)
        assert None not in outcomes.values()
        allowed = {
            "arrives": {Outcome.DELIVERED}, "fails": {Outcome.FAILED_AGAIN}, "withdrawn": {Outcome.CONSENT_WITHDRAWN},
            "replayed-before": {Outcome.NO_DEAD_LETTER},
        }  # fmt: skip
        for plan, fate in zip(plans, fates, strict=True):
            assert outcomes[plan] in allowed[fate] | {Outcome.UNTOUCHED}
            if outcomes[plan] is Outcome.UNTOUCHED and fate != "replayed-before":
                assert town.is_dead(plan)
        counts = shown.counts
        assert sum(counts.values()) == len(plans)
        assert counts["waiting"] == counts["under-way"] == 0
        begun = sum(1 for one in shown.items if one.begun_at is not None)
        assert len(town.made_due()) - before == begun
        assert set(town.made_due().values()) <= {1}
        store.close()
