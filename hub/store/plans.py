"""Plans and their elements: each element sealed under the plan's own key, every version kept.

Only ``flow`` may read from here: nobody goes round the consent layer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.crypto.envelope import Keyring, keyed_digest
from hub.plan.canonical import canonical
from hub.plan.element import Element
from hub.plan.plan import CaseRef, Plan, PlanStatus
from hub.store.current_elements import read_current, write_changed
from hub.store.engines import IN_BINARY
from hub.store.plan_state import read_state, seal_state
from hub.store.policies import HOLD_NEWEST
from hub.store.restrictions import in_force
from hub.store.sealed_elements import Current, ElementPlace, seal_current, unseal_element
from hub.store.tables import case_plans, elements, people, plan_people, plans
from hub.store.upserts import insert_into

# Statements that are asked often are built once: building one takes SQLAlchemy longer than SQLite needs to run it.
_READ = sa.select(
    plans.c.id,
    plans.c.person_id,
    plans.c.status,
    plans.c.version,
    plans.c.consent_version,
    plans.c.wrapped_key,
    plans.c.state,
    plans.c.is_held,
    plans.c.is_restricted,
    plans.c.content_version,
    plans.c.content,
).where(plans.c.id == sa.bindparam("plan"), plans.c.municipality == sa.bindparam("ours"))
_READ = _READ.execution_options(**IN_BINARY)
_HOLD = _READ.add_columns(HOLD_NEWEST.scalar_subquery().label("policy")).with_for_update(read=True, of=plans)


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan as remembered: the plan itself, its counters, and the key that seals it.

    :ivar current: its elements once more, and when the row of each was written.
    """

    plan: Plan
    version: int
    consent_version: int
    key: bytes
    current: Current

    def digest(self, element: Element, *, is_protected: bool = False) -> str:
        """Return a keyed digest of what is shown of an element: opaque, and no help to who would guess content.

        :param is_protected: whether it is told beside it that the person's address is protected; once that changes,
            whoever holds the element is told anew.
        """
        return keyed_digest(self.key, canonical(element) + (b"protected-address" if is_protected else b"")).hex()[:32]


