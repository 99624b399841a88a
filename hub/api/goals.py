"""What is written into a plan at the hub itself: the citizen's own goals and words, and the coordinator's joint goals.

A change names the version that it rests on (``If-Match``, as ``ETag`` gave it), so that nobody overwrites what they
have not read.
"""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, element_answer, json_response
from hub.api.asking import AChooser, CorrelationId, TheBody, TheHub
from hub.api.models import Instant, MaybeWords, Strict, Text, read, schema_of
from hub.api.problems import CREATED, OK
from hub.api.shapes import ElementAnswer
from hub.consent.view import Seen
from hub.errors import InvalidRequest
from hub.flow import write_own
from hub.plan.element import Kind, Status
from hub.plan.own import OwnWords

router = APIRouter(tags=["plans"])
_VERSION = re.compile(r'"([0-9]{1,9})"')
IfMatch = Annotated[str, Header(alias="If-Match")]


class Goal(Strict):
    """What is to be in the plan; ``part_of`` names what it serves."""

    kind: Kind
    title: Text = Field(repr=False)
    text: MaybeWords = Field("", repr=False)
    until: Instant | None = None
    part_of: UUID | None = None
    is_sensitive: bool = False

    @property
    def words(self) -> OwnWords:
        """Return it as the plan has it."""
        return OwnWords(self.kind, self.title, self.text, self.until, self.part_of, self.is_sensitive)


class Ending(Strict):
    """How it ends: ``completed`` or ``cancelled``."""

    status: Status


class GoalAnswer(ElementAnswer):
    """What the caller has written into a plan; ``version`` is what ``If-Match`` names to change it."""

    version: int


class GoalsAnswer(TypedDict):
    """What the caller has written into a plan, the newest last."""

    plan: UUID
    goals: list[GoalAnswer]


@router.get("/plans/{plan}/goals")
def own_of(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[GoalsAnswer]:
    """Read what of a plan the caller has written here, each with its version."""
    shown = write_own.own_of(plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"plan": plan, "goals": [_answer(one) for one in write_own.mine(shown)]})


@router.post("/plans/{plan}/goals", status_code=CREATED, openapi_extra=schema_of(Goal))
def add(plan: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[GoalAnswer]:
    """Write something into a plan: the citizen a goal or words of their own, the coordinator a joint goal or step."""
    goal: Goal = read(Goal, body)
    seen = write_own.add(plan, goal.words, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return _versioned(seen, CREATED)


@router.put("/plans/{plan}/goals/{id}", openapi_extra=schema_of(Goal))
def change(
    plan: UUID, id: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId,
    if_match: IfMatch = "",
) -> Json[GoalAnswer]:  # fmt: skip
    """Say in other words what the caller has written; not where it is another version by now."""
    goal: Goal = read(Goal, body)
    seen = write_own.change(
        plan, id, _version(if_match), goal.words, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return _versioned(seen, OK)


@router.post("/plans/{plan}/goals/{id}/end", openapi_extra=schema_of(Ending))
def end(
    plan: UUID, id: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId,
    if_match: IfMatch = "",
) -> Json[GoalAnswer]:  # fmt: skip
    """Say that it is reached, or given up; it stays in the plan."""
    ending: Ending = read(Ending, body)
    seen = write_own.end(
        plan, id, _version(if_match), ending.status, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return _versioned(seen, OK)


def _version(if_match: str) -> int:
    found = _VERSION.fullmatch(if_match.strip())
    if not found:
        raise InvalidRequest("The request names no version.", 'Send If-Match as ETag gave it, such as If-Match: "1".')
    return int(found[1])


def _answer(seen: Seen) -> GoalAnswer:
    return {**element_answer(seen, tells_case=False), "version": seen.element.order.version}


def _versioned(seen: Seen, status: int) -> Json[GoalAnswer]:
    return json_response(_answer(seen), status, {"ETag": f'"{seen.element.order.version}"'})
