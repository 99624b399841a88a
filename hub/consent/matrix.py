"""Who can see this: recipients × categories, up to which step of the ladder, and why.

A function of permissions alone: no element is looked at, so two plans that differ in content have one matrix. It
answers for what concerns the plan's person and nobody else, and is labelled; what names others, tells of a protected
address, or is singled out by a consent (``Cell.tells_apart``) may be decided otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.consent.consent import ConsentsByPerson
from hub.consent.decide import Decider
from hub.consent.decision import Decision, Reason
from hub.consent.policy import Hidden, Policy
from hub.consent.reader import Exchange, Reader
from hub.consent.subject import Subject
from hub.plan.element import Sensitivity
from hub.plan.person import Role

#: Stands for every authority that takes no part yet.
ANY_OTHER = "*"


class Seat(NamedTuple):
    """Whose row it is: what a recipient is sent, or what somebody of it reads, for one purpose."""

    organisation: str
    role: Role
    exchange: Exchange
    purpose: str


#: How far a reader sees: whole up to, in part up to, and what is left out there.
Reach = tuple[Sensitivity | None, Sensitivity | None, frozenset[Hidden]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a reader may see of one category from some sources.

    :ivar sources: authorities for whose elements the answer is the same; ``*`` stands for any other.
    :ivar whole_up_to: the highest step that is shown whole; None: none is.
    :ivar in_part_up_to: the highest step that is shown at all.
    :ivar left_out: parts that are left out at that step.
    :ivar why: the decision at that step; of what is not shown at all, at the lowest.
    :ivar beyond: the decision one step above, which is not shown; None where there is none, or nothing is shown.
    :ivar tells_apart: a consent is about single elements or their time; for these it may be otherwise.
    """

    category: str
    sources: tuple[str, ...]
    whole_up_to: Sensitivity | None
    in_part_up_to: Sensitivity | None
    left_out: frozenset[Hidden]
    why: Decision
    beyond: Decision | None
    tells_apart: bool

    @property
    def reach(self) -> Reach:
        """Return how far the reader sees."""
        return self.whole_up_to, self.in_part_up_to, self.left_out


@dataclass(frozen=True, slots=True)
class Row:
    """What one reader may see of a plan, category by category."""

    seat: Seat
    reader: Reader
    cells: tuple[Cell, ...]

    @property
    def shows_something(self) -> bool:
        """Tell whether the reader may see anything but its own."""
        return any(cell.in_part_up_to is not None and cell.why.reason is not Reason.OWN for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose plan a matrix is of.

    :ivar sources: authorities whose elements it may have, whether it has any or not.
    :ivar is_held: as ``Plan.is_held``.
    :ivar is_restricted: as ``Plan.is_restricted``.
    """

    plan: UUID
    person: UUID
    sources: tuple[str, ...]
    is_held: bool = False
    is_restricted: bool = False


def row_of(asked: Asked, seat: Seat, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime) -> Row:
    """Return what a reader may see, category by category, whatever is there.

    :param consents: as they stand at the instant (``standing_at``), at least of the plan's person.
    """
    decider = Decider(reader, policy, consents, at)
    apart = any(one.speaks_to(reader) and one.tells_elements_apart() for one in consents.get(asked.person, ()))
    cells: list[Cell] = []
    for category in sorted(policy.categories):
        answers = [(source, _cell(asked, category, source, decider, apart)) for source in _sources(asked)]
        cells.extend(_alike(answers))
    return Row(seat, reader, tuple(cells))


def _sources(asked: Asked) -> Sequence[str]:
    return (*sorted({*asked.sources} - {ANY_OTHER}), ANY_OTHER)


def _cell(asked: Asked, category: str, source: str, decider: Decider, apart: bool) -> Cell:
    """Decide at each step of the ladder. Raising a label never shows more, so what is shown comes first."""
    alone = frozenset({asked.person})
    held, restricted = asked.is_held, asked.is_restricted
    subjects = [
        Subject(asked.plan, asked.person, source, category, label, alone, is_held=held, is_restricted=restricted)
        for label in sorted(Sensitivity)
    ]
    decided = [(subject.label, decider.decide(subject)) for subject in subjects]
    shown = [(label, decision) for label, decision in decided if decision.permits]
    whole = [label for label, decision in shown if not decision.hidden]
    why = shown[-1][1] if shown else decided[0][1]
    beyond = decided[len(shown)][1] if 0 < len(shown) < len(decided) else None
    return Cell(
        category,
        (source,),
        whole_up_to=max(whole, default=None),
        in_part_up_to=shown[-1][0] if shown else None,
        left_out=why.hidden if shown else frozenset(),
        why=why,
        beyond=beyond,
        tells_apart=apart,
    )


def _alike(answers: Iterable[tuple[str, Cell]]) -> Iterator[Cell]:
    """Put together the sources for which the answer is the same."""
    together: dict[tuple[object, ...], list[str]] = {}
    first: dict[tuple[object, ...], Cell] = {}
    for source, cell in answers:
        alike: tuple[object, ...] = (cell.reach, cell.why, cell.beyond)
        together.setdefault(alike, []).append(source)
        first.setdefault(alike, cell)
    for alike, sources in together.items():
        yield replace(first[alike], sources=tuple(sources))
