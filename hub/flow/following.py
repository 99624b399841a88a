"""Follow people in the person register: subscribe, hear that something has changed, and ask what holds now.

A person is followed as long as they have a plan. To ask about one is a job whose reference is the subscription; it is
done in the transaction that wrote down what was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import REGISTER, Changes, Register, RegisterFacts
from hub.clock import new_id, now
from hub.flow.register import learn
from hub.plan.identifier import CPR, Identifier
from hub.store.followed import Followed, State
from hub.store.jobs import Job, JobKind
from hub.store.transaction import Store, Unit

#: After which whom the register did not know, or who had no CPR number, is asked about again.
_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom a job is about.

    :ivar number: by which the register may know the person; None where the hub knows no CPR number.
    """

    followed: Followed
    number: Identifier | None
    has_plan: bool


def catch_up(store: Store) -> None:
    """Have the register asked about who has come to have a plan, or has none any more; and for changes at all."""
    with store.begin() as unit:
        at = now()
        unit.jobs.ensure(JobKind.POLL, REGISTER, at)
        found = unit.register.people.catch_up(at, _AGAIN)
        unit.jobs.add_fetches(REGISTER, map(str, found), at, str(new_id()))
        unit.register.tasks.clear()


def take_changes(page: Changes, job: Job, store: Store, next_at: datetime) -> None:
    """Commit the promise to ask about those who have changed, and how far the hub has come, in one transaction.

    Of who is not followed nothing is kept, not even that something has changed.
    """
    with store.begin() as unit:
        at = now()
        ours = unit.register.people.ours(page.subscriptions)
        unit.jobs.add_fetches(REGISTER, map(str, ours), at, job.correlation_id)
        unit.jobs.again(job, at, at if page.has_more else next_at, page.cursor)
        if not page.has_more and not ours and not unit.jobs.owes(REGISTER):
            unit.breakers.brought(REGISTER, at)  # the hub knows all that the register has told of


def look_up(job: Job, register: Register, store: Store) -> None:
    """Ask about one person, and remember what is said; or let go of one who has no plan.

    :raises SourceDown: the register does not answer.
    """
    with store.begin(read_only=True) as unit:
        asked = _asked(unit, UUID(job.reference))
    said = _said(register, asked) if asked is not None else None
    with store.begin() as unit:
        if asked is not None and isinstance(said, RegisterFacts):
            learn(unit, asked.followed, said, job.correlation_id)
        elif asked is not None and said is None:
            unit.register.people.let_go(asked.followed.subscription)
        elif asked is not None and isinstance(said, State):
            unit.register.people.heard(asked.followed.subscription, said, now())
        if asked is not None and said is not State.NO_NUMBER:  # else nobody was asked
            unit.breakers.brought(REGISTER, now())
        unit.jobs.done(job, now())


def _asked(unit: Unit, subscription: UUID) -> _Asked | None:
    followed = unit.register.people.get(subscription)
    if followed is None:
        return None
    if unit.plans.of_person(followed.person) is None:
        return _Asked(followed, None, has_plan=False)
    number = unit.people.get(followed.person).identifier_for(REGISTER)
    return _Asked(followed, number if number is not None and number.system == CPR else None, has_plan=True)


def _said(register: Register, asked: _Asked) -> RegisterFacts | State | None:
    """Return what the register says of the person, or how the subscription stands without; None: it has ended."""
    followed = asked.followed
    if not asked.has_plan:
        register.unsubscribe(followed.subscription)
        return None
    if asked.number is None:
        return State.NO_NUMBER
    if followed.state is not State.FOLLOWED and not register.subscribe(followed.subscription, asked.number):
        return State.UNKNOWN
    return register.facts(asked.number) or State.UNKNOWN
