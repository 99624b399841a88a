"""Two plans that differ only in what is withheld give the same bytes, in every answer in which content may stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.api.answers import plan_answer, tagged, why_answer
from hub.api.choice_answers import simulated_answer
from hub.consent.consent import Consent, by_person
from hub.consent.decide import decide
from hub.consent.matrix import Asked, Seat
from hub.consent.policy import Hidden, Policy
from hub.consent.reader import Exchange, Reader
from hub.consent.simulate import Facts, Place, Said, simulate
from hub.consent.subject import subject_of
from hub.consent.view import View, view_for
from hub.fhir.render import render
from hub.flow.show import Shown
from hub.flow.simulated import Simulated, as_far_as, delivery_as_told
from hub.plan.element import Code, Element, Kind, OrderKey
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Person, Role
from hub.plan.plan import Plan, PlanStatus
from hub.store.holdings import Held
from hub.testing.builders import TEST_CPR
from hub.ui.plan_page import plan_page
from tests.unit.consent.strategies import AUTHORITIES, ELEMENTS, MOMENTS, OTHER, PERSON, PLAN, consents, elements
from tests.unit.consent.test_laws import views

TRAVEL = timedelta(minutes=30)
ANNA = Person(PERSON, (cpr_identifier(TEST_CPR, "hub"),), "Anna Test Andersen")
RECIPIENT = Reader("social", Role.AUTHORITY_SYSTEM, memberships=frozenset({PLAN}), exchange=Exchange.DISCLOSE)
kinds = st.sampled_from((Kind.GOAL, Kind.NOTE, Kind.APPOINTMENT, Kind.APPOINTMENT))


def answers(plan: Plan, view: View, at: datetime) -> list[bytes]:
    """Return every answer of a read, byte for byte: the plan, its ETag, why, FHIR, and the page in both languages."""
    shown = Shown(view, ANNA, PlanStatus.ACTIVE, at)
    answer = plan_answer(shown, TRAVEL)
    resources = render(view, ANNA, PlanStatus.ACTIVE, coordinator="coordination")
    fhir = [["/".join(name), resource] for name, resource in resources.items()]
    pages = [plan_page(shown, TRAVEL, language) for language in ("da", "en")]
    why = [why_answer(plan.id, seen) for seen in view.seen]
    return [
        orjson.dumps(answer),
        tagged(answer)[1].encode(),
        orjson.dumps(fhir),
        orjson.dumps(pages),
        orjson.dumps(why),
    ]


def simulated(plan: Plan, asker: Reader, policy: Policy, said: Sequence[Consent], word: Consent, at: datetime) -> bytes:
    """Return what an asker is told of a consent that would be given, byte for byte."""
    seat = Seat("social", Role.AUTHORITY_SYSTEM, Exchange.DISCLOSE, "one-plan")
    place = Place(plan, RECIPIENT, Asked(PLAN, PERSON, AUTHORITIES, plan.is_held, plan.is_restricted))
    seen = {one.element.id: one for one in view_for(plan, asker, policy, by_person(said), at).seen}
    facts = Facts({(PLAN, seat): place}, policy, tuple(said), {})
    told = [as_far_as(shift, seen) for shift in simulate(facts, Said(word), at)]
    held = Held(dict.fromkeys(plan.elements, "what they hold"), {})
    sent = tuple(delivery_as_told(shift, held, only_back=False) for shift in told)
    return orjson.dumps(simulated_answer(Simulated(PLAN, at, tuple(told), sent, word)))


@st.composite
def twins(draw: st.DrawFn) -> tuple[Plan, Plan, Reader, Policy, list[Consent], datetime]:
    """Draw a plan and one that differs from it in nothing that the reader may see."""
    drawn, reader, policy, said = draw(views())
    at = draw(st.sampled_from(MOMENTS))
    plan = replace(drawn, elements={key: replace(one, kind=draw(kinds)) for key, one in drawn.elements.items()})
    view = view_for(plan, reader, policy, by_person(said), at)
    seen = {one.element.id: one for one in view.seen}
    twin: dict[UUID, Element] = {}
    for key, element in plan.elements.items():
        if key in seen:
            twin[key] = _redacted_otherwise(element, seen[key].decision.hidden, draw)
            continue
        other = draw(_withheld_otherwise(element))
        if other and not decide(subject_of(plan, other), reader, policy, by_person(said), at).permits:
            twin[key] = other
    return plan, replace(plan, elements=twin), reader, policy, said, at


def _redacted_otherwise(element: Element, hidden: frozenset[Hidden], draw: st.DrawFn) -> Element:
    """Change the parts that are left out, and with them when it was last changed; or a message that says no more."""
    order = OrderKey(draw(st.integers(1, 9)), draw(st.sampled_from(MOMENTS)), "another")
    moved = replace(element, order=order, provenance=replace(element.provenance, message_id="another"))
    if not hidden or draw(st.booleans()):
        return moved
    return replace(
        moved,
        title="another" if Hidden.TITLE in hidden else element.title,
        text="another" if Hidden.TEXT in hidden else element.text,
        codes=(Code("kle", "1", "another"),) if Hidden.CODES in hidden else element.codes,
        # The mark of a protected address is a fact that decisions rest on, and no content.
        details={**element.details, "place": "elsewhere"} if Hidden.DETAILS in hidden else element.details,
        registered_at=draw(st.sampled_from(MOMENTS)),
    )


@st.composite
def _withheld_otherwise(draw: st.DrawFn, element: Element) -> Element | None:
    fate = draw(st.sampled_from(("gone", "changed", "concerns another", "replaced")))
    match fate:
        case "gone":
            return None
        case "changed":
            return replace(element, title="another", text="another", part_of=None, registered_at=MOMENTS[-1])
        case "concerns another":
            return replace(element, concerns=element.concerns | {OTHER})
        case _:
            return draw(elements(element.id))


@settings(suppress_health_check=list(HealthCheck))
@given(twins())
def test_plans_that_differ_in_withheld_content_alone_give_the_same_bytes(
    drawn: tuple[Plan, Plan, Reader, Policy, list[Consent], datetime],
) -> None:
    plan, twin, reader, policy, said, at = drawn
    here, there = (view_for(one, reader, policy, by_person(said), at) for one in (plan, twin))
    assert answers(plan, here, at) == answers(twin, there, at)


@settings(suppress_health_check=list(HealthCheck))
@given(twins(), consents)
def test_a_simulation_tells_an_asker_the_same_of_them(
    drawn: tuple[Plan, Plan, Reader, Policy, list[Consent], datetime], word: Consent
) -> None:
    plan, twin, reader, policy, said, at = drawn
    assert simulated(plan, reader, policy, said, word, at) == simulated(twin, reader, policy, said, word, at)


@settings(suppress_health_check=list(HealthCheck))
@given(elements(ELEMENTS[0]))
def test_what_is_shown_changes_the_bytes(element: Element) -> None:
    """Else the tests above could not fail."""
    own = Reader(element.authority, Role.AUTHORITY_SYSTEM, memberships=frozenset({PLAN}))
    policy = Policy(1, frozenset({"one-plan"}), frozenset({"goals"}), ())
    plan, twin = (
        Plan(PLAN, PERSON, elements={element.id: one}) for one in (element, replace(element, title="another"))
    )
    here, there = (view_for(one, own, policy, {}, MOMENTS[0]) for one in (plan, twin))
    assert answers(plan, here, MOMENTS[0])[0] != answers(twin, there, MOMENTS[0])[0]
