"""A citizen agrees with an element of the plan, does not, or asks: its authority answers, by a deadline.

It is the citizen's opinion, where a correction (``correct``) is about a fact; what is said here changes nothing in the
plan. How long an authority has is municipal policy (``HUB_ANSWER_DAYS``), not law: forvaltningsloven § 7 asks
authorities to guide whoever turns to them, and good administrative practice an answer in reasonable time (our reading,
not verified). Who has not answered in time is named to the citizen and to the coordinator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.consent.view import View
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.answering import digest_of_own, in_each, opened, to_answer
from hub.flow.hold import tells_nobody
from hub.flow.reading import asked_by
from hub.flow.reasons import worded
from hub.flow.refusal import refusals_written
from hub.flow.show import look
from hub.plan.own import CITIZEN
from hub.plan.person import Role
from hub.plan.working_days import end_of_working_day
from hub.store.plans import StoredPlan
from hub.store.statements import Statement, Waiting
from hub.store.transaction import Store, Unit

_LETTERS = 2
_NO_ELEMENT = "There is no element with this id that you may see."
_NONE = "There is no statement with this id that you may answer."


class Says(StrEnum):
    """What a citizen says of an element."""

    AGREE = "agree"
    DISAGREE = "disagree"
    ASK = "ask"


class State(StrEnum):
    """Where a statement stands."""

    NOTED = "noted"  # nobody has to answer
    SENT = "sent"  # its authority has it on its list
    OVERDUE = "overdue"  # its authority has not answered in time
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class ShownStatement:
    """A statement, and where it stands.

    :ivar has_changed: the element reads otherwise now; False where the reader does not see all of it.
    """

    statement: Statement
    state: State
    has_changed: bool = False


def say(
    plan: UUID,
    element: UUID,
    says: Says,
    words: str,
    reader: Reader,
    store: Store,
    days: int,
    *,
    actor: str,
    correlation_id: str,
) -> ShownStatement:
    """Say of an element that the reader sees whether the citizen agrees, or what the citizen asks.

    :param days: working days that its authority has to answer.
    :raises NotFound: there is no plan, or no element, of which the reader may say so.
    :raises InvalidRequest: a disagreement or a question without words, or it is about the citizen's own words.
    :raises Conflict: something said of it before waits for an answer.
    """
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        unit.plans.lock([plan])
        stored, at = opened(unit, plan, reader)
        seen = look(unit, plan, reader, actor).view.element(element)
        if seen is None:
            raise NotFound(_NO_ELEMENT)
        if seen.element.authority == CITIZEN:
            raise InvalidRequest("These are the citizen's own words.", "Change them instead.")
        said = worded("words", words, 0 if says is Says.AGREE else _LETTERS)
        _check_is_news(unit.statements.of_plan(plan, stored.key), element, says, reader)
        due_at = None if says is Says.AGREE else end_of_working_day(at, days)
        whose, digest = seen.element.authority, digest_of_own(stored.key, seen.element)
        one = Statement(new_id(), plan, element, whose, digest, says, reader.role, at, said, due_at)
        unit.statements.add(one, stored.key)
        about = {"statement": one.id, "element": element, "says": says, **asked_by(reader)}
        unit.audit.record("statement-made", actor, at, correlation_id, plan, **about)
        return ShownStatement(one, state_of(one, at))


def answer(
    wanted: UUID, words: str, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> ShownStatement:
    """Answer for the authority whose element it is. Of two who answer at once the first does, and the other is told.

    :raises NotFound: there is none of an element that the reader answers for, and sees.
    :raises Conflict: it is answered already, or needs no answer.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        plan = unit.statements.plan_of(wanted)
        stored, at = unit.plans.take(plan), now()
        found = unit.statements.of_plan(stored.plan.id, stored.key) if stored else ()
        one = next((one for one in found if one.id == wanted), None)
        if stored is None or one is None or not to_answer(unit, stored, [one], reader, at):
            raise NotFound(_NONE)
        if not one.waits:
            raise Conflict("This is answered already, or needs no answer.", "Look at the list again.")
        unit.statements.answer(wanted, worded("answer", words, _LETTERS), stored.key, at)
        about = {"statement": wanted, "element": one.element, **asked_by(reader)}
        unit.audit.record("statement-answered", actor, at, correlation_id, stored.plan.id, **about)
        answered = next(one for one in unit.statements.of_plan(stored.plan.id, stored.key) if one.id == wanted)
        return ShownStatement(answered, state_of(answered, at))


def of_plan(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[ShownStatement]:
    """Show the citizen and the coordinator what was said of the plan, oldest first. :raises NotFound: neither."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        view = look(unit, plan, reader, actor).view  # first, for it holds off whoever would hold the plan meanwhile
        stored, at = opened(unit, plan, reader)
        unit.audit.record("statements-read", actor, at, correlation_id, plan, **asked_by(reader))
        if tells_nobody(stored.plan, reader):
            return ()
        found = unit.statements.of_plan(plan, stored.key)
        return [_shown(one, view, stored.key, at) for one in found if _may_know(one, view)]


def for_authority(reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[ShownStatement]:
    """Show who wrote elements, and sees them, what citizens wait for an answer to, what is due first: their tasks."""

    def still_waiting(unit: Unit, stored: StoredPlan, at: datetime) -> Sequence[ShownStatement]:
        waiting = [one for one in unit.statements.of_plan(stored.plan.id, stored.key) if one.waits]
        return [ShownStatement(one, state_of(one, at)) for one in to_answer(unit, stored, waiting, reader, at)]

    with refusals_written(store, actor, correlation_id):
        found = in_each(store, lambda unit: unit.statements.plans_of(reader.organisation), still_waiting)
        with store.begin() as unit:
            at = now()
            unit.audit.record("statements-listed", actor, at, correlation_id, found=len(found), **asked_by(reader))
        return sorted(found, key=lambda each: (each.statement.due_at or at, each.statement.id))


def waiting_in(unit: Unit, view: View) -> Sequence[Waiting]:
    """Return what of a plan waits for an answer, as far as a coordinator sees what it is about."""
    return [one for one in unit.statements.waiting(view.plan) if view.element(one.element) is not None]


def state_of(one: Statement, at: datetime) -> State:
    """Tell where a statement stands at an instant."""
    if one.due_at is None:
        return State.NOTED
    if one.answered_at is not None:
        return State.ANSWERED
    return State.OVERDUE if at >= one.due_at else State.SENT


def _check_is_news(before: Sequence[Statement], element: UUID, says: Says, reader: Reader) -> None:
    of_it = [one for one in before if one.element == element]
    if any(one.waits for one in of_it):
        raise Conflict("Something said of this waits for an answer.", "Wait for it, or ask the coordinator.")
    if says is Says.AGREE and of_it and of_it[-1].says == Says.AGREE and of_it[-1].role == reader.role:
        raise Conflict("It is said already that the citizen agrees.", "There is nothing more to do.")


def _may_know(one: Statement, view: View) -> bool:
    """Tell whether a reader may know: of what is in their view, and the citizen of what the citizen said."""
    is_their_own = view.reader.role is Role.CITIZEN and one.role == Role.CITIZEN
    return is_their_own or view.element(one.element) is not None


def _shown(one: Statement, view: View, key: bytes, at: datetime) -> ShownStatement:
    seen = view.element(one.element)
    has_changed = seen is not None and not seen.decision.hidden and digest_of_own(key, seen.element) != one.digest
    return ShownStatement(one, state_of(one, at), has_changed)
