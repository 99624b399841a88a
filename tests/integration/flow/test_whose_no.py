"""A no is taken back by whoever has said it: what one person takes back leaves what others have said."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.consent.consent import Capacity, Consent, ConsentStatus, Effect
from hub.consent.reader import Reader
from hub.errors import NotAllowed
from hub.flow.revise import Revised, give, withdraw
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import ToWithdraw
from hub.testing.builders import a_consent
from hub.testing.clock import frozen
from tests.integration.flow.test_who_speaks import (
    ALMA,
    AT,
    CLEO,
    FATHER,
    MOTHER,
    a_parent,
    by_the_clock,
    custody,
    dated,
    goal,
    has_a_home,
    opens,
    said_by,
    says,
    socials,
)
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
__all__ = ["by_the_clock"]


def refuses(world: World, plan: UUID, reader: Reader = COORDINATOR, *cprs: str) -> Consent:
    """Say no to social services: with the own voice, or as the coordinator writes down for holders of custody."""
    no = dated(a_consent(SOMEBODY).to("social").denying())
    given = give(plan, no, reader, world.store, actor="test", correlation_id="c", givers=custody(*cprs))
    assert given.consent.effect is Effect.DENY
    return given.consent


def takes_back(world: World, consent: Consent, reader: Reader) -> Revised:
    return withdraw(consent.id, reader, world.store, actor="test", correlation_id="c")


@pytest.fixture
def alma(world: World) -> UUID:
    """The plan of a child of eleven, about whom both parents have said yes to social services."""
    plan = opens(world, ALMA, *custody(MOTHER, FATHER)).plan
    has_a_home(world, ALMA, MOTHER, FATHER)
    says(world, plan, *custody(MOTHER, FATHER))
    assert socials(world, plan) == {goal(ALMA)}
    return plan


def test_a_parent_who_has_said_the_same_no_does_not_take_back_the_childs(world: World, alma: UUID) -> None:
    refuses(world, alma, citizen_of(world, alma))
    mothers = refuses(world, alma, a_parent(world, MOTHER))
    assert socials(world, alma) == set()
    takes_back(world, mothers, a_parent(world, MOTHER))
    assert socials(world, alma) == set(), "the child has said no, and not taken it back"


def test_one_parent_does_not_take_back_the_others_no(world: World, alma: UUID) -> None:
    fathers = refuses(world, alma, a_parent(world, FATHER))
    mothers = refuses(world, alma, a_parent(world, MOTHER))
    takes_back(world, mothers, a_parent(world, MOTHER))
    assert socials(world, alma) == set()
    takes_back(world, fathers, a_parent(world, FATHER))
    assert socials(world, alma) == {goal(ALMA)}


def test_of_a_no_that_two_have_said_together_one_takes_back_the_own_word(world: World, alma: UUID) -> None:
    both = refuses(world, alma, COORDINATOR, MOTHER, FATHER)
    left = takes_back(world, both, a_parent(world, MOTHER)).consent
    assert left.status is ConsentStatus.ACTIVE
    assert [grant.by for grant in left.grants] == [a_parent(world, FATHER).person]
    assert socials(world, alma) == set()
    assert takes_back(world, both, a_parent(world, FATHER)).consent.status is ConsentStatus.WITHDRAWN
    assert socials(world, alma) == {goal(ALMA)}


def test_a_child_does_not_take_back_what_the_parents_have_refused(world: World, alma: UUID) -> None:
    both = refuses(world, alma, COORDINATOR, MOTHER, FATHER)
    with pytest.raises(NotAllowed):
        takes_back(world, both, citizen_of(world, alma))
    assert socials(world, alma) == set()


def test_a_child_takes_back_the_own_no(world: World, alma: UUID) -> None:
    own = refuses(world, alma, citizen_of(world, alma))
    assert takes_back(world, own, citizen_of(world, alma)).consent.status is ConsentStatus.WITHDRAWN
    assert socials(world, alma) == {goal(ALMA)}


def test_whoever_has_come_of_age_takes_back_what_the_parents_had_refused(world: World) -> None:
    plan = opens(world, CLEO, *custody(MOTHER)).plan
    no, cleo = refuses(world, plan, COORDINATOR, MOTHER), citizen_of(world, plan)
    with pytest.raises(NotAllowed):
        takes_back(world, no, cleo)
    with frozen(AT + timedelta(days=1)):
        assert takes_back(world, no, cleo).consent.status is ConsentStatus.WITHDRAWN


def test_a_grown_person_does_not_take_back_what_a_guardian_has_refused(world: World) -> None:
    plan = opens(world, MOTHER).plan
    no = dated(a_consent(SOMEBODY).to("social").denying())
    guardian = said_by(FATHER, Capacity.GUARDIAN)
    given = give(plan, no, COORDINATOR, world.store, actor="test", correlation_id="c", givers=[guardian]).consent
    with pytest.raises(NotAllowed):
        takes_back(world, given, citizen_of(world, plan))


def test_the_coordinator_writes_down_that_a_no_is_taken_back(world: World, alma: UUID) -> None:
    both = refuses(world, alma, COORDINATOR, MOTHER, FATHER)
    assert takes_back(world, both, COORDINATOR).consent.status is ConsentStatus.WITHDRAWN
    assert socials(world, alma) == {goal(ALMA)}


def test_the_same_no_said_again_by_the_same_person_is_one(world: World, alma: UUID) -> None:
    first, second = (refuses(world, alma, a_parent(world, MOTHER)) for _ in range(2))
    assert (second.id, second.version) == (first.id, 2)


def test_a_simulation_says_of_it_what_then_happens(world: World, alma: UUID) -> None:
    both = refuses(world, alma, COORDINATOR, MOTHER, FATHER)
    told = simulate_choice(
        ToWithdraw(both.id), a_parent(world, MOTHER), world.store, world.authorities, world.settings,
        actor="test", correlation_id="c",
    )  # fmt: skip
    assert told.consent is not None
    assert told.consent.status is ConsentStatus.ACTIVE
    assert told.shifts == ()
