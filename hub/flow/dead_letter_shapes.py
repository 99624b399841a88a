"""The shapes of what is told of a dead letter: to operators all but its content, to the plan's coordinator that too."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict

from hub.flow.dead_causes import Cause
from hub.store.dead_letters import DeadLetterAttempt, Kind


class DeadLetter(TypedDict):
    """What needs a person, at a glance; ``after_replay`` is the latest replay that brought it back in vain."""

    id: UUID
    kind: Kind
    group: str
    cause: Cause
    type: str
    recipient: str
    channel: str
    note: str
    dead_at: datetime
    attempts: int
    sequence: int
    correlation_id: str
    after_replay: UUID | None
    fix: str


class DeadLetterOrigin(TypedDict):
    """What has made a dead letter due: who did what and when, and the receipt of a message."""

    deed: str
    by: str
    at: datetime
    receipt: str | None


class LeavingShape(TypedDict):
    """The shape of the document that would leave now; without one, ``because`` says why."""

    as_of: datetime
    document: str | None
    contract: str | None
    shape: Any  # objects, lists and texts, as the recipient's contract nests them
    because: str


class ShownDeadLetter(DeadLetter):
    """What needs a person, whole but for its content; of a fetch there are no attempts, and nothing would leave."""

    origin: list[DeadLetterOrigin]
    tried: list[DeadLetterAttempt]
    would_leave: LeavingShape | None
    trace: str


class RevealedLetter(TypedDict):
    """What a dead letter would bring now, with what it says; without a document, ``because`` says why."""

    id: UUID
    recipient: str
    as_of: datetime
    document: str | None
    content: Any  # objects, lists and values, as the recipient's contract nests them
    because: str
