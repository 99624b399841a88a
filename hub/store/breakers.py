"""Breakers and bulkheads: which calls to an authority's system may start, for all workers of all processes at once.

    circuit = unit.breakers.of("social", Direction.RECIPIENT)
    call = unit.breakers.enter(circuit, token, at, 60, at_most=4)
    if call is None: ...      # held, open, probed by another, or full: it waits
    ...
    unit.breakers.answered(call, at, "taken-in", brought=True)

A call holds a place of its authority's bulkhead, and in a half-open circuit the probe. Both are leases: a worker that
dies gives them back when its time is up. Only a call that met a closed circuit, or the probe itself, says anything of
the circuit: what began before it opened is old news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from hub.store import call_statements as sql
from hub.store.call_tables import calls, circuits
from hub.store.circuits import Call, Circuit, Direction, HoldReason, circuit_of, pause
from hub.store.upserts import insert_into

#: A call that only says what the last one said is written down no oftener than this.
_OFTEN_ENOUGH = timedelta(seconds=5)


class Answered(NamedTuple):
    """What an answer changes.

    :ivar has_closed: it closed the circuit.
    :ivar may_be_waited_for: deliveries may wait for the place that the call had.
    """

    has_closed: bool
    may_be_waited_for: bool


class Breakers:
    """Circuits and calls, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def of(self, authority: str, direction: Direction) -> Circuit:
        """Return how the hub stands with an authority; one that it has never called is closed."""
        row = self._execute(sql.READ, name=authority, way=direction).one_or_none()
        return circuit_of(row) if row is not None else Circuit(authority, direction)

    def all(self) -> Sequence[Circuit]:
        """Return every circuit that has seen a call or an operator."""
        return [circuit_of(row) for row in self._execute(sql.READ_ALL)]

    def silent(self, direction: Direction) -> Mapping[str, datetime]:
        """Return who is not called or does not answer, and since when."""
        return {row[0]: row[1] for row in self._execute(sql.SILENT, way=direction)}

    def under_way(self, at: datetime) -> Mapping[tuple[str, Direction], int]:
        """Count calls under way by authority and direction."""
        return {(row[0], Direction(row[1])): row[2] for row in self._execute(sql.UNDER_WAY, at=at)}

    # --- calls ----------------------------------------------------------------------------------------------------

    def enter(self, circuit: Circuit, token: UUID, at: datetime, seconds: float, at_most: int) -> Call | None:
        """Let a call start; None when it must wait.

        :param circuit: as read in this transaction.
        :param token: names the call; whoever starts it chooses it.
        :param seconds: how long the call may take before its worker counts as dead.
        :param at_most: how many calls to this authority may be under way at once.
        """
        if not circuit.lets_through(at, at_most):
            return None
        authority, direction = circuit.authority, circuit.direction
        until, is_probe = at + timedelta(seconds=seconds), circuit.since is not None
        one: dict[str, Any] = {"name": authority, "way": direction, "token": token, "at": at, "until": until}
        if is_probe and not self._execute(sql.PROBE, **one).rowcount:
            return None  # another was quicker
        number = self._take_place(at_most, **one)
        if number is None:
            if is_probe:
                self._execute(sql.LAY_DOWN_PROBE, token=token)
            return None
        return Call(token, number, circuit, is_probe, at_most)

    def leave(self, token: UUID, *, is_probe: bool = True) -> bool:
        """A call has ended, or was never made, and says nothing of the system that it was meant for.

        :param is_probe: False where the call is known to be none.
        :return: whether deliveries may wait for the place.
        """
        may_be_waited_for = self._give_back(token)
        if is_probe:
            self._execute(sql.LAY_DOWN_PROBE, token=token)
        return may_be_waited_for

    def answered(self, call: Call, at: datetime, result: str, *, brought: bool = False) -> Answered:
        """The system has answered, if not always as we wish.

        :param brought: whether data got through.
        """
        may_be_waited_for = self._give_back(call.token)
        if not call.is_probe and _says_nothing_new(call.circuit, at, result, brought):
            return Answered(False, may_be_waited_for)
        success = at if brought else None
        is_told = self._tell(sql.ANSWERED, call, at=at, result=result, success=success)
        return Answered(is_told and call.is_probe, may_be_waited_for)

    def did_not_answer(self, call: Call, at: datetime, code: str, asked: float | None) -> tuple[datetime, bool]:
        """The system has not answered: leave it alone. Return until when, and whether that opened the circuit.

        :param asked: seconds it asked us to wait.
        """
        self._give_back(call.token)
        until = at + pause(call.circuit.failures, asked)
        if self._tell(sql.DID_NOT_ANSWER, call, at=at, until=until, result=code):
            return until, not call.is_probe
        if asked:  # others have opened it meanwhile; what this one was asked counts too
            one = {"name": call.authority, "way": call.direction, "until": until}
            self._execute(sql.STAY_AWAY, **one)
        return self.of(call.authority, call.direction).open_until or until, False

    def brought(self, authority: str, at: datetime) -> None:
        """An authority has brought data, by whichever way, or has said that the hub has all it has."""
        last = self.of(authority, Direction.SOURCE).last_success_at
        if last is None or at - last >= _OFTEN_ENOUGH:
            self._ensured(sql.BROUGHT, authority, Direction.SOURCE, at=at)

    # --- who may be called ----------------------------------------------------------------------------------------

    def room(self, authority: str, direction: Direction, at: datetime, at_most: int) -> int:
        """Return how many more calls may start now."""
        taken = sum(count for (name, _), count in self.under_way(at).items() if name == authority)
        return max(0, min(self.of(authority, direction).lets_through(at, at_most), at_most - taken))

    def room_surely(self, authority: str, direction: Direction, at: datetime, at_most: int) -> int:
        """Return how many more calls may start, once those have ended that are ending: waits for them, briefly."""
        taken = len(self._execute(sql.TAKEN_SURELY, name=authority, at_most=at_most, at=at).all())
        return max(0, min(self.of(authority, direction).lets_through(at, at_most), at_most - taken))

    def willing(
        self, direction: Direction, names: Iterable[str], at: datetime, at_most: Callable[[str], int]
    ) -> list[str]:
        """Return those of some authorities to which a call may start now."""
        known = {circuit.authority: circuit for circuit in self.all() if circuit.direction is direction}
        taken = dict.fromkeys(names, 0)
        for (name, _), count in self.under_way(at).items():
            taken[name] = taken.get(name, 0) + count
        return [
            name
            for name in names
            if taken[name] < at_most(name) and known.get(name, Circuit(name, direction)).lets_through(at, at_most(name))
        ]

    def start_afresh(self) -> None:
        """Forget calls and probes: the one process that made them has just been started."""
        self._connection.execute(
            calls.update().where(calls.c.municipality == self._municipality).values(lease=None, lease_until=None)
        )
        ours = circuits.update().where(circuits.c.municipality == self._municipality)
        self._connection.execute(ours.values(probe=None, probe_until=None))

    # --- what an operator does ------------------------------------------------------------------------------------

    def hold(self, authority: str, direction: Direction, reason: HoldReason, by: str, at: datetime) -> bool:
        """Let no call through until it is released; tell whether it was not held before."""
        return self._ensured(sql.HOLD, authority, direction, at=at, by=by, why=reason)

    def release(self, authority: str, direction: Direction) -> bool:
        """Let calls through again, as the circuit stands; tell whether it was held."""
        return self._execute(sql.RELEASE, name=authority, way=direction).one_or_none() is not None

    def probe_now(self, authority: str, direction: Direction, at: datetime) -> bool:
        """End a pause: the next call probes. Tell whether there was one."""
        return bool(self._execute(sql.PROBE_NOW, name=authority, way=direction, at=at).rowcount)

    # --------------------------------------------------------------------------------------------------------------

    def _give_back(self, token: UUID) -> bool:
        """Give a place back. Tell whether deliveries may wait for it; where it was lost already, they may."""
        return bool(self._execute(sql.GIVE_PLACE_BACK, token=token).scalars().one_or_none() in (None, True))

    def _take_place(self, at_most: int, **one: Any) -> int | None:
        number = self._execute(sql.TAKE_PLACE, at_most=at_most, **one).scalar_one_or_none()
        if number is not None:
            return int(number)
        there = set(self._execute(sql.PLACES, name=one["name"]).scalars())
        places = [
            {"municipality": self._municipality, "authority": one["name"], "number": n, "direction": one["way"]}
            for n in range(1, at_most + 1)
            if n not in there
        ]
        if places:
            self._connection.execute(insert_into(calls, self._connection).values(places).on_conflict_do_nothing())
        # also where nothing is missing now: another may have made the places since we looked for a free one
        number = self._execute(sql.TAKE_PLACE, at_most=at_most, **one).scalar_one_or_none()
        return None if number is None else int(number)

    def _tell(self, statement: sa.Update, call: Call, **said: Any) -> bool:
        return self._ensured(statement, call.authority, call.direction, token=call.token, **said)

    def _ensured(self, statement: sa.Update, authority: str, direction: Direction, **said: Any) -> bool:
        """Change a circuit, which is made when this is the first that is heard of it."""
        one = {"name": authority, "way": direction, **said}
        if self._execute(statement, **one).rowcount:
            return True
        first = {
            "municipality": self._municipality, "authority": authority, "direction": direction, "failures": 0,
            "reason": "", "last_result": "",
        }  # fmt: skip
        self._connection.execute(insert_into(circuits, self._connection).values(first).on_conflict_do_nothing())
        return bool(self._execute(statement, **one).rowcount)

    def _execute(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, {"ours": self._municipality, **given})


def _says_nothing_new(circuit: Circuit, at: datetime, result: str, brought: bool) -> bool:
    """Tell whether a call ended as the one before it, a moment ago; then nothing is written."""
    last = circuit.last_attempt_at
    is_fresh = last is not None and timedelta(0) <= at - last < _OFTEN_ENOUGH
    is_told = not brought or (circuit.last_success_at is not None and at - circuit.last_success_at < _OFTEN_ENOUGH)
    return is_fresh and is_told and circuit.last_result == result and circuit.since is None
