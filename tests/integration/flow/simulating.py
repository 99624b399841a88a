"""Random plans, random changes of what may be seen of them, and what then really became of each recipient."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Capacity, Consent, Scope
from hub.consent.matrix import Seat
from hub.consent.reader import Exchange, Reader
from hub.consent.simulate import LINK, Shift
from hub.flow.choose import AsShown, confirm
from hub.flow.circle import CITIZEN_ACCESS
from hub.flow.hold import hold_back
from hub.flow.revise import Revised, give, open_plan
from hub.flow.simulate import simulate_choice, simulate_for
from hub.flow.simulated import Simulated, ToGive, ToNarrow, ToPublish, ToWithdraw
from hub.flow.versions import Giver
from hub.plan.contribution import PersonFacts
from hub.plan.element import Code, Detail, Kind, Sensitivity
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.store.policies import check_policy
from hub.testing.builders import a_consent, a_consent_to_one_plan, a_contribution
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import AUTHORITIES, COORDINATOR, SOMEBODY, System, World

CATEGORIES = ("goals", "health", "appointments")
_EVERYBODY = ["authority-system", "caseworker", "coordinator", "citizen", "partner"]
#: A partner of every story, and the parents of the stories that are of children.
SCHOOL, MOTHER, FATHER = "school", "1106849994", "0503829995"
#: A child of eleven at the clock of these stories, whose number ends otherwise for each.
_OF_A_CHILD = "050515"
WHY = "Der frygtes en konflikt."
#: What the policies of these stories are made of: some leave parts out, some ask nobody, some forbid.
_RULES: Sequence[Mapping[str, Any]] = (
    {"effect": "consent", "categories": ["goals"]},
    {"effect": "consent", "categories": ["*"], "without": ["text", "codes"]},
    {"effect": "consent", "categories": ["health"], "recipients": ["social"], "label": "FOELSOMME_PERSONOPLYSNINGER"},
    {"effect": "permit", "categories": ["appointments"], "recipients": ["employment", "coordination"]},
    {"effect": "permit", "categories": ["goals"], "without": ["title"], "sources": ["social"]},
    {"effect": "duty", "categories": ["*"], "roles": ["citizen"], "conditions": ["own-plan", "no-third-party"]},
    {"effect": "prohibit", "categories": ["health"], "recipients": ["employment"], "label": "IKKE_FORTROLIGE_DATA"},
    {"effect": "prohibit", "categories": ["health"], "roles": ["partner"], "label": "IKKE_FORTROLIGE_DATA"},
    {"effect": "prohibit", "categories": ["*"], "roles": ["citizen", "partner"], "conditions": ["held"],
     "label": "IKKE_FORTROLIGE_DATA"},
    {"effect": "prohibit", "categories": ["*"], "roles": ["citizen"], "conditions": ["protected-address"],
     "label": "IKKE_FORTROLIGE_DATA"},
)  # fmt: skip


@dataclass
class Partner(System):
    """A partner's system."""

    role: Role = Role.PARTNER


class Otherwise(AssertionError):
    """What happened is not what was simulated."""


def a_document(chance: random.Random) -> dict[str, Any]:
    """Return a policy of some of the rules, the first of them always."""
    some = [rule for place, rule in enumerate(_RULES) if place == 0 or chance.random() < 0.6]
    whole = {
        "citation": "A rule of the tests", "da": "En regel.", "en": "A rule.", "sources": ["*"], "recipients": ["*"],
        "roles": _EVERYBODY, "purposes": ["*"], "label": "VIP_SAGER",
    }  # fmt: skip
    rules = [{**whole, **rule, "id": f"R{place}"} for place, rule in enumerate(some)]
    return a_generous_policy() | {"categories": [*CATEGORIES, "household"], "rule": rules}


#: element → (parts left out, whether its link is shown).
Sight = Mapping[UUID, tuple[frozenset[str], bool]]


@dataclass(frozen=True)
class State:
    """What everybody holds or sees.

    :ivar shelves: recipient → element → digest.
    """

    shelves: Mapping[str, Mapping[UUID, str]]
    sights: Mapping[Seat, Sight]


