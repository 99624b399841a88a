"""What a citizen has said of the plan, as a page tells it: to the citizen, and to the coordinator.

A function of what its reader may know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.consent.view import View
from hub.flow.show import Shown
from hub.flow.statements import ShownStatement, State
from hub.plan.danish_time import LOCAL
from hub.plan.own import CITIZEN, is_own
from hub.plan.person import Role
from hub.store.statements import Waiting
from hub.ui.times import calendar_day, moment
from hub.ui.words import known_word, word

_BADGES: Mapping[State, str] = {
    State.NOTED: "info",
    State.SENT: "info",
    State.OVERDUE: "error",
    State.ANSWERED: "success",
}
_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One statement.

    :ivar title: of what it is about, as its authority wrote it; empty where that is not in the reader's view.
    :ivar state: in one sentence: sent, answered, overdue; and by when, or when.
    :ivar may_answer: the reader is who answers, and has not yet.
    """

    id: str
    element: str
    title: str
    said: str
    when: str
    words: str
    badge: str
    label: str
    state: str
    answer: str
    has_changed: bool
    waits: bool
    may_answer: bool


def rows(found: Sequence[ShownStatement], view: View, language: str) -> tuple[Row, ...]:
    """Return statements in ``da`` or ``en``, the newest first; a coordinator finds what is overdue before all."""
    told = [_row(one, view, language) for one in reversed(found)]
    if view.reader.role is Role.CITIZEN:
        return tuple(told)
    overdue = {str(one.statement.id) for one in found if one.state is State.OVERDUE}
    return tuple(sorted(told, key=lambda row: (row.id not in overdue, not row.waits)))


def newest(told: Sequence[Row]) -> Mapping[str, Row]:
    """Return of each element what was said last, by the element's id."""
    return {row.element: row for row in reversed(told)}


def unanswered(waiting: Sequence[Waiting], shown: Shown, language: str) -> tuple[str, ...]:
    """Return what a coordinator has to do something about: what is overdue, and what is theirs to answer."""
    reader, told = shown.view.reader, []
    for one in waiting:
        seen = shown.view.element(one.element)
        is_theirs = seen is not None and is_own(seen.element) and one.authority == reader.organisation
        if seen is None or not (is_theirs or one.due_at <= shown.at):
            continue
        facts = {
            "title": seen.element.title or word("card.untitled", language),
            "who": known_word("authority", one.authority, language),
            "when": _last_day(one.due_at, language),
        }
        said = word(f"unanswered.{one.says}", language, **facts)
        state = "unanswered.overdue" if one.due_at <= shown.at else "unanswered.yours"
        told.append(f"{said} {word(state, language, **facts)}")
    return tuple(told)


def _row(shown: ShownStatement, view: View, language: str) -> Row:
    one, seen = shown.statement, view.element(shown.statement.element)
    reader = "citizen" if view.reader.role is Role.CITIZEN else "coordinator"
    is_theirs = seen is not None and is_own(seen.element) and seen.element.authority != CITIZEN
    through = word("said.through", language) if one.role != Role.CITIZEN else ""
    return Row(
        id=str(one.id),
        element=str(one.element),
        title=(seen.element.title or word("card.untitled", language)) if seen else "",
        said=f"{word(f'said.{reader}.{one.says}', language)} {through}".strip(),
        when=moment(one.said_at, language),
        words=one.words,
        badge=_BADGES[shown.state],
        label=word(f"said.label.{shown.state}", language),
        state=_state(shown, language, reader),
        answer=one.answer,
        has_changed=shown.has_changed,
        waits=one.waits,
        may_answer=one.waits and is_theirs and one.authority == view.reader.organisation,
    )


def _last_day(due_at: datetime, language: str) -> str:
    """Return the last day on which an answer is in time."""
    return calendar_day((due_at - _JUST_BEFORE).astimezone(LOCAL).date(), language)


def _state(shown: ShownStatement, language: str, reader: str) -> str:
    one = shown.statement
    who = known_word("authority", one.authority, language)
    if one.due_at is None:
        return word("said.state.noted", language)
    if one.answered_at is not None:
        return word("said.state.answered", language, who=who, when=moment(one.answered_at, language))
    state = f"said.{reader}.overdue" if shown.state is State.OVERDUE else "said.state.sent"
    return word(state, language, who=who, when=_last_day(one.due_at, language))
