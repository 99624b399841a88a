"""How the hub stands with each authority's system, and what an operator may do about it.

A hold loses nothing: deliveries, fetches and polls wait. Withdrawals wait too, so a recipient that is held, or does not
answer, may keep what was taken back; ``alarm`` says so, and that a recipient owes its word on what it has received.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.authority import REGISTER
from hub.authority.post import KIND, USUAL
from hub.clock import now
from hub.errors import Conflict, NotFound
from hub.flow.alarms import NOTHING, alarm_of, owed_by_recipients
from hub.flow.refusal import refusals_written
from hub.flow.standing_shapes import AuthorityStanding, CircuitTold
from hub.settings import Settings
from hub.store.circuits import Circuit, Direction, HoldReason, State
from hub.store.transaction import Store, Unit

BOTH = tuple(Direction)
_PROBED = (State.OPEN, State.HALF_OPEN)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asks for.

    :ivar configured: the authorities that there are by the settings.
    """

    authority: str
    directions: Sequence[Direction]
    configured: Iterable[str]
    actor: str
    correlation_id: str


def standings(names: Iterable[str], store: Store, settings: Settings) -> list[AuthorityStanding]:
    """Return how each authority stands in each direction: states, times, codes and counts; nothing of a person.

    :param names: authorities that are configured; those that were called before are told of too.
    """
    with store.begin(read_only=True) as unit:
        at = now()
        return standings_by(unit, names, settings, unit.outbox.counts(at), at)


def standings_by(
    unit: Unit, names: Iterable[str], settings: Settings, counted: Sequence[Mapping[str, Any]], at: datetime
) -> list[AuthorityStanding]:
    """Return the same (:func:`standings`) where deliveries are counted already."""
    known = {(circuit.authority, circuit.direction): circuit for circuit in unit.breakers.all()}
    under_way, waiting = unit.breakers.under_way(at), _waiting(unit, settings, counted, at)
    owed = owed_by_recipients(unit, settings, at)
    posts = _posts(settings)  # a post is asked for nothing, as the register is told of no plan
    everyone = sorted({*called(names, settings), *(authority for authority, _ in known)})
    return [
        {
            **_told(known.get((name, direction), Circuit(name, direction)), at),
            "under_way": under_way.get((name, direction), 0),
            "at_most": settings.calls_at_most(name),
            "waiting": waiting.get((name, direction), 0),
            **alarm_of(known.get((name, direction), Circuit(name, direction)), owed.get(name, NOTHING), at),
        }
        for name in everyone
        for direction in BOTH
        if (name, direction) not in {(REGISTER, Direction.RECIPIENT), *((post, Direction.SOURCE) for post in posts)}
    ]


def called(names: Iterable[str], settings: Settings) -> list[str]:
    """Return whose systems the hub calls: authorities, and the person register and the post where they are set."""
    return [*names, *([REGISTER] if settings.person_register else []), *_posts(settings)]


def _posts(settings: Settings) -> list[str]:
    return [str(settings.post.get(KIND, USUAL))] if settings.post else []


def hold(asked: Asked, reason: HoldReason, store: Store) -> None:
    """Let no call through until it is released.

    :raises NotFound: there is no such authority.
    :raises Conflict: it is held already.
    """
    with _asked_for(asked, store) as (unit, at):
        held = [way for way in asked.directions if unit.breakers.hold(asked.authority, way, reason, asked.actor, at)]
        if not held:
            raise Conflict("This authority is held already.", "To hold it for another reason, release it first.")
        _write_down(unit, "held", asked, held, at, reason=reason)


def release(asked: Asked, store: Store, settings: Settings) -> None:
    """Let calls through again, as the circuit stands.

    :raises NotFound: there is no such authority.
    :raises Conflict: it is not held.
    """
    with _asked_for(asked, store) as (unit, at):
        released = [way for way in asked.directions if unit.breakers.release(asked.authority, way)]
        if not released:
            raise Conflict("This authority is not held.", "Look at the list: it says how each authority stands.")
        _write_down(unit, "released", asked, released, at)
        _ring(unit, asked.authority, at, settings)


def probe(asked: Asked, store: Store, settings: Settings) -> bool:
    """End a pause now: the next call goes through as a probe. Tell whether something waits that will call.

    :raises NotFound: there is no such authority.
    :raises Conflict: it is not paused, or it is held.
    """
    with _asked_for(asked, store) as (unit, at):
        ways = [way for way in asked.directions if unit.breakers.of(asked.authority, way).state(at) in _PROBED]
        if not ways:
            raise Conflict("There is no pause to end.", "A held authority is released; a closed one is called anyway.")
        for way in ways:
            unit.breakers.probe_now(asked.authority, way, at)
        _write_down(unit, "probe-asked", asked, ways, at)
        has_delivery = Direction.RECIPIENT in ways and _ring(unit, asked.authority, at, settings)
        return (Direction.SOURCE in ways and unit.jobs.hurry(asked.authority, at)) or has_delivery


@contextmanager
def _asked_for(asked: Asked, store: Store) -> Iterator[tuple[Unit, datetime]]:
    with refusals_written(store, asked.actor, asked.correlation_id), store.begin() as unit:
        if asked.authority not in {*asked.configured, *(circuit.authority for circuit in unit.breakers.all())}:
            raise NotFound("There is no authority of this name.", "Look at the list of authorities.")
        yield unit, now()


def _write_down(
    unit: Unit, deed: str, asked: Asked, directions: Iterable[Direction], at: datetime, **besides: Any
) -> None:
    for way in directions:
        unit.audit.record(
            deed, asked.actor, at, asked.correlation_id, authority=asked.authority, direction=way, **besides
        )


def _ring(unit: Unit, authority: str, at: datetime, settings: Settings) -> bool:
    """Ring for deliveries that the circuit lets through; tell whether there are any."""
    room = unit.breakers.room(authority, Direction.RECIPIENT, at, settings.calls_at_most(authority))
    return unit.outbox.wake(authority, room, at)


def _waiting(
    unit: Unit, settings: Settings, counted: Sequence[Mapping[str, Any]], at: datetime
) -> dict[tuple[str, Direction], int]:
    due = {(row["recipient"], Direction.RECIPIENT): row["due"] for row in counted}
    due |= {(post, Direction.RECIPIENT): unit.notices.due(at) for post in _posts(settings)}
    return due | {(name, Direction.SOURCE): count for name, count in unit.jobs.waiting(at).items()}


def _told(circuit: Circuit, at: datetime) -> CircuitTold:
    state = circuit.state(at)
    is_held, is_open = state is State.HELD, state is State.OPEN
    return {
        "authority": circuit.authority,
        "direction": circuit.direction,
        "state": state,
        "since": circuit.held_at if is_held else circuit.since,
        "until": circuit.open_until if is_open else None,
        "reason": (circuit.held_reason if is_held else circuit.reason) or "",
        "held_by": circuit.held_by,
        "failures": circuit.failures,
        "next_probe_at": circuit.open_until if state in _PROBED else None,
        "is_probed": circuit.is_probed(at),
        "last_success_at": circuit.last_success_at,
        "last_attempt_at": circuit.last_attempt_at,
        "last_result": circuit.last_result,
    }
