"""Look-ups of people by number, counted by client over all processes; of the numbers, keyed digests for a minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.store.lookup_tables import lookup_blocks, lookups
from hub.store.upserts import insert_into

#: How long a look-up counts, and its row lives.
WINDOW = timedelta(minutes=1)
#: How long an alarm stands after the last refusal.
ALARM = timedelta(days=30)
_ONE, _BLOCK = lookups.c, lookup_blocks.c


@dataclass(frozen=True, slots=True)
class Block:
    """A client that was stopped: since when, when the last time, and how many look-ups were refused."""

    client: str
    since: datetime
    last_at: datetime
    refused: int


class Lookups:
    """Look-ups, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def others(self, client: str, subject: bytes, at: datetime) -> int:
        """Return how many other people the client has looked up in the last minute. Its other look-ups wait."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"lookup {client}"))))
        self._connection.execute(
            lookups.delete().where(_ONE.municipality == self._municipality, _ONE.at <= at - WINDOW)
        )
        query = sa.select(sa.func.count()).where(
            _ONE.municipality == self._municipality, _ONE.client == client, _ONE.subject != subject
        )
        return int(self._connection.execute(query).scalar_one())

    def note(self, client: str, subject: bytes, at: datetime) -> None:
        """Count a look-up; of the same number again it is the same one, a little later."""
        row = {"municipality": self._municipality, "client": client, "subject": subject, "at": at}
        new = insert_into(lookups, self._connection).values(row)
        key = [lookups.c.municipality, lookups.c.client, lookups.c.subject]
        self._connection.execute(new.on_conflict_do_update(index_elements=key, set_={"at": at}))

    def block(self, client: str, at: datetime) -> bool:
        """Write down that a client was stopped; tell whether that is news: it was not, within the last minute."""
        own = (_BLOCK.municipality == self._municipality, _BLOCK.client == client)
        last = self._connection.execute(sa.select(_BLOCK.last_at).where(*own)).scalar_one_or_none()
        self._connection.execute(lookup_blocks.delete().where(_BLOCK.last_at < at - ALARM))
        new = insert_into(lookup_blocks, self._connection).values(
            municipality=self._municipality, client=client, since=at, last_at=at, refused=1
        )
        more = {"last_at": at, "refused": _BLOCK.refused + 1}
        key = [lookup_blocks.c.municipality, lookup_blocks.c.client]
        self._connection.execute(new.on_conflict_do_update(index_elements=key, set_=more))
        return last is None or last <= at - WINDOW

    def blocks(self, at: datetime) -> list[Block]:
        """Return who was stopped in the last thirty days, the latest first."""
        query = sa.select(lookup_blocks).where(_BLOCK.municipality == self._municipality, _BLOCK.last_at >= at - ALARM)
        rows = self._connection.execute(query.order_by(_BLOCK.last_at.desc(), _BLOCK.client))
        return [Block(row.client, row.since, row.last_at, row.refused) for row in rows]
