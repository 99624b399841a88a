"""Deciding and viewing, beside a bare walk over the same rules and consents that only says yes or no.

Under the policy that the hub ships and twenty consents. The bare walk reads plain tuples, gives no reason, no sentence
and no obligation; before anything is measured, both must give the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import product
from time import process_time
from uuid import UUID

from bench.bare_decisions import BareDecisions
from bench.measure import Aim, Better, Row, in_turns
from hub.consent.consent import Consent, ConsentsByPerson, Effect, by_person
from hub.consent.decide import Decider
from hub.consent.reader import Reader
from hub.consent.subject import Subject, subject_of
from hub.consent.view import view_for
from hub.plan.element import Kind, Sensitivity
from hub.plan.plan import Plan
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_plan, a_reader, the_danish_policy

DECISIONS = Aim(Better.HIGHER, 100_000, "decisions/s")
VIEW = Aim(Better.LOWER, 1_000, "µs")
CONSENTS = 20
SEEN_AND_NOT = 50
_ROUNDS = 11
_ROUND_SECONDS = 0.25
_PLAN, _PERSON, _SIBLING = UUID(int=1), UUID(int=2), UUID(int=3)
_NOW = THEN + timedelta(days=30)
_POLICY = the_danish_policy()
_CATEGORIES = tuple(sorted(_POLICY.categories))
_KINDS = (Kind.GOAL, Kind.ACTIVITY, Kind.APPOINTMENT, Kind.NEED, Kind.NOTE, Kind.CONTACT_PERSON)
_AUTHORITIES = ("children", "employment", "health")
#: An authority labels what it sends by what it is about.
_SENSITIVE = ("assessments", "health")


def rows() -> Iterator[Row]:
    """Measure decisions about many elements, about elements that a consent tells apart, and a view."""
    plan, wide = _a_plan(SEEN_AND_NOT), _a_plan(2_000)
    reader = a_reader("social", plan)
    general, particular = _consents(plan, single=0), _consents(plan, single=3)
    subjects = [subject_of(wide, element) for element in wide.elements.values()]
    unlike = _unlike_subjects()
    yield _decisions("2,000 elements, 20 consents", subjects, reader, general)
    yield _decisions("2,000 elements, 20 consents, 3 of them to single elements", subjects, reader, particular)
    yield _decisions(f"{len(unlike)} elements, no two alike, 20 consents", unlike, reader, general)
    yield _view("a view of 50, 20 consents", plan, reader, general)
    yield _view("a view of 50, 20 consents, 3 of them to single elements", plan, reader, particular)


def _decisions(what: str, subjects: Sequence[Subject], reader: Reader, consents: Sequence[Consent]) -> Row:
    grouped = by_person(consents)
    _agree(subjects, reader, consents, grouped)

    def ours() -> int:
        decider = Decider(reader, _POLICY, grouped, _NOW)
        return sum(decider.decide(subject).permits for subject in subjects)

    def bare() -> int:
        walk = BareDecisions(reader, _POLICY, consents, _NOW)
        return sum(walk.permits(subject) for subject in subjects)

    hub, beside = in_turns([_rate(ours, len(subjects)), _rate(bare, len(subjects))], _ROUNDS)
    return Row(f"decide, {what}", "bare walk: yes or no", "decisions/s", hub, beside, DECISIONS)


def _view(what: str, plan: Plan, reader: Reader, consents: Sequence[Consent]) -> Row:
    grouped = by_person(consents)
    view = view_for(plan, reader, _POLICY, grouped, _NOW)
    if not 0 < len(view.seen) < len(plan.elements):
        raise AssertionError("The benchmark's view shows all or nothing.")

    def bare() -> int:
        walk = BareDecisions(reader, _POLICY, consents, _NOW)
        return sum(walk.permits(subject_of(plan, element)) for element in plan.elements.values())

    turns = [_micros(lambda: view_for(plan, reader, _POLICY, grouped, _NOW)), _micros(bare)]
    hub, beside = in_turns(turns, _ROUNDS)
    return Row(what, "bare walk: yes or no", "µs", hub, beside, VIEW)


def _agree(subjects: Sequence[Subject], reader: Reader, consents: Sequence[Consent], grouped: ConsentsByPerson) -> None:
    decider, walk = Decider(reader, _POLICY, grouped, _NOW), BareDecisions(reader, _POLICY, consents, _NOW)
    answers = [decider.decide(subject).permits for subject in subjects]
    if answers != [walk.permits(subject) for subject in subjects] or len(set(answers)) < 2:
        raise AssertionError("The bare walk decides otherwise than the hub, or everything is decided alike.")


def _a_plan(elements: int) -> Plan:
    """Return a plan of three authorities and all categories; one element in seven names a sibling."""
    plan = a_plan(_PERSON, _PLAN)
    for number in range(elements):
        category = _CATEGORIES[number % len(_CATEGORIES)]
        is_sensitive = category in _SENSITIVE
        plan = plan.with_element(
            _AUTHORITIES[number % len(_AUTHORITIES)],
            _KINDS[number % len(_KINDS)],
            category,
            Sensitivity.FOELSOMME_PERSONOPLYSNINGER if is_sensitive else Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
            source_id=f"element {number}",
            concerns=(_SIBLING,) if number % 7 == 0 else (),
        )
    return plan.build()


def _unlike_subjects() -> Sequence[Subject]:
    """Return subjects of which each differs from every other in something that a decision rests on."""
    whose = (frozenset({_PERSON}), frozenset({_PERSON, _SIBLING}))
    every = product(_AUTHORITIES, _CATEGORIES, Sensitivity, whose, (False, True))
    return [
        Subject(_PLAN, _PERSON, authority, category, label, concerned, has_protected_address=is_protected)
        for authority, category, label, concerned, is_protected in every
    ]


def _consents(plan: Plan, single: int) -> Sequence[Consent]:
    """Return a yes to one plan and nineteen words on sharing, a few of them noes; ``single`` are to some elements."""
    elements = sorted(plan.elements)
    given = [a_consent_to_one_plan(_PERSON).build()]
    for number in range(CONSENTS - 1):
        to = ("social", "*", "children", "employment")[number % 4]
        topics = (_CATEGORIES[number % len(_CATEGORIES)], _CATEGORIES[(number + 4) % len(_CATEGORIES)])
        word = a_consent(_SIBLING if number % 6 == 5 else _PERSON).to(to).for_categories(*topics)
        word = word.for_elements(*elements[number::10]) if number < 4 * single and to == "social" else word
        given.append(word.denying().build() if number % 8 == 7 else word.build())
    if not any(consent.effect is Effect.DENY for consent in given):
        raise AssertionError("Nobody says no.")
    return given


def _rate(deed: Callable[[], object], decisions: int) -> Callable[[], float]:
    seconds = _micros(deed)
    return lambda: decisions / (seconds() / 1e6)


def _micros(deed: Callable[[], object]) -> Callable[[], float]:
    """Return a turn that does a deed for a while and says how many microseconds of the processor one took."""

    def turn() -> float:
        start, times = process_time(), 0
        while process_time() - start < _ROUND_SECONDS:
            deed()
            times += 1
        return (process_time() - start) / times * 1e6

    return turn
