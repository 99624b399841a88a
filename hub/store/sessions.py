"""Sessions of the pages: which secret stands for which client, since when. The secret itself is never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.store.session_tables import sessions


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody whom an identity provider has let in, as what.

    :ivar person: the citizen's id at the hub, for the role citizen.
    :ivar authenticated_at: when the provider last asked who they are.
    """

    role: str
    organisation: str
    person: UUID | None
    authenticated_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as it is remembered.

    :ivar client: a client of the settings, or the pseudonym of a person.
    :ivar client_digest: of the settings that let it begin.
    :ivar person: what the person is; None for a client of the settings.
    """

    client: str
    client_digest: bytes = field(repr=False)
    began_at: datetime
    seen_at: datetime
    person: PersonRow | None = None


class SessionRows:
    """Sessions, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def begin(
        self, secret_digest: bytes, client: str, client_digest: bytes, at: datetime, person: PersonRow | None = None
    ) -> None:
        """Remember a session that begins now."""
        self._connection.execute(
            sessions.insert().values(
                secret_digest=secret_digest,
                municipality=self._municipality,
                client=client,
                client_digest=client_digest,
                began_at=at,
                seen_at=at,
                **_columns(person),
            )
        )

    def find(self, secret_digest: bytes) -> SessionRow | None:
        """Return a session, however old."""
        row = self._connection.execute(sa.select(sessions).where(self._is(secret_digest))).one_or_none()
        if row is None:
            return None
        person = row.role and PersonRow(row.role, row.organisation, row.person_id, row.authenticated_at)
        return SessionRow(row.client, bytes(row.client_digest), row.began_at, row.seen_at, person or None)

    def seen(self, secret_digest: bytes, at: datetime) -> None:
        """Remember that a session was used."""
        self._connection.execute(sessions.update().where(self._is(secret_digest)).values(seen_at=at))

    def end(self, secret_digest: bytes) -> None:
        """Forget a session."""
        self._connection.execute(sessions.delete().where(self._is(secret_digest)))

    def sweep(self, *, began_by: datetime, seen_by: datetime) -> None:
        """Forget every session that began, or was last used, so long ago or longer."""
        is_over = sa.or_(sessions.c.began_at <= began_by, sessions.c.seen_at <= seen_by)
        self._connection.execute(sessions.delete().where(sessions.c.municipality == self._municipality, is_over))

    def _is(self, secret_digest: bytes) -> sa.ColumnElement[bool]:
        return sa.and_(sessions.c.municipality == self._municipality, sessions.c.secret_digest == secret_digest)


def _columns(person: PersonRow | None) -> dict[str, Any]:
    if person is None:
        return {}
    return {
        "role": person.role,
        "organisation": person.organisation,
        "person_id": person.person,
        "authenticated_at": person.authenticated_at,
    }
