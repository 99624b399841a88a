"""The kindergartens' words: meetings with parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.authority import Document, Fate, LedgerEntry, PlanUpdate
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import Category, Draft, Kind, OrderKey, Period, Sensitivity, Status
from hub.plan.identifier import cpr_identifier


class KindergartenMapping:
    """Knows what a kindergarten's words mean in a plan."""

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        """Translate a case: each meeting is an appointment."""
        case = document.content
        return [
            Contribution(
                authority="kindergarten",
                source_system="kindergarten",
                contract=document.contract,
                case=case["case"],
                message_id=document.message_id,
                order=OrderKey(case["version"], datetime.fromisoformat(case["changedAt"]), document.message_id),
                coverage=Coverage.SNAPSHOT,
                person=PersonFacts((cpr_identifier(case["child"], "kindergarten"),)),
                drafts=tuple(_appointment(meeting) for meeting in case["meetings"]),
            )
        ]

    def from_plan(self, update: PlanUpdate) -> Document:
        """Translate an update: titles and times of what is shared, ids of what is withdrawn."""
        content = {
            "plan": str(update.plan),
            "sequence": update.sequence,
            "shared": [{"id": str(one.element.id), "title": one.element.title} for one in update.disclosed],
            "withdrawn": [str(element) for element in update.withdrawn],
        }
        return Document("kindergarten", "kindergarten/v1", "update", str(update.sequence), content)

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        """Return the fate of every leaf."""
        return [
            LedgerEntry("messageId", Fate.MAPPED, "provenance.message_id"),
            LedgerEntry("case", Fate.MAPPED, "provenance.case"),
            LedgerEntry("version", Fate.MAPPED, "order.version"),
            LedgerEntry("changedAt", Fate.MAPPED, "order.changed_at"),
            LedgerEntry("child", Fate.MAPPED, "plan.person"),
            LedgerEntry("meetings[].id", Fate.MAPPED, "element.id"),
            LedgerEntry("meetings[].about", Fate.MAPPED, "element.title"),
            LedgerEntry("meetings[].start", Fate.MAPPED, "element.valid.start"),
            LedgerEntry("meetings[].end", Fate.MAPPED, "element.valid.end"),
        ]


def _appointment(meeting: Mapping[str, Any]) -> Draft:
    return Draft(
        source_id=meeting["id"],
        kind=Kind.APPOINTMENT,
        category=Category.APPOINTMENTS,
        label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER,
        status=Status.PLANNED,
        title=meeting["about"],
        valid=Period(datetime.fromisoformat(meeting["start"]), datetime.fromisoformat(meeting["end"])),
    )
