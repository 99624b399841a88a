"""Plans in which something is withheld from a caseworker, each for another reason, and the ways to read of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import orjson

from hub.api.answers import plan_answer, why_answer
from hub.clock import now
from hub.consent.consent import Capacity, ConsentKind
from hub.consent.decide import decide
from hub.consent.decision import Reason
from hub.consent.reader import Reader
from hub.consent.subject import subject_of
from hub.errors import NotFound
from hub.flow.circumstances import consents_of
from hub.flow.emergency import ShownEmergency, break_glass
from hub.flow.reading import as_reading
from hub.flow.revise import give
from hub.flow.show import Shown, explain, show_element, show_plan
from hub.flow.versions import Giver
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.policy import publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World

ELEMENT = an_id("social", "e1")
WHY = "Barnet er fundet alene hjemme om natten."
CASEWORKER = Reader("children", Role.CASEWORKER)
ANOTHER_CPR = "0301609995"


def by_the_danish_rules(world: World, **changed: Any) -> None:
    """Let the shipped rules hold; ``changed`` are fields of ``[break_glass]``."""
    rules = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    rules["break_glass"] |= changed
    publish_policy(rules, world.store, actor="test", correlation_id="c")


def a_plan_of(world: World, **facts: Any) -> UUID:
    """Open a plan with one element of social services, confidential and about a goal unless told otherwise."""
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("e1", **facts).build())
    return plan


def _shared(world: World, **facts: Any) -> UUID:
    plan = a_plan_of(world, **facts)
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    return plan


def _denied(world: World) -> UUID:
    plan = _shared(world)
    world.says(a_consent(SOMEBODY).to("children").denying().build(), plan)
    return plan


def _withdrawn(world: World) -> UUID:
    plan = a_plan_of(world)
    world.takes_back(world.says(a_consent(SOMEBODY).to("*").build(), plan).id)
    return plan


def _expired(world: World) -> UUID:
    plan = a_plan_of(world)
    world.says(a_consent(SOMEBODY).to("*").until(now() - timedelta(days=1)).build(), plan)
    return plan


def _dissolved(world: World) -> UUID:
    plan = _shared(world)
    with world.store.begin() as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        said = unit.consents.of([stored.plan.person])
    (one_plan,) = [consent for consent in said if consent.kind is ConsentKind.ONE_PLAN]
    world.takes_back(one_plan.id)
    return plan


def _in_anothers_name(world: World) -> UUID:
    plan = a_plan_of(world)
    parent = Giver(Capacity.CUSTODY, PersonFacts((cpr_identifier(ANOTHER_CPR, "hub"),), "A parent"))
    consent = a_consent(SOMEBODY).to("*").build()
    give(plan, consent, COORDINATOR, world.store, actor="test", correlation_id="c", givers=[parent])
    return plan


@dataclass(frozen=True)
class Withheld:
    """A plan whose element is withheld from a reader for one reason."""

    reason: Reason
    opens: Callable[[World], UUID]
    reader: Reader = CASEWORKER


#: What an emergency lifts, and below what it never does.
LIFTED = (
    Withheld(Reason.NO_CONSENT, a_plan_of),
    Withheld(Reason.DENIED, _denied),
    Withheld(Reason.WITHDRAWN, _withdrawn),
    Withheld(Reason.EXPIRED, _expired),
    Withheld(Reason.NO_ONE_PLAN, _dissolved),
    Withheld(Reason.NOT_APPLICABLE, _in_anothers_name),
    Withheld(Reason.NO_GROUND, lambda world: _shared(world, category="economy")),
    Withheld(Reason.NOT_LABELLED, lambda world: _shared(world, label=None)),
)
NEVER_LIFTED = (
    Withheld(Reason.PROHIBITED, _shared, Reader("employment", Role.CASEWORKER, purpose="ssd")),
    Withheld(Reason.UNKNOWN_PURPOSE, _shared, Reader("children", Role.CASEWORKER, purpose="gossip")),
)
STRANGER = Withheld(Reason.NOT_A_MEMBER, _shared, Reader("elsewhere", Role.CASEWORKER))


def why_not(world: World, plan: UUID, reader: Reader, client: str = "nobody") -> Reason:
    """Return the reason of the decision about the element now."""
    with world.store.begin(read_only=True) as unit:
        at, stored, policy = now(), unit.plans.get(plan), unit.policies.in_force()
        assert stored is not None
        asking = as_reading(unit, plan, reader, client, at)
        subject = subject_of(stored.plan, stored.plan.elements[ELEMENT])
        return decide(subject, asking, policy, consents_of(unit, stored.plan, policy, at), at).reason


def breaks_glass(
    world: World, plan: UUID, reader: Reader = CASEWORKER, client: str = "me", minutes: int = 60, why: str = WHY
) -> ShownEmergency:
    return break_glass(plan, why, minutes, reader, world.store, actor=client, correlation_id="c")


def everything_read(world: World, plan: UUID, reader: Reader, client: str = "me") -> Mapping[str, bytes]:
    """Read by every read there is of one plan; what is not found is so answered."""
    told = {"actor": client, "correlation_id": "c"}
    reads: Mapping[str, Callable[[], bytes]] = {
        "plan": lambda: _plan(show_plan(plan, reader, world.store, **told)),
        "element": lambda: _plan(show_element(ELEMENT, reader, world.store, **told)),
        "why": lambda: orjson.dumps(why_answer(plan, explain(plan, ELEMENT, reader, world.store, **told))),
    }
    return {name: _answered(read) for name, read in reads.items()}


def _plan(shown: Shown) -> bytes:
    answer = plan_answer(shown, timedelta(minutes=30))
    return orjson.dumps({name: value for name, value in answer.items() if name != "as_of"})


def _answered(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except NotFound as error:
        return error.diagnostics().encode()


def sees(world: World, plan: UUID, reader: Reader = CASEWORKER, client: str = "me") -> bool:
    """Tell whether the element is shown; by all reads alike."""
    found = {
        name: str(ELEMENT).encode() in answer for name, answer in everything_read(world, plan, reader, client).items()
    }
    assert len(set(found.values())) == 1, found
    return found["plan"]


def at_ten() -> datetime:
    """Return an instant to freeze the clock at."""
    return now().replace(microsecond=0)
