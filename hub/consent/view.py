"""What one reader may see of one plan.

A view is a function of its permitted part alone: order, counts, digests and times come from what is in it. Two plans
that differ only in what is withheld give equal views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from hub.consent.consent import ConsentsByPerson
from hub.consent.decide import Decider, next_change
from hub.consent.decision import Decision
from hub.consent.policy import Hidden, Policy
from hub.consent.reader import Reader
from hub.consent.subject import Subject, likeness, subject_of
from hub.plan.element import Detail, Element, Kind, Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan

#: Stands for any authority but the reader's own, when the question is about permissions and not about content.
_ANY_OTHER = "another authority"
Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Seen:
    """An element as the reader may see it, and why."""

    element: Element
    decision: Decision

    @property
    def registered_at(self) -> datetime | None:
        """Return since when the hub has the element as it reads now, its links left aside (``canonical.own_content``).

        None where a part of it is left out: that part alone may have changed, and the time would tell of it.
        """
        return None if self.decision.hidden else self.element.registered_at


@dataclass(frozen=True, slots=True)
class View:
    """What one reader may see of one plan at one instant.

    :ivar may_be_partial: the marker "you may not see every category"; a function of the reader's permissions alone.
    :ivar recheck_at: when the view may change by itself; for the hub's sweeper, never shown. It is no part of what
        the reader gets, and so not compared: a consent that bears on a withheld element alone may move it.
    :ivar withheld_by: ids of the rules by which anything is withheld; as ``recheck_at`` for the hub alone, so that an
        operator can be told why a recipient hears nothing.
    """

    plan: UUID
    reader: Reader
    seen: tuple[Seen, ...]
    may_be_partial: bool
    recheck_at: datetime | None = field(compare=False, repr=False)
    withheld_by: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def tells_case_of(self, authority: str) -> bool:
        """Tell whether the reader works with an authority's case numbers: the authority itself, and the coordinator."""
        return _tells_case(self.reader, authority)

    def in_detail(self) -> Iterator[Element]:
        """Yield the elements whose details the reader sees; of the others nobody can tell when and where they ask."""
        return (seen.element for seen in self.seen if Hidden.DETAILS not in seen.decision.hidden)

    def element(self, wanted: UUID) -> Seen | None:
        """Return one element of the view; None is the same for withheld and for never there."""
        return next((seen for seen in self.seen if seen.element.id == wanted), None)


def said_of_each(seen: Sequence[Seen], say: Callable[[Decision], Said]) -> list[Said]:
    """Return what there is to say of the decision of each; said once for all elements that share it, being alike."""
    decisions = {id(one.decision): one.decision for one in seen}
    said = {which: say(decision) for which, decision in decisions.items()}
    return [said[id(one.decision)] for one in seen]


def view_for(plan: Plan, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime) -> View:
    """Return what the reader may see of the plan at the instant.

    :param consents: as they stand at the instant (``standing_at``), of everyone the plan concerns (``Plan.people``).
    """
    decider = Decider(reader, policy, consents, at)
    in_order = sorted(plan.elements.values(), key=lambda element: element.id.int)
    decided = _decided(plan, in_order, reader, decider)
    permitted = [(element, decision) for element, decision in decided if decision.permits]
    shown = {element.id for element, _ in permitted}
    return View(
        plan=plan.id,
        reader=reader,
        seen=tuple(
            Seen(_as_shown(element, decision.hidden, shown, reader), decision) for element, decision in permitted
        ),
        may_be_partial=_may_be_partial(plan, policy, decider),
        recheck_at=next_change(plan.people(), policy, consents, at, reader.emergency),
        withheld_by=tuple(sorted({rule for _, told in decided if not told.permits for rule in told.rule_ids})),
    )


def _decided(
    plan: Plan, in_order: Sequence[Element], reader: Reader, decider: Decider
) -> Sequence[tuple[Element, Decision]]:
    """Return the elements and what is decided of each. Of those that are alike one alone is asked about."""
    if reader.kle is not None or decider.tells_elements_apart:
        return [(element, decider.decide(subject)) for element, subject in _subjects(plan, in_order, reader, decider)]
    made: dict[tuple[object, ...], Decision] = {}
    found = []
    for element in in_order:
        alike = likeness(plan, element)
        decision = made.get(alike)
        if decision is None:
            decision = made[alike] = decider.decide(subject_of(plan, element))
        found.append((element, decision))
    return found


def _subjects(
    plan: Plan, in_order: Sequence[Element], reader: Reader, decider: Decider
) -> Sequence[tuple[Element, Subject]]:
    """Return the elements and what a decision about each may rest on.

    For a reader whose work is limited by KLE an element without a subject of its own is about what its case is about,
    as far as the reader is shown that: were it asked of a case that is withheld, what is shown would tell of it.
    """
    asked = [(element, subject_of(plan, element)) for element in in_order]
    if reader.kle is None:
        return asked
    cases: dict[tuple[str, str], frozenset[str]] = {}
    for element, subject in asked:
        if element.kind is Kind.CASE and subject.kle:
            decision = decider.decide(subject)
            if decision.permits and Hidden.CODES not in decision.hidden:
                case = (element.authority, element.provenance.case)
                cases[case] = cases.get(case, frozenset()) | subject.kle
    return [
        (one, what if what.kle else replace(what, kle=cases.get((one.authority, one.provenance.case), frozenset())))
        for one, what in asked
    ]


def _as_shown(element: Element, hidden: frozenset[Hidden], shown: set[UUID], reader: Reader) -> Element:
    """Leave out what the decision hides, the link to an element that the reader does not see, and others' own ids."""
    if Detail.IDENTIFIERS in element.details and not _tells_case(reader, element.authority):
        others = {name: said for name, said in element.details.items() if name != Detail.IDENTIFIERS}
        element = replace(element, details=others)
    if not hidden and (element.part_of is None or element.part_of in shown):
        return element
    return replace(left_out(element, hidden), part_of=element.part_of if element.part_of in shown else None)


def _tells_case(reader: Reader, authority: str) -> bool:
    return reader.organisation == authority or reader.role is Role.COORDINATOR


def left_out(element: Element, hidden: frozenset[Hidden]) -> Element:
    """Return an element without its hidden parts."""
    return replace(
        element,
        title="" if Hidden.TITLE in hidden else element.title,
        text="" if Hidden.TEXT in hidden else element.text,
        codes=() if Hidden.CODES in hidden else element.codes,
        details={} if Hidden.DETAILS in hidden else element.details,
    )


def _may_be_partial(plan: Plan, policy: Policy, decider: Decider) -> bool:
    """Tell whether there is a category of which the reader would not see everything, were it there.

    Raising a label never shows more (``hub.consent.decide``), so the highest step stands for all.
    """
    highest, alone = max(Sensitivity), frozenset({plan.person})
    questions = (
        Subject(
            plan.id,
            plan.person,
            _ANY_OTHER,
            category,
            highest,
            alone,
            is_held=plan.is_held,
            is_restricted=plan.is_restricted,
        )
        for category in sorted(policy.categories)
    )
    return not all(decider.decide(question).permits for question in questions)
