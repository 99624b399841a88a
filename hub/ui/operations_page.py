"""What an operator sees first: how each system stands, what waits for it, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.flow.at_a_glance import Flow, Glance, SharedGlance
from hub.store.circuits import HoldReason, State
from hub.ui.rendering import version_of
from hub.ui.times import age, moment
from hub.ui.words import known_word, word

_HEIGHT = 24  # of a picture, in its own units


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the hour in a picture: where it stands, and how high."""

    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class SystemRow:
    """One system in one direction.

    :ivar badge: ``success``, ``info``, ``warning`` or ``error``, after the design system's badges.
    :ivar sentences: since when and why it stands so, and what comes next.
    :ivar clocks: both clocks, each with its name.
    :ivar deeds: what an operator may do now: ``hold``, ``release``, ``probe``.
    """

    name: str
    way: str
    title: str
    direction: str
    state: str
    badge: str
    sentences: tuple[str, ...]
    clocks: tuple[tuple[str, str], ...]
    deeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowRow:
    """Deliveries to one recipient. :ivar bars: of the last hour, drawn to the row's own height."""

    title: str
    due: int
    under_way: int
    dead_letters: int
    oldest: str
    delivered: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """All that the template shows.

    :ivar troubles: sentences of what wants somebody; empty when all is well.
    :ivar version: the same while nothing but the time has changed.
    """

    at: str
    troubles: tuple[str, ...]
    calm: str
    systems: tuple[SystemRow, ...]
    flows: tuple[FlowRow, ...]
    causes: tuple[tuple[str, str, int], ...]
    reasons: tuple[tuple[str, str], ...]
    is_whole_hour: bool
    version: str


def operations_page(found: Glance, language: str) -> OperationsPage:
    """Return the page in ``da`` or ``en``."""
    systems = tuple(_system(one, language) for one in found.systems)
    flows = tuple(_flow(one, found.at, language) for one in found.flows)
    causes = tuple((str(cause), word(f"cause.{cause}", language), count) for cause, count in found.causes)
    troubles = tuple(_troubles(found, language))
    oldest = min((one.oldest_due_at for one in found.flows if one.oldest_due_at), default=None)
    calm = word("ops.calm", language) if oldest is None else _waits(oldest, found.at, language)
    return OperationsPage(
        at=moment(found.at, language),
        troubles=troubles,
        calm=calm,
        systems=systems,
        flows=flows,
        causes=causes,
        reasons=tuple((str(reason), word(f"hold.{reason}", language)) for reason in HoldReason),
        is_whole_hour=found.is_whole_hour,
        version=version_of(language, systems, flows, causes, troubles),
    )


def mark_of(glances: SharedGlance) -> str:
    """Return a mark of how all flows now: it changes when a page that shows it would, in whichever language."""
    return operations_page(glances.latest(), "en").version


def _waits(oldest: datetime, at: datetime, language: str) -> str:
    return word("ops.calm_waits", language, age=age(oldest, at, language))


def _troubles(found: Glance, language: str) -> Iterator[str]:
    for one in found.systems:
        who = known_word("authority", one["authority"], language)
        if one["state"] != State.CLOSED:
            yield word(f"ops.trouble.{one['state']}.{one['direction']}", language, who=who)
        yield from _alarm(one, language)
    for recipient, count in found.silenced:
        who = known_word("authority", recipient, language)
        yield word("ops.trouble.subscription", language, who=who, count=count)
    dead = sum(count for _, count in found.causes)
    if dead:
        yield word("ops.trouble.dead", language, count=dead)


def _system(one: Mapping[str, Any], language: str) -> SystemRow:
    state = State(one["state"])
    badges = {State.CLOSED: "success", State.HALF_OPEN: "info", State.OPEN: "warning", State.HELD: "error"}
    deeds = ("release",) if state is State.HELD else ("hold",) if state is State.CLOSED else ("probe", "hold")
    return SystemRow(
        name=one["authority"],
        way=one["direction"],
        title=known_word("authority", one["authority"], language),
        direction=word(f"ops.way.{one['direction']}", language),
        state=word(f"circuit.{state}", language),
        badge=badges[state],
        sentences=tuple(_stands(one, state, language)),
        clocks=tuple(_clocks(one, language)),
        deeds=deeds,
    )


def _stands(one: Mapping[str, Any], state: State, language: str) -> Iterator[str]:
    if state is State.HELD:
        reason = known_word("hold", one["reason"], language)
        yield word("ops.held", language, when=moment(one["since"], language), reason=reason, by=one["held_by"])
    elif state is not State.CLOSED:
        why = known_word("result", one["reason"], language)
        yield word("ops.open", language, when=moment(one["since"], language), reason=why, code=one["reason"])
    if one["next_probe_at"]:
        yield word("ops.next_probe", language, when=moment(one["next_probe_at"], language))
    yield word("ops.calls", language, under_way=one["under_way"], at_most=one["at_most"], waiting=one["waiting"])
    yield from _alarm(one, language)


def _alarm(one: Mapping[str, Any], language: str) -> Iterator[str]:
    if one["alarm"]:
        yield word(f"ops.alarm.{one['alarm']}", language, who=known_word("authority", one["authority"], language))


def _clocks(one: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    never = word("ops.never", language)
    got = one["last_success_at"]
    yield word("ops.got_through", language), moment(got, language) if got else never
    tried = one["last_attempt_at"]
    result = known_word("result", one["last_result"] or "done", language)
    yield word("ops.attempt", language), f"{moment(tried, language)}: {result}" if tried else never


def _flow(one: Flow, at: datetime, language: str) -> FlowRow:
    most = max([*one.delivered, 1])
    heights = [round(count / most * _HEIGHT) for count in one.delivered]
    return FlowRow(
        title=known_word("authority", one.recipient, language),
        due=one.due,
        under_way=one.under_way,
        dead_letters=one.dead_letters,
        oldest=age(one.oldest_due_at, at, language) if one.oldest_due_at else "",
        delivered=sum(one.delivered),
        bars=tuple(Bar(place * 8, _HEIGHT - height, height) for place, height in enumerate(heights) if height),
    )
