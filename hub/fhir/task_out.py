"""What is asked of an authority as FHIR R4 ``Task``: a Task written here, or another time that was proposed."""

from __future__ import annotations

from datetime import datetime

from hub.fhir.around import Around
from hub.fhir.words import (
    TASK,
    TASK_INPUT,
    TASK_OUTPUT,
    Resource,
    concept,
    filled,
    instant,
    meta,
    period,
    reference,
    reference_to,
    unnamed,
)
from hub.flow.proposed import ShownProposal
from hub.plan.element import Detail, Element
from hub.plan.task import asked_of

#: What a proposal of another time asks for.
_ANOTHER_TIME = {"coding": [{"system": TASK, "code": "propose-time"}]}


def task(element: Element, around: Around) -> Resource:
    """Return what an element that is a Task says besides what every resource does."""
    asked, focus = asked_of(element), around.above(element)
    if asked is None:
        raise ValueError("The element is no Task.")
    modified, authored = around.registered_at.get(element.id), element.details.get(Detail.ASKED_AT)
    return filled(
        status=asked.state.value,
        statusReason=filled(text=asked.reason),
        intent="order",
        code=concept(element.codes, element.title) or unnamed(element),
        description=element.text,
        focus=reference_to(focus) if focus else None,
        **{"for": around.patient},
        authoredOn=instant(datetime.fromisoformat(authored)) if authored else None,
        lastModified=instant(modified) if modified else None,
        requester=around.author_of(element),
        owner=reference("Organization", asked.owner),
        restriction=filled(period=period(element.valid)),
        output=[{"type": _coded(TASK_OUTPUT, "note"), "valueString": asked.output}] if asked.output else [],
    )


def proposal_task(shown: ShownProposal, appointment: Element, around: Around) -> Resource:
    """Return a proposal of another time for an appointment that the reader sees."""
    one = shown.proposal
    times = (one.proposed_at, one.received_at, one.accepted_at, one.rejected_at, one.cancelled_at)
    return {
        "resourceType": "Task",
        "id": str(one.id),
        "meta": {name: said for name, said in meta(appointment, None).items() if name != "source"},
        "status": shown.state.value,
        **filled(statusReason=filled(text=one.answer)),
        "intent": "proposal",
        "code": _ANOTHER_TIME,
        "focus": reference_to(appointment),
        "for": around.patient,
        "authoredOn": instant(one.proposed_at),
        "lastModified": instant(max(at for at in times if at is not None)),
        "requester": reference("Organization", one.organisation),
        "owner": reference("Organization", one.authority),
        "input": [{"type": _coded(TASK_INPUT, "proposed-time"), "valuePeriod": period(one.proposed)}],
    }


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}
