"""One bit of what is stored flips: it is noticed, nothing of it leaves, and others go on."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.audit.verification import verify
from hub.clock import monotonic
from hub.errors import SettingsRefused, Tampered
from hub.flow.seal import export
from hub.store.tables import audit, inbox, outbox, people, plans
from tests.faults.lab import Lab
from tests.faults.scenario import Scene, scenario
from tests.faults.senders import SENDER, Case, Sender
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_TAMPERED = 500


@dataclass(frozen=True, slots=True)
class Flip:
    """A stored value in which a bit is wrong, and what it was before."""

    column: sa.Column[Any]
    where: sa.ColumnElement[bool]
    before: bytes | str


@scenario("flipped-bits")
def flipped_bits(scene: Scene) -> Verdict:
    """In half of the plans one bit of a sealed value flips while deliveries wait: they become dead letters.

    Nothing of these plans leaves, and who sends more for them is refused; restored and replayed, all is delivered.
    """
    dice = scene.dice()
    with scene.lab(plans=scene.size(200, sample=16)) as lab:
        with _held_back(lab), ThreadPoolExecutor(4) as side_by_side:
            list(side_by_side.map(lab.send, [lab.journal.next_message(case) for case in lab.cases]))
            flipped = lab.cases[::2]
            flips = [_flip(lab, case, dice) for case in flipped]
        detected = _wait_for_dead(lab, len(flipped) * len(lab.recipients), 60)
        # A bit of the version before a wrapped key asks for a master key that nobody has: told as such, and as final.
        wrong = {cause for cause, _ in detected} - {"tampered", "settings-refused"}
        plans_left = {case.plan for case in flipped}
        left = sum(one.plan in plans_left for recipient in lab.recipients.values() for one in recipient.seen())
        expected = len(flipped) * len(lab.recipients)
        scene.asks(len(detected) == expected, f"{len(detected)} of {expected} deliveries became dead letters.")
        scene.asks(not wrong, f"The causes of some are {sorted(wrong)}.")
        scene.asks(left == 0, f"{left} deliveries of changed plans left.")
        refused = [_status(lab, case) for case in flipped[:10]]
        scene.asks(set(refused) <= {_TAMPERED}, f"A sender was answered {sorted(set(refused))} for a changed plan.")
        bodies = scene.size(200, sample=10)
        unread = sum(_body_is_refused(lab, dice) for _ in range(bodies))
        scene.asks(unread == bodies, f"{bodies - unread} of {bodies} changed messages were read.")
        for flip in flips:
            _write(lab, flip, flip.before)
        while letters := lab.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]:  # a hundred at a time
            for letter in letters:
                lab.ask("operator", "POST", f"/ops/dead-letters/{letter['id']}/replay")
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, bits=len(flips) + bodies, detected=len(flips) + unread)


@scenario("flipped-bits-in-audit")
def flipped_bits_in_audit(scene: Scene) -> Verdict:
    """One bit of a sealed row of the audit flips, past the triggers; whoever verifies is told each time."""
    dice, flips, unnoticed = scene.dice(), scene.size(100, sample=10), 0
    with scene.lab(plans=5) as lab:
        lab.say(20)
        drained = scene.settles(lab)
        scene.asks(_is_sealed(lab, 30), "After 30 s the audit was not sealed.")
        for name in lab.processes.programs:
            lab.processes.stop(name)
        verdict = scene.judge(lab, drained_seconds=drained, bits=flips)  # of the audit as it was written
        for _ in range(flips):
            flip = _flip_in_audit(lab, dice)
            unnoticed += not verify(export(lab.store)).faults
            _write(lab, flip, flip.before, past_triggers=True)
        asked = (*verdict.missed, *([f"{unnoticed} of {flips} changes were not noticed."] if unnoticed else []))
        return replace(verdict, missed=asked)


def _flip_in_audit(lab: Lab, dice: random.Random) -> Flip:
    """Flip one bit of a sealed row, so that it is text still."""
    column = dice.choice([audit.c.details, audit.c.action, audit.c.actor, audit.c.correlation_id])
    with lab.store.begin(read_only=True) as unit:
        row = dice.choice(unit.connection.execute(sa.select(audit.c.row)).scalars().all())
        before = str(unit.connection.execute(sa.select(column).where(audit.c.row == row)).scalar_one())
    place = dice.randrange(len(before))
    flipped = before[:place] + chr(ord(before[place]) ^ 1 << dice.randrange(4)) + before[place + 1 :]
    flip = Flip(column, audit.c.row == row, before)
    _write(lab, flip, flipped, past_triggers=True)
    return flip


def _is_sealed(lab: Lab, seconds: float) -> bool:
    until = monotonic() + seconds
    while monotonic() < until:
        with lab.store.begin(read_only=True) as unit:
            if unit.seals.unsealed_window()[0] == 0:
                return True
        _PAUSE.wait(0.2)
    return False


@contextmanager
def _held_back(lab: Lab) -> Iterator[None]:
    """Let no delivery start within the block, as an operator does."""
    for name in lab.recipients:
        held = lab.ask("operator", "POST", f"/ops/authorities/{name}/hold", {"reason": "maintenance"})
        assert held.is_success, held.text
    yield
    for name in lab.recipients:
        lab.ask("operator", "POST", f"/ops/authorities/{name}/release", {})


def _flip(lab: Lab, case: Case, dice: random.Random) -> Flip:
    """Flip one bit of something that is sealed in a plan."""
    with lab.store.begin(read_only=True) as unit:
        row = unit.connection.execute(sa.select(plans.c.person_id).where(plans.c.id == case.plan)).one()
        column, where = dice.choice(
            [
                (plans.c.content, plans.c.id == case.plan),
                (plans.c.state, plans.c.id == case.plan),
                (plans.c.wrapped_key, plans.c.id == case.plan),
                (people.c.identity, people.c.id == row.person_id),
                (people.c.wrapped_key, people.c.id == row.person_id),
            ]
        )
        before = bytes(unit.connection.execute(sa.select(column).where(where)).scalar_one())
    flip = Flip(column, where, before)
    _write(lab, flip, _with_a_bit_flipped(before, dice))
    return flip


def _with_a_bit_flipped(sealed: bytes, dice: random.Random) -> bytes:
    bit = dice.randrange(len(sealed) * 8)
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _write(lab: Lab, flip: Flip, content: bytes | str, *, past_triggers: bool = False) -> None:
    """Write a value. :param past_triggers: as who owns the database can."""
    with lab.store.begin() as unit:
        if past_triggers and unit.connection.dialect.name == "postgresql":
            unit.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        elif past_triggers:
            unit.connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_refuses_update")
        unit.connection.execute(sa.update(flip.column.table).where(flip.where).values({flip.column.name: content}))


def _wait_for_dead(lab: Lab, many: int, seconds: float) -> list[tuple[str, UUID]]:
    """Return cause and plan of the dead letters, once there are so many or the time is over."""
    until = monotonic() + seconds
    while True:
        with lab.store.begin(read_only=True) as unit:
            dead = sa.select(outbox.c.dead_cause, outbox.c.plan_id).where(outbox.c.dead_at.is_not(None))
            found = [(row.dead_cause, row.plan_id) for row in unit.connection.execute(dead)]
        if len(found) >= many or monotonic() > until:
            return found
        _PAUSE.wait(0.2)


def _status(lab: Lab, case: Case) -> int:
    """Send a further version of a case once; return the answer's status, 0 for none."""
    sender = Sender(lab.journal, lambda: lab.door, lab.tokens[SENDER])
    answered = sender.once(lab.journal.next_message(case))
    sender.close()
    return answered.status if answered else 0


def _body_is_refused(lab: Lab, dice: random.Random) -> bool:
    """Flip a bit of a message as it is kept, in a transaction that is rolled back; tell whether it does not open."""
    try:
        with lab.store.begin() as unit:
            kept = unit.connection.execute(sa.select(inbox.c.id, inbox.c.body).order_by(inbox.c.id)).all()
            row = dice.choice(kept)
            changed = _with_a_bit_flipped(bytes(row.body), dice)
            unit.connection.execute(inbox.update().where(inbox.c.id == row.id).values(body=changed))
            unit.inbox.body(row.id)
            raise AssertionError
    except (Tampered, SettingsRefused):  # the latter: a bit of the master key's version flipped
        return True
    except AssertionError:
        return False
