"""Give the checkpoints of the audit to its witnesses, and say how far each has come.

One process tells a witness at a time, for as long as its row is leased; a crash ends that with the lease. What a
witness has taken and the hub has not yet written down it is given once more, which changes nothing. One that does not
answer is told again after ``AGAIN``, and then of all that it has missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from typing_extensions import TypedDict

from hub.authority.witnessing import Witness
from hub.clock import monotonic, now
from hub.errors import HubError, WitnessDiffers
from hub.settings import Settings
from hub.store.transaction import Store, Unit
from hub.store.witnesses import Told

AGAIN = timedelta(seconds=15)
_LEASE = timedelta(seconds=60)
_MOST, _LONGEST_SECONDS = 100, 20.0
_NEVER = Told(-1, None, "", datetime.min.replace(tzinfo=UTC))


class WitnessAnswer(TypedDict):
    """How far a witness has come: ``taken_at`` in UTC; ``trouble`` is a code, empty when there is none."""

    witness: str
    size: int
    taken_at: str | None
    missing: int
    lag_seconds: float
    trouble: str
    is_late: bool
    differs: bool


@dataclass(frozen=True, slots=True)
class Witnessed:
    """How far a witness has come.

    :ivar size: how many entries the last checkpoint covers that it has taken; 0 before the first.
    :ivar taken_at: when it took it, None before the first.
    :ivar missing: checkpoints that it has not.
    :ivar lag_seconds: how long the oldest of them has been there; 0 when it has all.
    :ivar trouble: code of what it failed with the last time; "" when it did not.
    :ivar is_late: it lags by more than ``HUB_AUDIT_LAG_SECONDS``: an alarm.
    :ivar differs: it holds other checkpoints than this hub: an alarm of its own.
    """

    witness: str
    size: int
    taken_at: datetime | None
    missing: int
    lag_seconds: float
    trouble: str
    is_late: bool
    differs: bool

    @property
    def is_well(self) -> bool:
        """Tell whether it is no alarm."""
        return not (self.is_late or self.differs)

    def told(self) -> WitnessAnswer:
        """Return it in JSON."""
        return {
            "witness": self.witness,
            "size": self.size,
            "taken_at": self.taken_at.isoformat() if self.taken_at else None,
            "missing": self.missing,
            "lag_seconds": round(self.lag_seconds, 3),
            "trouble": self.trouble,
            "is_late": self.is_late,
            "differs": self.differs,
        }


def tell(witness: Witness, store: Store) -> None:
    """Give a witness what it lacks, if there is something and it is time; what it fails with is written down."""
    at = now()
    with store.begin(read_only=True) as unit:
        known, newest = unit.witnesses.all().get(witness.name), unit.seals.last_checkpoint()
    if newest is None or (known is not None and known.due_at > at):
        return
    trouble, size, found = "", (known or _NEVER).size, None
    try:
        found = witness.has()
        size = size if found is None else found
    except HubError as error:
        trouble = error.code
    if known and not (trouble or known.trouble) and size == known.size == newest.size:
        return  # it has all there is, and that is written down
    with store.begin() as unit:
        if not unit.witnesses.lease(witness.name, at, at + _LEASE):
            return
    reached = size if trouble else -1
    if not trouble:
        reached, trouble = _given(witness, size, store, is_repeated=found is not None)
    with store.begin() as unit:
        before = known or _NEVER
        taken_at = now() if reached > before.size else before.taken_at
        unit.witnesses.settle(witness.name, Told(reached, taken_at, trouble, now() + AGAIN if trouble else at))


def witnessed(unit: Unit, settings: Settings) -> list[Witnessed]:
    """Return how far each configured witness has come."""
    known = unit.witnesses.all()
    return [_standing(unit, one, known.get(one, _NEVER), settings) for one in settings.audit_witnesses]


def _given(witness: Witness, size: int, store: Store, *, is_repeated: bool) -> tuple[int, str]:
    """Give checkpoints above a size, oldest first; return which one was the last, and what it failed with.

    :param is_repeated: the one that it has is given once more: it refuses that if it has another of this size.
    """
    with store.begin(read_only=True) as unit:
        theirs = unit.seals.checkpoints(above=size - 1, limit=_MOST)
    if size > 0 and (not theirs or theirs[0].size != size):
        return size, WitnessDiffers.code
    began = monotonic()
    for kept in [one for one in theirs if is_repeated or one.size > size]:
        try:
            witness.take(kept.size, kept.note)
        except HubError as error:
            return size, error.code
        size = kept.size
        if monotonic() - began > _LONGEST_SECONDS:
            break
    return size, ""


def _standing(unit: Unit, witness: str, told: Told, settings: Settings) -> Witnessed:
    missing, oldest = unit.seals.checkpoints_above(told.size)
    lag = max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0
    is_late, differs = lag > settings.audit_lag_seconds, told.trouble == WitnessDiffers.code
    return Witnessed(witness, max(0, told.size), told.taken_at, missing, lag, told.trouble, is_late, differs)
