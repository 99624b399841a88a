"""One random interleaving of what happens to a plan, and the obvious rule that says what may leave at each instant.

Deliveries are taken apart into their three steps (begin, send, settle), so that anything may happen between them:
consents given and taken back, time that passes, cases that change, other workers, workers that die. The rule below
knows nothing of the hub's: it goes through everything that was said, and looks at the clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from hub.authority import DeliveryKey, PlanUpdate, Receipt
from hub.clock import now
from hub.errors import HubError, NotFound, RecipientDown, RecipientFailed, RecipientRefused
from hub.flow import deliver as spine
from hub.flow.replay import replay
from hub.flow.settle import Attempt, give_back, settle
from hub.store.revocation_tables import withdrawals
from hub.store.tables import outbox
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import FrozenClock
from tests.integration.world import SOMEBODY, World

RECIPIENTS = ("employment", "social")
CATEGORIES = ("goals", "health", "appointments")
_STEPS = 24


class Unlawful(AssertionError):
    """Something left that nobody had said yes to, or stayed where somebody had said no."""


@dataclass
class Said:
    """What a citizen has said, as a citizen would tell it."""

    is_one_plan: bool
    is_yes: bool = True
    recipients: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    until: datetime | None = None
    is_taken_back: bool = False

    def counts(self) -> bool:
        return not self.is_taken_back and (self.until is None or now() < self.until)


@dataclass
class OnTheWay:
    """A delivery between its steps."""

    attempt: Attempt
    outcome: Receipt | HubError | None = None


@dataclass
class Interleaving:
    """A plan of children's services that two recipients hold parts of.

    :ivar started: deliveries that have started, and were looked at.
    """

    world: World
    clock: FrozenClock
    chance: random.Random
    number: int
    said: dict[UUID, Said] = field(default_factory=dict)
    elements: dict[UUID, str] = field(default_factory=dict)
    on_the_way: list[OnTheWay] = field(default_factory=list)
    started: int = 0
    revoked: int = 0
    _version: int = 0

    def run(self) -> None:
        """Let things happen in any order, and then let all of it come to rest."""
        self.cpr, self.case = f"010170{self.number:04d}", f"C{self.number}"
        self._opens()
        self._updates()
        self._says_yes_to_all()
        steps: list[tuple[Callable[[], None], int]] = [
            (self._begins, 9), (self._sends, 7), (self._settles, 7), (self._dies, 1), (self._revokes, 4),
            (self._grants, 3), (self._says_yes_to_all, 2), (self._opens, 2), (self._updates, 4), (self._time_passes, 2),
            (self._replays, 1),
            (self._sweeps, 1),
        ]  # fmt: skip
        happens, weights = zip(*steps, strict=True)
        for step in self.chance.choices(happens, weights, k=_STEPS):
            step()
        self._comes_to_rest()

    # --- the rule ---------------------------------------------------------------------------------------------------

    def may_hold(self, recipient: str) -> set[UUID]:
        """Return what a recipient may hold now, by what was said and nothing else."""
        standing = [one for one in self.said.values() if one.counts()]
        if not any(one.is_one_plan for one in standing):
            return set()
        return {
            element for element, category in self.elements.items() if self._is_shared(recipient, category, standing)
        }

    def _is_shared(self, recipient: str, category: str, standing: list[Said]) -> bool:
        about = [one for one in standing if recipient in one.recipients and category in one.categories]
        return bool(about) and all(one.is_yes for one in about)

    def _check(self, update: PlanUpdate) -> None:
        """Look at a delivery that has just started."""
        self.started += 1
        lawful = self.may_hold(update.recipient)
        leaving = {item.element.id for item in update.disclosed}
        if leaving - lawful:
            raise Unlawful(f"{len(leaving - lawful)} elements leave for {update.recipient}, forbidden since before.")
        if set(update.withdrawn) & lawful:
            raise Unlawful(f"{update.recipient} must give up what it may see.")

    # --- what happens ----------------------------------------------------------------------------------------------

    def _opens(self) -> None:
        opened = self.world.opens_plan(self.cpr, ("children", *RECIPIENTS))
        self.plan = opened.plan
        self.said[opened.consent.id] = Said(is_one_plan=True)
        self.rows = {recipient: self.world.row(self.plan, recipient).id for recipient in RECIPIENTS}

    def _grants(self) -> None:
        recipients = self._some(RECIPIENTS)
        categories = self._some(CATEGORIES)
        is_yes = self.chance.random() < 0.85
        until = now() + timedelta(minutes=self.chance.choice((1, 30, 600))) if self.chance.random() < 0.3 else None
        built = a_consent(SOMEBODY).to(*recipients).for_categories(*categories)
        built = built if is_yes else built.denying()
        given = self.world.says((built.until(until) if until else built).build(), self.plan)
        self.said[given.id] = Said(False, is_yes, frozenset(recipients), frozenset(categories), until)

    def _says_yes_to_all(self) -> None:
        given = self.world.says(a_consent(SOMEBODY).to(*RECIPIENTS).for_categories(*CATEGORIES).build(), self.plan)
        self.said[given.id] = Said(False, True, frozenset(RECIPIENTS), frozenset(CATEGORIES))

    def _revokes(self) -> None:
        standing = [
            consent
            for consent, said in self.said.items()
            if not said.is_taken_back and (not said.is_one_plan or self.chance.random() < 0.3)
        ]
        if standing:
            self.takes_back(self.chance.choice(standing))
            self.revoked += 1

    def takes_back(self, consent: UUID) -> None:
        self.world.takes_back(consent)
        self.said[consent].is_taken_back = True

    def _updates(self) -> None:
        self._version += 1
        told = a_contribution("children", self.case).about(self.cpr).version(self._version)
        if self.elements and self.chance.random() < 0.3:
            gone = self.chance.choice(list(self.elements))
            source = next(s for s in (f"g{n}" for n in range(99)) if an_id("children", s, self.case) == gone)
            told = told.removing(source)
            del self.elements[gone]
        else:
            source, category = f"g{self._version}", self.chance.choice(CATEGORIES)
            told = told.with_draft(source, category=category, title=f"Version {self._version}")
            self.elements[an_id("children", source, self.case)] = category
        self.world.accepts(told.build())

    def _time_passes(self) -> None:
        self.clock.advance(timedelta(seconds=self.chance.choice((1, 61, 1_801, 36_001))))

    def _sweeps(self) -> None:
        self.world.sweeps()

    def _replays(self) -> None:
        for row in self.rows.values():
            try:
                replay(row, self.world.store, actor="test", correlation_id="c")
            except NotFound:
                continue

    def _begins(self) -> None:
        row = self.rows[self.chance.choice(RECIPIENTS)]
        world = self.world
        with world.store.begin() as unit:
            due = unit.outbox.whose(row)
            begun = spine._begin(unit, row, due, world.authorities, world.settings) if due else None
        if isinstance(begun, Attempt):
            self._check(begun.update)
            self.on_the_way.append(OnTheWay(begun))

    def _sends(self) -> None:
        waiting = [one for one in self.on_the_way if one.outcome is None]
        if not waiting:
            return
        one = self.chance.choice(waiting)
        fate = self.chance.random()
        if fate < 0.9:  # it arrives, whatever becomes of the answer
            one.outcome = self._arrives(one.attempt.update)
        if fate > 0.7:
            kind = self.chance.choice((RecipientDown, RecipientFailed, RecipientRefused))
            one.outcome = kind("It says no, or nothing.")

    def _arrives(self, update: PlanUpdate) -> Receipt:
        authority = self.world.authorities[update.recipient]
        document = authority.mapping.from_plan(update)
        return authority.adapter.send(document, DeliveryKey(update.recipient, update.plan, update.sequence))

    def _settles(self) -> None:
        sent = [one for one in self.on_the_way if one.outcome is not None]
        if not sent:
            return
        one = self.chance.choice(sent)
        self.on_the_way.remove(one)
        with self.world.store.begin() as unit:
            if isinstance(one.outcome, Receipt):
                settle(unit, one.attempt, one.outcome)
            elif one.outcome is not None:
                give_back(unit, one.attempt, one.outcome, self.world.settings)

    def _dies(self) -> None:
        if self.on_the_way:
            self.on_the_way.remove(self.chance.choice(self.on_the_way))

    # --- at rest ----------------------------------------------------------------------------------------------------

    def _comes_to_rest(self) -> None:
        """Workers die, all waits run out, every system is well: then everybody holds what they may, and has said so."""
        self.on_the_way.clear()
        for _ in range(30):
            self.clock.advance(timedelta(minutes=61))
            self._replays()
            self.world.sweeps()
            due = [row for row in self.rows.values() if self._is_due(row)]
            if not due:
                break
            for row in due:
                self._delivers(row)
        for recipient, row in self.rows.items():
            holds, may = self.world.systems[recipient].holds(self.plan), self.may_hold(recipient)
            if holds != may:
                raise Unlawful(f"{recipient} holds {len(holds - may)} too many and {len(may - holds)} too few.")
            if self._open_withdrawals(row):
                raise Unlawful(f"{recipient} has deleted, and the hub has no receipt.")

    def _delivers(self, row: UUID) -> None:
        world = self.world
        for system in world.systems.values():
            system.before = self._check
        spine.deliver(row, world.store, world.authorities, world.settings)
        for system in world.systems.values():
            system.before = lambda update: None

    def _is_due(self, row: UUID) -> bool:
        with self.world.store.begin(read_only=True) as unit:
            query = sa.select(outbox.c.due_at).where(outbox.c.id == row)
            return unit.connection.execute(query).scalar_one() is not None

    def _open_withdrawals(self, row: UUID) -> int:
        with self.world.store.begin(read_only=True) as unit:
            query = sa.select(sa.func.count()).where(withdrawals.c.outbox_id == row, withdrawals.c.ended_at.is_(None))
            return unit.connection.execute(query).scalar_one()

    def _some(self, names: tuple[str, ...]) -> list[str]:
        return sorted(self.chance.sample(names, self.chance.randint(1, len(names))))
