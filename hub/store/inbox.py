"""The inbox: each (sender, message id) once, with the answer it got and the sealed body it came with.

Once the body is cleared (``retention``), two keyed digests and the answer are left: a repeat still gets the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.authority.tracing import TraceContext
from hub.clock import new_id
from hub.crypto.envelope import Keyring
from hub.errors import IdReused, NotFound, StoreBusy
from hub.store.retention_tables import inbox_plans
from hub.store.tables import inbox
from hub.store.upserts import insert_into


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub's answer to a message: the same for each repeat of it.

    :ivar outcome: what was done: counts, positions and codes, nothing of a person.
    """

    id: UUID
    received_at: datetime
    correlation_id: str
    outcome: Mapping[str, Any]
    is_repeat: bool = False


class Inbox:
    """Messages taken in, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring, municipality: str) -> None:
        self._connection = connection
        self._keyring = keyring
        self._municipality = municipality

    def take(
        self,
        authority: str,
        message_id: str,
        body: bytes,
        correlation_id: str,
        at: datetime,
        essence: bytes = b"",
        trace: TraceContext | None = None,
    ) -> tuple[UUID, Receipt | None]:
        """Claim a message id; return the receipt's id, and the first answer when the message came before.

        Two at once: the second waits until the first has committed or given up. The same is what has the same essence.

        :param trace: None: the sender told of none, and the receipt's id names the one that begins here.
        :raises IdReused: the id came before with another body.
        :raises StoreBusy: it came before, and is being forgotten just now.
        """
        index = self._keyring.blind_index("message", self._municipality, authority, message_id)
        digest, receipt = self._keyring.digest("body", essence or body), new_id()
        claimed = self._connection.execute(
            insert_into(inbox, self._connection)
            .values(
                id=receipt,
                municipality=self._municipality,
                authority=authority,
                message_index=index,
                body_digest=digest,
                received_at=at,
                correlation_id=correlation_id,
                outcome="{}",
                body=self._keyring.seal_alone(body, body_place(receipt)),
                trace_id=trace.trace_id if trace else receipt,
                parent_id=(trace.span_id or None) if trace else None,
            )
            .on_conflict_do_nothing()
            .returning(inbox.c.id)  # the driver's count of inserted rows is not to be trusted here
        ).one_or_none()
        return (receipt, None) if claimed is not None else self._known(authority, index, digest)

    def answer(self, receipt: UUID, outcome: Mapping[str, Any]) -> None:
        """Remember what the message was answered."""
        self._connection.execute(
            inbox.update().where(inbox.c.id == receipt).values(outcome=orjson.dumps(outcome).decode())
        )

    def belongs_to(self, receipt: UUID, plans: Iterable[UUID]) -> None:
        """Remember which plans a message was for: it stays known for as long as one of them lives."""
        self._connection.execute(inbox_plans.insert(), [{"receipt": receipt, "plan_id": plan} for plan in plans])

    def body(self, receipt: UUID) -> bytes:
        """Return a message as it came. For repair by an operator with the right to reveal; never for a route.

        :raises NotFound: it has been cleared.
        """
        sealed = self._connection.execute(sa.select(inbox.c.body).where(inbox.c.id == receipt)).scalar_one()
        if sealed is None:
            raise NotFound("The body of this message has been cleared.", "Ask its sender to send it again.")
        return self._keyring.unseal_alone(sealed, body_place(receipt))

    def _known(self, authority: str, index: bytes, digest: bytes) -> tuple[UUID, Receipt]:
        """Return the answer that a message got when it came before."""
        query = sa.select(inbox).where(
            inbox.c.municipality == self._municipality,
            inbox.c.authority == authority,
            inbox.c.message_index == index,
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise StoreBusy("What is known of this message is being cleared just now.")
        if bytes(row.body_digest) != digest:
            raise IdReused("This message id came before with another body.")
        return row.id, Receipt(row.id, row.received_at, row.correlation_id, orjson.loads(row.outcome), True)


def body_place(receipt: UUID) -> str:
    """Return what a message's sealed body is bound to."""
    return f"inbox|{receipt}"
