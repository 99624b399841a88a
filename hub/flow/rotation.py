"""Change the master key while the hub runs: wrap anew, in small steps, everything that another version has wrapped.

    ask(store, actor)                       # a round begins, towards the version in use
    while step(store) is not None: ...      # every process does some; how far it has come is committed with each step

A step is a transaction of at most ``MOST`` rows, and waits for nobody. A round that left rows that somebody held begins
again, until none is left but those that do not open. Rounds are rows of the housekeeping table, one kind per version,
so that a process whose settings still name another version in use takes no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from hub.clock import new_id, now
from hub.crypto.envelope import SET_OLD_KEY
from hub.errors import SettingsRefused
from hub.flow.housekeeping import ACTOR
from hub.store.retention import Step
from hub.store.rewrapping import Rewrapping
from hub.store.rounds import Rounds
from hub.store.transaction import Store, Unit

#: Rows that one transaction wraps anew; deliveries wait for no more on SQLite.
MOST = 100
PAUSE = timedelta(milliseconds=50)
#: How long until rows are looked for again that could not be wrapped anew.
LOOK_AGAIN = timedelta(seconds=1)
_NEVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the master keys stand.

    :ivar in_use: the version that wraps what is new.
    :ivar rows: how many rows there are of each version that is set or needed.
    :ivar missing: versions that rows need and the settings lack.
    :ivar is_under_way: a round is being done.
    :ivar has_ended: one has been done: what is left of other versions does not open, or was written since.
    """

    in_use: int
    rows: Mapping[int, int]
    missing: frozenset[int]
    is_under_way: bool
    has_ended: bool

    @property
    def left(self) -> int:
        """Return how many rows another version than the one in use has wrapped."""
        return sum(rows for version, rows in self.rows.items() if version != self.in_use)

    @property
    def removable(self) -> frozenset[int]:
        """Return the versions that nothing needs any more; none while rows of others than the one in use are left.

        One that does not open may be of any version, whatever it says, and opens by that again once it is restored.
        """
        if self.left:
            return frozenset()
        return frozenset(version for version, rows in self.rows.items() if not rows and version < self.in_use)


def standing(store: Store) -> Standing:
    """Return how many rows each version of the master key has wrapped; it looks at every row."""
    kept = store.keyring.versions
    with store.begin(read_only=True) as unit:
        counted = Rewrapping(unit.connection, store.keyring).counts()
        round_ = next((one for one in _rounds(unit).all() if one.kind == _kind(store)), None)
    rows = {version: counted.get(version, 0) for version in sorted({*counted, *kept})}
    is_under_way = round_ is not None and round_.due_at <= now() + LOOK_AGAIN
    has_ended = round_ is not None and round_.last_ended_at is not None and not is_under_way
    return Standing(store.keyring.in_use, rows, frozenset(counted) - kept, is_under_way, has_ended)


def check_keys(store: Store) -> None:
    """Refuse to go on without a key that something stored needs.

    :raises SettingsRefused: naming the version.
    """
    with store.begin(read_only=True) as unit:
        missing = Rewrapping(unit.connection, store.keyring).missing()
    if missing is not None:
        raise SettingsRefused(
            f"Stored data needs master key version {missing}, and HUB_KEYS__{missing} is not set.", SET_OLD_KEY
        )


def ask(store: Store, actor: str) -> None:
    """Let a round begin now; one that is under way goes on. :raises SettingsRefused: a key is missing."""
    check_keys(store)
    with store.begin() as unit:
        known, at = _rounds(unit), now()
        known.ensure([_kind(store)], at)
        known.ask([_kind(store)], actor, at)


def step(store: Store) -> int | None:
    """Do one step towards the version in use; return how many rows it was. None: nothing is due, or others do it."""
    with store.begin() as unit:
        known, at = _rounds(unit), now()
        taken = known.take([_kind(store)], at)
        if taken is None:
            return None
        rewrapping = Rewrapping(unit.connection, store.keyring)
        done = rewrapping.step(taken.position, MOST)
        if done.position is not None:
            known.goes_on(taken, done, at, at + PAUSE)
        elif rewrapping.left() > done.unreadable:
            # Somebody held it, or a process wrapped it that has another version in use.
            known.goes_on(taken, Step(done.rows, ""), at, at + LOOK_AGAIN)
        else:
            known.ended(taken, done, at, at + _NEVER)
            rows, actor = taken.cleared + done.rows, taken.asked_by or ACTOR
            unit.audit.record(
                "keys-rotated", actor, at, str(new_id()),
                version=store.keyring.in_use, rows=rows, unreadable=done.unreadable,
            )  # fmt: skip
    return done.rows


def _rounds(unit: Unit) -> Rounds:
    return Rounds(unit.connection, unit.municipality)


def _kind(store: Store) -> str:
    return f"master-key-{store.keyring.in_use}"
