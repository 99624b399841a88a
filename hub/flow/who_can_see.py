"""Tell the citizen, and whoever coordinates the plan, who can see what of it, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import now
from hub.consent.consent import ConsentsByPerson
from hub.consent.decide import decide
from hub.consent.decision import Decision, Reason, Sentence
from hub.consent.explain_others import NOT_EVERYBODY, of_another
from hub.consent.matrix import Cell, Row, Seat, row_of
from hub.consent.policy import Policy
from hub.consent.reader import ONE_PLAN, Exchange, Reader
from hub.consent.subject import subject_of
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, may_choose
from hub.flow.circle import asked_of, members_told, readers_of_circle
from hub.flow.circumstances import consents_of
from hub.flow.hold import as_delivered, as_told, tells_nobody
from hub.flow.reading import asked_by, in_red
from hub.flow.refusal import refusals_written
from hub.flow.show import look
from hub.plan.element import Element
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_NO_ELEMENT = "There is no element with this id that you may see."
#: Whether something is shown by these depends on what people said; what others said is not told.
_BY_CHOICE = frozenset({Reason.DENIED, Reason.WITHDRAWN, Reason.EXPIRED, Reason.NOT_APPLICABLE, Reason.NO_CONSENT})


@dataclass(frozen=True, slots=True)
class ToldCell:
    """A cell of the matrix, and why in a sentence.

    :ivar beyond: why what is more sensitive is not shown; None where there is none.
    """

    cell: Cell
    why: Sentence
    beyond: Sentence | None


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A row of the matrix with its sentences."""

    row: Row
    cells: tuple[ToldCell, ...]


@dataclass(frozen=True, slots=True)
class WhoCanSee:
    """The matrix of a plan."""

    plan: UUID
    rows: Sequence[ToldRow]
    policy_version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """Why a recipient does or does not see one element, one way.

    :ivar decision: names the consents of the plan's person alone.
    """

    seat: Seat
    decision: Decision
    sentence: Sentence


def show_who_can_see(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> WhoCanSee:
    """Tell who can see what of a plan: a function of permissions and memberships, and not of content.

    A purpose other than one plan has a row only where something but the reader's own may be seen for it.

    :raises NotFound: there is no plan of which the reader may know that.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, policy, at = _opened(unit, plan, reader)
        consents = consents_of(unit, as_told(stored.plan, reader), policy, at)
        unit.audit.record("who-can-see-read", actor, at, correlation_id, plan, **asked_by(reader))
        rows = matrix_of(unit, stored, reader, policy, consents, at)
        own, to_citizen = consents.get(stored.plan.person, ()), reader.role is Role.CITIZEN

        def said(decision: Decision) -> Sentence:
            return of_another(decision, policy, own, to_citizen=to_citizen)

        told = [
            ToldRow(
                row,
                tuple(ToldCell(cell, said(cell.why), said(cell.beyond) if cell.beyond else None) for cell in row.cells),
            )
            for row in rows
            if row.seat.purpose == ONE_PLAN or row.shows_something
        ]
        return WhoCanSee(plan, told, policy.version, at)


def matrix_of(
    unit: Unit, stored: StoredPlan, asker: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime
) -> Sequence[Row]:
    """Return the matrix of a plan as its asker may know it."""
    members = members_told(unit, stored, asker, at)
    asked = asked_of(stored, members, asker)
    with_meetings = not tells_nobody(stored.plan, asker)
    circle = readers_of_circle(unit, stored.plan.id, members, policy, at, with_meetings=with_meetings)
    return [row_of(asked, seat, reader, policy, consents, at) for seat, reader in circle.items()]


def explain_recipient(
    plan: UUID, element: UUID, recipient: str, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[Answered]:
    """Say why a member of the plan's circle does or does not see an element that the asker sees.

    :raises NotFound: the asker may not know, does not see the element, or nobody of that name belongs to the plan.
    """
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        stored, policy, at = _opened(unit, plan, reader)
        view = look(unit, plan, reader, actor).view
        seen = view.element(element)
        members = [one for one in members_told(unit, stored, reader, at) if one.member == recipient]
        if seen is None or not members:
            raise NotFound(_NO_ELEMENT)
        about: dict[str, Any] = {"element": element, "recipient": members[0].member, **asked_by(view.reader)}
        unit.audit.record("explained-recipient", actor, at, correlation_id, plan, **about, **in_red(view, (seen,)))
        told = as_told(stored.plan, reader)
        consents = consents_of(unit, told, policy, at)
        to_citizen = reader.role is Role.CITIZEN
        whole = told.elements[element]
        with_meetings = not tells_nobody(stored.plan, reader)
        circle = readers_of_circle(unit, plan, members, policy, at, with_meetings=with_meetings)
        answers = [
            Answered(seat, *_answer(told, whole, member, policy, consents, at, to_citizen=to_citizen))
            for seat, member in circle.items()
        ]
        return [one for one in answers if one.seat.purpose == ONE_PLAN or one.decision.permits]


def _opened(unit: Unit, plan: UUID, reader: Reader) -> tuple[StoredPlan, Policy, datetime]:
    stored = unit.plans.get(plan, for_delivery=True)
    policy = unit.policies.in_force(for_delivery=True)
    at = now()
    if stored is None or not may_choose(unit, plan, stored.plan.person, reader, at):
        raise NotFound(NO_PLAN)
    return stored, policy, at


def _answer(
    plan: Plan,
    element: Element,
    reader: Reader,
    policy: Policy,
    consents: ConsentsByPerson,
    at: datetime,
    *,
    to_citizen: bool,
) -> tuple[Decision, Sentence]:
    """Decide, and tell of the plan's person alone: what others whom it concerns have said is theirs.

    :param plan: as whoever asks is told of it.
    """
    sent = as_delivered(plan, reader) if reader.exchange is Exchange.DISCLOSE else plan
    subject = subject_of(sent, element)
    decision = decide(subject, reader, policy, consents, at)
    own = consents.get(plan.person, ())
    known = {one.id for one in own}
    if decision.reason in _BY_CHOICE and subject.concerned != {plan.person}:
        alone = replace(subject, concerned=frozenset({plan.person}))
        by_own = decide(alone, reader, policy, {plan.person: own}, at)
        if by_own.permits:
            silent = replace(decision, reason=Reason.NO_CONSENT, rule_ids=("SYS-DEFAULT",), consents=())
            return replace(silent, sentence=NOT_EVERYBODY), NOT_EVERYBODY
        decision = by_own
    told = replace(decision, consents=tuple(one for one in decision.consents if one.id in known))
    if told.consents != decision.consents:  # until when others have said it is theirs, too
        told, decision = replace(told, valid_until=None), replace(decision, valid_until=None)
    return told, of_another(decision, policy, own, to_citizen=to_citizen)
