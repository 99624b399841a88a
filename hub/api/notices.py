"""Letters to citizens: what nobody could tell them yet, and the post's receipts. No letter is to be read here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import ACoordinator, AListReader, AnOperator, ASystem, CorrelationId, TheBody, TheHub, refuse
from hub.api.inbound import parcel_of
from hub.api.operations_shapes import BroughtBackAnswer, CorrelatedAnswer, NoticeCountAnswer
from hub.api.problems import TAKEN
from hub.errors import WrongSender
from hub.flow.told import replay_notice, show_notices, take_receipt, tell
from hub.plan.person import Role
from hub.store.notices import Notice, NoticeKind, Notices, State

router = APIRouter(tags=["notices"])
#: What is to be done, by where a notice stands and why; the first that fits.
_WORDS = (
    (State.WAITING, "no-post", "No post is configured, so no letter goes out. Tell the citizen yourself."),
    (State.WAITING, "held", "The plan is held back from the family. It goes out once the hold is lifted."),
    (State.WAITING, "not-shown", "The citizen may not see this now. It goes out if that changes in time."),
    (State.WAITING, "", "The letter goes out by itself."),
    (State.BY_HAND, "no-custodian", "No authority has said who holds custody of the child. Find out, and tell them."),
    (State.BY_HAND, "protected-address", "Custody is shared and the address protected. Decide who may be told."),
    (State.BY_HAND, "no-number", "The citizen has no CPR number, and so no Digital Post. Tell them another way."),
    (State.BY_HAND, "", "Digital Post has not brought the letter. Write on paper, or tell the citizen another way."),
    (State.DEAD, "", "The letter failed too often. An operator can replay it; or tell the citizen yourself."),
)


class OperatorsNoticeAnswer(TypedDict):
    """A notice, without its plan or its person: where it stands, and why, as a code."""

    notice: UUID
    kind: NoticeKind
    state: State
    cause: str
    attempts: int
    made_at: datetime
    due_at: datetime | None


class NoticeAnswer(OperatorsNoticeAnswer):
    """A notice: ``about`` is the appointment, consent or other thing; ``sentence`` says what is to be done."""

    plan: UUID
    about: UUID
    sentence: str


class NoticesAnswer(TypedDict):
    """What citizens have not been told yet; ``after`` asks for the next plans, and is null at the end."""

    notices: list[NoticeAnswer]
    after: UUID | None


class OperatorsNoticesAnswer(TypedDict):
    """The notices that wait for somebody: counted, and the oldest 500 of them."""

    counts: list[NoticeCountAnswer]
    notices: list[OperatorsNoticeAnswer]


@router.get("/notices")
def list_notices(
    hub: TheHub, caller: AListReader, correlation_id: CorrelationId, after: UUID | None = None
) -> Json[NoticesAnswer]:
    """List what citizens have not been told yet, in the plans that the caller coordinates."""
    found, then = show_notices(caller.reader, hub.store, after, actor=caller.client, correlation_id=correlation_id)
    return json_response({"notices": [_answer(one) for one in found], "after": then})


@router.post("/notices/{id}/told")
def told_notice(id: UUID, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId) -> Json[NoticeAnswer]:
    """Say that the citizen was told another way: on paper, by phone, at a meeting."""
    notice = tell(id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response(_answer(notice))


@router.post("/post/receipts", status_code=TAKEN)
def take_post_receipt(
    request: Request, body: TheBody, hub: TheHub, caller: ASystem, correlation_id: CorrelationId
) -> Json[CorrelatedAnswer]:
    """Take what the post says of a letter: that it has it, that it lies in the citizen's box, or that it came back."""
    reader, post = caller.reader, hub.post
    if post is None or reader.role is not Role.AUTHORITY_SYSTEM or reader.organisation != post.name:
        refuse(hub, caller, correlation_id, WrongSender("This door is for the post's own system."))
    else:
        receipt = post.receipt(parcel_of(post.name, request, body, correlation_id))
        if receipt is not None:
            take_receipt(receipt, hub.store, actor=caller.client)
    return json_response({"correlation_id": correlation_id}, TAKEN)


@router.get("/ops/notices")
def notices(hub: TheHub, operator: AnOperator) -> Json[OperatorsNoticesAnswer]:
    """Count the notices that wait for somebody, and name each without its plan or its person."""
    with hub.store.begin(read_only=True) as unit:
        return json_response({"counts": counts_of(unit.notices), "notices": operators_rows(unit.notices.open())})


@router.post("/ops/notices/{id}/replay", status_code=TAKEN)
def replay_dead_notice(
    id: UUID, hub: TheHub, operator: AnOperator, correlation_id: CorrelationId
) -> Json[BroughtBackAnswer]:
    """Let a dead notice be tried again, once its cause is gone."""
    replay_notice(id, hub.store, actor=operator.client, correlation_id=correlation_id)
    return json_response({"id": id, "correlation_id": correlation_id}, TAKEN)


def counts_of(rows: Notices) -> list[NoticeCountAnswer]:
    """Return how many notices wait for somebody, by kind and state."""
    return [
        {"kind": one["kind"], "state": one["state"], "notices": one["notices"], "oldest": one["oldest"]}
        for one in rows.counts()
    ]


def operators_rows(found: Sequence[Notice]) -> list[OperatorsNoticeAnswer]:
    """Return notices as an operator may know of them."""
    return [
        {
            "notice": one.id,
            "kind": one.kind,
            "state": one.state,
            "cause": one.cause,
            "attempts": one.attempts,
            "made_at": when(one.made_at),
            "due_at": when(one.due_at),
        }
        for one in found
    ]


def _answer(one: Notice) -> NoticeAnswer:
    [row] = operators_rows([one])
    sentence = next((said for state, cause, said in _WORDS if state is one.state and cause in ("", one.cause)), "")
    return {**row, "plan": one.plan, "about": one.about, "sentence": sentence}
