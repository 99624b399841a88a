"""The shapes of what is told of a message: ids, times, counts and words of closed lists."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict


class StepTold(TypedDict, total=False):
    """What is told of a step beside its name and its times; which of it hangs on what was done."""

    authority: str
    recipient: str
    delivery: UUID
    actor: str
    correlation_id: str
    # Of a message that came in. The receipt of a delivery is a word.
    receipt: UUID | str
    trace_id: str | None
    span_id: str
    parent_id: str | None
    taken_in: int
    skipped: int
    codes: list[str]
    # Of what was decided, and by which rules.
    decision: str | None
    rules: list[str]
    withheld_by: list[str]
    consents: list[str]
    consent_version: int | None
    policy: int | None
    shown: int
    withdrawn: int
    # Of what has left, and what came of it.
    told_as: str
    outcome: str
    covers: list[str]
    code: str
    cause: str
    topic: str
    not_before: datetime


class MessageStep(StepTold):
    """Something that was done, with its two times; one that has not ended yet, or nobody knows when, has no second."""

    step: str
    begun_at: datetime
    ended_at: datetime | None


class MessageTrace(TypedDict):
    """What became of a message: its steps in the order in which they began, and the correlation ids of all of them."""

    id: str
    correlation_ids: tuple[str, ...]
    steps: list[MessageStep]
