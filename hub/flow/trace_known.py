"""What is known of deliveries and of what caused them: which attempt was for which causes, and what ended each.

A row of the outbox counts its marks up by one with each cause, and an attempt has the mark that its row had when it was
taken. So an attempt was for every cause up to its mark that nothing had settled before. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.authority import ReceiptStatus
from hub.store.traces import Cause, Message, Row, Tried

#: Of an attempt: it has ended in a receipt.
SETTLES = frozenset(ReceiptStatus)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some deliveries from an instant on, and of what caused them.

    :ivar of_deliveries: audit rows of single deliveries.
    :ivar chosen: the causes that are asked about; of the others, it is only told that they are in the same delivery.
    :ivar tried: the attempts to tell of.
    :ivar deeds: audit rows of what else was done under the correlation ids.
    """

    rows: Mapping[UUID, Row]
    causes: Sequence[Cause]
    attempts: Sequence[Tried]
    of_deliveries: Sequence[Mapping[str, Any]]
    chosen: Sequence[Cause] = ()
    tried: Sequence[Tried] = ()
    deeds: Sequence[Mapping[str, Any]] = ()
    messages: Sequence[Message] = ()

    @property
    def correlation_ids(self) -> frozenset[str]:
        """Return everything that the steps belong to."""
        covered = {cause.correlation_id for one in self.tried for cause in self.covered_by(one)}
        asked = {cause.correlation_id for cause in self.chosen} | {deed["correlation_id"] for deed in self.deeds}
        return frozenset(covered | asked)

    def of_causes(self, correlation_ids: frozenset[str]) -> Known:
        """Return it as it is told of some correlation ids: what they made due, and all that left for that."""
        chosen = [cause for cause in self.causes if cause.correlation_id in correlation_ids]
        tried = [one for one in self.attempts if any(cause in chosen for cause in self.covered_by(one))]
        return replace(self, chosen=chosen, tried=tried)

    def of_sequence(self, sequence: int | None) -> Known:
        """Return it as it is told of one delivery: what left by a sequence, or at all, and what that was for."""
        if sequence is None:
            return replace(self, chosen=self.causes, tried=self.attempts)
        tried = [one for one in self.attempts if one.sequence == sequence]
        chosen = [cause for cause in self.causes if any(cause in self.covered_by(one) for one in tried)]
        return replace(self, chosen=chosen, tried=tried)

    def covered_by(self, attempt: Tried) -> Sequence[Cause]:
        """Return what an attempt was for: all that made its row due until then, and was not settled before."""
        return [
            cause
            for cause in self.causes
            if cause.outbox_id == attempt.outbox_id
            and cause.mark <= attempt.mark
            and not self._is_over(cause, attempt.started_at)
        ]

    def ended_at(self, cause: Cause) -> datetime | None:
        """Return when what a cause made due was settled: by a receipt, or because there was nothing to say."""
        of_row = [one for one in self.causes if one.outbox_id == cause.outbox_id and one.mark >= cause.mark]
        nothing = [one.nothing_at for one in of_row if one.nothing_at and not one.is_frozen]
        return min([*self._receipts(cause), *nothing], default=None)

    def first_move(self, cause: Cause) -> datetime | None:
        """Return when what a cause made due was taken up: until then it has waited."""
        begun = [one.started_at for one in self.attempts if one.outbox_id == cause.outbox_id and one.mark >= cause.mark]
        return min([*begun, *(one.nothing_at for one in self._nothings(cause) if one.nothing_at)], default=None)

    def with_nothing_to_say(self) -> Sequence[Cause]:
        """Return the marks at which it turned out that there was nothing to say, of what is told of."""
        return [one for one in self.causes if any(one in self._nothings(cause) for cause in self.chosen)]

    def settled_by(self, nothing: Cause) -> Sequence[Cause]:
        """Return what there was nothing to say of at a mark."""
        at = nothing.nothing_at or nothing.at
        of_row = [cause for cause in self.causes if cause.outbox_id == nothing.outbox_id and cause.mark <= nothing.mark]
        return [cause for cause in of_row if (self.ended_at(cause) or at) >= at]

    def is_told_of(self, deed: Mapping[str, Any]) -> bool:
        """Tell whether something that happened to a row belongs to what is told of: by its sequence, or its time."""
        row, sequence, at = deed["details"].get("delivery"), deed["details"].get("sequence"), deed["at"]
        tried = [one for one in self.tried if str(one.outbox_id) == row]
        if sequence is not None:  # a receipt may come long after what it is for has ended
            return any(one.sequence == sequence for one in tried)
        chosen = [cause for cause in self.chosen if str(cause.outbox_id) == row]
        begun = [cause.at for cause in chosen] + [one.started_at for one in tried]
        ends = [self.ended_at(cause) for cause in chosen] or [None]
        return bool(begun) and min(begun) <= at and any(end is None or at <= end for end in ends)

    def next_start(self, attempt: Tried) -> datetime | None:
        """Return when the next attempt of the same row began."""
        later = [one.started_at for one in self.attempts if one.outbox_id == attempt.outbox_id]
        return min((at for at in later if at > attempt.started_at), default=None)

    def _nothings(self, cause: Cause) -> Sequence[Cause]:
        """Return the marks, from a cause's own to the one that ended it, at which there was nothing to say."""
        ended_at = self.ended_at(cause)
        later = [one for one in self.causes if one.outbox_id == cause.outbox_id and one.mark >= cause.mark]
        return [one for one in later if one.nothing_at and (ended_at is None or one.nothing_at <= ended_at)]

    def _is_over(self, cause: Cause, at: datetime) -> bool:
        ended_at = self.ended_at(cause)
        return ended_at is not None and ended_at <= at

    def _receipts(self, cause: Cause) -> Sequence[datetime]:
        return [
            one.finished_at
            for one in self.attempts
            if one.outbox_id == cause.outbox_id and one.mark >= cause.mark
            if one.finished_at is not None and one.outcome in SETTLES
        ]
