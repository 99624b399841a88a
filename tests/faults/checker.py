"""The judge: compares what senders know, what recipients saw and what the database says, when all is over.

verdict = judge(lab, "broker-killed", drained_seconds=4.2)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.audit.verification import verify
from hub.flow.seal import export
from hub.store.tables import attempts, audit, inbox
from tests.faults.lab import Lab
from tests.faults.recipients import Delivery
from tests.faults.senders import SENDER, version_in
from tests.faults.verdict import Verdict

#: The mother's number in every case; the children's come from the lab.
_MOTHER = "2911829996"


@dataclass(frozen=True, slots=True)
class Deed:
    """A row of the audit, in the order in which a plan's rows were written."""

    action: str
    plan: UUID | None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the database says.

    :ivar messages: receipt of each message of the inbox → the digest by which its id is known.
    :ivar starts: (row of the outbox, sequence) of each attempt.
    :ivar ends: the same of each attempt that has ended.
    """

    messages: Mapping[UUID, bytes]
    starts: Sequence[tuple[UUID, int]]
    ends: Sequence[tuple[UUID, int]]
    deeds: Sequence[Deed]


def judge(lab: Lab, scenario: str, *, but_not: Sequence[str] = (), **extra: float | int | str) -> Verdict:
    """Judge a lab whose scenario is over and whose database answers.

    :param but_not: recipients of which it is not asked that they hold all, such as one with a dead letter.
    :param extra: what the scenario has measured, for the report.
    """
    known = remembered(lab)
    journal = lab.journal
    digests = {
        lab.store.keyring.blind_index("message", lab.store.municipality, SENDER, id): id for id in journal.attempted
    }
    taken_in = Counter(digests.get(digest, "") for digest in known.messages.values())
    seen = {name: recipient.seen() for name, recipient in lab.recipients.items()}
    verdict = judged(seen, known.deeds, Verdict(scenario, lab.set_up, lab.seed))
    waiting = [one for one in lab.behind(but_not) if (one[1].consent, one[1].plan) not in lab.revoked]
    kept_back = len(lab.behind(but_not)) - len(waiting)
    plans = {case.plan: lab.journal.newest_attempted(case) for case in lab.cases}
    return replace(
        verdict,
        attempted=len(journal.attempted),
        acknowledged=len(journal.acknowledged),
        lost=len(journal.acknowledged.keys() - taken_in.keys()) + len(waiting),
        duplicated=verdict.duplicated + sum(count - 1 for id, count in taken_in.items() if id),
        unexpected=taken_in[""] + sum(unexpected(deliveries, plans) for deliveries in seen.values()),
        recovered=len((taken_in.keys() - {""}) - journal.acknowledged.keys()),
        audit_missing=audit_missing(known),
        leaks=lab.processes.lines_naming([_MOTHER, *(case.cpr for case in lab.cases)]),
        seconds_to_ready=round(max(lab.processes.ready_seconds), 2) if lab.processes.ready_seconds else None,
        missed=(
            *([f"{kept_back} times a recipient holds what was withdrawn."] if kept_back else []),
            *(f"The sealed audit: {fault}" for fault in verify(export(lab.store)).faults),
        ),
        extra={"deliveries": sum(map(len, seen.values())), "repeats_on_the_wire": repeats(seen), **extra},
    )


def judged(seen: Mapping[str, Sequence[Delivery]], deeds: Sequence[Deed], verdict: Verdict) -> Verdict:
    """Judge what recipients saw, and when deliveries started."""
    return replace(
        verdict,
        duplicated=sum(map(doubled, seen.values())),
        order_inversions=sum(map(inversions, seen.values())),
        started_after_revocation=started_after_revocation(deeds),
    )


def remembered(lab: Lab) -> Remembered:
    """Read what the database says."""
    with lab.store.begin(read_only=True) as unit:
        ask = unit.connection.execute
        messages = {row.id: bytes(row.message_index) for row in ask(sa.select(inbox.c.id, inbox.c.message_index))}
        tried = ask(sa.select(attempts.c.outbox_id, attempts.c.sequence, attempts.c.outcome)).all()
        written = ask(sa.select(audit.c.action, audit.c.plan_id, audit.c.details).order_by(audit.c.row)).all()
    return Remembered(
        messages,
        [(row.outbox_id, row.sequence) for row in tried],
        [(row.outbox_id, row.sequence) for row in tried if row.outcome is not None],
        [Deed(row.action, row.plan_id, orjson.loads(row.details)) for row in written],
    )


def inversions(deliveries: Iterable[Delivery]) -> int:
    """Count the deliveries of one recipient that came after one of the same plan with a higher sequence."""
    highest: dict[UUID, int] = {}
    count = 0
    for one in deliveries:
        count += one.sequence < highest.get(one.plan, 0)
        highest[one.plan] = max(one.sequence, highest.get(one.plan, 0))
    return count


def doubled(deliveries: Iterable[Delivery]) -> int:
    """Count what one recipient was told under two keys, though nothing was withdrawn in between.

    A repeat under the same key is no second effect: the recipient knows it by the key.
    """
    told: dict[tuple[UUID, str], tuple[str, int]] = {}
    count = 0
    for one in deliveries:
        for element in one.withdrawn:
            told.pop((one.plan, element), None)
        for element, title in one.titles.items():
            before = told.get((one.plan, element))
            count += before is not None and before[0] == title and before[1] != one.sequence
            told[one.plan, element] = (title, one.sequence)
    return count


def unexpected(deliveries: Iterable[Delivery], newest: Mapping[UUID, int]) -> int:
    """Count what one recipient was told and nobody sent. :param newest: plan → its newest version that was sent."""
    return sum(
        not 1 <= version_in(title) <= newest.get(one.plan, 0) for one in deliveries for title in one.titles.values()
    )


def repeats(seen: Mapping[str, Iterable[Delivery]]) -> int:
    """Count the deliveries whose key had come before."""
    keys = Counter((name, one.key) for name, deliveries in seen.items() for one in deliveries)
    return sum(count - 1 for count in keys.values())


def started_after_revocation(deeds: Iterable[Deed]) -> int:
    """Count the deliveries that rest on a consent and were started after it was withdrawn.

    By the order of a plan's audit rows: whoever starts a delivery or withdraws a consent has taken the plan, so that
    they are written one after the other, whatever clocks say.
    """
    withdrawn: dict[UUID | None, set[str]] = defaultdict(set)
    count = 0
    for deed in deeds:
        if deed.action == "consent-withdrawn":
            withdrawn[deed.plan].add(str(deed.details["consent"]))
        elif deed.action == "delivery-started":
            rests_on = {str(one).partition("/")[0] for one in deed.details["consents"]}
            count += bool(rests_on & withdrawn[deed.plan])
    return count


def audit_missing(known: Remembered) -> int:
    """Count the messages, and the starts and ends of deliveries, of which the audit has no row."""
    accepted = {str(deed.details.get("receipt")) for deed in known.deeds if deed.action == "accepted"}
    missing = sum(str(receipt) not in accepted for receipt in known.messages)
    starts, ends = Counter[tuple[UUID, int]](), Counter[tuple[UUID, int]]()
    for deed in known.deeds:
        if deed.action in ("delivery-started", "delivered", "not-delivered"):
            of = starts if deed.action == "delivery-started" else ends
            of[UUID(deed.details["delivery"]), deed.details["sequence"]] += 1
    return missing + (Counter(known.starts) - starts).total() + (Counter(known.ends) - ends).total()
