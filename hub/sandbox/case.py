"""A case as a test or the demo tells it to a sandbox system, which then says it in its own words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Label = Literal["IKKE_FORTROLIGE_DATA", "FORTROLIGE_PERSONOPLYSNINGER", "FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER"]


class Strict(BaseModel):
    """A form that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class Goal(Strict):
    """A goal of the case."""

    id: str
    title: str
    label: Label | None = None


class Activity(Strict):
    """A measure of the case; ``code`` is the system's own code for it."""

    id: str
    title: str
    start: date | None = None
    end: date | None = None
    code: str | None = None
    label: Label | None = None


class Appointment(Strict):
    """A meeting; times carry an offset."""

    id: str
    title: str
    start: datetime
    end: datetime
    place: str = ""
    label: Label | None = None
    status: Literal["planned", "held", "missed", "cancelled"] = "planned"
    #: The employment system's own number of a kind of interview; without one it is 12, "another interview".
    interview_type: int | None = Field(default=None, ge=1, le=9999)


class Contact(Strict):
    """Someone to turn to."""

    id: str
    name: str
    role: str = ""
    phone: str = ""


class Note(Strict):
    """Something written down."""

    id: str
    text: str
    label: Label | None = None


class HouseholdMember(Strict):
    """Someone of the household."""

    cpr: str
    name: str
    relation: Literal["mother", "father", "sibling", "partner", "child", "other"] = "other"
    custody: bool = False
    protected_address: bool = False


class CaseContent(Strict):
    """A case as a test or the demo tells it; each system says it in its own words."""

    cpr: str
    #: Numbers the person had before, the latest first.
    previous_cprs: list[str] = []
    name: str
    title: str
    protected_address: bool = False
    label: Label | None = None
    goals: list[Goal] = []
    activities: list[Activity] = []
    appointments: list[Appointment] = []
    contacts: list[Contact] = []
    notes: list[Note] = []
    health: list[Note] = []
    household: list[HouseholdMember] = []
    close: bool = False
    via: Literal["http", "folder"] = "http"
    #: Whether a system that announces changes does so; silence leaves it to the hub's polls.
    notify: bool = True


class CaseChange(Strict):
    """What of a case changes; lists replace, what is absent stays.

    A changed ``cpr`` is the same person's new number: a system that has words for it tells the former as previous.
    """

    cpr: str | None = None
    name: str | None = None
    title: str | None = None
    protected_address: bool | None = None
    label: Label | None = None
    goals: list[Goal] | None = None
    activities: list[Activity] | None = None
    appointments: list[Appointment] | None = None
    contacts: list[Contact] | None = None
    notes: list[Note] | None = None
    health: list[Note] | None = None
    household: list[HouseholdMember] | None = None
    close: bool | None = None
    via: Literal["http", "folder"] | None = None
    notify: bool | None = None
