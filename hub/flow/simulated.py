"""What is asked of a simulation, what it answers, and how much of that whoever asks is told.

A coordinator does not see all of a plan, nor does a citizen. So an element is named only where the asker sees it now,
and counts are of such elements alone; of everything else the answer says which categories open and close up to which
step, which is a function of permissions and the same whatever is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hub.consent.consent import Consent, ConsentStatus, Grant
from hub.consent.policy import Policy
from hub.consent.simulate import LINK, PartsShift, Shift
from hub.consent.standing import Lack, Renewal
from hub.consent.view import Seen
from hub.flow.versions import Giver
from hub.plan.identifier import Identifier
from hub.store.holdings import Held


@dataclass(frozen=True, slots=True)
class ToGive:
    """A consent would be given for a plan that is there.

    :ivar plan: None where the person is named by number instead.
    :ivar circle: of a consent to one plan, the authorities that would take part.
    """

    consent: Consent
    plan: UUID | None = None
    numbers: tuple[Identifier, ...] = ()
    givers: tuple[Giver, ...] = ()
    circle: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ToWithdraw:
    """A consent would be withdrawn."""

    consent: UUID


@dataclass(frozen=True, slots=True)
class ToNarrow:
    """A yes to sharing would be cut to less.

    :ivar version: of the consent as whoever wants it has seen it.
    :ivar categories: those that stay.
    :ivar how: how it is said; whose word it is, the flow knows.
    """

    consent: UUID
    version: int
    categories: frozenset[str]
    end: datetime | None
    how: Grant


#: What somebody may say for a person.
Choice = ToGive | ToNarrow | ToWithdraw


@dataclass(frozen=True, slots=True)
class ToPublish:
    """Another policy would be in force."""

    policy: Policy


@dataclass(frozen=True, slots=True)
class Delivery:
    """What would be sent to one recipient next.

    :ivar additions: elements that it would get, anew or otherwise than it holds them.
    :ivar withdrawals: elements that it holds, or may hold, and would have to give up and confirm.
    """

    recipient: str
    additions: int
    withdrawals: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would become of one plan.

    :ivar consent: as it would be taken down; None for a policy.
    :ivar lacking: whose word it would lack; it would not count before that is given.
    :ivar ask_anew: about what somebody would have to be asked, who now has not to be.
    :ivar mark: of what it rests on (``hub.flow.choosing``); empty where nobody is to confirm it.
    """

    plan: UUID
    at: datetime
    shifts: tuple[Shift, ...]
    deliveries: tuple[Delivery, ...]
    consent: Consent | None = None
    lacking: frozenset[Lack] = frozenset()
    ask_anew: tuple[Renewal, ...] = ()
    mark: str = ""

    @property
    def applies(self) -> bool:
        """Tell whether nobody's word is missing, and a consent that stands is not over."""
        consent = self.consent
        is_over = consent is not None and consent.status is ConsentStatus.ACTIVE and consent.is_over(self.at)
        return not (self.lacking or is_over)


def delivery_as_told(shift: Shift, held: Held, *, only_back: bool) -> Delivery:
    """Count what the asker sees; by decisions and not by digests, which hang on parts that the asker may not see."""
    seat = shift.seat
    additions = [*shift.gained, *(one.about for one in shift.parts)]
    others = 0 if only_back else sum(one.authority != seat.organisation for one in additions)
    held_still = held.maybe_anything_of()
    return Delivery(seat.organisation, others, sum(one.element in held_still for one in shift.lost))


def as_far_as(shift: Shift, seen: Mapping[UUID, Seen]) -> Shift:
    """Leave out every element that the asker does not see, and links to such."""
    parts = (_linked_as_seen(one, seen[one.about.element]) for one in shift.parts if one.about.element in seen)
    return replace(
        shift,
        gained=tuple(one for one in shift.gained if one.element in seen),
        lost=tuple(one for one in shift.lost if one.element in seen),
        parts=tuple(one for one in parts if one.opened or one.closed),
    )


def _linked_as_seen(shift: PartsShift, seen: Seen) -> PartsShift:
    if seen.element.part_of is not None:
        return shift
    return replace(shift, opened=shift.opened - {LINK}, closed=shift.closed - {LINK})
