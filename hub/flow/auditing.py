"""An auditor looks into the audit, and has it checked; both are written down like every other deed.

What an auditor is shown names clients, rules, codes and pseudonyms of plans and elements, and nothing that a plan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from threading import Lock
from typing import Any

from hub.audit.verification import Verdict, verify
from hub.clock import now
from hub.errors import Unavailable
from hub.flow.seal import export
from hub.store.audit_rows import Wanted
from hub.store.transaction import Store

#: A check reads all of the audit; one at a time in a process is enough.
_CHECKING = Lock()
_AGAIN_SECONDS = 30.0


def search_audit(
    wanted: Wanted, below: int | None, limit: int, store: Store, *, actor: str, correlation_id: str
) -> tuple[Sequence[dict[str, Any]], int | None]:
    """Return what was done, newest first, and the row below which the next page begins; None: this was the last."""
    with store.begin(read_only=True) as unit:  # before the row about it, which no search is to find as its own
        found = unit.audit.search(wanted, below, limit + 1)
    asked = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    said = {name: value for name, value in asked.items() if value is not None}
    with store.begin() as unit:
        rows = min(len(found), limit)
        unit.audit.record("audit-searched", actor, now(), correlation_id, asked=said, below=below, rows=rows)
    return found[:limit], found[limit - 1]["row"] if len(found) > limit else None


def verify_audit(store: Store, *, actor: str, correlation_id: str) -> Verdict:
    """Check the sealed audit from its first entry to its last, as ``hub audit verify`` does, with the hub's own key.

    :raises Unavailable: somebody else's check is under way in this process.
    """
    if not _CHECKING.acquire(blocking=False):
        raise Unavailable("The audit is just being checked.", "Ask again later.", retry_after=_AGAIN_SECONDS)
    try:
        verdict = verify(export(store), keys=store.keyring.public_keys)
    finally:
        _CHECKING.release()
    with store.begin() as unit:
        found: dict[str, Any] = {"whole": verdict.is_whole, "entries": verdict.entries, "faults": len(verdict.faults)}
        unit.audit.record("audit-verified", actor, now(), correlation_id, **found)
    return verdict
