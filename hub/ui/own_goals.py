"""Where people write into a plan: the citizen's own goals and wishes, and the coordinator's joint goals and steps."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hub.flow.citizen import own_plan
from hub.ui.desk import ACitizen, ACoordinator, ASessionsForm, CorrelationId, TheDesk
from hub.ui.own_form import OwnForm, Place
from hub.ui.unsaved import FormRoute

router = APIRouter(route_class=FormRoute, include_in_schema=False)


def _citizens(request: Request, desk: TheDesk, session: ACitizen, correlation_id: CorrelationId) -> OwnForm:
    plan = own_plan(session.caller.reader, desk.store)
    return OwnForm(request, desk, session, correlation_id, Place("citizen", plan, "/citizen/goals", "/citizen"))


def _coordinators(
    plan: UUID, request: Request, desk: TheDesk, session: ACoordinator, correlation_id: CorrelationId
) -> OwnForm:
    above = f"/coordinator/plans/{plan}"
    return OwnForm(request, desk, session, correlation_id, Place("coordinator", plan, f"{above}/goals", above))


ACitizensForm = Annotated[OwnForm, Depends(_citizens)]
ACoordinatorsForm = Annotated[OwnForm, Depends(_coordinators)]


@router.get("/citizen/goals")
def read_own(own: ACitizensForm) -> Response:
    """Show what the citizen has written, and a form for more."""
    return own.read()


@router.post("/citizen/goals")
def add_own(own: ACitizensForm, form: ASessionsForm) -> Response:
    """Write a goal or a wish."""
    return own.add(form)


@router.get("/citizen/goals/{element}")
def read_one(element: UUID, own: ACitizensForm) -> Response:
    """Show one of them in a form."""
    return own.read(element)


@router.post("/citizen/goals/{element}")
def change_own(element: UUID, own: ACitizensForm, form: ASessionsForm) -> Response:
    """Say it in other words."""
    return own.change(element, form)


@router.post("/citizen/goals/{element}/end")
def end_own(element: UUID, own: ACitizensForm, form: ASessionsForm) -> Response:
    """Say that it is reached, or no longer wanted."""
    return own.end(element, form)


@router.get("/coordinator/plans/{plan}/goals")
def read_joint(own: ACoordinatorsForm) -> Response:
    """Show the joint goals of a plan, and a form for more."""
    return own.read()


@router.post("/coordinator/plans/{plan}/goals")
def add_joint(own: ACoordinatorsForm, form: ASessionsForm) -> Response:
    """Add a joint goal or a step."""
    return own.add(form)


@router.get("/coordinator/plans/{plan}/goals/{element}")
def read_one_joint(element: UUID, own: ACoordinatorsForm) -> Response:
    """Show one of them in a form."""
    return own.read(element)


@router.post("/coordinator/plans/{plan}/goals/{element}")
def change_joint(element: UUID, own: ACoordinatorsForm, form: ASessionsForm) -> Response:
    """Say it in other words."""
    return own.change(element, form)


@router.post("/coordinator/plans/{plan}/goals/{element}/end")
def end_joint(element: UUID, own: ACoordinatorsForm, form: ASessionsForm) -> Response:
    """Say that it is reached, or given up."""
    return own.end(element, form)
