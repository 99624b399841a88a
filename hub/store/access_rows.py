"""Which tokens the hub has issued, and which assertions were used. The tokens themselves are never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from hub.store.access_tables import access_tokens, used_assertions
from hub.store.upserts import insert_into


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token as it is remembered.

    :ivar client_digest: of the client's settings when it was issued.
    :ivar certificate: SHA-256 of the certificate that it is bound to; None: to none.
    """

    client: str
    client_digest: bytes = field(repr=False)
    certificate: bytes | None
    lasts_until: datetime


class AccessRows:
    """Tokens and used assertions, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def use(self, assertion: bytes, lasts_until: datetime) -> bool:
        """Remember an assertion; tell whether it is used for the first time."""
        row = {"assertion": assertion, "municipality": self._municipality, "lasts_until": lasts_until}
        first = (
            insert_into(used_assertions, self._connection)
            .values(row)
            .on_conflict_do_nothing()
            .returning(used_assertions.c.assertion)
        )
        return self._connection.execute(first).one_or_none() is not None

    def issue(self, token_digest: bytes, token: TokenRow) -> None:
        """Remember a token."""
        row = {"token_digest": token_digest, "municipality": self._municipality}
        told = {
            "client": token.client,
            "client_digest": token.client_digest,
            "certificate": token.certificate,
            "lasts_until": token.lasts_until,
        }
        self._connection.execute(access_tokens.insert().values(row | told))

    def find(self, token_digest: bytes) -> TokenRow | None:
        """Return a token, however old."""
        own = access_tokens.c.municipality == self._municipality
        query = sa.select(access_tokens).where(access_tokens.c.token_digest == token_digest, own)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        certificate = None if row.certificate is None else bytes(row.certificate)
        return TokenRow(row.client, bytes(row.client_digest), certificate, row.lasts_until)

    def sweep(self, before: datetime) -> None:
        """Forget what had ended by an instant."""
        for table in (access_tokens, used_assertions):
            self._connection.execute(
                table.delete().where(table.c.municipality == self._municipality, table.c.lasts_until < before)
            )
