"""What is filled in on a system's page, as the desk understands it. Times are Danish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Form
from pydantic import Field

from hub.sandbox.case import Appointment, CaseChange, CaseContent, Goal, Label, Strict
from hub.sandbox.shelf import Case

LOCAL = ZoneInfo("Europe/Copenhagen")
_LINE, _SHORTEST, _LONGEST = 200, 5, 1440  # letters; minutes

Text = Annotated[str, Form(max_length=_LINE)]
Moment = Annotated[datetime, Form()]
Minutes = Annotated[int, Form(ge=_SHORTEST, le=_LONGEST)]


class NewCase(Strict):
    """A case as the form has it; a browser sends what is not filled in as an empty text."""

    cpr: str = Field(max_length=_LINE)
    name: str = Field(max_length=_LINE)
    title: str = Field(max_length=_LINE)
    label: Label = "FORTROLIGE_PERSONOPLYSNINGER"
    goal: str = Field(default="", max_length=_LINE)
    meeting: str = Field(default="", max_length=_LINE)
    start: datetime | None = None
    minutes: int = Field(default=60, ge=_SHORTEST, le=_LONGEST)
    place: str = Field(default="", max_length=_LINE)

    def content(self) -> CaseContent:
        """Return the case. :raises ValueError: an appointment without a title or a time."""
        if bool(self.meeting) != (self.start is not None):
            raise ValueError("An appointment needs both a title and a time.")
        meetings = [_meeting("a1", self.meeting, self.start, self.minutes, self.place)] if self.start else []
        return CaseContent(
            cpr=self.cpr,
            name=self.name,
            title=self.title,
            label=self.label,
            goals=[Goal(id="g1", title=self.goal)] if self.goal else [],
            appointments=meetings,
        )


def booked(case: Case, title: str, start: datetime, minutes: int, place: str) -> CaseChange:
    """Return the change by which an appointment is booked."""
    known = [Appointment.model_validate(item) for item in case.content["appointments"]]
    taken = {meeting.id for meeting in known}
    free = next(name for number in range(1, len(taken) + 2) if (name := f"a{number}") not in taken)
    return CaseChange(appointments=[*known, _meeting(free, title, start, minutes, place)])


def moved(case: Case, appointment: str, start: datetime) -> CaseChange:
    """Return the change by which an appointment begins at another time and lasts as long as before."""

    def move(meeting: Appointment) -> dict[str, Any]:
        begins = start.replace(tzinfo=LOCAL)
        return {"start": begins, "end": begins + (meeting.end - meeting.start), "status": "planned"}

    return _changed(case, appointment, move)


def cancelled(case: Case, appointment: str) -> CaseChange:
    """Return the change by which an appointment is cancelled."""
    return _changed(case, appointment, lambda _: {"status": "cancelled"})


def _changed(case: Case, appointment: str, change: Callable[[Appointment], Mapping[str, Any]]) -> CaseChange:
    known = [Appointment.model_validate(item) for item in case.content["appointments"]]
    if appointment not in {meeting.id for meeting in known}:
        raise ValueError("The case has no such appointment.")
    return CaseChange(
        appointments=[one.model_copy(update=change(one)) if one.id == appointment else one for one in known]
    )


def _meeting(key: str, title: str, start: datetime, minutes: int, place: str) -> Appointment:
    begins = start.replace(tzinfo=LOCAL)
    return Appointment(id=key, title=title, start=begins, end=begins + timedelta(minutes=minutes), place=place)
