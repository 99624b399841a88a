"""What a change would do: who would see more, and who less, were it made at this instant and nothing else with it.

The views before and after are those of ``view_for``; what the permissions open and close is told beside, cell by cell
(``hub.consent.matrix``), for it may be told to somebody who does not see the elements themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.consent.consent import Consent, ConsentKind, ConsentsByPerson
from hub.consent.decision import Decision
from hub.consent.matrix import Asked, Cell, Reach, Row, Seat, row_of
from hub.consent.policy import Policy, Rule
from hub.consent.reader import Reader
from hub.consent.standing import CircumstancesByPerson, standing_at
from hub.consent.view import Seen, View, view_for
from hub.plan.element import Element, Kind, Sensitivity
from hub.plan.plan import Plan

#: A part that may be left out besides ``Hidden``: the link to an element that the reader does not see.
LINK = "part_of"


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody before a plan.

    :ivar plan: as it is decided on for the reader.
    :ivar asked: what the matrix is made of.
    """

    plan: Plan
    reader: Reader
    asked: Asked


Places = Mapping[tuple[UUID, Seat], Place]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that views are made of.

    :ivar consents: as they were given, of everyone whom the plans concern.
    """

    places: Places
    policy: Policy
    consents: tuple[Consent, ...]
    circumstances: CircumstancesByPerson

    def standing(self, at: datetime) -> ConsentsByPerson:
        """Return the consents as they stand at the instant."""
        return standing_at(self.consents, self.circumstances, self.policy.ages, at)


@dataclass(frozen=True, slots=True)
class Said:
    """A consent is given, changed or withdrawn: its next version, which takes the place of the one before."""

    consent: Consent

    def made(self, before: Facts) -> Facts:
        """Return the facts once it is made."""
        return replace(before, consents=(*before.consents, self.consent))


@dataclass(frozen=True, slots=True)
class Published:
    """Another policy is put in force."""

    policy: Policy

    def made(self, before: Facts) -> Facts:
        """Return the facts once it is made."""
        return replace(before, policy=self.policy)


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Rules of the policy come and go; one that comes takes the place of the one with its id."""

    added: tuple[Rule, ...] = ()
    removed: frozenset[str] = frozenset()

    def made(self, before: Facts) -> Facts:
        """Return the facts once it is made."""
        gone = self.removed | {rule.id for rule in self.added}
        kept = (rule for rule in before.policy.rules if rule.id not in gone)
        return replace(before, policy=replace(before.policy, rules=(*kept, *self.added)))


@dataclass(frozen=True, slots=True)
class CircleChanged:
    """Memberships or roles come and go: who stands before which plan from now on, and who does so no more."""

    come: Places
    left: frozenset[tuple[UUID, Seat]] = frozenset()

    def made(self, before: Facts) -> Facts:
        """Return the facts once it is made."""
        kept = {where: place for where, place in before.places.items() if where not in self.left}
        return replace(before, places={**kept, **self.come})


@dataclass(frozen=True, slots=True)
class Together:
    """Changes that are made at once."""

    changes: tuple[Change, ...]

    def made(self, before: Facts) -> Facts:
        """Return the facts once all are made."""
        for change in self.changes:
            before = change.made(before)
        return before


Change = Said | Published | RulesChanged | CircleChanged | Together


@dataclass(frozen=True, slots=True, order=True)
class About:
    """Which element, and nothing that anybody has written in it."""

    element: UUID
    kind: Kind
    category: str | None
    authority: str
    label: Sensitivity | None


@dataclass(frozen=True, slots=True)
class PartsShift:
    """An element that is seen before and after, in other parts.

    :ivar opened: parts that are shown from now on (``Hidden``, or ``LINK``).
    :ivar closed: parts that are left out from now on.
    """

    about: About
    opened: frozenset[str]
    closed: frozenset[str]


@dataclass(frozen=True, slots=True)
class CellShift:
    """Up to which step a category of a source is shown, before and after; a function of permissions alone.

    :ivar why: the decision after; None for who is not there any more.
    """

    category: str
    source: str
    before: Reach
    after: Reach
    why: Decision | None


@dataclass(frozen=True, slots=True)
class Shift:
    """What a change does to what somebody sees of a plan."""

    plan: UUID
    seat: Seat
    gained: tuple[About, ...]
    lost: tuple[About, ...]
    parts: tuple[PartsShift, ...]
    cells: tuple[CellShift, ...]

    def __bool__(self) -> bool:
        """Tell whether it does anything."""
        return bool(self.gained or self.lost or self.parts or self.cells)


