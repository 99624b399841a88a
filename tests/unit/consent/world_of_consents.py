"""A small world that lives: people grow up, custody begins and ends, consents come and go, rules and plans change.

One person's plan, read by everybody who may ask. Whatever happens, what each reader is shown must be what the second
opinions say. The steps are drawn from a ``Random``, so that hypothesis and a plain seeded run can both play it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from hub.consent.ages import Ages, Custodians
from hub.consent.consent import (
    EVERY,
    Capacity,
    Consent,
    ConsentKind,
    ConsentsByPerson,
    ConsentStatus,
    Effect,
    Exemption,
    Grant,
    Scope,
)
from hub.consent.policy import Condition, Hidden, Policy, RuleEffect
from hub.consent.reader import Emergency, Exchange, Reader
from hub.consent.standing import Circumstances, Representative, standing_at
from hub.consent.view import View, view_for
from hub.plan.element import Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.builders import a_rule, the_danish_policy
from tests.unit.consent.oracle_of_views import Expected, expected_view

PLAN, PERSON, SIBLING, MOTHER, FATHER, GUARDIAN = (UUID(int=number) for number in range(1, 7))
START = datetime(2026, 11, 28, 9, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
#: Who the plan's person may be at the start: grown, a child of each age at which a right begins, one who comes of age
#: tomorrow, one born on a leap day, and one whose day of birth nobody knows.
BORN: Mapping[str, date | None] = {
    "grown": date(1988, 3, 2),
    "child of 9": date(2017, 1, 5),
    "child of 10": date(2016, 11, 28),
    "child of 15": date(2010, 12, 1),
    "youth of 16": date(2010, 6, 1),
    "youth of 17": date(2009, 4, 30),
    "of age tomorrow": date(2008, 11, 29),
    "leap day": date(2012, 2, 29),
    "unknown": None,
}
AUTHORITIES = ("employment", "children", "social")
CATEGORIES = ("goals", "appointments", "health", "economy", "contacts")
ORGANISATIONS = ("employment", "children", "social", "school", "youth", "family-house", EVERY)


@dataclass(frozen=True)
class Counted:
    """What one comparison of all readers' views found.

    :ivar decisions: how often it was decided whether a reader may see an element.
    :ivar released: elements, parts, links or markers that were shown wrongly.
    :ivar withheld: elements, parts, links or markers that were kept back wrongly.
    """

    decisions: int = 0
    shown: int = 0
    released: int = 0
    withheld: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.decisions + other.decisions,
            self.shown + other.shown,
            self.released + other.released,
            self.withheld + other.withheld,
        )


def policies() -> Sequence[Policy]:
    """Return the policies that come and go: the shipped one, it with other ages, and two that test every effect."""
    danish = the_danish_policy()
    later = replace(danish, ages=Ages(own_no=12, own_yes=15, of_age=18, custodians=Custodians.ONE), version=2)
    prohibition = a_rule(
        "P", RuleEffect.PROHIBIT, Condition.PROTECTED_ADDRESS, roles=frozenset({Role.CITIZEN, Role.PARTNER})
    )
    permits = a_rule(
        "O",
        RuleEffect.PERMIT,
        without=(Hidden.TEXT, Hidden.DETAILS),
        roles=frozenset({Role.COORDINATOR, Role.CASEWORKER, Role.AUTHORITY_SYSTEM}),
        label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
        directions=frozenset({Exchange.COLLECT}),
    )
    duty = a_rule(
        "D",
        RuleEffect.DUTY,
        Condition.NO_THIRD_PARTY,
        without=(Hidden.CODES,),
        categories=frozenset({"health"}),
        recipients=frozenset({"social"}),
        valid=Period(START + 40 * DAY, START + YEAR),
    )
    consent = a_rule("C", RuleEffect.CONSENT, without=(Hidden.TITLE,), valid=Period(None, START + 3 * YEAR))
    meeting = a_rule("M", RuleEffect.CONSENT, Condition.IN_MEETING, roles=frozenset({Role.PARTNER}))
    return (
        danish,
        later,
        replace(danish, rules=(prohibition, permits, duty, consent), version=3, break_glass=None),
        replace(danish, rules=(prohibition, meeting, permits, consent), version=4),
    )


@dataclass
class World:
    """The state of it all, and what may happen next."""

    random: Random
    who: str
    at: datetime = START
    policy: Policy = field(default_factory=the_danish_policy)
    plan: Plan = field(default_factory=lambda: Plan(PLAN, PERSON))
    consents: dict[UUID, list[Consent]] = field(default_factory=dict)
    known: dict[UUID, Circumstances] = field(default_factory=dict)
    is_meeting: bool = False
    emergency: Emergency | None = None
    policies: Sequence[Policy] = field(default_factory=policies)
    made: int = 0

    def __post_init__(self) -> None:
        custody = (Representative(MOTHER), Representative(FATHER))
        self.known = {PERSON: Circumstances(BORN[self.who], custody), SIBLING: Circumstances(BORN["child of 10"])}
        for place in range(5):
            self._put(place)
        self.someone_consents_to_one_plan()
        self.someone_consents()

    # --- what may happen

    def time_moves(self) -> None:
        steps = (timedelta(hours=1), timedelta(hours=14), DAY, 2 * DAY, 30 * DAY, 200 * DAY, YEAR)
        self.at += self.random.choice(steps)

    def a_birthday_comes(self) -> None:
        """Move to just before, or to, the next Danish midnight of a birthday of the plan's person."""
        born = BORN[self.who]
        if born is None:
            return
        year = self.at.year + (1 if (self.at.month, self.at.day) >= (born.month, born.day) else 0)
        try:
            day = born.replace(year=year)
        except ValueError:
            day = date(year, 3, 1)
        midnight = datetime.combine(day, time(), UTC) - timedelta(hours=1)  # in winter; in summer 01.00
        self.at = max(self.at, midnight - self.random.choice((timedelta(0), timedelta(microseconds=1))))

    def custody_changes(self) -> None:
        """Let custody of somebody be had by others, from now, until now, for a while, or by nobody that is known."""
        chosen = [Representative(one, self._period()) for one in (MOTHER, FATHER) if self.random.random() < 0.6]
        without = frozenset(one for one in (MOTHER, FATHER) if self.random.random() < 0.2)
        self._learn(custody=tuple(chosen), without_custody=without - {one.person for one in chosen})

    def custody_ends(self) -> None:
        """Let one holder's custody end now, as when parents part."""
        person = self._somebody()
        held = self.known[person].custody
        ends = [replace(one, period=Period(one.period.start, self.at)) if one.person == MOTHER else one for one in held]
        self.known[person] = replace(self.known[person], custody=tuple(ends))

    def guardianship_changes(self) -> None:
        guardians = (Representative(GUARDIAN, self._period()),) if self.random.random() < 0.6 else ()
        self._learn(guardians=guardians)

    def somebody_dies_or_does_not(self) -> None:
        """Let the register tell of somebody's death, or take that back; mostly the latter, for little is shown then."""
        died = self.at.date() if self.random.random() < 0.3 else None
        self._learn(died=died)

    def an_address_is_protected_or_not(self) -> None:
        protected = frozenset(one for one in (PERSON, SIBLING) if self.random.random() < 0.5)
        self.plan = replace(self.plan, protected=protected)

    def someone_consents_to_one_plan(self) -> None:
        effect = Effect.DENY if self.random.random() < 0.15 else Effect.PERMIT
        self._say(ConsentKind.ONE_PLAN, PERSON, effect, Scope(), ())

    def someone_consents(self) -> None:
        choose, person = self.random.choice, self._somebody()
        effect = Effect.DENY if self.random.random() < 0.25 else Effect.PERMIT
        exempt = tuple(
            Exemption(self._scope(), choose((Period(), self._period()))) for _ in range(choose((0, 0, 0, 1, 2)))
        )
        scope = self._scope()
        if effect is Effect.DENY and exempt:
            scope = replace(scope, label=min(Sensitivity))
        self._say(ConsentKind.SHARING, person, effect, scope, exempt)

    def one_consents_broadly(self) -> None:
        """Say yes to nearly everything, so that much is shown and much can go wrong."""
        everything = frozenset({EVERY})
        scope = Scope(everything, everything, everything, everything, self.random.choice(list(Sensitivity)))
        self._say(ConsentKind.SHARING, self._somebody(), Effect.PERMIT, scope, ())

    def a_consent_is_withdrawn(self) -> None:
        self._revise(lambda consent: replace(consent, status=ConsentStatus.WITHDRAWN))

    def a_consent_is_renewed(self) -> None:
        self._revise(lambda consent: replace(consent, period=self._period(), grants=self._grants(consent.person)))

    def another_joins_a_consent(self) -> None:
        self._revise(lambda consent: replace(consent, grants=(*consent.grants, *self._grants(consent.person))))

    def the_policy_changes(self) -> None:
        self.policy = self.random.choice(self.policies)

    def an_element_comes(self) -> None:
        self._put(len(self.plan.elements))

    def an_element_changes(self) -> None:
        self._put(self.random.randrange(len(self.plan.elements)))

    def the_family_is_held_back_or_not(self) -> None:
        self.plan = replace(self.plan, is_held=not self.plan.is_held)

    def a_meeting_opens_or_closes(self) -> None:
        self.is_meeting = not self.is_meeting

    def the_glass_is_broken(self) -> None:
        plan = self.random.choice((PLAN, PLAN, UUID(int=77)))
        self.emergency = Emergency(UUID(int=5), plan, Period(self.at, self.at + timedelta(hours=1)))

    # --- what is seen

    def readers(self) -> Iterator[Reader]:
        """Yield everybody who may ask, as what and what for."""
        member, met = frozenset({PLAN}), frozenset({PLAN}) if self.is_meeting else frozenset[UUID]()
        for authority in AUTHORITIES:
            yield Reader(authority, Role.AUTHORITY_SYSTEM, memberships=member, exchange=Exchange.DISCLOSE)
        yield Reader("employment", Role.CASEWORKER, memberships=member, emergency=self.emergency)
        yield Reader("social", Role.CASEWORKER)
        yield Reader("social", Role.AUTHORITY_SYSTEM, "ssd", memberships=member, meetings=met)
        yield Reader("youth", Role.AUTHORITY_SYSTEM, memberships=member)
        yield Reader("family-house", Role.COORDINATOR, memberships=member, emergency=self.emergency)
        yield Reader("school", Role.PARTNER, memberships=member)
        yield Reader("school", Role.PARTNER, "ssd", memberships=member, meetings=met)
        yield Reader("employment", Role.AUTHORITY_SYSTEM, "ssd", memberships=member, meetings=met)
        yield Reader("citizen", Role.CITIZEN, "citizen-access", person=PERSON)
        yield Reader("citizen", Role.CITIZEN, "citizen-access", person=MOTHER)
        yield Reader("operations", Role.OPERATOR, memberships=member)
        yield Reader("social", Role.AUTHORITY_SYSTEM, "curiosity", memberships=member)

    def given(self) -> Sequence[Consent]:
        """Return all versions of all consents."""
        return [version for versions in self.consents.values() for version in versions]

    def standing(self, at: datetime) -> ConsentsByPerson:
        newest = [versions[-1] for versions in self.consents.values()]
        return standing_at(newest, self.known, self.policy.ages, at)

    def seen_by(self, reader: Reader, at: datetime) -> View:
        return view_for(self.plan, reader, self.policy, self.standing(at), at)

    def compare(self, readers: Sequence[Reader] | None = None) -> Counted:
        """Compare what readers are shown with what the second opinions say."""
        found = Counted()
        standing, given = self.standing(self.at), self.given()
        for reader in readers if readers is not None else list(self.readers()):
            expected = expected_view(self.plan, reader, self.policy, given, self.known, self.at)
            view = view_for(self.plan, reader, self.policy, standing, self.at)
            found += compared(self.plan, view, expected)
        return found

    # --- how it is drawn

    def _somebody(self) -> UUID:
        return self.random.choice((PERSON, PERSON, PERSON, SIBLING))

    def _learn(self, **facts: tuple[Representative, ...] | frozenset[UUID] | date | None) -> None:
        person = self._somebody()
        self.known[person] = replace(self.known[person], **facts)  # type: ignore[arg-type]

    def _period(self) -> Period:
        starts = (None, None, self.at - YEAR, self.at - DAY, self.at, self.at + DAY)
        ends = (None, None, self.at, self.at + DAY, self.at + 60 * DAY, self.at + 400 * DAY)
        start, end = self.random.choice(starts), self.random.choice(ends)
        return Period(start, end)

    def _grants(self, person: UUID) -> tuple[Grant, ...]:
        """Draw who says it: the person, one custodian or both, a guardian, or some of them together."""
        own, mother, father = (person, Capacity.SELF), (MOTHER, Capacity.CUSTODY), (FATHER, Capacity.CUSTODY)
        guardian = (GUARDIAN, Capacity.GUARDIAN)
        chosen = self.random.choice(
            ((own,), (own,), (own,), (mother,), (mother, father), (own, mother, father), (own, father), (guardian,))
        )
        when = self.random.choice((self.at, self.at, self.at - YEAR))
        return tuple(Grant(by, capacity, when) for by, capacity in chosen)

    def _say(
        self, kind: ConsentKind, person: UUID, effect: Effect, scope: Scope, exemptions: tuple[Exemption, ...]
    ) -> None:
        self.made += 1
        period = self._period() if self.random.random() < 0.5 else Period()
        said = Consent(
            UUID(int=1_000 + self.made),
            1,
            kind,
            person,
            self._grants(person),
            period,
            effect=effect,
            scope=scope,
            exemptions=exemptions,
        )
        self.consents[said.id] = [said]

    def _revise(self, change: Callable[[Consent], Consent]) -> None:
        if self.consents:
            versions = self.consents[self.random.choice(sorted(self.consents))]
            versions.append(replace(change(versions[-1]), version=versions[-1].version + 1))

    def _scope(self) -> Scope:
        choose, every = self.random.choice, frozenset({EVERY})
        some = frozenset(self.random.sample(CATEGORIES, self.random.randrange(1, 4)))
        elements = sorted(self.plan.elements)
        single = frozenset(self.random.sample(elements, min(2, len(elements)))) if self.random.random() < 0.2 else None
        return Scope(
            sources=choose((every, every, frozenset({choose(AUTHORITIES)}))),
            recipients=choose((every, frozenset({choose(ORGANISATIONS)}), frozenset({choose(ORGANISATIONS)}))),
            purposes=choose((every, frozenset({"one-plan"}), frozenset({"ssd"}))),
            categories=choose((every, some)),
            label=choose(list(Sensitivity)),
            elements=single or frozenset(),
            data_period=self._period() if self.random.random() < 0.25 else Period(),
        )

    def _put(self, place: int) -> None:
        """Add an element, or give one another content."""
        choose = self.random.choice
        element = UUID(int=100 + place)
        others = [one for one in sorted(self.plan.elements) if one != element]
        said = Element(
            id=element,
            kind=choose((Kind.GOAL, Kind.NOTE, Kind.APPOINTMENT, Kind.HOUSEHOLD_MEMBER)),
            category=choose((*CATEGORIES, *CATEGORIES, None)),
            label=choose((*Sensitivity, Sensitivity.FORTROLIGE_PERSONOPLYSNINGER, None)),
            status=Status.ACTIVE,
            title=f"title {place}",
            text="a text",
            valid=choose((Period(), self._period())),
            codes=(Code("kle", "27.24.00", "a code"),),
            part_of=choose((None, *others)),
            concerns=choose((frozenset[UUID](), frozenset[UUID](), frozenset({SIBLING}), frozenset({PERSON}))),
            details=choose(({}, {"place": "here"}, {"protected-address": "yes"}, {"protected-address": "no"})),
            provenance=Provenance(choose(AUTHORITIES), "system", "C1", "m1", "v1"),
            order=OrderKey(1, START, "m1"),
            registered_at=self.at,
        )
        self.plan = replace(self.plan, elements={**self.plan.elements, element: said})


