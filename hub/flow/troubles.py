"""Which systems of a plan's circle cannot be reached, or have been quiet for too long, and since when.

A function of who belongs to the plan and of how the hub stands with their systems, over all people: never of what is
in the plan. So whoever watches it learns nothing of the plan, and a look is no reading that is written down
(docs/adr/0048).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, is_open_to
from hub.flow.refusal import refusals_written
from hub.plan.person import Membership
from hub.settings import Settings
from hub.store.circuits import Circuit, Direction
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class Silence:
    """One way to a system that does not work.

    :ivar since: since when it does not answer, or is held.
    :ivar is_held: an operator lets no call through.
    """

    since: datetime
    is_held: bool
    last_attempt_at: datetime | None
    last_result: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter with an authority's system.

    :ivar asked: the hub cannot ask it; None where it can.
    :ivar told: the hub cannot deliver to it; None where it can.
    :ivar is_stale: it has brought nothing for longer than the settings allow.
    :ivar last_data_at: when it last brought data, about anybody; None where that is not known.
    :ivar contact: whom to call, by the settings; empty for nobody.
    """

    authority: str
    asked: Silence | None
    told: Silence | None
    is_stale: bool
    last_data_at: datetime | None
    last_attempt_at: datetime | None
    last_result: str
    contact: str


def watch(
    plan: UUID, reader: Reader, store: Store, settings: Settings, *, actor: str, correlation_id: str
) -> Sequence[Trouble]:
    """Tell a reader who belongs to a plan how its systems stand, for a page that is open.

    It reads the circle and the circuits and writes nothing; only a refusal is written down.

    :raises NotFound: there is no plan that the reader may see.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin(read_only=True) as unit:
        at = now()
        members = unit.memberships.of_plan(plan, at)
        if not is_open_to(reader, None, members):
            raise NotFound(NO_PLAN)
        return troubles_of(unit, members, settings, at)


def troubles_of(unit: Unit, circle: Sequence[Membership], settings: Settings, at: datetime) -> Sequence[Trouble]:
    """Return what is the matter with the systems of those who belong to a plan, by their names."""
    return list(_troubles({one.member for one in circle}, unit.breakers.all(), settings, at))


def _troubles(
    members: Collection[str], circuits: Sequence[Circuit], settings: Settings, at: datetime
) -> Iterator[Trouble]:
    known: Mapping[tuple[str, Direction], Circuit] = {(one.authority, one.direction): one for one in circuits}
    for name in sorted(members):
        source = known.get((name, Direction.SOURCE), Circuit(name, Direction.SOURCE))
        recipient = known.get((name, Direction.RECIPIENT), Circuit(name, Direction.RECIPIENT))
        asked, told = _silence(source), _silence(recipient)
        is_stale = _is_stale(source, settings, at)
        if asked or told or is_stale:
            yield Trouble(
                name, asked, told, is_stale, source.last_success_at, source.last_attempt_at, source.last_result,
                settings.contacts.get(name, ""),
            )  # fmt: skip


def _silence(circuit: Circuit) -> Silence | None:
    since = circuit.held_at or circuit.since
    if since is None:
        return None
    return Silence(since, circuit.held_at is not None, circuit.last_attempt_at, circuit.last_result)


def _is_stale(source: Circuit, settings: Settings, at: datetime) -> bool:
    """Tell whether a source is quiet for too long. Of one that never brought anything nothing can be told."""
    allowed = settings.quiet_at_most(source.authority)
    return bool(allowed) and source.last_success_at is not None and source.last_success_at + allowed < at
