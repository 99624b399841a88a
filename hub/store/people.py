"""People: sealed identity, found by a blind index of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter

from hub.clock import new_id
from hub.crypto.envelope import Keyring, seal, unseal
from hub.errors import NotFound
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import Identifier
from hub.plan.person import Person
from hub.store.tables import identifiers, people

_PERSON = TypeAdapter(Person)


class People:
    """People the hub knows, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring, municipality: str) -> None:
        self._connection = connection
        self._keyring = keyring
        self._municipality = municipality

    def find(self, numbers: Iterable[Identifier]) -> UUID | None:
        """Return who has one of these numbers; were they of several people, whoever has the first."""
        wanted = list(numbers)
        known = self.known(wanted)
        return next((known[number] for number in wanted if number in known), None)

    def known(self, numbers: Sequence[Identifier]) -> Mapping[Identifier, UUID]:
        """Return who has which of these numbers; unknown numbers are left out."""
        by_index = {self._index(number): number for number in numbers}
        query = sa.select(identifiers.c.blind_index, identifiers.c.person_id)
        rows = self._connection.execute(query.where(identifiers.c.blind_index.in_(list(by_index))))
        return {by_index[bytes(row.blind_index)]: row.person_id for row in rows}

    def find_or_add(self, facts: PersonFacts) -> UUID:
        """Return the person with one of these numbers; a person not known yet is remembered.

        Two at once: the second waits here until the first has committed, and then finds the person it added.
        """
        found = self.find(facts.identifiers)
        if found is not None:
            return found
        try:
            with self._connection.begin_nested():
                return self.add(facts)
        except sa.exc.IntegrityError:
            found = self.find(facts.identifiers)
            if found is None:
                raise
            return found

    def add(self, facts: PersonFacts) -> UUID:
        """Remember a person not known yet and return the new id."""
        person = Person(new_id(), facts.identifiers, facts.name)
        key, wrapped = self._keyring.new_data_key(_key_place(person.id))
        sealed = seal(key, _PERSON.dump_json(person), _place(person.id))
        self._connection.execute(
            people.insert().values(id=person.id, municipality=self._municipality, wrapped_key=wrapped, identity=sealed)
        )
        for number in facts.identifiers:
            self._connection.execute(identifiers.insert().values(blind_index=self._index(number), person_id=person.id))
        return person.id

    def get(self, person: UUID) -> Person:
        """Return a person. :raises NotFound: there is none."""
        row = self._connection.execute(sa.select(people).where(people.c.id == person)).one_or_none()
        if row is None:
            raise NotFound("There is no such person.")
        key = self._keyring.unwrap(row.wrapped_key, _key_place(person))
        return _PERSON.validate_json(unseal(key, row.identity, _place(person)))

    def call(self, person: UUID, name: str) -> None:
        """Remember a person by the name the citizen goes by; none given leaves the name that is known.

        An authority that named the person first, as someone's relative perhaps, would otherwise choose the words that
        every reader of the person's own plan sees.
        """
        known = self.get(person)
        if name and name != known.name:
            sealed = seal(self.key_of(person), _PERSON.dump_json(replace(known, name=name)), _place(person))
            self._connection.execute(people.update().where(people.c.id == person).values(identity=sealed))

    def key_of(self, person: UUID) -> bytes:
        """Return the data key that seals what belongs to a person alone, such as consents."""
        wrapped = self._connection.execute(sa.select(people.c.wrapped_key).where(people.c.id == person)).scalar_one()
        return self._keyring.unwrap(wrapped, _key_place(person))

    def _index(self, number: Identifier) -> bytes:
        return self._keyring.blind_index("person", self._municipality, number.system, number.value)


def _place(person: UUID) -> str:
    return f"people|{person}"


def _key_place(person: UUID) -> str:
    return f"people|{person}|key"
