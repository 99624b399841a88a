"""The shapes of what an operator is told: numbers, times and causes; no plan, no person, no content."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired
from uuid import UUID

from typing_extensions import TypedDict

from hub.authority.feeding import Topic
from hub.flow.housekeeping import HousekeepingRound
from hub.flow.lookups import StoppedClient
from hub.flow.standing_shapes import AuthorityStanding
from hub.store.circuits import Direction
from hub.store.jobs import JobKind
from hub.store.notices import NoticeKind, State
from hub.store.subscriptions import Status


class CorrelatedAnswer(TypedDict):
    """What was asked for is done; the id ties together all that it causes."""

    correlation_id: str


class RecipientQueueAnswer(TypedDict):
    """What is due to a recipient by a channel, how much of it is leased now, and how much needs a person."""

    recipient: str
    channel: str
    due: int
    under_way: int
    dead_letters: int
    oldest_due_at: datetime | None


class BreakerAnswer(TypedDict):
    """How calls to a recipient fare: failures in a row, and until when it is left alone, since when and why."""

    recipient: str
    failures: int
    open_until: datetime | None
    since: datetime | None
    reason: str
    last_attempt_at: datetime | None
    last_success_at: datetime | None


class JobAnswer(TypedDict):
    """A poll, a fetch or a look into a folder; one that is not due any more is parked, and ``last_result`` says why."""

    id: UUID
    kind: JobKind
    authority: str
    due_at: datetime | None
    attempts: int
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_result: str
    correlation_id: str


class NoticeCountAnswer(TypedDict):
    """How many notices of a kind wait in a state, and since when, in UTC."""

    kind: NoticeKind
    state: State
    notices: int
    oldest: datetime


class QueuesAnswer(TypedDict):
    """What is due to whom, which recipients are paused, and how jobs and notices stand."""

    deliveries: list[RecipientQueueAnswer]
    breakers: list[BreakerAnswer]
    jobs: list[JobAnswer]
    notices: list[NoticeCountAnswer]


class AuthoritiesAnswer(TypedDict):
    """How each authority stands in each direction."""

    authorities: list[AuthorityStanding]


class AuthorityAskedAnswer(AuthoritiesAnswer, CorrelatedAnswer):
    """How an authority stands after the deed, in each direction; after a probe, whether something waits to call."""

    probes: NotRequired[bool]


class BroughtBackAnswer(CorrelatedAnswer):
    """The dead letter, or the notice, that was brought back."""

    id: UUID


class DeedAnswer(CorrelatedAnswer):
    """What was done, and what an operator may know of it; which members it has hangs on ``action``.

    ``receipt`` is of a message its id, of a delivery a word; ``cause`` an error's code, of an erasure why it was;
    ``rows`` how many were deleted, of what a clearing names in ``cleared`` or by an erasure; ``shown`` and
    ``withdrawn`` count elements.
    """

    row: int
    at: datetime
    actor: str
    action: str
    recipient: NotRequired[str]
    delivery: NotRequired[UUID]
    sequence: NotRequired[int]
    receipt: NotRequired[str]
    code: NotRequired[str]
    cause: NotRequired[str]
    authority: NotRequired[str]
    direction: NotRequired[Direction]
    reason: NotRequired[str]
    emergency: NotRequired[UUID]
    is_red: NotRequired[bool]
    cleared: NotRequired[str]
    rows: NotRequired[int]
    shown: NotRequired[int]
    withdrawn: NotRequired[int]


class ActivityAnswer(TypedDict):
    """What the hub has done, oldest first."""

    activity: list[DeedAnswer]


class SubscriptionStandingAnswer(TypedDict):
    """How a FHIR subscription stands: its newest event, the last that was told, and what its address answered last."""

    id: UUID
    client: str
    recipient: str
    topic: Topic
    status: Status
    trouble: str
    last_event: int
    told: int
    failures: int
    not_before: datetime
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_result: str


class SubscriptionStandingsAnswer(TypedDict):
    """How every FHIR subscription stands that is not off."""

    subscriptions: list[SubscriptionStandingAnswer]


class UnknownCodeAnswer(TypedDict):
    """A code that no code table has.

    An empty one is only counted: it is not like a code of its system, or the authority's list is full.
    """

    authority: str
    system: str
    code: str
    times: int
    first_seen_at: datetime
    last_seen_at: datetime


class UnknownCodesAnswer(TypedDict):
    """The codes that authorities send and no code table has, the latest seen first."""

    unknown_codes: list[UnknownCodeAnswer]


class LookupsAnswer(TypedDict):
    """How many people a client may look up in a minute, and which clients were stopped in the last thirty days."""

    most: int
    stopped: list[StoppedClient]


class HousekeepingAnswer(TypedDict):
    """How each kind of thing stands that is cleared after a while."""

    housekeeping: list[HousekeepingRound]


class HealthAnswer(TypedDict):
    """That the process answers."""

    status: str