@dataclass
class Story:
    """One person's plan in a world, its consents, and a relative who is named in it and may have said something too.

    Some are of a child, for whom those who hold custody speak; some are held back. A school takes part in each.
    """

    world: World
    chance: random.Random
    number: int
    said: list[Consent] = field(default_factory=list)

    def begins(self) -> None:
        """Open the plan, let two authorities write in it, let things be said, and bring everybody up to date."""
        self.is_of_a_child, self.relative = self.chance.random() < 0.3, f"020280{self.number:04d}"
        self.cpr = f"{_OF_A_CHILD}{5000 + self.number}" if self.is_of_a_child else f"010170{self.number:04d}"
        opened = self._opens()
        self.plan, self.person = opened.plan, opened.consent.person
        self.said.append(opened.consent)
        if self.is_of_a_child:
            self._tells_of_custody()
        self.elements = [element for authority in ("children", "social") for element in self._writes(authority)]
        self.relatives: UUID | None = None
        if self.chance.random() < 0.3:
            self.relatives = self.world.opens_plan(self.relative, circle=("children",)).plan
        for _ in range(self.chance.randint(1, 3)):
            self.said.append(self._says(self._a_word(), self.plan, self._givers()).consent)
        self.world.drains()
        self.is_held = self.chance.random() < 0.2
        if self.is_held:
            hold_back(self.plan, WHY, COORDINATOR, self.world.store, actor="test", correlation_id="c")
            self.world.drains()

    def _opens(self) -> Revised:
        world, everybody = self.world, (*AUTHORITIES, SCHOOL)
        return open_plan(
            PersonFacts((cpr_identifier(self.cpr, "hub"),)), a_consent_to_one_plan(SOMEBODY).build(), everybody,
            COORDINATOR, world.store, world.authorities, coordinator="coordination", actor="test", correlation_id="c",
            givers=self._givers(),
        )  # fmt: skip

    def _tells_of_custody(self) -> None:
        """Let an authority say who holds custody of the child: the mother, or both."""
        told, holders = a_contribution("children", f"home-{self.number}").about(self.cpr), {MOTHER}
        holders |= {FATHER} if self.chance.random() < 0.5 else set()
        for cpr in (MOTHER, FATHER):
            told = told.with_relative(cpr, cpr)
        built = told.build()
        drafts = (
            replace(one, details={"custody": "yes" if one.source_id in holders else "no"}) for one in built.drafts
        )
        self.world.accepts(replace(built, drafts=tuple(drafts)))

    def _givers(self) -> tuple[Giver, ...]:
        """Return who says it: the person alone, or of a child one of those who may hold custody, or both."""
        if not self.is_of_a_child:
            return ()
        return tuple(
            Giver(Capacity.CUSTODY, PersonFacts((cpr_identifier(cpr, "hub"),)))
            for cpr in self.chance.choice(((MOTHER,), (FATHER,), (MOTHER, FATHER), (MOTHER, FATHER)))
        )

    def _says(self, word: Consent, plan: UUID, givers: Sequence[Giver]) -> Revised:
        store = self.world.store
        return give(plan, word, COORDINATOR, store, actor="test", correlation_id="c", givers=givers)

    def _writes(self, authority: str) -> Iterator[UUID]:
        case = f"{authority}-{self.number}"
        told = a_contribution(authority, case).about(self.cpr)
        told = told.with_relative("r", self.relative) if self.chance.random() < 0.3 else told
        for place in range(self.chance.randint(1, 3)):
            told = told.with_draft(
                f"g{place}", self.chance.choice((Kind.GOAL, Kind.NOTE)),
                category=self.chance.choice((*CATEGORIES, None)), label=self.chance.choice((*Sensitivity, None)),
                text="A text", codes=(Code("kle", "27.24.00", "A code"),),
                details={"place": "here", Detail.PROTECTED_ADDRESS: self.chance.choice(("yes", "no", "no"))},
                part_of=self.chance.choice((None, "g0")) if place else None,
            )  # fmt: skip
        self.world.accepts(told.build())
        with self.world.store.begin(read_only=True) as unit:
            stored = unit.plans.get(self.plan)
            assert stored is not None
            yield from (one for one, element in stored.plan.elements.items() if element.authority == authority)

    def _a_word(self) -> Consent:
        """Return a yes or a no of the person's own, or of the relative's."""
        chance = self.chance
        built = (
            a_consent(SOMEBODY)
            .to(*self._some((*AUTHORITIES, SCHOOL, "coordination")))
            .at_label(chance.choice(tuple(Sensitivity)))
        )
        built = built.for_categories(*self._some(CATEGORIES)) if chance.random() < 0.8 else built
        built = built.for_elements(*self._some(self.elements)) if chance.random() < 0.2 else built
        built = built.from_(*self._some(("children", "social"))) if chance.random() < 0.2 else built
        if chance.random() < 0.2:
            built = built.denying()
        if chance.random() < 0.2:
            every = frozenset({"*"})
            built = built.except_(
                Scope(every, frozenset(self._some(AUTHORITIES)), every, every, chance.choice(tuple(Sensitivity)))
            )
        return built.build()

    def _some(self, names: Sequence[Any]) -> list[Any]:
        return sorted(self.chance.sample(list(names), self.chance.randint(1, len(names))))

    # --- a change, simulated and then made ------------------------------------------------------------------------

    def changes(self) -> int:
        """Simulate a choice, make it, and compare; return how many recipients and readers it touched."""
        before, told = self.state(), self._chosen()
        self.world.drains()
        return self.compares(before, told, heard_from=self._heard)

    def _chosen(self) -> Simulated:
        self._heard = {name: len(system.heard) for name, system in self.world.systems.items()}
        chosen = self.chance.random()
        if chosen < 0.45:
            gone = self.chance.choice(self.said)
            told = self._simulated(self.plan, ToWithdraw(gone.id))
            self.world.takes_back(gone.id)
            return told
        if 0.45 <= chosen < 0.55 and (narrower := self._narrower()):
            told = self._simulated(self.plan, narrower)
            self._confirms(narrower)
            return told
        said_again = [one for one in self.said if one.kind == "sharing" and chosen < 0.55]
        word = self.chance.choice(said_again) if said_again else self._a_word()
        whose = self.relatives if self.relatives and chosen > 0.8 else self.plan
        word = replace(word, version=word.version + 1) if said_again else word
        givers = self._givers() if whose == self.plan else ()
        told = self._simulated(whose, ToGive(word, givers=givers))
        self._says(word, whose, givers)
        return told

    def _narrower(self) -> ToNarrow | None:
        """Return what cuts one of the yeses to fewer categories, or to a shorter time; None where there is none."""
        with self.world.store.begin(read_only=True) as unit:
            stand = [unit.consents.get(one.id) for one in self.said if one.person == self.person]
        yeses = [
            one for one in stand if one and (one.kind, one.effect) == ("sharing", "permit") and one.is_in_force(now())
        ]
        if not yeses:
            return None
        yes = self.chance.choice(yeses)
        listed = sorted(yes.scope.categories)
        kept = frozenset(self._some(listed)) if "*" not in listed else frozenset({"goals"})
        end = now() + timedelta(days=self.chance.randint(1, 5)) if kept == yes.scope.categories else None
        if end and yes.period.end and end > yes.period.end:
            return None
        return ToNarrow(yes.id, yes.version, kept, end, replace(yes.grants[0], at=now()))

    def _confirms(self, wanted: ToNarrow) -> None:
        world = self.world
        shown = simulate_choice(
            wanted, COORDINATOR, world.store, world.authorities, world.settings, actor="test", correlation_id="c"
        )
        confirm(wanted, AsShown(shown.at, shown.mark), COORDINATOR, world.store, actor="test", correlation_id="c")

    def _simulated(self, plan: UUID, wanted: ToGive | ToNarrow | ToWithdraw | ToPublish) -> Simulated:
        world = self.world
        found = simulate_for(plan, wanted, world.store, world.authorities, world.settings, actor="test")
        if (mine := next((one for one in found if one.plan == self.plan), None)) is None:
            return Simulated(found[0].plan, found[0].at, (), ())  # it concerns nothing of this plan
        return mine

    def would_be_under(self, document: Mapping[str, Any], version: int) -> Simulated:
        """Simulate another policy."""
        self._heard = {name: len(system.heard) for name, system in self.world.systems.items()}
        return self._simulated(self.plan, ToPublish(check_policy(document, version)))

    def compares_policy(self, before: State, told: Simulated) -> int:
        """Compare once the policy is in force."""
        return self.compares(before, told, heard_from=self._heard)

    # --- what is so ------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return what every recipient holds, and what the coordinator and the citizen see."""
        shelves = {name: dict(system.shelf.get(self.plan, {})) for name, system in self.world.systems.items()}
        citizen = Reader("citizen", Role.CITIZEN, CITIZEN_ACCESS, person=self.person)
        sights = {}
        for reader in (COORDINATOR, citizen):
            seen = self.world.shows(self.plan, reader).view.seen
            seat = Seat(reader.organisation, reader.role, Exchange.COLLECT, reader.purpose)
            sights[seat] = {
                one.element.id: (frozenset(map(str, one.decision.hidden)), one.element.part_of is not None)
                for one in seen
            }
        return State(shelves, sights)

    def compares(self, before: State, told: Simulated, heard_from: Mapping[str, int]) -> int:
        """Compare what was told with what happened. :raises Otherwise: they differ."""
        after = self.state()
        for seat in before.sights:
            shift = shift_of(told, seat)
            expect(seat, by_sight(before.sights[seat], after.sights[seat]), told_by_sight(shift))
        for name, system in self.world.systems.items():
            heard = [one for one in system.heard[heard_from[name] :] if one.plan == self.plan]
            got = {item.element.id for update in heard for item in update.disclosed}
            lost = {element for update in heard for element in update.withdrawn}
            counted = {one.recipient: (one.additions, one.withdrawals) for one in told.deliveries}
            if told.plan == self.plan:
                expect((name, "delivery"), (len(got), len(lost)), counted[name])
            role = Role.PARTNER if name == SCHOOL else Role.AUTHORITY_SYSTEM
            shift = shift_of(told, Seat(name, role, Exchange.DISCLOSE, "one-plan"))
            came, went, other = told_by_shelf(shift, name)
            if self.is_held and role is Role.PARTNER:  # what opens is sent once the hold is lifted, if it is open then
                came, other, went = set(), set(), went & before.shelves[name].keys()
            expect((name, "shelf"), by_shelf(before.shelves[name], after.shelves[name]), (came, went, other))
        return len(told.shifts)


