"""What is cleared of the sealed audit, and how much of that a checkpoint may say.

An entry may go once a checkpoint has covered it for as long as it is kept (docs/explanation/audit.md).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from hub.audit.checkpoint import Checkpoint, read_checkpoint
from hub.clock import now
from hub.errors import Tampered
from hub.store.seals import Kept
from hub.store.transaction import Unit


def clear(unit: Unit, before: datetime, most: int) -> int:
    """Delete the rows of a sealed beginning that is older than a time; return how many entries that are.

    It goes on where the last clearing ended, and takes what has lain under a checkpoint since before that time: so a
    later one can say of each whether it was kept for long enough. Their hashes stay, and the next checkpoint says how
    many they are, so that what is left can be verified as before. Who asks writes it down (``flow.housekeeping``).
    """
    begin, last = unit.seals.cleared_to(), unit.seals.last()
    # The last stays: SQLite would give its number to another, which would then count as sealed.
    end = min(unit.seals.covered_since(begin, begin + most, before), last.position if last else 0)
    if end <= begin or not _is_covered(unit, end, before):
        return 0
    unit.seals.clear(begin, end, now())
    return end - begin


def rightly_cleared(unit: Unit, last: Kept | None, before: datetime) -> int:
    """Return of how many entries a checkpoint may say that they were cleared.

    Who can write to the database can say that all may be cleared. So none is signed but what the last checkpoint had,
    and what one that the hub has signed covered before the time up to which entries are cleared.
    """
    said = unit.seals.cleared_to()
    if said == 0:
        return 0
    signed = _signed(unit, last)
    return max(said if _is_covered(unit, said, before) else 0, signed.cleared if signed else 0)


def _is_covered(unit: Unit, end: int, before: datetime) -> bool:
    """Tell whether a checkpoint that the hub has signed before a time covers all entries up to a place."""
    covering = _signed(unit, next(iter(unit.seals.checkpoints(above=end - 1, limit=1)), None))
    return covering is not None and covering.size >= end and covering.at < before


def _signed(unit: Unit, kept: Kept | None) -> Checkpoint | None:
    """Return what a checkpoint says, None when there is none that the hub has signed."""
    with suppress(Tampered):
        return read_checkpoint(kept.note, *unit.keyring.public_keys) if kept else None
    return None
