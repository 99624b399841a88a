"""What senders and queues do to messages: many times the same, all in another order, and some that are poison."""

from __future__ import annotations

import random
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import sqlalchemy as sa

from hub.clock import monotonic, now
from hub.queue.ringer import Ringer
from hub.store.lease import Ring
from hub.store.tables import outbox
from tests.faults.lab import Lab
from tests.faults.load import slowly, under_load
from tests.faults.recipients import Delivery, Recipient, answer
from tests.faults.scenario import Scene, scenario
from tests.faults.senders import SENDER, Case, Message, version_in
from tests.faults.verdict import Verdict

_AT_ONCE = 20
_FEWEST, _MOST = 2, 50
_POISONED = Path(__file__).with_name("poisoned.py")
_PAUSE = threading.Event()


# --- many times the same ------------------------------------------------------------------------------------------


@scenario("duplicates")
def duplicates(scene: Scene) -> Verdict:
    """Each message comes 2 to 50 times, twenty at a time, and then once more with another body under its id."""
    dice, different, mistaken = scene.dice(), 0, 0
    with scene.lab(plans=10) as lab:
        messages = [lab.journal.next_message(dice.choice(lab.cases)) for _ in range(scene.size(100, sample=8))]
        copies = [message for message in messages for _ in range(dice.randint(_FEWEST, _MOST))]
        with ThreadPoolExecutor(_AT_ONCE) as side_by_side:
            list(side_by_side.map(lab.send, copies))
            statuses = list(side_by_side.map(lambda message: _with_another_body(lab, message), messages))
        for message in messages:
            heard = {one.body for one in lab.journal.answers if one.message.id == message.id and one.status < 300}
            different += len(heard) != 1
        mistaken = sum(status != 409 for status in statuses)
        scene.asks(different == 0, f"{different} messages were not answered the same each time.")
        scene.asks(
            mistaken == 0, f"{mistaken} of {len(messages)} other bodies under a known id were not refused (409)."
        )
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, copies=len(copies), other_bodies=len(messages))


def _with_another_body(lab: Lab, message: Message) -> int:
    """Post what nobody means to send: another version under an id that is taken. Past the journal, for it must fail."""
    other = Message(message.id, message.case, message.version + 1_000_000)
    headers = {"Authorization": f"Bearer {lab.tokens[SENDER]}", "Content-Type": "application/xml"}
    return httpx.post(f"{lab.door}/in/{SENDER}", content=other.body, headers=headers, timeout=20).status_code


# --- another order ------------------------------------------------------------------------------------------------


@scenario("reorder")
def reorder(scene: Scene) -> Verdict:
    """Versions of each case come in any order; with a broker, rings too, several times, urgent or not, by dice."""
    dice = scene.dice()
    with scene.lab(plans=5, workers=2) as lab:
        for recipient in lab.recipients.values():
            recipient.behaviour = slowly(recipient, 0.02)
        for _ in range(scene.size(5, sample=1)):
            messages = [lab.journal.next_message(case) for case in lab.cases for _ in range(20)]
            dice.shuffle(messages)
            with ThreadPoolExecutor(8) as side_by_side:
                answers = side_by_side.map(lab.send, messages)
                if not scene.is_embedded:
                    _ring_in_any_order(lab, dice)
                list(answers)
        drained = scene.settles(lab)
        back = sum(_versions_going_back(recipient) for recipient in lab.recipients.values())
        scene.asks(back == 0, f"{back} deliveries brought an older version than one before.")
        return scene.judge(lab, drained_seconds=drained)


def _ring_in_any_order(lab: Lab, dice: random.Random) -> None:
    """Ring for every row three times, shuffled, whether it is due or not."""
    with lab.store.begin(read_only=True) as unit:
        rows = unit.connection.execute(sa.select(outbox.c.id, outbox.c.channel)).all()
    until = now() + timedelta(seconds=1)
    rings = [Ring(row.id, row.channel, dice.random() < 0.5, until) for row in rows for _ in range(3)]
    dice.shuffle(rings)
    ringer = Ringer(lab.broker)
    for ring in rings:
        ringer.ring([ring])
    ringer.close()


def _versions_going_back(recipient: Recipient) -> int:
    by_plan: dict[UUID, list[int]] = {}
    for delivery in recipient.seen():
        by_plan.setdefault(delivery.plan, []).extend(map(version_in, delivery.titles.values()))
    return sum(later < earlier for versions in by_plan.values() for earlier, later in pairwise(versions))


# --- poison -------------------------------------------------------------------------------------------------------