def simulate(before: Facts, change: Change, at: datetime) -> tuple[Shift, ...]:
    """Return what a change would do to everybody who stands before a plan, before it or after it.

    Who is not there sees nothing. Those to whom it does nothing are in it too: ``bool(shift)`` tells.
    """
    after = change.made(before)
    then, now = (_Sight(facts.policy, facts.standing(at), at) for facts in (before, after))
    return tuple(
        _shift(where, before.places.get(where), after.places.get(where), then, now)
        for where in sorted(before.places.keys() | after.places.keys())
    )


@dataclass(frozen=True, slots=True)
class _Sight:
    """What decides, at one instant."""

    policy: Policy
    consents: ConsentsByPerson
    at: datetime

    def decides(self, place: Place | None) -> object:
        """Return all that the decisions about a place hang on; where that is the same, they are."""
        if place is None:
            return None
        reader, policy = place.reader, self.policy
        heard = [
            consent
            for person in sorted(self.consents)
            for consent in self.consents[person]
            if consent.kind is ConsentKind.ONE_PLAN or consent.speaks_to(reader)
        ]
        rules = [rule for rule in policy.rules if rule.asks(reader, self.at)]
        return place, rules, policy.purposes, policy.categories, policy.break_glass, heard

    def view(self, place: Place | None) -> View | None:
        if place is None:
            return None
        return view_for(place.plan, place.reader, self.policy, self.consents, self.at)

    def row(self, seat: Seat, place: Place | None, other: Place | None) -> Row | None:
        """Return the row of a place, with the sources that the other has too, so that the two can be compared."""
        if place is None:
            return None
        sources = {*place.asked.sources, *(other.asked.sources if other else ())}
        asked = replace(place.asked, sources=tuple(sorted(sources)))
        return row_of(asked, seat, place.reader, self.policy, self.consents, self.at)


def _shift(where: tuple[UUID, Seat], was: Place | None, now: Place | None, before: _Sight, after: _Sight) -> Shift:
    plan, seat = where
    if before.decides(was) == after.decides(now):
        return Shift(plan, seat, (), (), (), ())
    old, new = (
        {one.element.id: one for one in view.seen} if view else {} for view in (before.view(was), after.view(now))
    )
    return Shift(
        plan,
        seat,
        gained=tuple(sorted(about(new[one].element) for one in new.keys() - old.keys())),
        lost=tuple(sorted(about(old[one].element) for one in old.keys() - new.keys())),
        parts=tuple(
            _parts(old[one], new[one]) for one in sorted(old.keys() & new.keys()) if _differ(old[one], new[one])
        ),
        cells=tuple(_cells(before.row(seat, was, now), after.row(seat, now, was))),
    )


def about(element: Element) -> About:
    """Return which element it is."""
    return About(element.id, element.kind, element.category, element.authority, element.label)


def _differ(old: Seen, new: Seen) -> bool:
    return old.decision.hidden != new.decision.hidden or old.element.part_of != new.element.part_of


def _parts(old: Seen, new: Seen) -> PartsShift:
    hidden_then, hidden_now = old.decision.hidden, new.decision.hidden
    linked_then, linked_now = old.element.part_of is not None, new.element.part_of is not None
    return PartsShift(
        about(new.element),
        opened=frozenset(hidden_then - hidden_now) | ({LINK} if linked_now and not linked_then else set()),
        closed=frozenset(hidden_now - hidden_then) | ({LINK} if linked_then and not linked_now else set()),
    )


def _cells(old: Row | None, new: Row | None) -> Iterator[CellShift]:
    was, now = _by_source(old), _by_source(new)
    nothing: Reach = (None, None, frozenset())
    for key in sorted(was.keys() | now.keys()):
        one, other = was.get(key), now.get(key)
        reach_then, reach_now = one.reach if one else nothing, other.reach if other else nothing
        if reach_then != reach_now:
            yield CellShift(*key, reach_then, reach_now, other.why if other else None)


def _by_source(row: Row | None) -> Mapping[tuple[str, str], Cell]:
    return {(cell.category, source): cell for cell in (row.cells if row else ()) for source in cell.sources}
