"""Any story: messages, yeses, deliveries, crashes and replays in any order, against a model that is a few sets."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.authority import PlanUpdate
from hub.clock import now
from hub.consent.consent import Consent, ConsentStatus
from hub.errors import RecipientDown, RecipientFailed, RecipientRefused
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.databases import a_store
from tests.integration.world import SOMEBODY, Dies, World

pytestmark = pytest.mark.integration

SENDERS = ("children", "employment")
RECIPIENT = "social"
GOALS = ("g1", "g2")
FATES: dict[str, Callable[[], BaseException | None]] = {
    "well": lambda: None,
    "dies": Dies,
    "fails": lambda: RecipientFailed("It failed."),
    "is down": lambda: RecipientDown("It does not answer."),
    "refuses": lambda: RecipientRefused("It will not."),
}


class Stories(RuleBasedStateMachine):
    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-stories-"))
        shutil.copy(self.template, self.folder / "hub.db")
        self.world = World(a_store(f"sqlite:///{self.folder / 'hub.db'}")).begins()
        (self.plan,) = self.world.opens_plan(circle=[*SENDERS, RECIPIENT]).plans
        self.titles: dict[UUID, str] = {}
        self.yeses: dict[str, Consent] = {}
        self.version = 1
        self.unlawful: list[str] = []
        self.last_sequence = 0
        self.world.systems[RECIPIENT].before = self.look
        for sender in SENDERS:  # in the midst of things: then a short story may already show something
            self.writes(sender, "g1", "A")
            self.chooses(sender)

    def look(self, update: PlanUpdate) -> None:
        """Compare what leaves with what the model allows at this moment; nothing else happens meanwhile."""
        for item in update.disclosed:
            if item.element.authority not in self.yeses or self.titles.get(item.element.id) != item.element.title:
                self.unlawful.append("disclosed what may not be seen, or not any more")
        if update.sequence < self.last_sequence:
            self.unlawful.append("a sequence went back")
        self.last_sequence = update.sequence

    @rule(sender=st.sampled_from(SENDERS), goal=st.sampled_from(GOALS), title=st.sampled_from(["A", "B", ""]))
    def writes(self, sender: str, goal: str, title: str) -> None:
        """Let an authority write a goal of this title, or delete it."""
        self.version += 1
        case = a_contribution(sender).version(self.version)
        self.world.accepts((case.with_draft(goal, title=title) if title else case.removing(goal)).build())
        self.titles[an_id(sender, goal)] = title
        self.titles = {element: title for element, title in self.titles.items() if title}

    @rule(sender=st.sampled_from(SENDERS))
    def chooses(self, sender: str) -> None:
        """Say yes to sharing what an authority wrote, or take the yes back."""
        if sender in self.yeses:
            revised = self.world.takes_back(self.yeses.pop(sender).id)
            assert revised.consent.status is ConsentStatus.WITHDRAWN
        else:
            yes = a_consent(SOMEBODY).from_(sender).to(RECIPIENT).build()
            self.yeses[sender] = self.world.says(yes, self.plan)

    @rule(fate=st.sampled_from(sorted(FATES)), took_it_in=st.booleans(), chosen=st.sampled_from([*SENDERS, "nobody"]))
    def delivers(self, fate: str, took_it_in: bool, chosen: str) -> None:
        """Deliver, with an end that good or bad luck gives it; right after, the citizen may think again."""
        system, error = self.world.systems[RECIPIENT], FATES[fate]()

        def ends(update: PlanUpdate) -> None:
            if error is not None:
                raise error

        def looks_and_ends(update: PlanUpdate) -> None:
            self.look(update)
            ends(update)

        system.before, system.after = (self.look, ends) if took_it_in else (looks_and_ends, lambda update: None)
        self.world.waits()
        try:
            self.world.delivers(self.plan, RECIPIENT)
        except Dies:
            pass
        finally:
            system.before, system.after = self.look, lambda update: None
        if chosen in SENDERS:
            self.chooses(chosen)

    @rule()
    def sweeps(self) -> None:
        self.world.sweeps()

    @rule()
    def replays(self) -> None:
        with self.world.store.begin() as unit:
            unit.outbox.replay(self.world.row(self.plan, RECIPIENT).id, now())

    def ends(self) -> None:
        """All waits end: then nothing unlawful stays, and, a dead letter replayed, nothing lawful is missing."""
        self.world.drains()
        wanted = {an_id(s, g) for s in self.yeses for g in GOALS} & self.titles.keys()
        system = self.world.systems[RECIPIENT]
        assert system.holds(self.plan) <= wanted
        self.replays()
        self.world.drains()
        assert system.holds(self.plan) == wanted
        assert self.world.held(self.plan, RECIPIENT) == wanted
        with self.world.store.begin(read_only=True) as unit:
            stored = unit.plans.get(self.plan)
            assert stored is not None
            assert {element.id: element.title for element in stored.plan.elements.values()} == self.titles
            digests = {element: stored.digest(stored.plan.elements[element]) for element in wanted}
        assert system.shelf.get(self.plan, {}) == digests

    @invariant()
    def nothing_unlawful_was_sent(self) -> None:
        assert not getattr(self, "unlawful", [])

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.ends()
            self.world.store.close()
            shutil.rmtree(self.folder)


@pytest.mark.slow
def test_after_any_story_each_recipient_holds_what_it_may_see_and_nothing_else(template: Path) -> None:
    machine = type("Machine", (Stories,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def test_an_uncertain_version_is_brought_right_by_the_replay(world: World) -> None:
    """It holds A for sure, then maybe B; dead, it is only taken back from; then the content returns to A."""
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    case = a_contribution("children")
    world.accepts(case.with_draft("g1", title="A").build())
    world.drains()
    social = world.systems["social"]
    first = social.heard[0].disclosed[0].digest

    def refuse(update: PlanUpdate) -> None:
        raise RecipientRefused("It took it in, and says no.")

    social.after = refuse
    world.accepts(case.version(2).with_draft("g1", title="B").with_draft("g2").build())
    world.delivers(plan, "social")
    social.after = lambda update: None
    world.accepts(case.version(3).removing("g2").with_draft("g1", title="A").build())
    world.drains()
    with world.store.begin() as unit:
        unit.outbox.replay(world.row(plan, "social").id, now())
    world.drains()
    assert social.shelf[plan] == {an_id("children", "g1"): first}
