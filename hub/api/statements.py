"""What a citizen agrees with, does not, or asks about: to whose element it is, and their answer back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AChooser, AWriter, CorrelationId, TheBody, TheHub
from hub.api.models import MaybeWords, Strict, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import statements
from hub.flow.statements import Says, ShownStatement, State
from hub.plan.person import Role

router = APIRouter(tags=["rights"])


class Said(Strict):
    """What is said of an element; an agreement needs no words."""

    element: UUID
    says: Says
    words: MaybeWords = Field("", repr=False)


class Answer(Strict):
    """What whose element it is answers."""

    answer: Words = Field(repr=False)


class StatementAnswer(TypedDict):
    """What was said of an element, and where it stands; without a deadline nobody has to answer it."""

    statement: UUID
    plan: UUID
    element: UUID
    authority: str
    says: Says
    state: State
    role: Role
    said_at: datetime
    words: str
    due_at: datetime | None
    answered_at: datetime | None
    answer: str
    element_has_changed: bool


class StatementsAnswer(TypedDict):
    """What was said of a plan's elements, oldest first."""

    plan: UUID
    statements: list[StatementAnswer]


class StatementTasksAnswer(TypedDict):
    """What waits for an authority's answer, what is due first."""

    statements: list[StatementAnswer]


@router.post("/plans/{plan}/statements", status_code=CREATED, openapi_extra=schema_of(Said))
def say(
    plan: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[StatementAnswer]:
    """Say of an element that the citizen agrees, does not agree, or asks; the last two are answered by a deadline."""
    wanted: Said = read(Said, body)
    said = statements.say(
        plan, wanted.element, wanted.says, wanted.words, caller.reader, hub.store, hub.settings.answer_days,
        actor=caller.client, correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(said), CREATED)


@router.get("/plans/{plan}/statements")
def of_plan(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[StatementsAnswer]:
    """Read what was said of a plan's elements, where each stands, and what was answered."""
    found = statements.of_plan(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "statements": [_answer(one) for one in found]})


@router.get("/statements")
def for_authority(hub: TheHub, caller: AWriter, correlation_id: CorrelationId) -> Json[StatementTasksAnswer]:
    """List what of the caller's elements waits for an answer, what is due first."""
    found = statements.for_authority(caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"statements": [_answer(one) for one in found]})


@router.post("/statements/{id}/answer", openapi_extra=schema_of(Answer))
def answer(
    id: UUID, body: TheBody, hub: TheHub, caller: AWriter, correlation_id: CorrelationId
) -> Json[StatementAnswer]:
    """Answer a citizen; the citizen and the coordinator read it at once."""
    wanted: Answer = read(Answer, body)
    answered = statements.answer(
        id, wanted.answer, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(answered))


def _answer(shown: ShownStatement) -> StatementAnswer:
    one = shown.statement
    return {
        "statement": one.id,
        "plan": one.plan,
        "element": one.element,
        "authority": one.authority,
        "says": Says(one.says),
        "state": shown.state,
        "role": one.role,
        "said_at": when(one.said_at),
        "words": one.words,
        "due_at": when(one.due_at),
        "answered_at": when(one.answered_at),
        "answer": one.answer,
        "element_has_changed": shown.has_changed,
    }
