"""Seal what was done, after it was done: no deed waits for it.

Each step is a transaction of its own, so a crash between them loses nothing: what is sealed stays sealed, and the next
checkpoint covers it. See docs/explanation/audit.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from typing_extensions import TypedDict

from hub.audit.checkpoint import Checkpoint
from hub.audit.entry import FIRST_LINK, Entry, link
from hub.audit.merkle import Frontier
from hub.audit.verification import KIND
from hub.clock import now
from hub.flow.cleared import rightly_cleared
from hub.flow.witness import WitnessAnswer, Witnessed, witnessed
from hub.settings import Settings
from hub.store.seals import Kept, Seal, Seals
from hub.store.transaction import Store

#: Rows that are sealed in one transaction, at most.
BATCH = 1000


class CheckpointAnswer(TypedDict):
    """The last checkpoint: how many entries it covers, and when it was signed, in UTC."""

    size: int
    at: str


class SealingAnswer(TypedDict):
    """How the sealing of the audit stands; no checkpoint before the first."""

    is_well: bool
    sealed: int
    unsealed: int
    oldest_unsealed_seconds: float
    is_late: bool
    checkpoint: CheckpointAnswer | None
    witnesses: list[WitnessAnswer]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sealing stands.

    :ivar sealed: entries.
    :ivar unsealed: committed rows that wait.
    :ivar oldest_seconds: how long the oldest of them has waited; 0 when none does.
    :ivar checkpoint: the last one, None before the first.
    :ivar is_late: the oldest has waited for longer than ``HUB_AUDIT_LAG_SECONDS``: an alarm.
    :ivar witnesses: how far each has come; one that lags, or differs, is an alarm too.
    """

    sealed: int
    unsealed: int
    oldest_seconds: float
    checkpoint: Kept | None
    is_late: bool
    witnesses: Sequence[Witnessed]

    @property
    def is_well(self) -> bool:
        """Tell whether there is no alarm."""
        return not self.is_late and all(one.is_well for one in self.witnesses)

    def told(self) -> SealingAnswer:
        """Return it in JSON; nothing of a person."""
        last = self.checkpoint
        return {
            "is_well": self.is_well,
            "sealed": self.sealed,
            "unsealed": self.unsealed,
            "oldest_unsealed_seconds": round(self.oldest_seconds, 3),
            "is_late": self.is_late,
            "checkpoint": {"size": last.size, "at": last.at.isoformat()} if last else None,
            "witnesses": [one.told() for one in self.witnesses],
        }


def seal(store: Store, *, is_whole: bool = False) -> int:
    """Seal rows that are committed and not sealed, a thousand at most; return how many.

    :param is_whole: look for rows of any age, not for recent ones alone.
    """
    with store.begin(read_only=True) as unit:  # on SQLite a writer keeps others out, so only with something to write
        if not unit.seals.unsealed(1, is_whole=is_whole):
            return 0
    with store.begin() as unit:
        if not unit.seals.take():
            return 0  # another process is just doing it
        rows = unit.seals.unsealed(BATCH, is_whole=is_whole)
        last = unit.seals.last()
        position, chain = (last.position + 1, last.link) if last else (0, FIRST_LINK)
        seals = []
        for row in rows:
            leaf = _entry(row, store.municipality).leaf()
            chain = link(chain, leaf)
            seals.append(Seal(position, row["row"], leaf, chain))
            position += 1
        unit.seals.append(seals)
    return len(seals)


def checkpoint(store: Store, settings: Settings) -> Kept | None:
    """Sign a checkpoint over all that is sealed, if one is due; return it."""
    with store.begin(read_only=True) as unit:
        if not _is_due(unit.seals, settings, now()):
            return None
    with store.begin() as unit:
        if not unit.seals.take() or not _is_due(unit.seals, settings, now()):
            return None
        last, kept = unit.seals.last(), unit.seals.last_checkpoint()
        assert last is not None, "it would not be due"  # noqa: S101
        tree = Frontier.from_bytes(kept.size, kept.peaks) if kept else Frontier()
        for leaf in unit.seals.leaves(tree.size):
            tree = tree.append(leaf)
        at = now()
        cleared = rightly_cleared(unit, kept, at - timedelta(days=settings.keep_audit_days))
        said = Checkpoint(origin(store), tree.size, tree.root(), last.link, at, cleared)
        new = Kept(tree.size, at, tree.to_bytes(), said.signed(store.keyring.signing_key))
        unit.seals.keep(new)
    return new


def export(store: Store) -> Iterator[bytes]:
    """Yield the sealed audit line by line, as ``hub.audit.verification`` reads it."""
    with store.begin(read_only=True) as unit:
        key, *old = (public.text for public in store.keyring.public_keys)
        yield _line({"kind": KIND, "origin": origin(store), "public_key": key, "old_keys": old})
        for kept in unit.seals.checkpoints():
            yield _line({"checkpoint": kept.note})
        for found, row in unit.seals.walk():
            told = _entry(row, store.municipality).told() if row else None
            place = {"position": found.position, "leaf": found.leaf.hex(), "chain": found.link.hex()}
            yield _line({**place, "entry": told})


def standing(store: Store, settings: Settings) -> Standing:
    """Return how the sealing stands."""
    with store.begin(read_only=True) as unit:
        last, kept = unit.seals.last(), unit.seals.last_checkpoint()
        count, oldest = unit.seals.unsealed_window()
        witnesses = witnessed(unit, settings)
    waited = max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0
    is_late = waited > settings.audit_lag_seconds
    return Standing(last.position + 1 if last else 0, count, waited, kept, is_late, witnesses)


def has_late_rows(store: Store, settings: Settings) -> bool:
    """Tell whether a recent row waits to be sealed for longer than ``HUB_AUDIT_LAG_SECONDS``; looks at few rows."""
    with store.begin(read_only=True) as unit:
        first = unit.seals.unsealed(1, is_whole=False)
    return bool(first) and (now() - first[0]["at"]).total_seconds() > settings.audit_lag_seconds


def origin(store: Store) -> str:
    """Return the name of this hub's audit, as it stands in checkpoints."""
    return f"one-plan-hub/{store.municipality}/audit"


def _is_due(seals: Seals, settings: Settings, at: datetime) -> bool:
    last, kept = seals.last(), seals.last_checkpoint()
    size = last.position + 1 if last else 0
    waiting = size - (kept.size if kept else 0)
    is_old = kept is None or at - kept.at >= timedelta(seconds=settings.audit_checkpoint_seconds)
    return waiting > 0 and (is_old or waiting >= settings.audit_checkpoint_entries)


def _entry(row: dict[str, Any], municipality: str) -> Entry:
    return Entry(
        row["row"], municipality, row["at"], row["action"], row["actor"], row["plan_id"], row["correlation_id"],
        row["details"],
    )  # fmt: skip


def _line(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told) + b"\n"
