from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import monotonic, now
from hub.consent.consent import Consent, ConsentKind, ConsentStatus
from hub.errors import Conflict, NotFound, StoreBusy
from hub.flow.deliver import deliver
from hub.plan.contribution import PersonFacts
from hub.plan.element import Kind
from hub.plan.identifier import cpr_identifier
from hub.store.tables import consents
from hub.store.transaction import Store
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.databases import a_store
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

GOAL = an_id("children", "g1")
RELATIVE = cpr_identifier("1502779995", "children")


def a_shared_plan(world: World) -> tuple[UUID, Consent]:
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    return plan, yes


def test_a_consent_withdrawn_twice_is_withdrawn_once(world: World) -> None:
    _plan, yes = a_shared_plan(world)
    first, again = world.takes_back(yes.id), world.takes_back(yes.id)
    assert (first.consent.version, first.consent.status) == (2, ConsentStatus.WITHDRAWN)
    assert again.consent == first.consent
    assert len(world.audited("consent-withdrawn")) == 1


def test_every_version_of_a_consent_is_kept(world: World) -> None:
    _plan, yes = a_shared_plan(world)
    world.takes_back(yes.id)
    with world.store.begin(read_only=True) as unit:
        rows = unit.connection.execute(sa.select(consents).where(consents.c.id == yes.id).order_by(consents.c.version))
        assert [(row.version, row.is_newest, row.status) for row in rows] == [
            (1, False, "active"),
            (2, True, "withdrawn"),
        ]


def test_a_version_that_leaves_one_out_is_a_conflict(world: World) -> None:
    plan, yes = a_shared_plan(world)
    with pytest.raises(Conflict):
        world.says(replace(yes, version=3), plan)


def test_a_consent_never_becomes_one_of_another_kind(world: World) -> None:
    plan, yes = a_shared_plan(world)
    with pytest.raises(Conflict):
        world.says(replace(yes, version=2, kind=ConsentKind.ONE_PLAN), plan)


def test_a_consent_never_becomes_another_persons(world: World) -> None:
    """Its first person would lose it without a withdrawal being sent."""
    _plan, yes = a_shared_plan(world)
    (other,) = world.opens_plan("0101625638").plans
    with pytest.raises(Conflict):
        world.says(replace(yes, version=2), other)


def test_a_consent_nobody_knows_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.takes_back(UUID(int=1))


def test_of_two_new_versions_at_once_one_is_a_conflict(world: World) -> None:
    plan, yes = a_shared_plan(world)
    for version in range(2, 8):
        ends = together(*[partial(world.says, replace(yes, version=version), plan)] * 4)
        assert sum(isinstance(end, Conflict) for end in ends) == 3, ends


def test_a_consent_of_a_relative_reaches_the_plan_that_names_them(world: World) -> None:
    plan, _ = a_shared_plan(world)
    (own,) = world.opens_plan("1502779995").plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), own)
    world.accepts(naming_the_relative(2))
    world.drains()
    named = an_id("children", "h")
    assert named in world.systems["social"].holds(plan)
    world.takes_back(yes.id)
    world.drains()
    assert named not in world.systems["social"].holds(plan)


# --- G4: no delivery starts after a revocation has committed ------------------------------------------------------