def shift_of(told: Simulated, seat: Seat) -> Shift | None:
    return next((shift for shift in told.shifts if shift.seat == seat), None)


def expect(where: object, happened: object, told: object) -> None:
    if happened != told:
        raise Otherwise(f"{where}: happened {happened}, told {told}")


Moves = tuple[set[UUID], set[UUID], Mapping[UUID, tuple[frozenset[str], frozenset[str]]]]


def by_sight(before: Sight, after: Sight) -> Moves:
    """Return gained, lost, and of what stayed the parts that opened and closed."""
    moved = {}
    for one in before.keys() & after.keys():
        (hidden_then, linked_then), (hidden_now, linked_now) = before[one], after[one]
        opened = (hidden_then - hidden_now) | ({LINK} if linked_now and not linked_then else set())
        closed = (hidden_now - hidden_then) | ({LINK} if linked_then and not linked_now else set())
        if opened or closed:
            moved[one] = (frozenset(opened), frozenset(closed))
    return set(after.keys() - before.keys()), set(before.keys() - after.keys()), moved


def told_by_sight(shift: Shift | None) -> Moves:
    if shift is None:
        return set(), set(), {}
    moved = {
        one.about.element: (frozenset(map(str, one.opened)), frozenset(map(str, one.closed))) for one in shift.parts
    }
    return {one.element for one in shift.gained}, {one.element for one in shift.lost}, moved


def by_shelf(before: Mapping[UUID, str], after: Mapping[UUID, str]) -> tuple[set[UUID], set[UUID], set[UUID]]:
    """Return what came, what went, and what is held in other parts."""
    other = {one for one in before.keys() & after.keys() if before[one] != after[one]}
    return set(after.keys() - before.keys()), set(before.keys() - after.keys()), other


def told_by_shelf(shift: Shift | None, recipient: str) -> tuple[set[UUID], set[UUID], set[UUID]]:
    if shift is None:
        return set(), set(), set()
    gained, lost, parts = shift.gained, shift.lost, [one.about for one in shift.parts]
    came, went, other = ({one.element for one in some if one.authority != recipient} for some in (gained, lost, parts))
    return came, went, other


def publishes(stories: Sequence[Story], world: World, chance: random.Random, version: int) -> int:
    """Simulate another policy for every story, publish it, and compare; return how many it touched."""
    document = a_document(chance)
    before = [(story, story.state(), story.would_be_under(document, version)) for story in stories]
    publish_policy(document, world.store, actor="test", correlation_id="c")
    world.drains()
    return sum(story.compares_policy(state, told) for story, state, told in before)
