"""An authority whose contract has a v2 beside its v1: one adapter and one mapping that speak both.

In ``memory/v2`` a message names its contract, and goals became ``wishes``, a list with a text for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from hub.authority import Document, Fate, LedgerEntry, Parcel
from hub.errors import ContractViolation, Fault
from hub.plan.contribution import Contribution
from hub.testing.memory_adapter import MemoryAdapter, MemoryMapping

V1, V2 = "memory/v1", "memory/v2"
_FIELDS_OF_V2 = {"contract", "message_id", "case", "version", "person", "wishes", "gone"}


class AdapterOfBoth(MemoryAdapter):
    """Takes in both versions; which one it is, the message says."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__("memory", **settings)

    def receive(self, parcel: Parcel) -> Document:
        try:
            content = orjson.loads(parcel.body)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict) or content.get("contract") != V2:
            return super().receive(parcel)
        if content.keys() != _FIELDS_OF_V2:
            raise ContractViolation(
                "The body breaks the contract.", faults=[Fault("", "Has other fields than agreed.")]
            )
        return Document(self.name, V2, "Told", content["message_id"], content)


class MappingOfBoth(MemoryMapping):
    """Has the words of both versions."""

    def __init__(self) -> None:
        super().__init__("memory")

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        if document.contract == V1:
            return super().to_plan(document)
        wishes = document.content["wishes"]
        goals = {wish["id"]: wish["title"] for wish in wishes}
        texts = {wish["id"]: wish["text"] for wish in wishes}
        (told,) = super().to_plan(replace(document, content={**document.content, "goals": goals}))
        drafts = tuple(replace(draft, text=texts[draft.source_id]) for draft in told.drafts)
        return [replace(told, contract=V2, drafts=drafts)]

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        entries = super().ledger(contract)
        if contract == V1:
            return entries
        kept = [entry for entry in entries if entry.path != "goals"]
        wishes = [LedgerEntry(f"wishes[].{name}", Fate.MAPPED, name) for name in ("id", "title", "text")]
        return [*kept, *wishes, LedgerEntry("contract", Fate.MAPPED, "contract")]
