"""An audit entry as it is sealed: its one spelling in bytes, its leaf in the Merkle tree, its link in the chain."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.audit.merkle import leaf_hash
from hub.crypto.signing import canonical

#: What the first link of a chain stands on.
FIRST_LINK = bytes(32)
_LINK = b"\x02"  # RFC 9162 takes 0x00 for leaves and 0x01 for nodes


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed as the audit has it.

    :ivar row: its number in the table; later numbers may be sealed earlier, for transactions commit in another order.
    :ivar details: JSON, letter by letter as it is stored.
    """

    row: int
    municipality: str
    at: datetime
    action: str
    actor: str
    plan: UUID | None
    correlation_id: str
    details: str

    def told(self) -> dict[str, Any]:
        """Return it in JSON; its time in UTC to the microsecond, whichever database it was in."""
        return {
            "row": self.row,
            "municipality": self.municipality,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "action": self.action,
            "actor": self.actor,
            "plan": str(self.plan) if self.plan else None,
            "correlation_id": self.correlation_id,
            "details": self.details,
        }

    def leaf(self) -> bytes:
        """Return its hash in the Merkle tree, 32 bytes."""
        return leaf_of(self.told())


def leaf_of(told: dict[str, Any]) -> bytes:
    """Return the hash of an entry that is given in JSON, as an export has it."""
    return leaf_hash(canonical(told))


def link(before: bytes, leaf: bytes) -> bytes:
    """Return the next link of the chain: it stands on all entries sealed before it."""
    return hashlib.sha256(_LINK + before + leaf).digest()