@scenario("poison")
def poison(scene: Scene) -> Verdict:
    """Of three plans in a hundred or more every delivery fails: one kills its process, one meets a bug, one is refused.

    They become dead letters after the attempts of the settings, and all others are delivered. Mended and replayed, they
    are delivered too.
    """
    attempts = scene.size(6, sample=3)
    with tempfile.TemporaryDirectory(prefix="hub-poison-") as folder:
        kills, breaks = Path(folder) / "kills", Path(folder) / "breaks"
        command = (sys.executable, str(_POISONED), str(kills), str(breaks))
        # Who was under way beside poison comes back at another time, within as long as a lease; that has to be longer
        # than a process takes to start. A sample has no time for that, and delivers one by one.
        at_once, lease = (1, 3) if scene.is_sample else (4, 12)
        settings = {"max_attempts": attempts, "retry_seconds": 0.2, "workers": at_once, "lease_seconds": lease}
        with scene.lab(plans=scene.size(300, sample=30), command=command, settings=settings) as lab:
            deadly, buggy, refused = lab.cases[:3]
            kills.write_text(str(deadly.plan))
            breaks.write_text(str(buggy.plan))
            for recipient in lab.recipients.values():
                recipient.behaviour = _fails_on(recipient, refused)
            patience = scene.size(500, sample=120)
            with _started_again(lab) as deaths:
                first = [lab.journal.next_message(case) for case in lab.cases]
                with under_load(lab, rest=0.02), ThreadPoolExecutor(4) as side_by_side:
                    list(side_by_side.map(lambda message: lab.send(message, 120), first))
                all_dead = _wait_for_dead(lab, 6, patience)
                others = _wait_for_others(lab, lab.cases[3:], 60)
            scene.asks(all_dead, f"Not all poison became a dead letter: {_dead(lab)}.")
            causes = {cause for cause, _ in _dead(lab)}
            # What is under way when its process is killed has been tried once more, whatever else it suffers from.
            scene.asks("poison" in causes, f"The causes are {sorted(causes)}.")
            scene.asks(causes <= {"poison", "bug", "recipient-failed"}, f"The causes are {sorted(causes)}.")
            most = attempts * len(lab.recipients)
            scene.asks(len(deaths) <= most, f"{len(deaths)} processes were killed; at most {most}.")
            asked = sum(one.plan == refused.plan for recipient in lab.recipients.values() for one in recipient.seen())
            scene.asks(asked <= most, f"Recipients that fail were asked {asked} times; at most {most}.")
            scene.asks(others, "Poison held others up.")
            _mend(lab, kills, breaks)
            drained = scene.settles(lab)
            return scene.judge(lab, drained_seconds=drained, processes_killed=len(deaths), asked_in_vain=asked)


def _fails_on(recipient: Recipient, case: Case) -> Any:
    def behaves(handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
        if delivery.plan == case.plan:
            answer(handler, 500, {}, delivery)
        else:
            recipient.taken_in(handler, delivery)

    return behaves


@contextmanager
def _started_again(lab: Lab) -> Iterator[list[str]]:
    """Start each process that dies again, as whoever runs a hub lets the machine do; yield who died."""
    deaths, is_over = list[str](), threading.Event()

    def watch() -> None:
        while not is_over.wait(0.2):
            for name in lab.processes.dead():
                deaths.append(name)
                lab.processes.start(name)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield deaths
    finally:
        is_over.set()
        watching.join(60)


def _dead(lab: Lab) -> Sequence[tuple[str, int]]:
    """Return cause and attempts of each dead letter."""
    with lab.store.begin(read_only=True) as unit:
        return [(letter.code, letter.attempts) for letter in unit.dead_letters.died_until(now())]


def _wait_for_dead(lab: Lab, many: int, seconds: float) -> bool:
    until = monotonic() + seconds
    while len(_dead(lab)) < many and monotonic() < until:
        _PAUSE.wait(0.2)
    return len(_dead(lab)) == many


def _wait_for_others(lab: Lab, others: Sequence[Case], seconds: float) -> bool:
    wanted, until = {case.number for case in others}, monotonic() + seconds
    while any(case.number in wanted for _, case in lab.behind()) and monotonic() < until:
        _PAUSE.wait(0.2)
    return not any(case.number in wanted for _, case in lab.behind())


def _mend(lab: Lab, kills: Path, breaks: Path) -> None:
    """Take the poison out, and bring the dead letters back as an operator does."""
    kills.write_text("")
    breaks.write_text("")
    for recipient in lab.recipients.values():
        recipient.behaviour = None
    for letter in lab.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]:
        lab.ask("operator", "POST", f"/ops/dead-letters/{letter['id']}/replay")
