"""What needs a person, for an operator; and what it would bring, for the plan's coordinator and with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response
from hub.api.asking import ACoordinator, AnOperator, CorrelationId, TheBody, TheHub
from hub.api.models import NAME, Why, read, schema_of
from hub.flow.dead_causes import Cause
from hub.flow.dead_letter_deeds import discard, reveal
from hub.flow.dead_letter_shapes import DeadLetter, RevealedLetter, ShownDeadLetter
from hub.flow.dead_letters import Group, Wanted, groups, listed, show
from hub.store.dead_letters import Kind

router = APIRouter(tags=["operations"])
_PAGE = 100
AGroup = Annotated[str, Query(pattern="^(?:[0-9a-f]{12})?$")]
ARecipient = Annotated[str, Query(pattern=f"^$|{NAME}")]


class DeadLetterGroupAnswer(TypedDict):
    """Those that have ended alike, numbers, times and quoted values left aside, and what most likely mends them."""

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


class DeadLettersAnswer(TypedDict):
    """What needs a person: in groups, the largest first, and singly; ``next`` is what the next page comes after."""

    groups: list[DeadLetterGroupAnswer]
    dead_letters: list[DeadLetter]
    next: UUID | None


class DiscardedAnswer(TypedDict):
    """The dead letter that is none any more: when and by whom it was discarded first."""

    id: UUID
    discarded_at: datetime
    discarded_by: str
    correlation_id: str


@router.get("/ops/dead-letters")
def dead_letters(
    hub: TheHub,
    operator: AnOperator,
    group: AGroup = "",
    cause: Cause | None = None,
    recipient: ARecipient = "",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = _PAGE,
) -> Json[DeadLettersAnswer]:
    """List what needs a person: in groups that ended alike, and singly, newest first, a page at a time."""
    wanted = Wanted(group, cause, recipient)
    page = listed(wanted, hub.store, limit, after)
    return json_response(
        {
            "groups": [_group(one) for one in groups(wanted, hub.store)],
            "dead_letters": page,
            "next": page[-1]["id"] if len(page) == limit else None,
        }
    )


@router.get("/ops/dead-letters/{id}")
def dead_letter(id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId) -> Json[ShownDeadLetter]:
    """Say all of one but its content: origin, attempts, and the shape of what would leave now. Audited."""
    shown = show(id, hub.store, hub.authorities, actor=operator.client, correlation_id=correlation_id)
    return json_response(shown)


@router.post("/ops/dead-letters/{id}/discard", openapi_extra=schema_of(Why))
def discard_dead_letter(
    id: UUID, body: TheBody, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[DiscardedAnswer]:
    """Let one be no dead letter any more, without bringing anything; the same once more changes nothing."""
    done = discard(id, _reason(body), hub.store, actor=operator.client, correlation_id=correlation_id)
    return json_response({"id": id, "discarded_at": done.at, "discarded_by": done.by, "correlation_id": correlation_id})


@router.post("/ops/dead-letters/{id}/reveal", openapi_extra=schema_of(Why))
def reveal_dead_letter(
    id: UUID, body: TheBody, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[RevealedLetter]:
    """Show the coordinator of its plan what one would bring now; written down, for the citizen too."""
    revealed = reveal(
        id, _reason(body), caller.reader, hub.store, hub.authorities,
        actor=caller.client, correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(revealed)


def _group(one: Group) -> DeadLetterGroupAnswer:
    return {
        "group": one.group,
        "kind": one.kind,
        "cause": one.cause,
        "recipient": one.recipient,
        "type": one.type,
        "text": one.text,
        "count": one.count,
        "oldest": one.oldest,
        "newest": one.newest,
        "fix": one.fix,
    }


def _reason(body: bytes) -> str:
    wanted: Why = read(Why, body)
    return wanted.reason
