"""The page of one plan: what a reader is shown, in the order in which a coordinator needs it.

A function of the reader's view and the instant, and of nothing else: what is withheld changes no byte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.consent.explain import completeness
from hub.consent.explain_findings import finding
from hub.consent.view import Seen
from hub.flow.findings import identified
from hub.flow.show import Shown
from hub.plan.contact_load import contact_load
from hub.plan.danish_time import IsoWeek
from hub.plan.demands import told_twice
from hub.plan.element import Kind, Status
from hub.plan.findings import Finding as Found
from hub.ui.cards import Card, Cards
from hub.ui.load import WEEKS, WeekRow, week_rows
from hub.ui.times import age, moment
from hub.ui.words import known_word, word

#: Beneath this a step is not set further in: narrow screens have no room, and nobody follows it.
_DEEPEST = 2
_LAST = datetime.max.replace(tzinfo=UTC)
_OF_GOALS = (Kind.GOAL, Kind.SUB_GOAL, Kind.ACTIVITY)
_GONE = (Status.CANCELLED, Status.COMPLETED, Status.ENTERED_IN_ERROR)
#: Sections beneath the goals, in their order.
_SECTIONS = {
    "needs": Kind.NEED,
    "cases": Kind.CASE,
    "contacts": Kind.CONTACT_PERSON,
    "statements": Kind.STATEMENT,
    "notes": Kind.NOTE,
    "household": Kind.HOUSEHOLD_MEMBER,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A card, and how far in it stands beneath the goal it serves."""

    depth: int
    card: Card


