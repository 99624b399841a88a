"""One transaction, and everything that can be remembered in it.

    with store.begin() as unit:
        plan = unit.plans.of_person(person, lock=True)
        ...

Leaving the block commits; an exception rolls everything back. On SQLite a writing transaction takes the write lock at
once (BEGIN IMMEDIATE), so that two never deadlock halfway; a durable commit (synchronous=FULL) is the acknowledgement.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url

from hub.crypto.envelope import Keyring
from hub.metrics.counts import Counts, Tally
from hub.spans import works as of
from hub.spans.span import SILENT, Span, Spans
from hub.store.accepted_findings import AcceptedFindings
from hub.store.access_rows import AccessRows
from hub.store.audit_rows import AuditRows
from hub.store.breakers import Breakers
from hub.store.busy import busy_is_told
from hub.store.consent_requests import ConsentRequests
from hub.store.consents import Consents
from hub.store.corrections import Corrections
from hub.store.dead_letters import DeadLetters
from hub.store.emergencies import Emergencies
from hub.store.engines import new_engine
from hub.store.erasures import Erasures
from hub.store.feeds import Feeds
from hub.store.holdings import Attempts, Holdings
from hub.store.holds import Holds
from hub.store.inbox import Inbox
from hub.store.jobs import Jobs
from hub.store.later_receipts import LaterReceipts
from hub.store.lookups import Lookups
from hub.store.meetings import MeetingRows
from hub.store.memberships import Memberships
from hub.store.notices import Notices
from hub.store.outbox import Outbox
from hub.store.paces import Paces
from hub.store.people import People
from hub.store.plans import Plans
from hub.store.policies import Policies
from hub.store.policy_drafts import PolicyDrafts
from hub.store.proposals import Proposals
from hub.store.register_rows import RegisterRows
from hub.store.replays import Replays
from hub.store.restrictions import Restrictions
from hub.store.revocations import Revocations
from hub.store.seals import Seals
from hub.store.sessions import SessionRows
from hub.store.statements import Statements
from hub.store.subscriptions import Subscriptions
from hub.store.traces import Traces
from hub.store.unknown_codes import UnknownCodes
from hub.store.withdrawals import Withdrawals
from hub.store.witnesses import WitnessRows

_SPAN = "hub_span"  # of the transaction that a connection is in, among what is known of the connection


@dataclass(frozen=True)
class Unit:
    """One open transaction and the things remembered in it."""

    connection: sa.Connection
    keyring: Keyring
    municipality: str
    #: What is counted once it commits.
    tally: Tally = field(default_factory=Tally)

    #: Tokens that were issued.
    access = cached_property(lambda unit: AccessRows(unit.connection, unit.municipality))

    #: Look-ups of people by number.
    lookups = cached_property(lambda unit: Lookups(unit.connection, unit.municipality))

    @cached_property
    def people(self) -> People:
        """People and their identifiers."""
        return People(self.connection, self.keyring, self.municipality)

    @cached_property
    def plans(self) -> Plans:
        """Plans, elements and their history."""
        return Plans(self.connection, self.keyring, self.municipality)

    #: Who belongs to which plan.
    memberships = cached_property(lambda unit: Memberships(unit.connection))

    @cached_property
    def consents(self) -> Consents:
        """Consents and their versions."""
        return Consents(self.connection, self.people)

    @cached_property
    def policies(self) -> Policies:
        """The matrix of legal bases."""
        return Policies(self.connection, self.municipality)

    @cached_property
    def policy_drafts(self) -> PolicyDrafts:
        """What the matrix is to become."""
        return PolicyDrafts(self.connection, self.municipality)

    @cached_property
    def inbox(self) -> Inbox:
        """Messages taken in."""
        return Inbox(self.connection, self.keyring, self.municipality)

    @cached_property
    def outbox(self) -> Outbox:
        """What is due to whom."""
        return Outbox(self.connection, self.municipality)

    @cached_property
    def attempts(self) -> Attempts:
        """What has left, or may have."""
        return Attempts(self.connection, self.keyring)

    @cached_property
    def holdings(self) -> Holdings:
        """What each recipient holds."""
        return Holdings(self.connection)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        """What recipients must give up."""
        return Withdrawals(self.connection, self.municipality)

    @cached_property
    def revocations(self) -> Revocations:
        """What citizens have withdrawn."""
        return Revocations(self.connection, self.municipality)

    @cached_property
    def emergencies(self) -> Emergencies:
        """Emergency access to plans."""
        return Emergencies(self.connection, self.municipality)

    @cached_property
    def holds(self) -> Holds:
        """Which plans are held back from the family."""
        return Holds(self.connection, self.municipality)

    @cached_property
    def meetings(self) -> MeetingRows:
        """Meetings that are counted."""
        return MeetingRows(self.connection, self.municipality)

    #: What may not be used for now.
    restrictions = cached_property(lambda unit: Restrictions(unit.connection, unit.municipality))

    #: What citizens say is wrong.
    corrections = cached_property(lambda unit: Corrections(unit.connection, unit.municipality))

    #: What coordinators have said is all right as it stands.
    accepted_findings = cached_property(lambda unit: AcceptedFindings(unit.connection, unit.municipality))

    #: Which other times were proposed.
    proposals = cached_property(lambda unit: Proposals(unit.connection, unit.municipality))
    #: What citizens are asked to consent to.
    consent_requests = cached_property(lambda unit: ConsentRequests(unit.connection, unit.municipality))

    #: What they agree with, or not, or ask about.
    statements = cached_property(lambda unit: Statements(unit.connection, unit.municipality))

    #: What is, or is to be, erased, and what stands in the way.
    erasures = cached_property(lambda unit: Erasures(unit.connection, unit.municipality))

    #: What citizens are to be told by letter.
    notices = cached_property(lambda unit: Notices(unit.connection, unit.municipality))

    #: What recipients that fetch are told.
    feeds = cached_property(lambda unit: Feeds(unit.connection, unit.municipality))
    #: Who is told of what is due to them, over FHIR.
    subscriptions = cached_property(lambda unit: Subscriptions(unit.connection, unit.keyring, unit.municipality))
    #: Whose word on a delivery is awaited.
    later_receipts = cached_property(lambda unit: LaterReceipts(unit.connection, unit.municipality))

    #: How quickly recipients may be called.
    paces = cached_property(lambda unit: Paces(unit.connection, unit.municipality))

    #: What needs a person.
    dead_letters = cached_property(lambda unit: DeadLetters(unit.connection, unit.municipality))

    #: What is brought back of it, many at once.
    replays = cached_property(lambda unit: Replays(unit.connection, unit.keyring, unit.municipality))

    #: What became of a message.
    traces = cached_property(lambda unit: Traces(unit.connection, unit.municipality))

    #: Whom the person register tells of.
    register = cached_property(lambda unit: RegisterRows(unit.connection, unit.municipality))

    @cached_property
    def audit(self) -> AuditRows:
        """What was done, by whom."""
        return AuditRows(self.connection, self.municipality, self.tally)

    #: Which of it is sealed.
    seals = cached_property(lambda unit: Seals(unit.connection, unit.municipality))

    #: Who keeps its checkpoints.
    witnesses = cached_property(lambda unit: WitnessRows(unit.connection, unit.municipality))

    #: Polls, fetches and folders.
    jobs = cached_property(lambda unit: Jobs(unit.connection, unit.municipality))

    #: Which calls may start.
    breakers = cached_property(lambda unit: Breakers(unit.connection, unit.municipality))

    #: Who is signed in to the pages.
    sessions = cached_property(lambda unit: SessionRows(unit.connection, unit.municipality))

    #: What no code table has.
    unknown_codes = cached_property(lambda unit: UnknownCodes(unit.connection, unit.municipality))


class Store:
    """The database and the keys to it."""

    def __init__(self, url: str, keyring: Keyring, municipality: str) -> None:
        self.keyring = keyring
        self.municipality = municipality
        self.engine = new_engine(make_url(url))
        #: Set when a commit made something due; the relay of the same process waits on it.
        self.bell = threading.Event()
        #: What this process counts of what it settles.
        self.counts = Counts()
        #: What its work is told to.
        self.spans: Spans = SILENT

    def tells(self, spans: Spans) -> None:
        """Tell of transactions, and let whoever works with this store tell of its work too."""
        self.spans = spans
        event.listen(self.engine, "before_cursor_execute", _count_statement)

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Unit]:
        """Open a transaction. :raises StoreBusy: the database does not answer, not in time, or has no room to write."""
        with (
            self.spans.begun(of.TRANSACTION) as span,
            busy_is_told(),
            self.engine.connect().execution_options(hub_read_only=read_only) as connection,
            connection.begin(),
        ):
            if self.spans.is_on:
                self._say(span, connection, read_only)
            unit = Unit(connection, self.keyring, self.municipality)
            yield unit
        self.counts.take(unit.tally)
        if unit.outbox.has_become_due:
            self.bell.set()

    @contextmanager
    def at_one_instant(self) -> Iterator[Unit]:
        """Open a transaction that reads all as it stood at one instant, and neither writes nor holds anybody off."""
        with self.begin(read_only=True) as unit:
            if self.engine.dialect.name != "sqlite":  # which reads so by itself
                unit.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield unit

    def _say(self, span: Span, connection: sa.Connection, read_only: bool) -> None:
        connection.info[_SPAN] = span
        span.say(of.DATABASE, self.engine.dialect.name)
        span.say(of.READ_ONLY, read_only)
        span.say(of.STATEMENTS, 0)

    def ping(self) -> None:
        """Ask the database for a sign of life. :raises StoreBusy: there is none."""
        with self.begin(read_only=True) as unit:
            unit.connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _count_statement(connection: sa.Connection, *_: object) -> None:
    """Count a statement in the span of its transaction; what it says is not looked at."""
    span: Span | None = connection.info.get(_SPAN)
    if span is not None:
        span.count(of.STATEMENTS)
