"""Take a message in: all of it in one transaction, or nothing.

Bytes become a document (adapter), the document becomes contributions (mapping); then, in one transaction, the inbox
claims the message id, the people named are recognised, each contribution is merged into its person's plan, recipients
become due, and the deed is audited. Whoever calls acknowledges only after this has returned: the commit is the
acknowledgement (G1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.authority import Authorities, Document, Parcel
from hub.clock import now
from hub.errors import NotFound, UnknownPerson, WrongSender
from hub.flow import custody
from hub.flow.announce import authority_of
from hub.flow.counting import accepted_noted, failures_told
from hub.flow.owing import decide_anew
from hub.flow.recognise import Recognised, recognise, remember
from hub.flow.register import with_newcomers
from hub.plan.codes import unknown_codes
from hub.plan.contribution import Contribution
from hub.plan.identifier import Identifier
from hub.plan.merge import merge
from hub.plan.person import Role
from hub.plan.plan import CaseRef, Plan
from hub.plan.urgency import is_pressing
from hub.store.inbox import Receipt
from hub.store.jobs import Job
from hub.store.transaction import Store, Unit


def accept(parcel: Parcel, store: Store, authorities: Authorities, job: Job | None = None) -> Receipt:
    """Take one message in and return the receipt; a repeat of it gets the same receipt and changes nothing.

    :param job: the fetch that brought it; it is done in the same transaction.
    :raises Refused: the message is not taken in, and why; nothing of it stays but an audit entry.
    """
    with failures_told(store, parcel) as span:
        authority = authority_of(parcel, authorities)
        document = authority.adapter.receive(parcel)
        contributions = authority.mapping.to_plan(document)
        _check_sender(parcel, contributions)
        moving: frozenset[UUID] = frozenset()
        while True:
            try:
                with store.begin() as unit:
                    receipt = _take_in(unit, parcel, document, contributions, authorities, moving)
                    accepted_noted(unit, span, parcel, receipt)
                    if not receipt.is_repeat:
                        unit.breakers.brought(parcel.authority, now())
                    if job is not None:  # last: whoever opens a plan takes the plan, then the jobs that wait for it
                        unit.jobs.done(job, now())
                    return receipt
            except custody.HasMoved as found:  # it is rare, so its plans are not taken before it is known
                moving |= found.people


def _take_in(
    unit: Unit,
    parcel: Parcel,
    document: Document,
    contributions: Sequence[Contribution],
    authorities: Authorities,
    moving: frozenset[UUID],
) -> Receipt:
    received_at = now()
    receipt, first_answer = unit.inbox.take(
        parcel.authority, document.message_id, parcel.body, parcel.correlation_id, received_at, document.essence,
        parcel.trace,
    )  # fmt: skip
    if first_answer is not None:
        return first_answer
    recognised = recognise(unit, contributions)
    homes = _homes(unit, recognised, contributions)
    taken_in = [(contribution, home) for contribution, home in zip(contributions, homes, strict=True) if home]
    plans, taken = _take_plans(unit, recognised, taken_in, moving)
    at = now()  # after the wait for the plans: what is registered later is later
    people = remember(unit, recognised, [contribution for contribution, _ in taken_in], parcel.correlation_id, at)
    moved: set[UUID] = set()
    for contribution, home in taken_in:
        moved |= _merge_into(unit, home, contribution, people, authorities, parcel.correlation_id, at)
    custody.revise(unit, moved, taken, parcel.correlation_id, at)
    outcome = _outcome(homes)
    unit.inbox.answer(receipt, outcome)
    unit.inbox.belongs_to(receipt, plans)
    unit.unknown_codes.seen(parcel.authority, unknown_codes(contribution for contribution, _ in taken_in), at)
    said = {"on_behalf_of": document.on_behalf_of} if document.on_behalf_of else {}
    for plan in plans:
        unit.audit.record("accepted", parcel.authority, at, parcel.correlation_id, plan, receipt=receipt, **said)
    return Receipt(receipt, received_at, parcel.correlation_id, outcome)


def _homes(unit: Unit, recognised: Recognised, contributions: Sequence[Contribution]) -> list[UUID | None]:
    """Find the plan of each contribution; None where the person has none.

    :raises UnknownPerson: none of them has one.
    """
    people = [recognised.who(contribution.person) for contribution in contributions]
    homes = [unit.plans.of_person(person) if isinstance(person, UUID) else None for person in people]
    if not any(homes):
        raise UnknownPerson("No plan is open for the person this document is about.")
    return homes


def _take_plans(
    unit: Unit, recognised: Recognised, taken_in: Sequence[tuple[Contribution, UUID]], moving: frozenset[UUID]
) -> tuple[Sequence[UUID], set[UUID]]:
    """Take for writing the plans that the message touches; return where each case belongs or did before, and all taken.

    Cases are taken first, so that two messages that say differently whose case it is come one after the other. Taken
    as well are the plans that concern someone who turns out to be someone else, or whose custody moves.
    """
    cases = {_case(contribution): home for contribution, home in taken_in}
    touched = {unit.plans.claim_case(case, home) for case, home in sorted(cases.items())}
    touched.update(home for _, home in taken_in)
    gone = recognised.gone(contribution for contribution, _ in taken_in)
    taken = {*touched, *custody.naming(unit, {*moving, *(person for person, _ in gone)})}
    unit.plans.lock(taken)
    return sorted(touched), taken


def _merge_into(
    unit: Unit,
    home: UUID,
    contribution: Contribution,
    people: Mapping[Identifier, UUID],
    authorities: Authorities,
    correlation_id: str,
    at: datetime,
) -> set[UUID]:
    """Merge a contribution into its plan; return whose custody has moved by it."""
    moved: set[UUID] = set()
    before = unit.plans.of_case(_case(contribution))
    if before is not None and before != home:
        if not _is_newer_than_case(unit, before, contribution):
            return moved
        moved |= _empty_case(unit, before, contribution, correlation_id, at)
        unit.plans.move_case(_case(contribution), home)
    stored = unit.plans.get(home)
    if stored is None:
        raise NotFound("The plan is gone.")
    merged = with_newcomers(unit, stored.plan, merge(stored.plan, contribution, people, at), at)
    has_joined = unit.memberships.ensure(home, contribution.authority, Role.AUTHORITY_SYSTEM, at)
    adapter = authorities[contribution.authority].adapter
    if adapter.delivers:  # a way to a member may have been configured only after it joined
        has_joined |= unit.outbox.ensure(home, contribution.authority, authorities[contribution.authority].channel, at)
    if merged is not stored.plan:
        unit.plans.save(stored, merged, at)
    if has_joined or merged is not stored.plan:
        sender = None if has_joined else contribution.authority
        pressing = is_pressing(stored.plan, merged, at)
        unit.outbox.mark_due([home], at, correlation_id, pressing=pressing, but_not=sender)
    return moved | _moved(unit, stored.plan, merged)


def _moved(unit: Unit, before: Plan, after: Plan) -> set[UUID]:
    return {after.person} if custody.has_moved(unit, before, after) else set()


def _is_newer_than_case(unit: Unit, plan: UUID, contribution: Contribution) -> bool:
    stored = unit.plans.get(plan)
    state = stored.plan.cases.get(_case(contribution)) if stored else None
    return state is None or contribution.order > state.newest


def _empty_case(unit: Unit, plan: UUID, contribution: Contribution, correlation_id: str, at: datetime) -> set[UUID]:
    """The authority has corrected whose case it is: nothing of the case stays in the plan it was in.

    :returns: whose custody has moved by it.
    """
    stored = unit.plans.get(plan)
    if stored is None:
        return set()
    emptied = with_newcomers(unit, stored.plan, merge(stored.plan, contribution.emptying(), {}, at), at)
    unit.plans.save(stored, emptied, at)
    decide_anew(unit, [plan], at, correlation_id)
    return _moved(unit, stored.plan, emptied)


def _outcome(homes: Sequence[UUID | None]) -> dict[str, Any]:
    """Say what was taken in, by count, and what was not, by position in the document."""
    fates = Counter("taken_in" if home else "skipped" for home in homes)
    skipped = [{"position": n, "code": UnknownPerson.code} for n, home in enumerate(homes, start=1) if home is None]
    return {"taken_in": fates["taken_in"], "skipped": skipped}


def _check_sender(parcel: Parcel, contributions: Sequence[Contribution]) -> None:
    """A mapping speaks for its own authority only (merge law: an authority changes only its own elements)."""
    if any(contribution.authority != parcel.authority for contribution in contributions):
        raise WrongSender("The document speaks for another authority than its sender.")


def _case(contribution: Contribution) -> CaseRef:
    return CaseRef(contribution.authority, contribution.case)
