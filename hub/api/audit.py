"""The audit: how its sealing stands, for operators; what was done, and whether the record is whole, for auditors."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from typing_extensions import TypedDict

from hub.api.answers import Json, json_response, when
from hub.api.asking import AnAuditor, AnOperator, CorrelationId, TheHub
from hub.api.models import Instant
from hub.errors import Fault, InvalidRequest
from hub.flow.auditing import search_audit, verify_audit
from hub.flow.seal import SealingAnswer, standing
from hub.store.audit_rows import Wanted

router = APIRouter()
_ROW_BYTES, _LAST_ROW = 8, 2**63 - 1
_Word = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._:@-]{1,64}$")]


class AuditStandingAnswer(TypedDict):
    """How the audit stands, for operators."""

    audit: SealingAnswer


class AuditEntryAnswer(TypedDict):
    """What was done, by which client and when; ``details`` are ids, codes and counts, other ones for each action."""

    row: int
    action: str
    actor: str
    correlation_id: str
    details: dict[str, Any]
    at: datetime
    plan: UUID | None


class AuditSearchAnswer(TypedDict):
    """What was done, newest first; ``after`` asks for what was done before, and is null at the end."""

    entries: list[AuditEntryAnswer]
    after: str | None


class AuditVerificationAnswer(TypedDict):
    """Whether the sealed audit is whole: how many entries were looked at, and how many stand under a checkpoint."""

    whole: bool
    entries: int
    cleared: int
    checked_to: int
    faults: list[str]
    sealing: SealingAnswer


@router.get("/ops/audit", tags=["operations"])
def audit(hub: TheHub, operator: AnOperator) -> Json[AuditStandingAnswer]:
    """Say how far the audit is sealed, what waits and for how long, and how far each witness has come."""
    return json_response({"audit": standing(hub.store, hub.settings).told()})


@router.get("/audit", tags=["audit"])
def search(
    hub: TheHub,
    auditor: AnAuditor,
    correlation_id: CorrelationId,
    since: Instant | None = None,
    until: Instant | None = None,
    actor: _Word = None,
    action: _Word = None,
    correlation: _Word = None,
    plan: UUID | None = None,
    after: Annotated[str | None, Query(max_length=64)] = None,
    most: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Json[AuditSearchAnswer]:
    """Look for what was done, by whom, when and about which plan; newest first. The look is written down itself."""
    wanted = Wanted(since, until, actor, action, correlation, plan)
    below = _row_of(after) if after is not None else None
    found, then = search_audit(wanted, below, most, hub.store, actor=auditor.client, correlation_id=correlation_id)
    return json_response({"entries": [_entry(row) for row in found], "after": _place_of(then) if then else None})


@router.get("/audit/verification", tags=["audit"])
def verification(hub: TheHub, auditor: AnAuditor, correlation_id: CorrelationId) -> Json[AuditVerificationAnswer]:
    """Check the whole of the sealed audit now, and say how far it stands under checkpoints and with witnesses."""
    verdict = verify_audit(hub.store, actor=auditor.client, correlation_id=correlation_id)
    return json_response(
        {
            "whole": verdict.is_whole,
            "entries": verdict.entries,
            "cleared": verdict.cleared,
            "checked_to": verdict.checked_to,
            "faults": verdict.faults,
            "sealing": standing(hub.store, hub.settings).told(),
        }
    )


def _entry(row: dict[str, Any]) -> AuditEntryAnswer:
    return {
        "row": row["row"],
        "action": row["action"],
        "actor": row["actor"],
        "correlation_id": row["correlation_id"],
        "details": row["details"],
        "at": when(row["at"]),
        "plan": row["plan_id"],
    }


def _place_of(row: int) -> str:
    return urlsafe_b64encode(row.to_bytes(_ROW_BYTES)).decode().rstrip("=")


def _row_of(place: str) -> int:
    """Return the row that an answer's ``after`` stands for. :raises InvalidRequest: it is none."""
    try:
        raw = urlsafe_b64decode(place + "=" * (-len(place) % 4))
        row = int.from_bytes(raw) if len(raw) == _ROW_BYTES else -1
    except ValueError:
        row = -1
    if not 0 <= row <= _LAST_ROW:
        fault = Fault("after", "It is no place in this list.", "Use after as an answer gave it, or leave it out.")
        raise InvalidRequest("The request names no place in the audit.", faults=[fault])
    return row
