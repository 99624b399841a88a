"""What the person register has told of that wants a coordinator."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import ACoordinator, AListReader, CorrelationId, TheHub
from hub.api.shapes import SentenceAnswer
from hub.flow.register_tasks import finish_task, show_tasks
from hub.store.register_tasks import Task, TaskKind

router = APIRouter(tags=["register"])
_WORDS = {
    TaskKind.DEATH: (
        "Folkeregisteret oplyser, at borgeren er død. Samtykkerne gælder ikke længere, og ingen får breve. Tal med "
        "myndighederne, og afslut planen, når deres dele er afsluttet.",
        "The person register says that the citizen has died. Consents count no longer, and no letters go out. Speak "
        "with the authorities, and close the plan when their parts are closed.",
    ),
    TaskKind.DEATH_TAKEN_BACK: (
        "Folkeregisteret har rettet en fejl: borgeren lever. Samtykkerne gælder igen. Se, hvad der nåede at ske.",
        "The person register has corrected a mistake: the citizen is alive. Consents count again. See what was done "
        "meanwhile.",
    ),
    TaskKind.NUMBER_TAKEN: (
        "Folkeregisteret giver borgeren et nummer, som en anden person har her. Planerne er ikke lagt sammen. Bed "
        "driften om at forbinde numrene, hvis de er den samme person.",
        "The person register gives the citizen a number that another person has here. Nothing was joined. If they are "
        "one person, ask the hub's operator to link the numbers.",
    ),
}


class TaskDoneAnswer(TypedDict):
    """A task that is done."""

    task: UUID
    plan: UUID
    kind: TaskKind


class RegisterTaskAnswer(TaskDoneAnswer, SentenceAnswer):
    """What the register has told of, since when, and what is to be done about it."""

    at: datetime


class RegisterTasksAnswer(TypedDict):
    """What is to be done, the oldest first; 200 at once."""

    tasks: list[RegisterTaskAnswer]


@router.get("/register-tasks")
def register_tasks(hub: TheHub, caller: AListReader, correlation_id: CorrelationId) -> Json[RegisterTasksAnswer]:
    """Name what the person register has told of that wants a coordinator."""
    found = show_tasks(caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"tasks": [_answer(one) for one in found]})


@router.post("/register-tasks/{id}/done")
def register_task_done(
    id: UUID, hub: TheHub, caller: ACoordinator, correlation_id: CorrelationId
) -> Json[TaskDoneAnswer]:
    """Say that it is done."""
    task = finish_task(id, caller.reader, hub.store, actor=caller.client, correlation_id=correlation_id)
    return json_response({"task": task.id, "plan": task.plan, "kind": task.kind})


def _answer(task: Task) -> RegisterTaskAnswer:
    da, en = _WORDS[task.kind]
    return {"task": task.id, "plan": task.plan, "kind": task.kind, "at": when(task.at), "da": da, "en": en}
