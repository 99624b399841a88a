"""What a coordinator asks a citizen to consent to, and what the citizen answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AChooser, ACoordinator, CorrelationId, TheBody, TheHub
from hub.api.models import OneName, Strict, Words, read, schema_of
from hub.api.problems import CREATED
from hub.flow import ask_consent
from hub.store.consent_requests import Answer, ConsentRequest

router = APIRouter(tags=["consents"])


class Question(Strict):
    """Who would see what, and why it is asked."""

    recipient: OneName
    category: OneName
    purpose: Words = Field(repr=False)


class Said(Strict):
    """No or not now, by the citizen; or the question is taken back, by who asked."""

    answer: Literal["no", "not-now", "taken-back"]


class ConsentRequestAnswer(TypedDict):
    """What somebody was asked, by which organisation and why, and what was answered.

    ``not-now`` leaves it open. Who says yes gives a consent, and ``consent`` is its id.
    """

    request: UUID
    plan: UUID
    recipient: str
    category: str
    organisation: str
    asked_at: datetime
    purpose: str
    answer: Answer | None
    answered_at: datetime | None
    consent: UUID | None


class ConsentRequestsAnswer(TypedDict):
    """What a plan's person was asked, oldest first."""

    plan: UUID
    requests: list[ConsentRequestAnswer]


@router.post("/plans/{plan}/consent-requests", status_code=CREATED, openapi_extra=schema_of(Question))
def ask(
    plan: UUID, body: TheBody, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[ConsentRequestAnswer]:
    """Ask the plan's person whether a recipient may see a category; the question alone shares nothing."""
    wanted: Question = read(Question, body)
    asked = ask_consent.ask(
        plan, wanted.recipient, wanted.category, wanted.purpose, caller.reader, hub.store, actor=caller.client,
        correlation_id=correlation_id,
    )  # fmt: skip
    return json_response(_answer(asked), CREATED)


@router.get("/plans/{plan}/consent-requests")
def of_plan(plan: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Json[ConsentRequestsAnswer]:
    """Read what the plan's person was asked, and what they have answered."""
    found = ask_consent.show_requests(
        plan, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response({"plan": plan, "requests": [_answer(one) for one in found]})


@router.post("/consent-requests/{id}/answer", openapi_extra=schema_of(Said))
def answer(
    id: UUID, body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Json[ConsentRequestAnswer]:
    """Say no or not now, as the person who is asked; take the question back, as the coordinator."""
    wanted: Said = read(Said, body)
    said = ask_consent.say(
        id, Answer(wanted.answer), caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id
    )
    return json_response(_answer(said))


def _answer(one: ConsentRequest) -> ConsentRequestAnswer:
    return {
        "request": one.id,
        "plan": one.plan,
        "recipient": one.recipient,
        "category": one.category,
        "organisation": one.organisation,
        "asked_at": when(one.asked_at),
        "purpose": one.purpose,
        "answer": one.answer,
        "answered_at": when(one.answered_at),
        "consent": one.consent,
    }
