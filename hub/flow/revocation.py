"""Show what became of a revocation: what was under way when it committed, and who has given back what since.

That a recipient held something, and whether it has said that it deleted it, is shown to the person and to the plan's
coordinator whatever it was: they are to see to it. *What* it was is shown as far as the reader's own view goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Consent
from hub.consent.decision import Sentence
from hub.consent.reader import Reader
from hub.consent.view import View
from hub.errors import NotFound
from hub.flow.before_hold import before_it_was_held, is_of
from hub.flow.belonging import may_choose, may_open
from hub.flow.circumstances import consents_of
from hub.flow.deliver import view_of
from hub.flow.hold import as_told
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.flow.touched import known_of
from hub.flow.withdrawn import SETTLED, State, is_missing, sentence_of, state_of
from hub.store.revocations import Owed, Revocation, UnderWay
from hub.store.transaction import Store, Unit

_NONE = "There is no revocation of a consent with this id that you may see."
_Row = TypeVar("_Row", Owed, UnderWay)


@dataclass(frozen=True, slots=True)
class Element:
    """An element that a recipient had to give up, as far as the reader may know of it.

    :ivar digest: of what the recipient has said of it; empty as long as it has said nothing.
    """

    id: UUID
    category: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What one recipient had to give up that has fared alike.

    :ivar elements: those of which the reader may know.
    :ivar ended_at: when the recipient answered, or might see it again.
    :ivar last_result: how the latest try ended, as a code; empty while it is under way.
    """

    recipient: str
    state: State
    is_missing: bool
    sentence: Sentence
    owed_at: datetime
    due_by: datetime
    sent_at: datetime | None
    last_attempt_at: datetime | None
    last_result: str
    ended_at: datetime | None
    hold_code: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class ShownRevocation:
    """A revocation, as its reader may see it.

    :ivar consent: the version that was withdrawn.
    :ivar may_be_partial: there may be elements of which the reader may not know; a function of permissions alone.
    """

    revocation: Revocation
    consent: Consent
    may_be_partial: bool
    at: datetime
    under_way: Sequence[UnderWay]
    withdrawn: Sequence[Withdrawn]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a revocation stands, in numbers of recipients."""

    revocation: Revocation
    recipients: int
    awaited: int
    missing: int


def show_revocation(
    consent: UUID, reader: Reader, store: Store, deadline: timedelta, *, actor: str, correlation_id: str
) -> ShownRevocation:
    """Show the latest revocation of a consent to its person and to the coordinator of the person's plan.

    :param deadline: how long a recipient has for its receipt.
    :raises NotFound: there is none that the reader may see.
    """
    with refusals_written(store, actor, correlation_id, asked=consent), store.begin() as unit:
        shown = look(unit, consent, reader, deadline)
        told = {"plan": shown.revocation.plan, "consent": consent, **asked_by(reader)}
        unit.audit.record("revocation-read", actor, shown.at, correlation_id, **told)
        return shown


def look(unit: Unit, consent: UUID, reader: Reader, deadline: timedelta) -> ShownRevocation:
    """Look at the latest revocation of a consent. :raises NotFound: there is none that the reader may see."""
    found = unit.revocations.latest_of([consent]).get(consent)
    given = unit.consents.version(consent, found.version) if found else None
    if found is None or given is None or not may_choose(unit, found.plan, given.person, reader, now()):
        raise NotFound(_NONE)
    owed = _known(unit, unit.revocations.owed(found.id), found, given.person, reader)
    views = {plan: _view(unit, plan, reader, owed) for plan in {found.plan, *(row.plan for row in owed)}}
    seen, at = {one.element.id: one.element.category for view in views.values() for one in view.seen}, now()
    return ShownRevocation(
        revocation=found,
        consent=given,
        may_be_partial=views[found.plan].may_be_partial,
        at=at,
        under_way=_under_way(unit, found, given.person, reader, owed),
        withdrawn=_alike(owed, seen, at, deadline),
    )


def _under_way(unit: Unit, found: Revocation, person: UUID, reader: Reader, owed: Sequence[Owed]) -> Sequence[UnderWay]:
    """Return what was under way when it committed, of plans in which the reader sees it, or is told of what is owed."""
    rows, at = _known(unit, unit.revocations.under_way(found.id, now()), found, person, reader), now()
    told = {row.plan for row in owed} | known_of(unit, {row.plan for row in rows}, found.plan, person, reader, at)
    return [row for row in rows if row.plan in told]


def told_of(unit: Unit, withdrawn: Consent, reader: Reader) -> tuple[int, UUID]:
    """Return how many deliveries were under way at the latest revocation of a consent, and its id."""
    found = unit.revocations.latest_of([withdrawn.id])[withdrawn.id]
    owed = _known(unit, unit.revocations.owed(found.id), found, withdrawn.person, reader)
    return len(_under_way(unit, found, withdrawn.person, reader, owed)), found.id


def standing_of(unit: Unit, revocation: Revocation, person: UUID, reader: Reader, deadline: timedelta) -> Standing:
    """Return how a revocation stands, in numbers of recipients."""
    at, owed = now(), _known(unit, unit.revocations.owed(revocation.id), revocation, person, reader)
    return Standing(
        revocation,
        recipients=len({row.recipient for row in owed}),
        awaited=len({row.recipient for row in owed if state_of(row) not in SETTLED}),
        missing=len({row.recipient for row in owed if is_missing(row, at, deadline)}),
    )


def _known(unit: Unit, rows: Sequence[_Row], revocation: Revocation, person: UUID, reader: Reader) -> Sequence[_Row]:
    """Return what is of plans that the reader may know of: a person may be named in another's plan, too."""
    whose, at = {revocation.plan: person}, now()
    known = [plan for plan in {row.plan for row in rows} if may_open(unit, plan, whose.get(plan), reader, at)]
    told = {plan: before_it_was_held(unit, plan, reader, at) for plan in known}
    return [row for row in rows if row.plan in told and is_of(row, told[row.plan])]


def _view(unit: Unit, plan: UUID, reader: Reader, owed: Sequence[Owed]) -> View:
    """Return what the reader may see now of the plan, and of what was owed and is gone by now, as it read last."""
    stored = unit.plans.get(plan, for_delivery=True)
    if stored is None:
        raise NotFound(_NONE)
    policy = unit.policies.in_force(for_delivery=True)
    whole = unit.plans.with_gone(stored, {row.element for row in owed if row.plan == plan})
    whole, at = as_told(whole, reader), now()
    return view_of(unit, replace(stored, plan=whole), reader, policy, consents_of(unit, whole, policy, at), at)


def _alike(
    owed: Sequence[Owed], seen: Mapping[UUID, str | None], at: datetime, deadline: timedelta
) -> Sequence[Withdrawn]:
    """Put together what has fared alike at one recipient."""
    together: dict[Withdrawn, list[Element]] = {}
    for row in owed:
        state, missing = state_of(row), is_missing(row, at, deadline)
        alike = Withdrawn(
            recipient=row.recipient,
            state=state,
            is_missing=missing,
            sentence=sentence_of(state, row.hold_code, missing=missing),
            owed_at=row.owed_at,
            due_by=row.owed_at + deadline,
            sent_at=row.sent_at,
            last_attempt_at=row.last_attempt_at,
            last_result=row.last_result,
            ended_at=row.ended_at,
            hold_code=row.hold_code,
            elements=(),
        )
        known = [Element(row.element, seen[row.element], row.digest)] if row.element in seen else []
        together.setdefault(alike, []).extend(known)
    return [replace(alike, elements=tuple(elements)) for alike, elements in together.items()]
