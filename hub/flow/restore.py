"""What a hub must do whose database was restored from a copy: it is younger than what others know (docs/adr/0057).

Recipients have had later sequences, and drop what is not later still: a withdrawal too, which they would answer as if
it were done. So every sequence is raised above any that the lost time can have had. Plans that were erased since the
copy was made are there again, with their keys: they are erased again, by the certificates that were kept outside. And
nothing leaves before somebody has entered what citizens have withdrawn since: recipients are held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.authority import REGISTER
from hub.clock import new_id, now
from hub.crypto.signing import verify
from hub.errors import Conflict, Tampered
from hub.flow.erase import coordinator_of
from hub.flow.erasure_statement import KIND
from hub.flow.standing import Asked, called, hold
from hub.settings import Settings
from hub.store.circuits import Direction, HoldReason
from hub.store.erasures import Erasure
from hub.store.transaction import Store, Unit

ACTOR = "restore"
#: More than one plan is delivered to one recipient between two copies; a sequence has 31 bits.
_RAISED_BY = 1_000_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    :ivar erased: plans that were there again, and are not any more.
    :ivar held: whose deliveries wait until they are released.
    """

    erased: Sequence[UUID]
    held: Sequence[str]


def erased_since(lines: Iterable[bytes], store: Store) -> list[tuple[dict[str, Any], bytes]]:
    """Read certificates of erasures, one a line; return what each states, and itself.

    :raises Tampered: one is not signed by this hub, or is no certificate of an erasure of this municipality.
    """
    read = []
    for line in lines:
        certificate = line.strip()
        if not certificate:
            continue
        statement = verify(certificate, store.keyring.public_keys)["statement"]
        if statement.get("kind") != KIND or statement.get("municipality") != store.municipality:
            raise Tampered("A line is no certificate of an erasure of this hub.", "Give the list that was kept of it.")
        read.append((statement, certificate))
    return read


def restored(
    certificates: Iterable[tuple[dict[str, Any], bytes]], store: Store, settings: Settings, *, actor: str
) -> Restored:
    """Make a restored database fit to be used; may be run again. No process of the hub may run meanwhile."""
    correlation_id = str(new_id())
    held = [name for name in called(settings.authorities, settings) if name != REGISTER]  # that is told of no plan
    for name in held:
        _hold(Asked(name, [Direction.RECIPIENT], held, actor, correlation_id), store)
    erased = []
    for statement, certificate in certificates:
        with store.begin() as unit:
            if _erase_again(unit, statement, certificate, actor, correlation_id):
                erased.append(UUID(statement["plan"]))
    with store.begin() as unit:
        rows = unit.outbox.raise_sequences(_RAISED_BY)
        told: dict[str, Any] = {"rows": rows, "erased": len(erased), "held": held}
        unit.audit.record("restored", actor, now(), correlation_id, **told)
    return Restored(erased, held)


def _hold(asked: Asked, store: Store) -> None:
    """Hold deliveries to a recipient; one that was held when the copy was made is so already."""
    with suppress(Conflict):
        hold(asked, HoldReason.OTHER, store)


def _erase_again(unit: Unit, said: dict[str, Any], certificate: bytes, actor: str, correlation_id: str) -> bool:
    """Erase a plan that was erased before. Nobody is waited for, and no legal hold of then counts."""
    plan = UUID(said["plan"])
    unit.plans.lock([plan])
    person, one = unit.plans.person_of(plan), unit.erasures.of_plan(plan)
    if person is None:
        return False
    if one is None:
        organisation, asked_at = coordinator_of(unit, plan, now()), datetime.fromisoformat(said["asked_at"])
        one = Erasure(UUID(said["erasure"]), plan, person, said["cause"], organisation, ACTOR, asked_at)
        unit.erasures.ask(one)
    if one.approved_at is None:
        approved_at = datetime.fromisoformat(said["approved_at"])
        unit.erasures.approve(one, ACTOR, approved_at)
        one = replace(one, approved_by=ACTOR, approved_at=approved_at)
    gone = unit.erasures.shred(plan, person)
    unit.erasures.finish(one, certificate, datetime.fromisoformat(said["erased_at"]))
    unit.audit.record("erased-again", actor, now(), correlation_id, plan, erasure=one.id, cause=one.cause, rows=gone)
    return True