@dataclass(frozen=True, slots=True)
class Source:
    """An authority, and how old the newest is that the reader sees of it.

    :ivar age: in words; None where that may not be told.
    :ivar silent: since when the hub cannot ask its system, in words; empty when it can.
    """

    authority: str
    systems: str
    age: str | None
    received: str
    silent: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is worth the coordinator's look and not accepted, and the elements that it is about."""

    sentence: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment.

    :ivar also: the same meeting, as other authorities tell of it.
    :ivar differs: they name other hours.
    """

    card: Card
    also: tuple[Card, ...] = ()
    differs: bool = False


@dataclass(frozen=True, slots=True)
class PlanPage:
    """All that the template shows.

    :ivar accepted: how many of the findings in it are accepted.
    """

    id: str
    name: str
    number: str
    status: str
    is_active: bool
    has_protected_address: bool
    marker: str
    at: str
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]
    accepted: int
    ahead: tuple[Entry, ...]
    past: tuple[Entry, ...]
    load: tuple[WeekRow, ...]
    goals: tuple[tuple[Step, ...], ...]
    activities: tuple[tuple[Step, ...], ...]
    sections: tuple[tuple[str, tuple[Card, ...]], ...]


def plan_page(shown: Shown, travel: timedelta, language: str, accepted: Collection[UUID] = ()) -> PlanPage:
    """Return the page of what a reader is shown, in ``da`` or ``en``.

    :param travel: the way between two appointments; with less between them they are a finding.
    :param accepted: identities of findings that a coordinator has accepted, of this plan and others.
    """
    view = shown.view
    found = list(identified(shown, travel))
    cards = Cards(view, shown.at, language)
    by_kind: dict[Kind, list[Seen]] = {kind: [] for kind in Kind}
    for seen in in_order(view.seen):
        by_kind[seen.element.kind].append(seen)
    ahead = [seen for seen in by_kind[Kind.APPOINTMENT] if is_ahead(seen, shown.at)]
    past = [seen for seen in reversed(by_kind[Kind.APPOINTMENT]) if not is_ahead(seen, shown.at)]
    groups = goals_with_steps(view.seen)
    steps = [(group[0][1], tuple(Step(depth, cards.card(seen)) for depth, seen in group)) for group in groups]
    numbers = shown.person.numbers_for(view.reader.organisation)
    return PlanPage(
        id=str(view.plan),
        name=shown.person.name or word("plan.no_name", language),
        number=numbers[0].masked if numbers else "",
        status=word(f"plan.status.{shown.status}", language),
        is_active=shown.status == "active",
        has_protected_address=shown.has_protected_address,
        marker=completeness(view.may_be_partial).in_language(language),
        at=word("plan.at", language, when=moment(shown.at, language)),
        sources=tuple(_sources(shown, language)),
        findings=tuple(_findings(cards, [one for id_, one in found if id_ not in accepted])),
        accepted=sum(id_ in accepted for id_, _ in found),
        ahead=tuple(entries(cards, ahead)),
        past=tuple(entries(cards, past)),
        load=_load(shown, language),
        goals=tuple(group for first, group in steps if first.element.kind is not Kind.ACTIVITY),
        activities=tuple(group for first, group in steps if first.element.kind is Kind.ACTIVITY),
        sections=tuple((name, tuple(map(cards.card, by_kind[kind]))) for name, kind in _SECTIONS.items()),
    )


def _findings(cards: Cards, open_: Iterable[Found]) -> Iterator[Finding]:
    by_id = {seen.element.id: seen for seen in cards.view.seen}
    for found in open_:
        about = tuple(cards.card(by_id[element]) for element in found.elements)
        yield Finding(finding(found).in_language(cards.language), about)


def entries(cards: Cards, appointments: Sequence[Seen]) -> Iterator[Entry]:
    """Yield each meeting once, however many authorities tell of it, where the first of them stands."""
    by_id = {seen.element.id: seen for seen in appointments}
    joint = {
        one.elements[0]: one for one in told_twice(cards.view.in_detail(), cards.at) if by_id.keys() >= {*one.elements}
    }
    others = {other for one in joint.values() for other in one.elements[1:]}
    for seen in appointments:
        if seen.element.id not in others:
            one = joint.get(seen.element.id)
            also = tuple(cards.card(by_id[other]) for other in one.elements[1:]) if one else ()
            yield Entry(cards.card(seen), also, differs=one is not None and not one.agrees)


def _load(shown: Shown, language: str) -> tuple[WeekRow, ...]:
    view = shown.view
    loads = contact_load(view.in_detail(), IsoWeek.of(shown.at), WEEKS)
    return week_rows(loads, language, at_least=view.may_be_partial or bool(shown.silent))


def in_order(seen: Iterable[Seen]) -> list[Seen]:
    """Return elements as a page tells them: by when they begin, and those without a time last."""
    return sorted(seen, key=_order)


def goals_with_steps(seen: Iterable[Seen]) -> list[list[tuple[int, Seen]]]:
    """Return each goal with what serves it, and how far in each stands; what serves no goal stands alone."""
    return list(_groups(in_order(one for one in seen if one.element.kind in _OF_GOALS)))


def _order(seen: Seen) -> tuple[datetime, str, UUID]:
    return seen.element.valid.start or _LAST, seen.element.title, seen.element.id


def is_ahead(seen: Seen, at: datetime) -> bool:
    """Tell whether an appointment is still to come, or goes on; one without a time may be."""
    ends = seen.element.valid.end or seen.element.valid.start
    return seen.element.status not in _GONE and (ends is None or ends >= at)


def _groups(ordered: Sequence[Seen]) -> Iterator[list[tuple[int, Seen]]]:
    """Yield each goal with what serves it, in reading order; what serves nothing that is seen begins a group itself.

    Links are as the authorities sent them, so they may run in a circle: each element is yielded once.
    """
    known = {seen.element.id for seen in ordered}
    beneath: dict[UUID, list[Seen]] = {}
    for seen in ordered:
        if seen.element.part_of in known:
            beneath.setdefault(seen.element.part_of, []).append(seen)
    is_first = [seen for seen in ordered if seen.element.part_of not in known]
    yielded: set[UUID] = set()
    for first in (*is_first, *ordered):  # the second time round only circles are left
        if group := list(_walk(first, beneath, yielded)):
            yield group


def _walk(first: Seen, beneath: Mapping[UUID, Sequence[Seen]], yielded: set[UUID]) -> Iterator[tuple[int, Seen]]:
    waiting = [(0, first)]
    while waiting:
        depth, seen = waiting.pop()
        if seen.element.id not in yielded:
            yielded.add(seen.element.id)
            yield depth, seen
            deeper = min(depth + 1, _DEEPEST)
            waiting += [(deeper, one) for one in reversed(beneath.get(seen.element.id, ()))]


def _sources(shown: Shown, language: str) -> Iterator[Source]:
    by_authority: dict[str, list[Seen]] = {}
    for one in shown.view.seen:
        by_authority.setdefault(one.element.authority, []).append(one)
    for authority, own in sorted(by_authority.items()):
        newest = max((one.registered_at for one in own if one.registered_at), default=None)
        yield Source(
            authority=known_word("authority", authority, language),
            systems=", ".join(sorted({one.element.provenance.source_system for one in own})),
            age=age(newest, shown.at, language) if newest else None,
            received=moment(newest, language) if newest else "",
            silent=moment(shown.silent[authority], language) if authority in shown.silent else "",
        )
