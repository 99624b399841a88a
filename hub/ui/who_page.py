"""Who knows what of a plan: a table of recipients and categories, with a reason in every cell.

A function of permissions alone, as what it is made of (``hub.flow.who_can_see``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hub.consent.decision import Reason
from hub.consent.matrix import ANY_OTHER, Cell, Seat
from hub.consent.reader import ONE_PLAN, Exchange
from hub.flow.who_can_see import ToldCell, ToldRow, WhoCanSee
from hub.plan.person import Role
from hub.ui.times import moment
from hub.ui.words import known_word, word

_SAYS = {"all": "who.all", "some": "who.some", "none": "who.none"}


@dataclass(frozen=True, slots=True)
class Part:
    """What a recipient sees of a category from some sources, and why.

    :ivar extent: ``all``, ``some`` or ``none``.
    :ivar sources: in words; empty where it is the same for every source.
    :ivar reasons: one sentence, and a second of what is more sensitive.
    """

    extent: str
    says: str
    sources: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A column of the table.

    :ivar how: as what it sees it; empty for an authority in its usual part.
    :ivar organisation: as the hub names it, in the first of its columns; there the citizen is asked.
    """

    name: str
    how: str
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: a category, and for each recipient the parts of its answer."""

    category: str
    cells: tuple[tuple[Recipient, tuple[Part, ...]], ...]
    topic: str = ""


@dataclass(frozen=True, slots=True)
class WhoPage:
    """All that the template shows.

    :ivar askable: recipients and topics about which the citizen can be asked for a consent.
    """

    plan: str
    recipients: tuple[Recipient, ...]
    lines: tuple[Line, ...]
    at: str
    askable: frozenset[tuple[str, str]] = frozenset()


def who_page(found: WhoCanSee, language: str, askable: frozenset[tuple[str, str]] = frozenset()) -> WhoPage:
    """Return the page in ``da`` or ``en``. :param askable: what a yes could open, by recipient and category."""
    columns = list(_first_of_each((_recipient(row, alike, language), row) for row, alike in _columns(found.rows)))
    categories = sorted({told.cell.category for row in found.rows for told in row.cells})
    lines = [
        Line(
            known_word("category", category, language),
            tuple((recipient, tuple(_parts(row, category, language))) for recipient, row in columns),
            category,
        )
        for category in categories
    ]
    lines.sort(key=lambda line: line.category)
    recipients = tuple(recipient for recipient, _ in columns)
    at = word("plan.at", language, when=moment(found.at, language))
    hidden = {
        (recipient.organisation, line.topic)
        for line in lines
        for recipient, parts in line.cells
        if any(part.extent == "none" for part in parts)
    }
    return WhoPage(str(found.plan), recipients, tuple(lines), at, askable & hidden)


def _columns(rows: Sequence[ToldRow]) -> Iterator[tuple[ToldRow, list[Seat]]]:
    """Yield the rows; where a recipient is sent just what somebody of it may read, the two are one."""
    known: list[tuple[ToldRow, list[Seat]]] = []
    for row in rows:
        seat = row.row.seat
        for other, seats in known:
            first = seats[0]
            is_same = (first.organisation, first.role, first.purpose) == (seat.organisation, seat.role, seat.purpose)
            if is_same and [_shown(one.cell) for one in other.cells] == [_shown(one.cell) for one in row.cells]:
                seats.append(seat)
                break
        else:
            known.append((row, [seat]))
    yield from known


def _first_of_each(columns: Iterable[tuple[Recipient, ToldRow]]) -> Iterator[tuple[Recipient, ToldRow]]:
    """Yield the columns; the first of each organisation is named by it."""
    known = set()
    for recipient, row in columns:
        organisation = row.row.seat.organisation
        yield (recipient if organisation in known else replace(recipient, organisation=organisation)), row
        known.add(organisation)


def _shown(cell: Cell) -> tuple[object, ...]:
    return cell.category, cell.sources, cell.reach


def _recipient(row: ToldRow, alike: Sequence[Seat], language: str) -> Recipient:
    seat = row.row.seat
    told = [word(f"role.{seat.role}", language)] if seat.role is not Role.AUTHORITY_SYSTEM else []
    if len(alike) == 1:
        told.append(word("who.sent" if seat.exchange is Exchange.DISCLOSE else "who.reads", language))
    if seat.purpose != ONE_PLAN:
        told.append(known_word("purpose", seat.purpose, language))
    return Recipient(known_word("authority", seat.organisation, language), ", ".join(told))


def _parts(row: ToldRow, category: str, language: str) -> Iterator[Part]:
    """Yield what is seen of a category; that everybody sees what is its own, the page says once."""
    all_told = [one for one in row.cells if one.cell.category == category]
    told = [one for one in all_told if one.cell.why.reason is not Reason.OWN] or all_told
    for one in sorted(told, key=lambda one: (ANY_OTHER in one.cell.sources, one.cell.sources)):
        extent = _extent(one.cell)
        sources = _sources(one.cell, language) if len(told) > 1 else ""
        yield Part(extent, word(_SAYS[extent], language), sources, tuple(_reasons(one, language)))


def _extent(cell: Cell) -> str:
    if cell.in_part_up_to is None:
        return "none"
    return "all" if cell.whole_up_to == cell.in_part_up_to and cell.beyond is None else "some"


def _sources(cell: Cell, language: str) -> str:
    named = [known_word("authority", source, language) for source in cell.sources if source != ANY_OTHER]
    others = [word("who.any_other", language)] if ANY_OTHER in cell.sources else []
    return word("who.from", language, sources=", ".join((*sorted(named), *others)))


def _reasons(told: ToldCell, language: str) -> Iterator[str]:
    yield told.why.in_language(language)
    if told.beyond is not None:
        yield word("who.beyond", language, why=told.beyond.in_language(language))
    if told.cell.tells_apart:
        yield word("who.apart", language)
