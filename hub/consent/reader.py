"""Who is asking: an authority's system, a coordinator, a citizen."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hub.plan.person import Role

#: The purpose under which authorities coordinate one plan; a policy may know more.
ONE_PLAN = "one-plan"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, as what, and what for. Made by ``identity`` for a caller and by ``flow`` for a recipient.

    :ivar organisation: the authority or body, such as ``employment``.
    :ivar person: set when the reader is a citizen.
    :ivar memberships: the plans the reader belongs to now.
    """

    organisation: str
    role: Role
    purpose: str = ONE_PLAN
    person: UUID | None = None
    memberships: frozenset[UUID] = frozenset()
    #: The language of reasons: ``da`` or ``en``.
    language: str = "da"
