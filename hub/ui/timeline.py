"""One timeline across authorities: what has an hour or a period, as a table, and as the picture of that table.

A function of the reader's view and the instant. What two authorities tell of once stands once, with both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hub.consent.view import Seen
from hub.flow.show import Shown
from hub.plan.element import Kind, Period, Status
from hub.ui.cards import Card, Cards
from hub.ui.plan_page import Entry, entries, in_order, is_ahead
from hub.ui.timeline_picture import Mark, Picture, picture_of

_KINDS = (Kind.APPOINTMENT, Kind.ACTIVITY, Kind.GOAL, Kind.SUB_GOAL)
_GONE = (Status.CANCELLED, Status.COMPLETED, Status.ENTERED_IN_ERROR)
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    :ivar authorities: who tells of it.
    :ivar told: where they name other hours, what each of them says; else empty.
    """

    card: Card
    authorities: tuple[str, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is still to come or goes on, soonest first; what is over, latest first; and the picture of both."""

    ahead: tuple[Row, ...]
    past: tuple[Row, ...]
    picture: Picture


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line of the table, and what decides where it stands."""

    row: Row
    kind: Kind
    valid: Period
    is_over: bool


def timeline(shown: Shown, language: str) -> Timeline:
    """Return the timeline of what a reader is shown, in ``da`` or ``en``."""
    seen = [one for one in in_order(shown.view.seen) if one.element.kind in _KINDS and _has_a_time(one)]
    by_id = {str(one.element.id): one for one in seen}
    # Also what is over is told once: whether two tell of one meeting does not end with it.
    cards = Cards(shown.view, _EVER, language)
    told = [*entries(cards, [one for one in seen if one.element.kind is Kind.APPOINTMENT])]
    told += [Entry(cards.card(one)) for one in seen if one.element.kind is not Kind.APPOINTMENT]
    placed = sorted((_placed(one, by_id, shown.at) for one in told), key=_by_time)
    return Timeline(
        tuple(one.row for one in placed if not one.is_over),
        tuple(one.row for one in reversed(placed) if one.is_over),
        picture_of(_marks(placed), shown.at, language),
    )


def _has_a_time(seen: Seen) -> bool:
    return seen.element.valid.start is not None or seen.element.valid.end is not None


def _placed(entry: Entry, by_id: dict[str, Seen], at: datetime) -> _Placed:
    seen = by_id[entry.card.id]
    cards = (entry.card, *entry.also)
    told = tuple(f"{one.authority}: {one.when}" for one in cards) if entry.differs else ()
    authorities = tuple(dict.fromkeys(one.authority for one in cards))
    row = Row(replace(entry.card, facts=()), authorities, told)
    return _Placed(row, seen.element.kind, seen.element.valid, _is_over(seen, at))


def _is_over(seen: Seen, at: datetime) -> bool:
    element = seen.element
    if element.kind is Kind.APPOINTMENT:
        return not is_ahead(seen, at)
    return element.status in _GONE or (element.valid.end is not None and element.valid.end <= at)


def _by_time(one: _Placed) -> tuple[datetime, str]:
    return one.valid.start or one.valid.end or _EVER, one.row.card.id


def _marks(placed: Iterable[_Placed]) -> Iterator[Mark]:
    """Yield what the picture has of the table: each line in the lane of everybody who tells of it."""
    for one in placed:
        for authority in one.row.authorities:
            yield Mark(authority, one.valid.start, one.valid.end, one.kind is Kind.APPOINTMENT, one.is_over)
