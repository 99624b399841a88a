"""What a replay is: how it stands, what was chosen, and what became of each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from typing_extensions import TypedDict


class State(StrEnum):
    """How a replay stands."""

    DRAFT = "draft"  # frozen, and nothing has begun
    CANARY = "canary"  # a few go first, and the others wait for them
    RUNNING = "running"
    STOPPED = "stopped"  # by itself: too much failed
    CANCELLED = "cancelled"  # by a person
    DONE = "done"  # every item has its outcome


class Outcome(StrEnum):
    """What became of an item: exactly one of these."""

    DELIVERED = "delivered"
    NOTHING_TO_SAY = "nothing-to-say"  # its recipient holds what it may see
    CONSENT_WITHDRAWN = "consent-withdrawn"  # nothing may leave to it any more: right, and no failure
    FAILED_AGAIN = "failed-again"  # it is a dead letter once more
    NO_DEAD_LETTER = "no-dead-letter"  # somebody replayed or discarded it before, or it died anew since the freeze
    UNTOUCHED = "untouched"  # the replay ended first; it is the dead letter it was


class ReplaySelection(TypedDict, total=False):
    """Which dead letters were asked for: all that fit everything that is given."""

    ids: list[str]
    group: str
    cause: str
    recipient: str


def selected(ids: list[str], group: str | None, cause: str | None, recipient: str | None) -> ReplaySelection:
    """Return a selection by what is given of it."""
    found: ReplaySelection = {}
    if ids:
        found["ids"] = ids
    if group:
        found["group"] = group
    if cause:
        found["cause"] = cause
    if recipient:
        found["recipient"] = recipient
    return found


@dataclass(frozen=True, slots=True)
class Replay:
    """A selection of dead letters, and how it is to be brought back.

    :ivar reason: why, in an operator's own words; sealed where it is stored.
    :ivar cutoff: what died later is no part of it.
    :ivar canary: so many must arrive before the others begin.
    :ivar stop_percent: of the latest outcomes; when so many are failures, it stops itself.
    """

    id: UUID
    state: State
    created_at: datetime
    created_by: str
    correlation_id: str
    reason: str = field(repr=False)
    selection: ReplaySelection
    cutoff: datetime
    canary: int
    per_minute: int
    stop_percent: int
    started_at: datetime | None = None
    next_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_why: str | None = None

    @property
    def begins_items(self) -> bool:
        """Tell whether further items may begin."""
        return self.state in (State.CANARY, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Item:
    """A dead letter that was chosen.

    :ivar dead_at: which death of the row was chosen: a later one is another.
    :ivar kind_again: code of what it died of again.
    """

    replay: UUID
    row: UUID
    recipient: str
    dead_at: datetime
    kind: str
    group: str
    mark: int | None
    begun_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    kind_again: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the row of an item under way stands.

    :ivar died_of: None: it is no dead letter.
    :ivar leaving: of an attempt for the replay that its recipient has answered: what left; None: there is none.
    """

    plan: UUID
    is_due: bool
    died_of: str | None
    leaving: Mapping[str, str | None] | None