@contextmanager
def commits_watched(*stores: Store) -> Iterator[list[tuple[str, float, float]]]:
    """List, for each transaction that wrote an attempt or a consent, the times right before and after its commit."""
    seen: list[tuple[str, float, float]] = []
    wrote = threading.local()

    def after_execute(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        for what in ("INSERT INTO attempts", "INSERT INTO consents"):
            if statement.startswith(what):
                wrote.what = what.split()[-1]

    commits = [store.engine.dialect.do_commit for store in stores]

    def do_commit(commit: Any, connection: Any) -> None:
        what, wrote.what = getattr(wrote, "what", None), None
        before = monotonic()
        commit(connection)
        if what:
            seen.append((what, before, monotonic()))

    for store, commit in zip(stores, commits, strict=True):
        sa.event.listen(store.engine, "after_cursor_execute", after_execute)
        store.engine.dialect.do_commit = partial(do_commit, commit)  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        for store, commit in zip(stores, commits, strict=True):
            store.engine.dialect.do_commit = commit  # type: ignore[method-assign]
            sa.event.remove(store.engine, "after_cursor_execute", after_execute)


def together(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all at once; return what each gave or raised."""
    barrier = threading.Barrier(len(deeds))

    def do(deed: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return deed()
        except (Conflict, StoreBusy) as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def test_no_delivery_starts_after_a_revocation_has_committed(world: World, url: str) -> None:
    """Two workers and a citizen at once, 120 times: a start that shows the element commits before the withdrawal.

    One of the workers is another process: it has the database open by itself.
    An attempt that shows something and whose commit began after the withdrawal's had ended would be a breach.
    """
    (plan,) = world.opens_plan(circle=["social"]).plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    chance = random.Random(24)
    row = world.row(plan, "social").id
    raced = 0
    other = a_store(url)
    for _ in range(120):
        world.drains()
        world.systems["social"].heard.clear()
        yes = world.says(replace(yes, version=yes.version + 1, status=ConsentStatus.ACTIVE), plan)
        world.waits()
        pauses = [chance.random() * 0.006 for _ in range(3)]

        def ring(pause: float, store: Store) -> Any:
            threading.Event().wait(pause)
            return deliver(row, store, world.authorities, world.settings)

        def revoke(pause: float, consent: UUID) -> Any:
            threading.Event().wait(pause)
            return world.takes_back(consent)

        with commits_watched(world.store, other) as seen:
            rings = partial(ring, pauses[0], world.store), partial(ring, pauses[1], other)
            together(*rings, partial(revoke, pauses[2], yes.id))
        yes = replace(yes, version=yes.version + 1)
        shown = [update for update in world.systems["social"].heard if update.disclosed]
        revoked = next(end for what, _, end in seen if what == "consents")
        starts = [begin for what, begin, _ in seen if what == "attempts"]
        raced += bool(shown)
        if shown:
            assert min(starts) < revoked, "it started after the withdrawal had committed"
        world.drains()
        assert world.systems["social"].holds(plan) == set()
    other.close()
    assert 10 < raced < 120, f"the race must go both ways to show anything, and went one way {raced} times of 120"


def test_a_revocation_waits_for_a_delivery_that_is_just_starting(world: World) -> None:
    """Held right before its first commit, a delivery holds off the revocation; so the one cannot overtake the other."""
    plan, yes = a_shared_plan(world)
    deciding, may_go_on = threading.Event(), threading.Event()
    watched = threading.local()

    def hold(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO attempts") and getattr(watched, "me", False):
            deciding.set()
            may_go_on.wait(20)

    def ring() -> Any:
        watched.me = True
        return world.delivers(plan, "social")

    sa.event.listen(world.store.engine, "after_cursor_execute", hold)
    with ThreadPoolExecutor(2) as pool:
        delivery = pool.submit(ring)
        assert deciding.wait(20)
        revocation = pool.submit(world.takes_back, yes.id)
        assert not wait([revocation], timeout=0.3).done, "it overtook a delivery that was starting"
        may_go_on.set()
        assert delivery.result().value == "delivered"
        revocation.result()
    sa.event.remove(world.store.engine, "after_cursor_execute", hold)
    world.drains()
    assert world.systems["social"].holds(plan) == set()


def naming_the_relative(version: int) -> Any:
    named = a_contribution("children").version(version).with_draft("g1")
    built = named.with_draft("h", Kind.HOUSEHOLD_MEMBER, concerns=(RELATIVE,)).build()
    return replace(built, others=(PersonFacts((RELATIVE,)),))


def test_a_revocation_reaches_a_plan_that_names_the_person_only_just_now(world: World) -> None:
    """The message that names a relative is held before its commit while the relative takes the consent back."""
    plan, _ = a_shared_plan(world)
    (own,) = world.opens_plan("1502779995").plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), own)
    world.drains()
    merging, may_go_on = threading.Event(), threading.Event()

    def hold(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO plan_people"):
            merging.set()
            may_go_on.wait(0.5)

    sa.event.listen(world.store.engine, "after_cursor_execute", hold)
    with ThreadPoolExecutor(2) as pool:
        accepted = pool.submit(world.accepts, naming_the_relative(2))
        assert merging.wait(20)
        revoked = pool.submit(world.takes_back, yes.id)
        accepted.result()
        revoked.result()
    sa.event.remove(world.store.engine, "after_cursor_execute", hold)
    entries = {entry["plan_id"] for entry in world.audited("consent-withdrawn")}
    assert entries == {plan, own}, "the plan that had just come to name the person was passed over"
    world.drains()
    assert an_id("children", "h") not in world.systems["social"].holds(plan)


def test_a_policy_published_is_in_force_for_a_delivery_that_had_to_wait_for_it(world: World) -> None:
    """The delivery asks for the policy while the next version is being written; it must get the next version."""
    plan, _ = a_shared_plan(world)
    publishing, may_go_on = threading.Event(), threading.Event()

    def hold(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO policies"):
            publishing.set()
            may_go_on.wait(0.4)

    nothing_shared = {**a_generous_policy(), "rule": []}
    sa.event.listen(world.store.engine, "after_cursor_execute", hold)
    with ThreadPoolExecutor(2) as pool:
        published = pool.submit(publish_policy, nothing_shared, world.store, actor="test", correlation_id="c")
        assert publishing.wait(20)
        delivery = pool.submit(world.delivers, plan, "social")
        published.result()
        assert delivery.result().value == "up-to-date"
    sa.event.remove(world.store.engine, "after_cursor_execute", hold)
    assert not world.systems["social"].heard


def test_a_new_policy_is_brought_to_everyone_by_the_sweeper(world: World) -> None:
    plan, _ = a_shared_plan(world)
    world.drains()
    nothing_shared = {**a_generous_policy(), "rule": []}
    publish_policy(nothing_shared, world.store, actor="test", correlation_id="c")
    assert world.sweeps() == 3
    world.drains()
    assert world.systems["social"].holds(plan) == set()


def test_accepting_delivering_and_revising_at_once_never_end_in_a_deadlock(world: World) -> None:
    plan, yes = a_shared_plan(world)
    ends: list[Any] = []

    def accepts() -> None:
        for version in range(100, 115):
            ends.append(world.accepts(a_contribution("children").version(version).with_draft(f"g{version}").build()))

    def delivers(recipient: str) -> None:
        for _ in range(20):
            world.delivers(plan, recipient)

    def revises() -> None:
        consent = yes
        for _ in range(8):
            consent = world.takes_back(consent.id).consent
            consent = world.says(replace(consent, version=consent.version + 1, status=ConsentStatus.ACTIVE), plan)

    def rings() -> None:
        for _ in range(20):
            with world.store.begin() as unit:
                taken = unit.outbox.take_rings(10, now())
            with world.store.begin() as unit:
                unit.outbox.not_rung(taken, now())
            world.sweeps()

    found = together(accepts, revises, rings, *(partial(delivers, name) for name in ("social", "employment")))
    assert not [end for end in found if end is not None], found
    world.drains()
    assert len(world.systems["social"].holds(plan)) == 16
    assert GOAL in world.systems["social"].holds(plan)


def test_a_plan_goes_by_the_name_given_at_its_opening_and_by_no_authoritys_words(world: World) -> None:
    world.opens_plan()
    relative = PersonFacts((cpr_identifier("0101625638", "children"),), name="Farmor (anonym adresse)")
    contribution = a_contribution("children").with_draft("g1").build()
    world.accepts(replace(contribution, others=(relative,)))
    (plan,) = world.opens_plan("0101625638", name="Else Prøvesen").plans
    assert world.shows(plan).person.name == "Else Prøvesen"
    world.opens_plan("0101625638")
    assert world.shows(plan).person.name == "Else Prøvesen"
