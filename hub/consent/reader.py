"""Who is asking: an authority's system, a coordinator, a citizen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from hub.plan.element import Period
from hub.plan.person import Role

#: The purpose under which authorities coordinate one plan; a policy may know more.
ONE_PLAN = "one-plan"


class Exchange(StrEnum):
    """Which way information goes: the law of the two is not the same (forvaltningsloven §§ 28 and 29)."""

    DISCLOSE = "disclose"  # the hub sends it to a recipient
    COLLECT = "collect"  # the reader fetches it


@dataclass(frozen=True, slots=True)
class Emergency:
    """Break-glass access to one plan that is open to the reader (``hub.flow.emergency``)."""

    id: UUID
    plan: UUID
    period: Period


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, as what, and what for. Made by ``identity`` for a caller and by ``flow`` for a recipient.

    :ivar organisation: the authority or body, such as ``employment``.
    :ivar person: set when the reader is a citizen.
    :ivar memberships: the plans the reader belongs to now.
    :ivar meetings: the plans about which a meeting for the reader's purpose is open to the reader's organisation now.
    """

    organisation: str
    role: Role
    purpose: str = ONE_PLAN
    person: UUID | None = None
    memberships: frozenset[UUID] = frozenset()
    #: The language of reasons: ``da`` or ``en``.
    language: str = "da"
    exchange: Exchange = Exchange.COLLECT
    meetings: frozenset[UUID] = frozenset()
    emergency: Emergency | None = None
    #: Groups and subjects of KLE that the reader's work is limited to; None: to none.
    kle: frozenset[str] | None = None
