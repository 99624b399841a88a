"""One thing in a plan: a goal, an activity, an appointment; whose it is, how secret, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID, uuid5

from hub.plan.identifier import Identifier

#: Namespace of element ids; any constant will do, but it may never change.
ELEMENTS = UUID("6f6e6520-706c-5168-8562-202d20656c31")


class Kind(StrEnum):
    """What sort of thing an element is."""

    CASE = "case"
    NEED = "need"
    GOAL = "goal"
    SUB_GOAL = "sub-goal"
    ACTIVITY = "activity"
    APPOINTMENT = "appointment"
    CONTACT_PERSON = "contact-person"
    NOTE = "note"
    STATEMENT = "citizen-statement"
    HOUSEHOLD_MEMBER = "household-member"


class Category:
    """Topics of information, as a citizen would name them. Open: an authority may bring its own.

    A category is what a consent and a rule of the policy speak of; one that no rule knows is shared with nobody.
    """

    CASES = "cases"
    NEEDS = "needs"
    GOALS = "goals"
    ACTIVITIES = "activities"
    APPOINTMENTS = "appointments"
    CONTACTS = "contacts"
    ASSESSMENTS = "assessments"
    HEALTH = "health"
    ECONOMY = "economy"
    HOUSEHOLD = "household"
    STATEMENTS = "statements"


class Detail:
    """Agreed names of small facts in ``details``; flags say ``yes`` or ``no``. Others pass through."""

    PLACE = "place"
    NAME = "name"
    ROLE = "role"
    PHONE = "phone"
    EMAIL = "email"
    RELATION = "relation"
    CUSTODY = "custody"
    ALL_DAY = "all-day"
    #: How the person is met: ``in-person``, ``phone``, ``digital`` or ``letter`` (``hub.plan.demands.Way``).
    CONTACT = "contact"
    #: Other authorities take part in the meeting.
    WITH_MORE_AUTHORITIES = "with-more-authorities"
    HOURS_PER_WEEK = "hours-per-week"
    #: What sort of its kind it is, such as ``follow-up`` of an appointment.
    TYPE = "type"
    #: What its author's own system calls it, as JSON; told to its author and to the coordinator alone, like a case.
    IDENTIFIERS = "identifiers"
    #: Of what is asked of an authority (``hub.plan.task``): of which, where it stands, why, and what came of it.
    OWNER = "owner"
    TASK_STATE = "task-state"
    STATUS_REASON = "status-reason"
    OUTPUT = "output"
    ASKED_AT = "asked-at"
    #: The element tells of someone whose address is protected (CPR-loven § 28); rules of the policy rest on it.
    PROTECTED_ADDRESS = "protected-address"


class Sensitivity(IntEnum):
    """The national ladder of the Sags- og Dokumentindeks (field Foelsomhed): access to one step implies those below."""

    IKKE_FORTROLIGE_DATA = 1
    FORTROLIGE_PERSONOPLYSNINGER = 2
    FOELSOMME_PERSONOPLYSNINGER = 3
    VIP_SAGER = 4


class Status(StrEnum):
    """Where an element stands."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    ACTIVE = "active"
    ON_HOLD = "on-hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Period:
    """Valid time, half open: start ≤ t < end. None is open. Both ends are aware instants."""

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        for edge in (self.start, self.end):
            if edge is not None and edge.tzinfo is None:
                raise ValueError("A period needs aware times.")

    def covers(self, at: datetime) -> bool:
        """Tell whether the instant lies in the period."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a classification (KLE, FFB, a law's paragraph), with its text; an unknown code keeps its text."""

    system: str
    code: str
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, order=True)
class OrderKey:
    """Which of two truths of one authority is the newer: source version, else changed-at, else message id."""

    version: int
    changed_at: datetime
    message_id: str

    def __post_init__(self) -> None:
        # A naive time would not fail here but in merge, at the first message that it is compared with.
        if self.changed_at.tzinfo is None:
            raise ValueError("An order key needs an aware time.")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an element came from."""

    authority: str
    source_system: str
    case: str
    message_id: str
    contract: str  # for example children/v1


@dataclass(frozen=True, slots=True)
class Draft:
    """An element as a mapping proposes it: no hub id yet, people named by identifier.

    ``source_id`` is unique within the case at the authority. ``label`` None means the source did not say.
    ``part_of`` is the source id of the element this one serves (a goal's sub-goal, a goal's activity).
    What the authority wrote stays out of repr, so that no log or traceback can show it.
    """

    source_id: str
    kind: Kind
    category: str | None
    label: Sensitivity | None
    status: Status
    title: str = field(repr=False)
    text: str = field(default="", repr=False)
    valid: Period = Period()
    codes: tuple[Code, ...] = field(default=(), repr=False)
    part_of: str | None = None
    #: Other people whom the element concerns, besides the plan's own person.
    concerns: tuple[Identifier, ...] = ()
    #: Small facts; see ``Detail`` for the agreed names.
    details: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Element:
    """One thing in a plan, owned by the authority that sent it. What the authority wrote stays out of repr."""

    id: UUID
    kind: Kind
    category: str | None
    label: Sensitivity | None
    status: Status
    title: str = field(repr=False)
    text: str = field(repr=False)
    valid: Period
    codes: tuple[Code, ...] = field(repr=False)
    part_of: UUID | None
    concerns: frozenset[UUID]
    details: Mapping[str, str] = field(repr=False)
    provenance: Provenance
    order: OrderKey
    #: Registration time: when the hub took this version in (the other half of bitemporal).
    registered_at: datetime

    @property
    def authority(self) -> str:
        """Return the authority that owns the element."""
        return self.provenance.authority


def element_id(authority: str, case: str, source_id: str) -> UUID:
    """Return the id of an element: the same source always gives the same id, so a message sent twice adds nothing.

    The case is part of it: an element belongs to one case for good, which keeps merge order-free (docs/adr/0005).
    """
    return uuid5(ELEMENTS, "\x1f".join((authority, case, source_id)))
