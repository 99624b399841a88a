"""Every sealed column, found from the tables: what is moved to another row, column or table does not open there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority.feeding import Topic
from hub.authority.legal_holds import LegalHold
from hub.clock import new_id
from hub.errors import SettingsRefused, Tampered
from hub.plan.contribution import PersonFacts
from hub.plan.element import Period
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.store.accepted_findings import AcceptedFinding
from hub.store.consent_request_tables import consent_requests
from hub.store.consent_requests import ConsentRequest
from hub.store.correction_tables import corrections
from hub.store.corrections import Correction
from hub.store.dead_letter_tables import dead_letter_deeds
from hub.store.dead_letters import Deed, Done, Kind, Letter
from hub.store.emergencies import EmergencyAccess
from hub.store.erasures import LegalHoldRow
from hub.store.finding_tables import accepted_findings
from hub.store.meetings import Meeting
from hub.store.migrations import upgrade
from hub.store.occasion_tables import emergencies, meetings, plan_holds
from hub.store.proposal_tables import proposals
from hub.store.proposals import Proposal
from hub.store.replay_rows import Replay, State
from hub.store.replay_tables import replays
from hub.store.restrictions import new_restriction
from hub.store.rights_tables import legal_holds, restrictions
from hub.store.statement_tables import statements
from hub.store.statements import Statement
from hub.store.subscription_tables import subscriptions
from hub.store.subscriptions import Status, Subscription, Terms
from hub.store.tables import attempts, consents, elements, inbox, metadata, outbox, people, plans
from hub.store.transaction import Unit
from hub.testing.builders import THEN, a_consent, a_plan
from tests.integration.databases import a_store

pytestmark = pytest.mark.integration

#: Bytes that are no ciphertext: keyed or plain digests, the audit's public hashes, and a certificate for its citizen.
DIGESTS = {
    "access_tokens.certificate", "access_tokens.client_digest", "access_tokens.token_digest",
    "audit_checkpoints.peaks", "audit_seals.leaf", "audit_seals.link", "case_plans.blind_index",
    "erasures.certificate", "identifiers.blind_index", "inbox.body_digest", "inbox.message_index", "lookups.subject",
    "outbox.target", "subscription_events.target",
    "sessions.client_digest", "sessions.secret_digest", "used_assertions.assertion",
}  # fmt: skip

TERMS = Terms(Topic.CHANGED, "https://children.example/told", "Følge med", ("Authorization: Bearer x",))


@dataclass
class Row:
    """A row with something sealed in it, and how it is read."""

    table: sa.Table
    which: sa.ColumnElement[bool]
    read: Callable[[], object]


Rows = Mapping[str, Sequence[Row]]


class Filled:
    """Two people with a plan each, and of every sealed column two rows, under one plan's key where one can be."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.rows: dict[str, list[Row]] = {}
        self.people = [unit.people.add(PersonFacts((cpr_identifier(f"010170000{n}", "hub"),), "A")) for n in (1, 2)]
        self.plans = [unit.plans.open(person, THEN) for person in self.people]
        stored = unit.plans.get(self.plans[0])
        assert stored is not None
        self.key = stored.key
        for plan in self.plans:
            unit.outbox.ensure(plan, "children", "rest", THEN)
        self.delivery: UUID = unit.connection.execute(sa.select(outbox.c.id).limit(1)).scalar_one()
        self._people_and_plans()
        self._elements()
        self._of_messages()
        self._occasions()
        self._rights()

    def _add(self, column: sa.Column[Any], which: sa.ColumnElement[bool], read: Callable[[], object]) -> None:
        self.rows.setdefault(str(column), []).append(Row(column.table, which, read))

    def _people_and_plans(self) -> None:
        for person, plan in zip(self.people, self.plans, strict=True):
            for column in (people.c.wrapped_key, people.c.identity):
                self._add(column, people.c.id == person, partial(self.unit.people.get, person))
            for column in (plans.c.wrapped_key, plans.c.state):
                self._add(column, plans.c.id == plan, partial(self.unit.plans.get, plan))
        consent = a_consent(self.people[0]).to("social").build()
        for version in (1, 2):
            self.unit.consents.add(replace(consent, version=version), THEN)
            which = sa.and_(consents.c.id == consent.id, consents.c.version == version)
            self._add(consents.c.content, which, partial(self.unit.consents.version, consent.id, version))

    def _elements(self) -> None:
        """Two versions of one element, and another element beside it: what is read is the newest of both."""
        plan = self.plans[0]
        content = a_plan(self.people[0]).with_goal("children", title="Ro").with_goal("children", title="To").build()
        first, second = content.elements.values()
        later = THEN + timedelta(days=1)
        for which, at, elements_ in ((plan, THEN, [first]), (plan, later, [first, second]), (self.plans[1], THEN, [])):
            stored = self.unit.plans.get(which)
            assert stored is not None
            written = {e.id: replace(e, title=f"{e.title} {at}", registered_at=at) for e in elements_}
            self.unit.plans.save(stored, replace(stored.plan, elements=written), at)
        for one in self.plans:
            self._add(plans.c.content, plans.c.id == one, partial(self.unit.plans.get, one))
        found = self.unit.connection.execute(sa.select(elements.c.row, elements.c.superseded_at)).all()
        assert sorted(row.superseded_at is None for row in found) == [False, True, True]
        for row in sorted(found, key=lambda row: row.superseded_at is not None):
            self._add(elements.c.content, elements.c.row == row.row, partial(self._from_rows, plan))

    def _from_rows(self, plan: UUID) -> None:
        """Read the elements of a plan each from its row, as they are where they were not sealed together."""
        with self.unit.connection.begin_nested() as trying:
            self.unit.connection.execute(plans.update().values(content_version=None))
            try:
                self.unit.plans.get(plan)
            finally:
                trying.rollback()

    def _of_messages(self) -> None:
        unit, first = self.unit, self.plans[0]
        letter = Letter(
            Kind.DELIVERY, self.delivery, "children", "rest", "recipient-refused", "", THEN, 1, 1, "c", first
        )
        for n in (1, 2):
            receipt, _ = unit.inbox.take("children", f"m{n}", b"body", "c", THEN)
            self._add(inbox.c.body, inbox.c.id == receipt, partial(unit.inbox.body, receipt))
            attempt = unit.attempts.record(self.delivery, n, {}, THEN, 1)
            unit.attempts.finish(attempt, "delivered", THEN, said="Vi beholder det.")
            self._add(attempts.c.said, attempts.c.id == attempt, partial(unit.attempts.said, attempt))
            replay = Replay(new_id(), State.DRAFT, THEN, "o", "c", "Nu virker det.", {}, THEN, 1, 1, 50)
            unit.replays.add(replay, [(letter, "g")])
            self._add(replays.c.reason, replays.c.id == replay.id, partial(unit.replays.get, replay.id))
            told = Subscription(new_id(), "c", "children", TERMS, Status.REQUESTED, THEN)
            unit.subscriptions.add(told)
            self._add(
                subscriptions.c.terms, subscriptions.c.id == told.id, partial(unit.subscriptions.get, told.id, "c")
            )
            unit.dead_letters.write_down(self.delivery, Done(Deed.DISCARDED, THEN, "o", "Sendt i dag."), self.key)
        self._all_of(dead_letter_deeds.c.reason, lambda: unit.dead_letters.deeds(self.delivery, self.key))

    def _occasions(self) -> None:
        unit, plan, later = self.unit, self.plans[0], THEN + timedelta(hours=1)
        for n in (1, 2):
            access = EmergencyAccess(new_id(), plan, f"c{n}", "children", Role.CASEWORKER, THEN, later, later)
            unit.emergencies.add(access, "Fare for barnet.", self.key)
            meeting = Meeting(new_id(), plan, "follow-up", n, ("children",), "children", "c", THEN, later)
            unit.meetings.add(meeting, "En ny aftale.", self.key)
            hold = unit.holds.add(plan, "children", "c", "Fare.", self.key, THEN)
            unit.holds.lift(hold.id, "c", "Ovre.", self.key, later)
        self._all_of(emergencies.c.reason, lambda: unit.emergencies.reasons(plan, self.key))
        self._all_of(meetings.c.reason, lambda: unit.meetings.reasons(plan, self.key))
        for column in (plan_holds.c.reason, plan_holds.c.lift_reason):
            self._all_of(column, lambda: unit.holds.of_plan(plan, self.key))

    def _rights(self) -> None:
        unit, plan = self.unit, self.plans[0]
        for n in (1, 2):
            who = "children", Role.COORDINATOR, f"c{n}"
            restriction = new_restriction(plan, new_id(), who, "Det er forkert.", THEN)
            unit.restrictions.add(restriction, self.key)
            unit.restrictions.lift(restriction, "c", "Rettet nu.", self.key, THEN)
            law = LegalHoldRow(new_id(), plan, LegalHold.CASE, "children", "c", THEN, "Sagen er anket.")
            unit.erasures.hold(law, self.key)
            claim = Correction(new_id(), plan, new_id(), "children", "d", "citizen", Role.CITIZEN, THEN, "Forkert.")
            unit.corrections.add(claim, (), self.key)
            unit.corrections.answer(claim.id, "Det er rigtigt.", self.key, THEN)
            said = Statement(new_id(), plan, new_id(), "children", "d", "ask", Role.CITIZEN, THEN, "Hvorfor det?", THEN)
            unit.statements.add(said, self.key)
            unit.statements.answer(said.id, "Fordi det hjælper.", self.key, THEN)
            word = AcceptedFinding(new_id(), plan, new_id(), "busy-day", (), "children", "c", THEN, "Det går an.")
            unit.accepted_findings.add(word, self.key)
            hours = Period(THEN, THEN + timedelta(hours=1))
            other = Proposal(new_id(), plan, new_id(), "children", hours, hours, "coordination", "c", THEN)
            unit.proposals.add(other)
            unit.proposals.reject(other.id, "Der er ingen tid.", self.key, THEN)
            asked = ConsentRequest(new_id(), plan, "social", f"c{n}", "coordination", "c", THEN, "For mødet.")
            unit.consent_requests.add(asked, self.key)
        self._all_of(proposals.c.answer, lambda: unit.proposals.of_plan(plan, self.key))
        self._all_of(accepted_findings.c.reason, lambda: unit.accepted_findings.of_plan(plan, self.key))
        self._all_of(consent_requests.c.purpose, lambda: unit.consent_requests.of_plan(plan, self.key))
        for column in (statements.c.words, statements.c.answer):
            self._all_of(column, lambda: unit.statements.of_plan(plan, self.key))
        for column in (restrictions.c.reason, restrictions.c.lift_reason):
            self._all_of(column, lambda: unit.restrictions.of_plan(plan, self.key))
        for column in (corrections.c.claim, corrections.c.answer):
            self._all_of(column, lambda: unit.corrections.of_plan(plan, self.key))
        self._all_of(legal_holds.c.reason, lambda: unit.erasures.holds_of(plan, self.key))

    def _all_of(self, column: sa.Column[Any], read: Callable[[], object]) -> None:
        for row in self.unit.connection.execute(sa.select(column.table.c.id)).scalars():
            self._add(column, column.table.c.id == row, read)


