"""What needs a person: in groups of one cause, singly, and of one all that an operator may know.

    groups(Wanted(cause=Cause.AUTH), store)       # count, oldest, newest and what mends it
    listed(Wanted(group="1f0c…"), store, most=100)
    show(id, store, authorities, actor=…, correlation_id=…)

Ids, codes, times and counts; of content its shape alone (``hub.flow.shape``). What may be done is in
``hub.flow.dead_letter_deeds`` and ``hub.flow.replay``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.errors import NotFound
from hub.flow.dead_causes import FIXES, Cause, cause_of
from hub.flow.dead_groups import group_of, normalised
from hub.flow.dead_letter_shapes import DeadLetter, DeadLetterOrigin, LeavingShape, ShownDeadLetter
from hub.flow.refusal import refusals_written
from hub.flow.shape import shape_of
from hub.flow.would_leave import would_leave
from hub.store.dead_letters import Alike, Kind, Letter
from hub.store.transaction import Store, Unit

#: What is said of one that is not there, and of one that the caller may not know of: the same.
NO_LETTER = "There is no dead letter of this id that you may see."
LOOK_AGAIN = "It may be replayed or discarded already: look at the list again."
_MOST_ORIGINS = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which are asked for; what is None or empty does not matter."""

    group: str = ""
    cause: Cause | None = None
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Those that have ended alike, ids, numbers, times and quoted values left aside.

    :ivar type: code of the error that ended them.
    :ivar text: what was written down with it, in the normal form.
    """

    group: str
    kind: Kind
    cause: Cause
    recipient: str
    type: str
    text: str
    count: int
    oldest: datetime
    newest: datetime
    fix: str


def groups(wanted: Wanted, store: Store) -> Sequence[Group]:
    """Return what needs a person in groups, the largest first."""
    with store.begin(read_only=True) as unit:
        alike = _wanted(unit, wanted)
    found: dict[str, Group] = {}
    for one in alike:
        id, was = group_id(one), found.get(group_id(one))
        found[id] = Group(
            id, one.kind, cause_of(one.code), one.recipient, one.code, normalised(one.note),
            one.count + (was.count if was else 0), min(one.oldest, was.oldest if was else one.oldest),
            max(one.newest, was.newest if was else one.newest), FIXES[cause_of(one.code)],
        )  # fmt: skip
    return sorted(found.values(), key=lambda group: (-group.count, group.oldest))


def listed(wanted: Wanted, store: Store, most: int, after: UUID | None = None) -> list[DeadLetter]:
    """Return single ones, newest first.

    :param after: the last of the page before.
    :raises NotFound: that one needs nobody any more.
    """
    with store.begin(read_only=True) as unit:
        last = found(unit, after) if after else None
        letters = unit.dead_letters.letters(_wanted(unit, wanted), most, last)
        came_after = unit.replays.before([one.id for one in letters])
        return [told(one, came_after.get(one.id)) for one in letters]


def found(unit: Unit, wanted: UUID) -> Letter:
    """Return one that needs a person. :raises NotFound: there is none of this id."""
    letter = unit.dead_letters.one(wanted)
    if letter is None:
        raise NotFound(NO_LETTER, LOOK_AGAIN)
    return letter


def told(letter: Letter, replay: UUID | None) -> DeadLetter:
    """Return what an operator may know of one at a glance.

    :param replay: the latest that brought it back, after which it died again.
    """
    cause = cause_of(letter.code)
    return {
        "id": letter.id,
        "kind": letter.kind,
        "group": group_id(letter),
        "cause": cause,
        "type": letter.code,
        "recipient": letter.recipient,
        "channel": letter.channel,
        "note": letter.note,
        "dead_at": letter.dead_at,
        "attempts": letter.attempts,
        "sequence": letter.sequence,
        "correlation_id": letter.correlation_id,
        "after_replay": replay,
        "fix": FIXES[cause],
    }


def show(wanted: UUID, store: Store, authorities: Authorities, *, actor: str, correlation_id: str) -> ShownDeadLetter:
    """Return all that an operator may know of one: where it came from, its attempts, and the shape of what would leave.

    The shape is of a document made now, under the consents of today: it is what a replay would bring, not what failed.
    That somebody looked is written down.

    :raises NotFound: there is none of this id.
    """
    with refusals_written(store, actor, correlation_id, asked=wanted), store.begin() as unit:
        letter, at = found(unit, wanted), now()
        unit.audit.record("dead-letter-shown", actor, at, correlation_id, letter.plan, delivery=letter.id)
        is_delivery = letter.kind is Kind.DELIVERY
        return {
            **told(letter, unit.replays.before([letter.id]).get(letter.id)),
            "origin": _origin(unit, letter),
            "tried": unit.dead_letters.attempts_of(letter.id) if is_delivery else [],
            "would_leave": _shape(unit, letter, authorities, at) if is_delivery else None,
            "trace": f"hub trace {letter.id if is_delivery else letter.correlation_id}",
        }


def _shape(unit: Unit, letter: Letter, authorities: Authorities, at: datetime) -> LeavingShape:
    stored = unit.plans.get(letter.plan) if letter.plan else None
    if stored is None:
        raise NotFound(NO_LETTER, LOOK_AGAIN)
    would = would_leave(unit, letter, stored, authorities, at)
    document = would.document
    return {
        "as_of": at,
        "document": document.kind if document else None,
        "contract": document.contract if document else None,
        "shape": shape_of(document.content) if document else None,
        "because": would.because,
    }


def _origin(unit: Unit, letter: Letter) -> list[DeadLetterOrigin]:
    """Return what has made it due, by its correlation id: who did what and when, and the receipt of a message."""
    deeds = unit.traces.deeds([letter.correlation_id])[:_MOST_ORIGINS]
    return [
        {"deed": deed["action"], "by": deed["actor"], "at": deed["at"], "receipt": deed["details"].get("receipt")}
        for deed in deeds
    ]


def _wanted(unit: Unit, wanted: Wanted) -> Sequence[Alike]:
    return [
        one
        for one in unit.dead_letters.alike()
        if wanted.group in ("", group_id(one))
        and wanted.cause in (None, cause_of(one.code))
        and wanted.recipient in ("", one.recipient)
    ]


def causes_counted(unit: Unit) -> Counter[Cause]:
    """Return how many dead letters each cause has."""
    counted: Counter[Cause] = Counter()
    for one in unit.dead_letters.alike():
        counted[cause_of(one.code)] += one.count
    return counted


def group_id(one: Alike | Letter) -> str:
    """Return the id of the group that one belongs to."""
    return group_of(cause_of(one.code), one.recipient, one.code, one.note)
