"""Tell what is known of a message step by step: each with its two times, what was decided, and by which rules.

What is told is ids, times, counts and words of closed lists: no plan, no person, nothing of what was sent. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from hub.authority.tracing import of_delivery, span_of
from hub.flow.trace_known import SETTLES, Known
from hub.flow.trace_shapes import StepTold
from hub.store.traces import Cause, Tried

#: What is told of a deed, of all that its audit row holds.
_OfADeed = Literal["authority", "recipient", "delivery", "code", "cause", "topic", "receipt"]
_OF_A_DEED: tuple[_OfADeed, ...] = get_args(_OfADeed)
#: What the audit tells of a delivery that is no attempt; a receipt that comes later is one of them.
_EVENTS = frozenset({"dead-letter", "replayed", "feed-told", "receipt"})
#: Of a decision: what is there of it in the audit row of an attempt.
_RestsOn = Literal["rules", "withheld_by", "consents", "policy"]
_RESTS_ON: tuple[_RestsOn, ...] = get_args(_RestsOn)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done.

    :ivar ended_at: None: it has not ended yet, or nobody knows when.
    """

    name: str
    begun_at: datetime
    ended_at: datetime | None
    told: StepTold


def steps_of(known: Known) -> tuple[Step, ...]:
    """Tell the steps in the order in which they began."""
    steps = [
        *_accepted(known),
        *_other_deeds(known),
        *(_due(known, cause) for cause in known.chosen),
        *(_nothing_to_say(known, cause) for cause in known.with_nothing_to_say()),
        *(step for attempt in known.tried for step in _sent(known, attempt)),
    ]
    return tuple(sorted(steps, key=lambda step: (step.begun_at, step.ended_at or step.begun_at)))


def _accepted(known: Known) -> Iterator[Step]:
    """Each message once, however many plans it was for: from its arrival to when its parts were merged."""
    merged = {UUID(deed["details"]["receipt"]): deed["at"] for deed in known.deeds if deed["action"] == "accepted"}
    for message in known.messages:
        skipped = message.outcome.get("skipped", ())
        told: StepTold = {
            "authority": message.authority,
            "receipt": message.receipt,
            "correlation_id": message.correlation_id,
            "trace_id": message.trace_id.hex if message.trace_id else None,
            "span_id": span_of(message.receipt),
            "parent_id": message.parent_id,
            "taken_in": message.outcome.get("taken_in", 0),
            "skipped": len(skipped),
            "codes": sorted({one["code"] for one in skipped}),
        }
        yield Step("accepted", message.received_at, merged.get(message.receipt), told)


def _other_deeds(known: Known) -> Iterator[Step]:
    """Tell of whatever else was done under the correlation ids, and of what else has happened to the deliveries."""
    happened = [deed for deed in known.of_deliveries if deed["action"] in _EVENTS and known.is_told_of(deed)]
    recipients = {str(row.id): row.recipient for row in known.rows.values()}
    seen: set[tuple[Any, ...]] = set()
    for deed in (*known.deeds, *happened):
        one = (deed["action"], deed["at"], deed["actor"], deed["details"].get("delivery"))
        if deed["action"] == "accepted" or one in seen:  # a deed for several plans is one
            continue
        seen.add(one)
        details = deed["details"]
        told: StepTold = {}
        for name in _OF_A_DEED:
            if name in details:
                told[name] = details[name]
        if details.get("delivery") in recipients:
            told["recipient"] = recipients[details["delivery"]]
        whose: StepTold = {"actor": deed["actor"], "correlation_id": deed["correlation_id"]}
        yield Step(deed["action"], deed["at"], deed["at"], {**told, **whose})


def _due(known: Known, cause: Cause) -> Step:
    told: StepTold = {**_whose(known, cause.outbox_id), "correlation_id": cause.correlation_id}
    return Step("due", cause.at, known.first_move(cause), told)


def _nothing_to_say(known: Known, nothing: Cause) -> Step:
    """Say why a recipient was not called: all that it may see it has, or the rest is withheld, and by which rules."""
    because = nothing.nothing_because or {}
    withheld_by = because.get("rules", [])
    told: StepTold = {
        **_whose(known, nothing.outbox_id),
        "decision": "frozen" if nothing.is_frozen else "withheld" if withheld_by else "up-to-date",
        "withheld_by": withheld_by,
        "consent_version": because.get("consents"),
        "policy": because.get("policy"),
        "covers": _ids(known.settled_by(nothing)),
    }
    at = nothing.nothing_at or nothing.at
    return Step("nothing-to-say", at, at, told)


def _sent(known: Known, attempt: Tried) -> Iterator[Step]:
    """Tell of an attempt, and of what came of it."""
    trace = of_delivery(attempt.outbox_id, attempt.sequence, attempt.id)
    named: StepTold = {
        **_whose(known, attempt.outbox_id),
        "told_as": f"{attempt.outbox_id}-{attempt.sequence}",
        "trace_id": trace.trace_id.hex,
        "span_id": trace.span_id,
    }
    covers = _ids(known.covered_by(attempt))
    outcome = attempt.outcome or "under-way"
    decided: StepTold = {**_decided(known, attempt), "outcome": outcome, "covers": covers}
    yield Step("sent", attempt.started_at, attempt.finished_at, {**named, **decided})
    if attempt.finished_at is None:
        return
    if outcome in SETTLES:
        settled: StepTold = {**named, "receipt": outcome, "covers": covers}
        yield Step("settled", attempt.finished_at, attempt.finished_at, settled)
    elif not _is_buried(known, attempt):
        again = known.next_start(attempt)
        later: StepTold = {**named, "code": outcome}
        if not again:
            later["not_before"] = known.rows[attempt.outbox_id].not_before
        yield Step("later", attempt.finished_at, again, later)


def _decided(known: Known, attempt: Tried) -> StepTold:
    """Return what the audit has written of the decision when the attempt began."""
    for deed in known.of_deliveries:
        details = deed["details"]
        is_its = deed["action"] == "delivery-started" and deed["at"] == attempt.started_at
        if is_its and (details["delivery"], details["sequence"]) == (str(attempt.outbox_id), attempt.sequence):
            shown, withdrawn = len(details["elements"]), len(details["withdrawn"])
            kind = "permit-and-withdraw" if shown and withdrawn else "withdraw" if withdrawn else "permit"
            decided: StepTold = {"decision": kind, "shown": shown, "withdrawn": withdrawn}
            for name in _RESTS_ON:
                if name in details:
                    decided[name] = details[name]
            return decided
    return {"decision": None}


def _is_buried(known: Known, attempt: Tried) -> bool:
    """Tell whether an attempt has made its row a dead letter: in its own transaction, before any other began."""
    until = known.next_start(attempt)
    return any(
        deed["action"] == "dead-letter"
        and deed["details"].get("delivery") == str(attempt.outbox_id)
        and attempt.finished_at is not None
        and attempt.finished_at <= deed["at"]
        and (until is None or deed["at"] <= until)
        for deed in known.of_deliveries
    )


def _whose(known: Known, row: UUID) -> StepTold:
    return {"recipient": known.rows[row].recipient, "delivery": row}


def _ids(causes: Sequence[Cause]) -> list[str]:
    return sorted({cause.correlation_id for cause in causes})