def sealed_columns() -> set[str]:
    """Return every column of bytes that is no digest."""
    bytes_ = {str(c) for table in metadata.sorted_tables for c in table.c if isinstance(c.type, sa.LargeBinary)}
    assert bytes_ >= DIGESTS, f"no columns any more: {DIGESTS - bytes_}"
    return bytes_ - DIGESTS


def test_what_is_sealed_opens_in_its_own_row_and_column_and_nowhere_else(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    upgrade(store)
    with store.begin() as unit:
        rows = Filled(unit).rows
        assert rows.keys() == sealed_columns(), "a sealed column is not tried here"
        sealed = {
            (column, n): unit.connection.execute(sa.select(one.table.c[column.split(".")[1]]).where(one.which)).scalar()
            for column, some in rows.items()
            for n, one in enumerate(some)
        }
        opened = []
        for column, some in rows.items():
            some[0].read()  # opens where it was sealed
            for (source, n), moved in sealed.items():
                if (source, n) != (column, 0) and opens(unit, column, some[0], moved):
                    opened.append(f"{source} of row {n} opens as {column} of row 0")
        assert not opened
    store.close()


def opens(unit: Unit, column: str, row: Row, moved: Any) -> bool:
    """Tell whether bytes from elsewhere are read as if they belonged here."""
    with unit.connection.begin_nested() as trying:
        unit.connection.execute(row.table.update().where(row.which).values({column.split(".")[1]: moved}))
        try:
            row.read()
        except (Tampered, SettingsRefused):  # or it names a version of the master key that there is not
            return False
        else:
            return True
        finally:
            trying.rollback()
