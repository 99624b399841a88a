"""Load that goes on while a fault is there: senders that post one message after the other until told to stop."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from hub.clock import monotonic
from tests.faults.lab import Lab
from tests.faults.recipients import Delivery, Recipient
from tests.faults.senders import SENDER, Answered, Message, Sender

_PAUSE = threading.Event()
#: Answers that tell a sender to come again, beside those of 500 and above.
_LATER = (408, 429)


@dataclass
class Load:
    """What the senders of a load have been answered, with the instant of each answer (monotonic seconds).

    :ivar given_up: messages whose sender was not answered within its patience.
    """

    answers: list[tuple[float, Answered]] = field(default_factory=list)
    given_up: list[Message] = field(default_factory=list)

    def since(self, begin: float, until: float = float("inf")) -> list[Answered]:
        """Return what was answered from one instant to another."""
        return [answered for at, answered in list(self.answers) if begin <= at <= until]

    def goes_on(self, many: int = 5, seconds: float = 30) -> None:
        """Wait until so many more messages are acknowledged, or the time is over: a fault is to meet a hub at work."""
        known, until = self._taken, monotonic() + seconds
        while self._taken < known + many and monotonic() < until:
            _PAUSE.wait(0.02)

    @property
    def _taken(self) -> int:
        return sum(answered.status in (200, 201) for _, answered in list(self.answers))

    def first_acknowledged_since(self, begin: float) -> float | None:
        """Return how many seconds after an instant a message was acknowledged; None: none was."""
        taken = [at - begin for at, answered in list(self.answers) if at >= begin and answered.status in (200, 201)]
        return min(taken, default=None)


@contextmanager
def under_load(lab: Lab, *, senders: int = 3, rest: float = 0.05, patience: float = 60) -> Iterator[Load]:
    """Let senders post new versions of cases until the block ends; each then waits for the answer that it is owed.

    :param rest: seconds between an answer and the sender's next message.
    :param patience: seconds that each tries again for while it is not answered.
    """
    load, is_over = Load(), threading.Event()
    with ThreadPoolExecutor(senders) as side_by_side:
        at_work = [
            side_by_side.submit(_post, lab, load, is_over, random.Random(f"{lab.seed}-{number}"), rest, patience)
            for number in range(senders)
        ]
        try:
            yield load
        finally:
            is_over.set()
    for one in at_work:
        one.result()


def _post(lab: Lab, load: Load, is_over: threading.Event, dice: random.Random, rest: float, patience: float) -> None:
    sender = Sender(lab.journal, lambda: lab.door, lab.tokens[SENDER])
    while not is_over.is_set():
        message = lab.journal.next_message(dice.choice(lab.cases))
        begun = monotonic()
        while True:
            answered = sender.once(message)
            if answered is not None:
                load.answers.append((monotonic(), answered))
                if answered.status < 500 and answered.status not in _LATER:
                    break
            if monotonic() - begun > patience:
                load.given_up.append(message)
                break
            _PAUSE.wait(0.2)
        is_over.wait(rest)
    sender.close()


def worse_than(answers: Sequence[Answered], seconds: float) -> list[str]:
    """Say what is wrong with answers given while a database is away: each is 503 with Retry-After, and soon.

    Receipts are none of its business: whether they were kept, the checker finds out.
    """
    missed = []
    refused = [one for one in answers if one.status not in (200, 201)]
    if others := {one.status for one in refused} - {503, 507}:
        missed.append(f"Answers of {sorted(others)} where 503 is due.")
    if silent := [one for one in refused if "retry-after" not in one.headers]:
        missed.append(f"{len(silent)} answers do not say when to come again.")
    slowest = max((one.seconds for one in refused), default=0.0)
    if slowest > seconds:
        missed.append(f"A refusal took {slowest:.1f} s; at most {seconds:.0f}.")
    return missed


def slowly(recipient: Recipient, seconds: float) -> Callable[[BaseHTTPRequestHandler, Delivery], None]:
    """Return the behaviour of a recipient that takes everything in, and takes its time."""

    def behaves(handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
        _PAUSE.wait(seconds)
        recipient.taken_in(handler, delivery)

    return behaves
