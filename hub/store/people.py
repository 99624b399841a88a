"""People: sealed identity, found by a blind index of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.crypto.envelope import Keyring, seal, unseal
from hub.errors import NotFound
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import Identifier
from hub.plan.person import Person
from hub.store.tables import identifiers, people
from hub.store.written import Written

_PERSON = Written[Person](Person)
_READ = sa.select(people.c.wrapped_key, people.c.identity).where(people.c.id == sa.bindparam("person"))
_HOLD = _READ.with_for_update(key_share=True)
_AT_ONCE = 1_000  # numbers in one query; databases bound how many parameters it may have


class SealedPerson(NamedTuple):
    """What a person's row has sealed."""

    wrapped_key: bytes
    identity: bytes


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

    def known(self, numbers: Collection[Identifier]) -> Mapping[Identifier, UUID]:
        """Return who has which of these numbers; unknown numbers are left out."""
        by_index = {self._index(number): number for number in numbers}
        indexes = list(by_index)
        query = sa.select(identifiers.c.blind_index, identifiers.c.person_id)
        found: dict[Identifier, UUID] = {}
        for start in range(0, len(indexes), _AT_ONCE):
            some = identifiers.c.blind_index.in_(indexes[start : start + _AT_ONCE])
            rows = self._connection.execute(query.where(some))
            found.update({by_index[bytes(row.blind_index)]: row.person_id for row in rows})
        return found

    def hold_numbers(self, *, alone: bool = False) -> None:
        """Rest on whose number is whose until this commits: nobody is given another's number, and no two are united.

        Taken before any case, plan or person is, and once: who has it with others and then wants it alone may wait in
        a circle. Numbers nobody has may be added meanwhile.

        :param alone: in order to change whose number is whose; everyone else who holds the numbers is waited for.
        """
        if self._connection.dialect.name == "postgresql":  # on SQLite only one writes at a time anyway
            mode = "EXCLUSIVE" if alone else "ROW SHARE"
            self._connection.exec_driver_sql(f"LOCK TABLE identifiers IN {mode} MODE")

    def find_or_add(self, facts: PersonFacts) -> UUID:
        """Return the person with one of these numbers; a person not known yet is remembered.

        Two at once: the second waits here until the first has committed, and then finds the person it added.
        """
        self.hold_numbers()
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
        key, wrapped = self._keyring.new_data_key(key_place(person.id))
        sealed = seal(key, _PERSON.spell(person), _place(person.id))
        self._connection.execute(
            people.insert().values(id=person.id, municipality=self._municipality, wrapped_key=wrapped, identity=sealed)
        )
        self._point(facts.identifiers, person.id)
        return person.id

    def get(self, person: UUID, *, for_change: bool = False) -> Person:
        """Return a person; for one who turned out to be another, such as an old version may name, the other.

        :param for_change: hold off whoever else changes what is known of the person until this commits.
        :raises NotFound: there is none.
        """
        row = self._connection.execute(_HOLD if for_change else _READ, {"person": person}).one_or_none()
        if row is None:
            raise NotFound("There is no such person.")
        found = self._opened(person, SealedPerson(row.wrapped_key, row.identity))
        return self.get(found.united_with, for_change=for_change) if found.united_with else found

    def open(self, person: UUID, sealed: SealedPerson) -> Person:
        """Return a person whose row the caller has read; for one who turned out to be another, the other."""
        found = self._opened(person, sealed)
        return self.get(found.united_with) if found.united_with else found

    def learn(self, before: Person, after: Person) -> None:
        """Remember what has become known of a person; a number that is new finds the person from now on."""
        self._reseal(after)
        self._point(set(after.identifiers) - set(before.identifiers), after.id)

    def unite(self, gone: UUID, stays: UUID) -> None:
        """Let a person be one with another: numbers find the other, and nothing is left but who it was."""
        other, one = self.get(gone, for_change=True), self.get(stays, for_change=True)
        self._reseal(one.with_numbers_of(other))
        self._reseal(Person(gone, (), united_with=stays))
        self._connection.execute(identifiers.update().where(identifiers.c.person_id == gone).values(person_id=stays))

    def call(self, person: UUID, name: str) -> None:
        """Remember a person by the name the citizen goes by; none given leaves the name that is known.

        An authority that named the person first, as someone's relative perhaps, would otherwise choose the words that
        every reader of the person's own plan sees.
        """
        known = self.get(person, for_change=True)
        if name and name != known.name:
            self._reseal(replace(known, name=name))

    def protected(self, wanted: Iterable[UUID], at: datetime) -> frozenset[UUID]:
        """Return whose address the person register protects; what it says of them waits until this has committed."""
        row_of = sa.select(people.c.id).where(people.c.id.in_(list(wanted))).order_by(people.c.id)
        # The lock that a row pointing to a person takes anyway: who is told of by the register holds it off.
        held = self._connection.execute(row_of.with_for_update(read=True, key_share=True)).scalars().all()
        return frozenset(one for one in held if self.get(one).is_protected(at))

    def key_of(self, person: UUID) -> bytes:
        """Return the data key that seals what belongs to a person alone, such as consents."""
        wrapped = self._connection.execute(sa.select(people.c.wrapped_key).where(people.c.id == person)).scalar_one()
        return self.unwrap(wrapped, person)

    def unwrap(self, wrapped: bytes, person: UUID) -> bytes:
        """Return a person's data key, which the caller has read beside something else of the person."""
        return self._keyring.unwrap(wrapped, key_place(person))

    def _opened(self, person: UUID, sealed: SealedPerson) -> Person:
        key = self.unwrap(sealed.wrapped_key, person)
        return _PERSON.read(unseal(key, sealed.identity, _place(person)))

    def _reseal(self, person: Person) -> None:
        sealed = seal(self.key_of(person.id), _PERSON.spell(person), _place(person.id))
        self._connection.execute(people.update().where(people.c.id == person.id).values(identity=sealed))

    def _point(self, numbers: Iterable[Identifier], person: UUID) -> None:
        """Let new numbers find a person; in one order for everyone, so that two never wait for each other."""
        for index in sorted(map(self._index, numbers)):
            self._connection.execute(identifiers.insert().values(blind_index=index, person_id=person))

    def _index(self, number: Identifier) -> bytes:
        return self._keyring.blind_index("person", self._municipality, number.system, number.value)


def _place(person: UUID) -> str:
    return f"people|{person}"


def key_place(person: UUID) -> str:
    """Return what a person's wrapped key is bound to."""
    return f"people|{person}|key"
