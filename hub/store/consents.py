"""Consents: every version kept, sealed under the key of the person whose data they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from hub.consent.consent import Consent
from hub.crypto.envelope import seal, unseal
from hub.store.people import People
from hub.store.tables import consents, people
from hub.store.written import Written

_CONSENT = Written[Consent](Consent)
_NEWEST_OF = (
    sa.select(consents.c.id, consents.c.version, consents.c.person_id, people.c.wrapped_key, consents.c.content)
    .join(people, people.c.id == consents.c.person_id)
    .where(consents.c.person_id.in_(sa.bindparam("people", expanding=True)), consents.c.is_newest)
    .order_by(consents.c.id)
)


class SealedConsent(NamedTuple):
    """One version of a consent, and the wrapped key of the person whose data it is about, under which it is sealed."""

    id: UUID
    version: int
    person: UUID
    wrapped_key: bytes
    content: bytes


class Consents:
    """Consents, in one transaction."""

    def __init__(self, connection: sa.Connection, people: People) -> None:
        self._connection = connection
        self._people = people

    def add(self, consent: Consent, at: datetime) -> None:
        """Remember a consent, or a new version of one; the older version stays as it was."""
        self._connection.execute(
            consents.update().where(consents.c.id == consent.id, consents.c.is_newest).values(is_newest=False)
        )
        key = self._people.key_of(consent.person)
        self._connection.execute(
            consents.insert().values(
                id=consent.id,
                version=consent.version,
                person_id=consent.person,
                status=consent.status,
                effect=consent.effect,
                is_newest=True,
                recorded_at=at,
                content=seal(key, _CONSENT.spell(consent), _place(consent.id, consent.version)),
            )
        )

    def of(self, whose: Iterable[UUID]) -> Sequence[Consent]:
        """Return the newest version of every consent about these people, in force or not."""
        rows = self._connection.execute(_NEWEST_OF, {"people": list(whose)})
        return self.open([SealedConsent(*row) for row in rows])

    def open(self, sealed: Sequence[SealedConsent]) -> Sequence[Consent]:
        """Return consents whose rows the caller has read."""
        wrapped = {one.person: one.wrapped_key for one in sealed}
        keys = {person: self._people.unwrap(key, person) for person, key in wrapped.items()}
        return [_CONSENT.read(unseal(keys[one.person], one.content, _place(one.id, one.version))) for one in sealed]

    def version(self, wanted: UUID, version: int) -> Consent | None:
        """Return one version of a consent, or None."""
        query = sa.select(consents).where(consents.c.id == wanted, consents.c.version == version)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        key = self._people.key_of(row.person_id)
        return _CONSENT.read(unseal(key, row.content, _place(row.id, row.version)))

    def recorded_at(self, wanted: UUID) -> Mapping[int, datetime]:
        """Return when each version of a consent was written down."""
        query = sa.select(consents.c.version, consents.c.recorded_at).where(consents.c.id == wanted)
        return {row.version: row.recorded_at for row in self._connection.execute(query)}

    def whose(self, wanted: UUID) -> UUID | None:
        """Return the person whom a consent is about."""
        query = sa.select(consents.c.person_id).where(consents.c.id == wanted, consents.c.is_newest)
        return self._connection.execute(query).scalar_one_or_none()

    def get(self, wanted: UUID) -> Consent | None:
        """Return the newest version of a consent, or None."""
        person = self.whose(wanted)
        return None if person is None else next(one for one in self.of([person]) if one.id == wanted)


def _place(consent: UUID, version: int) -> str:
    return f"consents|{consent}|{version}"
