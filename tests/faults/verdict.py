"""What a scenario ended with, in Jepsen's words: attempted, acknowledged, lost, duplicated, unexpected, recovered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

#: Seconds that a process of the hub may take from its start until it answers.
READY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of one scenario on one set-up.

    :ivar attempted: messages that senders have sent at least once.
    :ivar acknowledged: those of them that the hub has answered with a receipt.
    :ivar lost: acknowledged messages that the hub does not know, and (recipient, plan)s that hold less than was
        acknowledged.
    :ivar duplicated: effects that came about twice; a repeat on the wire under the same key is none.
    :ivar unexpected: what the hub or a recipient has though nobody sent it.
    :ivar recovered: messages whose senders never got an answer, and which were taken in all the same.
    :ivar order_inversions: deliveries with a lower sequence than one that came before, per (recipient, plan).
    :ivar started_after_revocation: deliveries that rest on a consent and started after it was withdrawn.
    :ivar audit_missing: messages, starts and ends of deliveries without their row of the audit.
    :ivar leaks: lines of the hub's logs in which a person's number stands.
    :ivar seconds_to_ready: the longest that a process took from its start until it answered; None: none was started
        again.
    :ivar missed: what else is asked for and did not come about, as sentences; the seals of the audit among it.
    :ivar extra: what was measured besides.
    """

    scenario: str
    set_up: str
    seed: int
    attempted: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    unexpected: int = 0
    recovered: int = 0
    order_inversions: int = 0
    started_after_revocation: int = 0
    audit_missing: int = 0
    leaks: int = 0
    seconds_to_ready: float | None = None
    missed: tuple[str, ...] = ()
    extra: Mapping[str, float | int | str] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Return what is wrong, as plain sentences; none: all is well."""
        counted = {
            f"{self.lost} acknowledged and lost": self.lost,
            f"{self.duplicated} came into effect twice": self.duplicated,
            f"{self.unexpected} that nobody sent": self.unexpected,
            f"{self.order_inversions} came after a later one": self.order_inversions,
            f"{self.started_after_revocation} started after the revocation": self.started_after_revocation,
            f"{self.audit_missing} without a row of the audit": self.audit_missing,
            f"{self.leaks} lines of a log name a person": self.leaks,
        }
        found = [f"{sentence}." for sentence, count in counted.items() if count]
        if self.acknowledged == 0:
            found.append("Nothing was acknowledged, so nothing was shown.")
        if self.seconds_to_ready is not None and self.seconds_to_ready > READY_SECONDS:
            found.append(f"A process took {self.seconds_to_ready:.1f} s to be ready; at most {READY_SECONDS:.0f}.")
        return [*found, *self.missed]

    def as_json(self) -> dict[str, Any]:
        """Return it for a line of JSON, with ``faults``."""
        return {**asdict(self), "extra": dict(self.extra), "faults": self.faults}
