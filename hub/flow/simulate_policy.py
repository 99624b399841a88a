"""What another policy would do, tried out on citizens whom nobody is: no plan of anybody is opened for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import now
from hub.consent.matrix import Seat
from hub.consent.reader import Reader
from hub.consent.simulate import CellShift, Published, Shift, simulate
from hub.consent.synthetic import CITIZENS, synthetic_facts
from hub.errors import NotAllowed, NotFound
from hub.flow.refusal import refusals_written
from hub.plan.person import Role
from hub.store.policies import check_policy
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class TriedOn:
    """What becomes of one synthetic citizen for one reader.

    :ivar citizen: what is special about the citizen.
    :ivar gained: elements that are seen then and not now.
    :ivar lost: elements that are seen now and not then.
    :ivar changed: elements of which other parts are seen.
    """

    citizen: str
    seat: Seat
    gained: int
    lost: int
    changed: int
    cells: tuple[CellShift, ...]


@dataclass(frozen=True, slots=True)
class TriedOut:
    """What a policy would do to the synthetic citizens.

    :ivar version: the one in force, with which it is compared.
    """

    version: int
    at: datetime
    tried: Sequence[TriedOn]

    @property
    def plans(self) -> int:
        """Return in how many synthetic plans somebody would see more or less."""
        return len({one.citizen for one in self.tried})

    @property
    def categories(self) -> Sequence[str]:
        """Return the categories that open or close somewhere."""
        return sorted({cell.category for one in self.tried for cell in one.cells})


def simulate_policy(
    wanted: Mapping[str, Any] | UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> TriedOut:
    """Try out a policy for an administrator.

    :param wanted: a document, or the id of a draft.
    :raises NotAllowed: the reader is no administrator.
    :raises NotFound: there is no such draft.
    :raises InvalidRequest: naming every fault of the document.
    """
    draft = wanted if isinstance(wanted, UUID) else None
    with refusals_written(store, actor, correlation_id, draft=draft):
        if reader.role is not Role.ADMINISTRATOR:
            raise NotAllowed("Only an administrator may try out a policy.")
        with store.begin(read_only=True) as unit:
            at, before = now(), unit.policies.in_force()
            after = check_policy(_document(unit, wanted), before.version + 1)
        with store.begin() as unit:
            unit.audit.record("policy-simulated", actor, at, correlation_id, draft=draft, compared_with=before.version)
        shifts = simulate(synthetic_facts(before, after, at), Published(after), at)
        return TriedOut(before.version, at, [_tried(shift) for shift in shifts if shift])


def _document(unit: Unit, wanted: Mapping[str, Any] | UUID) -> Mapping[str, Any]:
    if not isinstance(wanted, UUID):
        return wanted
    draft = unit.policy_drafts.get(wanted)
    if draft is None:
        raise NotFound("There is no draft of the policy with this id.")
    return draft.document


def _tried(shift: Shift) -> TriedOn:
    citizen = next(one.name for one in CITIZENS if one.plan == shift.plan)
    return TriedOn(citizen, shift.seat, len(shift.gained), len(shift.lost), len(shift.parts), shift.cells)