#: What may happen, by name; what makes much visible comes more often.
STEPS: Sequence[str] = (
    "time_moves", "time_moves", "a_birthday_comes", "custody_changes", "custody_ends", "guardianship_changes",
    "someone_consents_to_one_plan", "someone_consents", "someone_consents", "one_consents_broadly",
    "one_consents_broadly", "a_consent_is_withdrawn", "a_consent_is_renewed", "another_joins_a_consent",
    "the_policy_changes", "an_element_comes", "an_element_changes", "the_family_is_held_back_or_not",
    "a_meeting_opens_or_closes", "the_glass_is_broken", "somebody_dies_or_does_not", "an_address_is_protected_or_not",
)  # fmt: skip


def compared(plan: Plan, view: View, expected: Expected) -> Counted:
    """Count how a view differs from the expected one; what differs and cannot be told apart counts as both."""
    wanted = {element.id: element for element in expected.elements}
    found = {seen.element.id: seen.element for seen in view.seen}
    released = withheld = 0
    for element in plan.elements:
        more, less = _difference(found.get(element), wanted.get(element))
        released, withheld = released + more, withheld + less
    if [seen.element.id for seen in view.seen] != [element.id for element in expected.elements]:
        released, withheld = released + (not released), withheld + (not withheld)
    # A view that hides the marker where it is due says too much: that nothing is missing.
    released += expected.may_be_partial and not view.may_be_partial
    withheld += view.may_be_partial and not expected.may_be_partial
    return Counted(len(plan.elements), len(view.seen), released, withheld)


def _difference(found: Element | None, wanted: Element | None) -> tuple[bool, bool]:
    """Tell whether something too much is shown, and whether something too little."""
    if found == wanted:
        return False, False
    if found is None or wanted is None:
        return found is not None, wanted is not None
    more = less = False
    for part in ("title", "text", "codes", "details", "part_of"):
        have, want = getattr(found, part), getattr(wanted, part)
        more, less = more or bool(have and have != want), less or bool(want and have != want)
    return (more, less) if more or less else (True, True)
