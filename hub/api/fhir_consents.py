"""Consents as FHIR R4, and the question that they answer: ``Consent/$decide``. Errors are OperationOutcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api.asking import AChooser, AMember, CorrelationId, Hub, TheBody, TheHub
from hub.api.consents import lasting
from hub.api.fhir_answers import base_of, resource_response
from hub.api.models import read, schema_of
from hub.api.policies import Number
from hub.api.problems import CREATED
from hub.clock import new_id, now
from hub.consent.consent import Consent, ConsentKind, ConsentStatus, Effect
from hub.consent.decision import Decision
from hub.consent.reader import ONE_PLAN, Exchange
from hub.errors import Fault, InvalidRequest, NotFound
from hub.fhir.bundle import history
from hub.fhir.consent_in import read_consent
from hub.fhir.consent_out import consent_resource
from hub.fhir.parameters import decided, texts_of
from hub.fhir.patient_in import patient_of
from hub.fhir.valid import check_resource
from hub.flow.choices import plan_to_choose_for, show_consent, show_consent_history
from hub.flow.decide_for import Question, decide_for
from hub.flow.lookups import count_lookup
from hub.flow.revise import give
from hub.flow.show import explain
from hub.flow.who_can_see import explain_recipient
from hub.identity.tokens import Caller
from hub.plan.element import Period, Sensitivity
from hub.plan.identifier import Identifier
from hub.plan.person import Role

router = APIRouter(prefix="/fhir/Consent", tags=["fhir"])
_RESOURCE = dict[str, Any]
_ASKED = frozenset({"plan", "element", "authority", "category", "label", "recipient", "role", "purpose", "direction"})


@router.get("/{consent}")
def read_one(consent: UUID, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Read a consent of a citizen's, as it was said."""
    found = show_consent(consent, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return resource_response(consent_resource(found))


@router.get("/{consent}/_history/{version}")
def read_version(
    consent: UUID, version: Number, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Response:
    """Read one version of a consent, such as a decision rested on: no version is ever overwritten."""
    said = {"actor": caller.client, "correlation_id": correlation_id}
    return resource_response(consent_resource(show_consent(consent, caller.reader, hub.store, **said, version=version)))


@router.get("/{consent}/_history")
def read_history(
    consent: UUID, request: Request, hub: TheHub, caller: AChooser, correlation_id: CorrelationId
) -> Response:
    """Read every version of a consent, the newest first."""
    said = {"actor": caller.client, "correlation_id": correlation_id}
    versions = [consent_resource(one) for one in show_consent_history(consent, caller.reader, hub.store, **said)]
    return resource_response(history(base_of(request, hub), f"Consent/{consent}/_history", versions))


@router.post("", status_code=CREATED, openapi_extra=schema_of(_RESOURCE))
def create(body: TheBody, hub: TheHub, caller: AChooser, correlation_id: CorrelationId) -> Response:
    """Put a consent in force that is told in FHIR; one that cannot be represented exactly is refused."""
    told: dict[str, Any] = read(_RESOURCE, body)
    check_resource(told, "Consent")
    patient = patient_of(told, "Consent", caller.reader.organisation)
    if isinstance(patient, Identifier):
        most = hub.settings.lookups_at_most(caller.client)
        count_lookup([patient], most, hub.store, actor=caller.client, correlation_id=correlation_id)
    person, plan = plan_to_choose_for(
        patient,
        caller.reader,
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
    )
    consent = _as_given(read_consent(told, person, new_id()), hub.settings.consent_months)
    given = give(
        plan, consent, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id, as_said=True
    ).told
    return resource_response(consent_resource(given), CREATED, {"Location": f"/fhir/Consent/{given.id}"})


@router.post("/$decide", openapi_extra=schema_of(_RESOURCE))
def decide(body: TheBody, hub: TheHub, caller: AMember, correlation_id: CorrelationId) -> Response:
    """Say whether a recipient may see something, and why: one element that the caller sees, or things of a kind."""
    asked = texts_of(read(_RESOURCE, body), _ASKED)
    plan = _uuid(asked, "plan")
    if "recipient" not in asked and {"role", "purpose", "direction"} & asked.keys():
        raise _fault("parameter", "They say as what a recipient comes.", "Send recipient too, or leave them out.")
    question = _question(asked, plan)
    if "element" not in asked:
        return resource_response(decided(_in_general(question, hub, caller, correlation_id)))
    if question.authority or question.category:
        raise _fault("parameter", "An element says of itself whose it is, and of what category.", "Leave those out.")
    return resource_response(decided(_of_element(question, _uuid(asked, "element"), hub, caller, correlation_id)))


def _as_given(consent: Consent, months: int) -> Consent:
    """Return a consent as it is put in force: now, and a yes for no longer than the municipality lets it."""
    at = now()
    if consent.status is not ConsentStatus.ACTIVE:
        raise _fault(
            "Consent.status", "Only an active consent can be given.", "To withdraw: POST /consents/{id}/withdraw."
        )
    if consent.kind is ConsentKind.ONE_PLAN and consent.effect is Effect.DENY:
        raise _fault("Consent.provision.type", "A no to one plan is not given.", "Withdraw the consent to have it.")
    if consent.given_at > at:
        raise _fault("Consent.dateTime", "It lies ahead.", "Send a consent once it is given.")
    period = lasting(consent.period, consent.effect, months, at)
    if period.end is not None and period.end <= at:
        raise _fault("Consent.provision.period", "It has ended already.")
    grants = tuple(replace(one, period=period) if one.period == Period() else one for one in consent.grants)
    return replace(consent, period=period, grants=grants)


def _in_general(question: Question, hub: Hub, caller: Caller, correlation_id: str) -> Decision:
    if not (question.authority and question.category):
        raise _fault("parameter", "What is asked about is missing.", "Send element, or authority, category and label.")
    return decide_for(question, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)


def _of_element(question: Question, element: UUID, hub: Hub, caller: Caller, correlation_id: str) -> Decision:
    if not question.recipient:
        said = {"actor": caller.client, "correlation_id": correlation_id}
        return explain(question.plan, element, caller.reader, hub.store, **said).decision
    answers = explain_recipient(
        question.plan,
        element,
        question.recipient,
        caller.reader,
        hub.store,
        actor=caller.client,
        correlation_id=correlation_id,
    )
    for one in answers:
        if (one.seat.role, one.seat.purpose, one.seat.exchange) == (
            question.role,
            question.purpose,
            question.exchange,
        ):
            return replace(one.decision, sentence=one.sentence)
    raise NotFound("Nothing comes to this recipient that way.", "See GET /plans/{plan}/who-can-see for the ways.")


def _question(asked: Mapping[str, str], plan: UUID) -> Question:
    return Question(
        plan,
        authority=asked.get("authority", ""),
        category=asked.get("category", ""),
        label=Sensitivity[_one_of(asked, "label", [step.name for step in Sensitivity], max(Sensitivity).name)],
        recipient=asked.get("recipient", ""),
        role=Role(_one_of(asked, "role", list(Role), Role.AUTHORITY_SYSTEM)),
        purpose=asked.get("purpose", ONE_PLAN),
        exchange=Exchange(_one_of(asked, "direction", list(Exchange), Exchange.DISCLOSE)),
    )


def _one_of(asked: Mapping[str, str], name: str, choices: list[Any], otherwise: str) -> str:
    value = asked.get(name, otherwise)
    if value not in [str(choice) for choice in choices]:
        raise _fault(f"parameter.{name}", "It takes no such value.", f"Use one of {', '.join(map(str, choices))}.")
    return value


def _uuid(asked: Mapping[str, str], name: str) -> UUID:
    try:
        return UUID(asked.get(name, "").removeprefix("urn:uuid:"))
    except ValueError:
        raise _fault(f"parameter.{name}", "An id of the hub is needed.") from None


def _fault(field: str, sentence: str, next_step: str = "") -> InvalidRequest:
    return InvalidRequest("The request has faults.", faults=[Fault(field, sentence, next_step)])
