"""Findings that a coordinator has accepted: which, by whom, when and why, and who took that back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.store.finding_tables import accepted_findings

_ROW = accepted_findings.c


@dataclass(frozen=True, slots=True)
class AcceptedFinding:
    """One word on a finding.

    :ivar finding: its identity (``hub.plan.finding_identity``).
    :ivar elements: what it was about.
    :ivar accepted_by: the client, as the audit knows it.
    :ivar reopened_at: None while it is accepted.
    """

    id: UUID
    plan: UUID
    finding: UUID
    kind: str
    elements: tuple[UUID, ...]
    organisation: str
    accepted_by: str
    accepted_at: datetime
    reason: str = field(repr=False)
    reopened_at: datetime | None = None


class AcceptedFindings:
    """Accepted findings, in one transaction. The plan must have been taken for writing by whoever changes one."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, one: AcceptedFinding, key: bytes) -> None:
        """Remember that a finding is accepted, and why, sealed under the plan's key."""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "finding": one.finding,
            "kind": one.kind, "elements": orjson.dumps(one.elements).decode(), "organisation": one.organisation,
            "accepted_by": one.accepted_by, "accepted_at": one.accepted_at,
            "reason": seal(key, one.reason.encode(), _place(one.id)),
        }  # fmt: skip
        self._connection.execute(accepted_findings.insert().values(row))

    def reopen(self, wanted: UUID, by: str, at: datetime) -> None:
        """Remember that it is accepted no more."""
        gone = {"reopened_by": by, "reopened_at": at}
        self._connection.execute(accepted_findings.update().where(_ROW.id == wanted).values(gone))

    def standing(self, plans: Collection[UUID]) -> Mapping[UUID, datetime]:
        """Return the identities of what is accepted now of some plans, and since when."""
        query = sa.select(_ROW.finding, _ROW.accepted_at).where(
            _ROW.plan_id.in_(plans), _ROW.municipality == self._municipality, _ROW.reopened_at.is_(None)
        )
        return {row.finding: row.accepted_at for row in self._connection.execute(query)}

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[AcceptedFinding]:
        """Return all that was ever accepted of a plan, oldest first. :raises Tampered: a reason is not as written."""
        query = sa.select(accepted_findings).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [
            AcceptedFinding(
                row.id, plan, row.finding, row.kind, tuple(map(UUID, orjson.loads(row.elements))), row.organisation,
                row.accepted_by, row.accepted_at, unseal(key, row.reason, _place(row.id)).decode(), row.reopened_at,
            )
            for row in self._connection.execute(query.order_by(_ROW.accepted_at, _ROW.id))
        ]  # fmt: skip


def _place(accepted: UUID) -> str:
    return f"accepted_findings|{accepted}|reason"