class Plans:
    """Plans, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring, municipality: str) -> None:
        self._connection = connection
        self._keyring = keyring
        self._municipality = municipality

    def open(self, person: UUID, at: datetime) -> UUID:
        """Open an empty plan for a person; return the one that is there, were it opened just now by another."""
        plan = Plan(new_id(), person)
        key, wrapped = self._keyring.new_data_key(key_place(plan.id))
        opened = self._connection.execute(
            insert_into(plans, self._connection)
            .values(
                id=plan.id,
                municipality=self._municipality,
                person_id=person,
                status=plan.status,
                opened_at=at,
                version=1,
                consent_version=1,
                wrapped_key=wrapped,
                state=seal_state(plan, key),
            )
            .on_conflict_do_nothing(index_elements=["person_id"])
            .returning(plans.c.id)
        ).one_or_none()
        if opened is None:
            there: UUID = self._connection.execute(
                sa.select(plans.c.id).where(plans.c.person_id == person)
            ).scalar_one()
            return there
        self._connection.execute(plan_people.insert().values(plan_id=plan.id, person_id=person))
        return plan.id

    def of_person(self, person: UUID) -> UUID | None:
        """Return the id of a person's plan."""
        return self._connection.execute(sa.select(plans.c.id).where(plans.c.person_id == person)).scalar_one_or_none()

    def person_of(self, wanted: UUID) -> UUID | None:
        """Return whose a plan is, which need not open for that; None where there is none."""
        query = sa.select(plans.c.person_id).where(plans.c.id == wanted, plans.c.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def lock(self, wanted: Iterable[UUID]) -> None:
        """Take plans for writing, in one order for everyone, so that two transactions never wait for each other.

        The lock leaves the key alone (NO KEY UPDATE): a row elsewhere that points to the plan may be written meanwhile.
        """
        query = sa.select(plans.c.id).where(plans.c.id.in_(list(wanted))).order_by(plans.c.id)
        self._connection.execute(query.with_for_update(key_share=True)).all()

    def take(self, wanted: UUID | None) -> StoredPlan | None:
        """Take a plan for writing, and return it as it is once it is taken; None where there is none.

        Whoever decides by an instant asks for it after this: the wait may have been long.
        """
        if wanted is None:
            return None
        self.lock([wanted])
        return self.get(wanted)

    def lock_concerning(self, person: UUID) -> Sequence[UUID]:
        """Take for writing every plan in which something concerns the person; none joins them until this commits.

        Without the lock on the person, a message being merged into a further plan could commit right after we looked,
        and what it says of the person would be delivered there by the consents of before. A plan that joined while we
        waited is not waited for with the person in hand, for whoever has that plan may want the person: all are let go
        and taken again, in order.
        """
        found = self.concerning(person)
        while True:
            with self._connection.begin_nested() as taking:
                self.lock(found)
                self._connection.execute(sa.select(people.c.id).where(people.c.id == person).with_for_update()).all()
                taken, found = found, self.concerning(person)
                if set(found) <= set(taken):
                    return found
                taking.rollback()

    def get(self, wanted: UUID, *, for_delivery: bool = False) -> StoredPlan | None:
        """Return a plan, or None.

        :param for_delivery: wait for, and hold off, whoever changes the plan, its consents or the policy until this
            commits.
        """
        which = {"plan": wanted, "ours": self._municipality}
        row = self._connection.execute(_HOLD if for_delivery else _READ, which).one_or_none()
        if row is None:
            return None
        key = self._keyring.unwrap(row.wrapped_key, key_place(wanted))
        state, current = read_state(row.state, key, wanted), read_current(self._connection, row, key)
        plan = Plan(
            id=wanted,
            person=row.person_id,
            status=PlanStatus(row.status),
            elements={element.id: element for element, _ in current},
            tombstones=state.tombstones,
            cases={CaseRef(*ref): case for ref, case in state.cases},
            is_held=row.is_held,
            protected=state.protected,
            restricted=frozenset(in_force(self._connection, wanted)) if row.is_restricted else frozenset(),
        )
        return StoredPlan(plan, row.version, row.consent_version, key, current)

    def key_of(self, wanted: UUID) -> bytes:
        """Return the key that seals a plan that is there."""
        query = sa.select(plans.c.wrapped_key).where(plans.c.id == wanted, plans.c.municipality == self._municipality)
        return self._keyring.unwrap(self._connection.execute(query).scalar_one(), key_place(wanted))

    def save(self, before: StoredPlan, after: Plan, at: datetime) -> None:
        """Remember a plan's new content; superseded versions of its elements stay."""
        current = write_changed(self._connection, before.current, after, before.key, at)
        self._remember_people(before.plan, after)
        ended_at = sa.func.coalesce(plans.c.ended_at, at) if after.status is PlanStatus.COMPLETED else None
        version = before.version + 1
        row = {
            "version": plans.c.version + 1,
            "status": after.status,
            "ended_at": ended_at,
            "state": seal_state(after, before.key),
            "content": seal_current(current, after.id, version, before.key),
            "content_version": version,
        }
        self._connection.execute(plans.update().where(plans.c.id == after.id).values(row))

    def concerning(self, person: UUID) -> Sequence[UUID]:
        """Return the plans in which something concerns the person."""
        query = sa.select(plan_people.c.plan_id).where(plan_people.c.person_id == person)
        return self._connection.execute(query.order_by(plan_people.c.plan_id)).scalars().all()

    def naming(self, wanted: Collection[UUID]) -> frozenset[UUID]:
        """Return the plans in which something concerns these people; none joins them until this commits.

        Whoever is writing something that concerns one of them is waited for (see ``lock_concerning``).
        """
        held = sa.select(people.c.id).where(people.c.id.in_(list(wanted))).order_by(people.c.id)
        self._connection.execute(held.with_for_update()).all()
        return frozenset(plan for person in wanted for plan in self.concerning(person))

    def consents_changed(self, wanted: Sequence[UUID]) -> None:
        """Tell plans that a consent which may matter to them has changed."""
        raised = {"consent_version": plans.c.consent_version + 1}
        self._connection.execute(plans.update().where(plans.c.id.in_(wanted)).values(raised))

    def hold(self, wanted: UUID, *, is_held: bool) -> None:
        """Hold the family's view of a plan back, or let go of it. The plan must have been taken for writing."""
        self._connection.execute(plans.update().where(plans.c.id == wanted).values(is_held=is_held))

    def is_held(self, wanted: UUID) -> bool:
        """Tell whether the family's view of a plan is held back."""
        query = sa.select(plans.c.is_held).where(plans.c.id == wanted)
        return bool(self._connection.execute(query).scalar_one_or_none())

    def of_case(self, case: CaseRef) -> UUID | None:
        """Return the plan that an authority's case belongs to."""
        query = sa.select(case_plans.c.plan_id).where(case_plans.c.blind_index == self._case_index(case))
        return self._connection.execute(query).scalar_one_or_none()

    def of_element(self, element: UUID) -> UUID | None:
        """Return the plan that an element is in now."""
        query = sa.select(elements.c.plan_id).where(elements.c.id == element, elements.c.superseded_at.is_(None))
        return self._connection.execute(query).scalar_one_or_none()

    def claim_case(self, case: CaseRef, home: UUID) -> UUID:
        """Take a case for this transaction alone, before its plan; return its plan: ``home`` if it had none."""
        index = self._case_index(case)
        self._connection.execute(
            insert_into(case_plans, self._connection).values(blind_index=index, plan_id=home).on_conflict_do_nothing()
        )
        query = sa.select(case_plans.c.plan_id).where(case_plans.c.blind_index == index).with_for_update()
        plan: UUID = self._connection.execute(query).scalar_one()
        return plan

    def move_case(self, case: CaseRef, to: UUID) -> None:
        """Remember that a case now belongs to another plan."""
        moved = case_plans.update().where(case_plans.c.blind_index == self._case_index(case)).values(plan_id=to)
        self._connection.execute(moved)

    def _latest(self, stored: StoredPlan, wanted: Collection[UUID]) -> Mapping[UUID, Element]:
        """Return elements as they read last in a plan."""
        query = sa.select(elements.c.id, elements.c.registered_at, elements.c.content).where(
            elements.c.plan_id == stored.plan.id, elements.c.id.in_(list(wanted))
        )
        newest = {row.id: row for row in self._connection.execute(query.order_by(elements.c.row))}
        return {
            one: unseal_element(row.content, ElementPlace(one, stored.plan.id, row.registered_at), stored.key)
            for one, row in newest.items()
        }

    def with_gone(self, stored: StoredPlan, wanted: Collection[UUID]) -> Plan:
        """Return a plan with those of the elements that are gone from it, too, as they read last."""
        gone = set(wanted) - stored.plan.elements.keys()
        if not gone:
            return stored.plan
        return replace(stored.plan, elements={**stored.plan.elements, **self._latest(stored, gone)})

    def elements_before(self, wanted: UUID, at: datetime) -> frozenset[UUID]:
        """Return the elements that were in a plan before an instant, whatever has become of them since."""
        query = sa.select(elements.c.id).where(elements.c.plan_id == wanted, elements.c.registered_at < at)
        return frozenset(self._connection.execute(query).scalars())

    def _remember_people(self, before: Plan, after: Plan) -> None:
        for person in after.people() - before.people():
            self._connection.execute(plan_people.insert().values(plan_id=after.id, person_id=person))
        left = before.people() - after.people()
        if left:
            self._connection.execute(
                plan_people.delete().where(plan_people.c.plan_id == after.id, plan_people.c.person_id.in_(left))
            )

    def _case_index(self, case: CaseRef) -> bytes:
        return self._keyring.blind_index("case", self._municipality, *case)


def key_place(plan: UUID) -> str:
    """Return what a plan's wrapped key is bound to."""
    return f"plans|{plan}|key"
