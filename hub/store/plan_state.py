"""The sealed part of a plan's own row: where its cases stand, what is gone, and whom the person register protects."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from hub.crypto.envelope import seal, unseal
from hub.plan.plan import CaseRef, CaseState, Plan, Tombstone
from hub.store.written import Written


class State(NamedTuple):
    """What is sealed, as a list: what is new comes last."""

    cases: list[tuple[CaseRef, CaseState]]
    tombstones: dict[UUID, Tombstone]
    protected: frozenset[UUID] = frozenset()


_STATE = Written[State](State)
_OF_BEFORE = Written[tuple[object, ...]](tuple)


def seal_state(plan: Plan, key: bytes) -> bytes:
    """Seal a plan's state under its key."""
    state = State(list(plan.cases.items()), dict(plan.tombstones), plan.protected)
    # While nobody is protected it reads as it always did: the version before this one may still be serving.
    written = _STATE.spell(state) if plan.protected else _OF_BEFORE.spell(state[:2])
    return seal(key, written, _place(plan.id))


def read_state(sealed: bytes, key: bytes, plan: UUID) -> State:
    """Return what was sealed. :raises Tampered: it does not open."""
    return _STATE.read(unseal(key, sealed, _place(plan)))


def _place(plan: UUID) -> str:
    return f"plans|{plan}|state"
