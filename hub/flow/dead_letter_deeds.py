"""What may be done with a dead letter besides replaying it: it is discarded, or somebody looks at what it would bring.

Both need a reason in words, which is sealed under the plan's key, and both are written down. Discarding lets the state
of then go: what the plan says at its next change leaves as ever, and what must be taken back leaves at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.consent.reader import Reader
from hub.crypto.envelope import UNOPENED
from hub.errors import Conflict, NotFound
from hub.flow.belonging import may_open
from hub.flow.corrected import seen_of
from hub.flow.dead_letter_shapes import RevealedLetter
from hub.flow.dead_letters import LOOK_AGAIN, NO_LETTER, Wanted, found, listed
from hub.flow.deliver import lawful_now, reader_of
from hub.flow.owing import owed_by
from hub.flow.reading import asked_by
from hub.flow.reasons import stated, stated_for_operators
from hub.flow.refusal import refusals_written
from hub.flow.shape import content_of
from hub.flow.would_leave import Would, would_leave
from hub.plan.person import Role
from hub.store.dead_letters import Deed, Done, Kind, Letter
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_LETTERS = 10
#: Within this a button was pressed twice.
_TWICE = timedelta(seconds=10)
_PAGE = 500


def discard(wanted: UUID, reason: str, store: Store, *, actor: str, correlation_id: str) -> Done:
    """Let a delivery be no dead letter any more, without bringing anything; the same once more changes nothing.

    :return: when and by whom it was discarded.
    :raises NotFound: there is no dead letter of this id.
    :raises Conflict: it is a fetch.
    :raises InvalidRequest: the reason says nothing, or holds a number.
    """
    with refusals_written(store, actor, correlation_id, delivery=wanted), store.begin() as unit:
        plan = unit.dead_letters.plan_of(wanted)
        stored = unit.plans.get(plan, for_delivery=True) if plan else None  # before the row, as everyone does
        if stored is None:
            found(unit, wanted)
            raise Conflict(
                "A document that waits to be fetched is not discarded.",
                "It is fetched once its person's plan opens or its source tells of it anew, and forgotten in the end.",
            )
        recipient, at = unit.dead_letters.take(wanted), now()
        if recipient is None:
            return _before(unit, wanted, stored)
        _let_go(unit, wanted, recipient, stored, at)
        done = Done(Deed.DISCARDED, at, actor, stated_for_operators(reason, _LETTERS))
        unit.dead_letters.write_down(wanted, done, stored.key)
        unit.audit.record("dead-letter-discarded", actor, at, correlation_id, plan, delivery=wanted)
        return done


def discard_group(group: str, reason: str, store: Store, *, actor: str, correlation_id: str) -> Sequence[UUID]:
    """Discard the deliveries of a group that are there now, one by one; return which.

    :raises NotFound: the group has no delivery.
    """
    known: list[UUID] = []
    last: UUID | None = None
    while page := listed(Wanted(group=group), store, _PAGE, last):
        known += [one["id"] for one in page if one["kind"] is Kind.DELIVERY]
        last = page[-1]["id"]
    if not known:
        raise NotFound("There is no such group of dead letters.", LOOK_AGAIN)
    done: list[UUID] = []
    for one in known:
        try:
            discard(one, reason, store, actor=actor, correlation_id=correlation_id)
        except NotFound:  # somebody has replayed it meanwhile
            continue
        done.append(one)
    return done


def reveal(
    wanted: UUID,
    reason: str,
    reader: Reader,
    store: Store,
    authorities: Authorities,
    *,
    actor: str,
    correlation_id: str,
) -> RevealedLetter:
    """Show the coordinator of its plan what a dead letter would bring now; that is written down, for the citizen too.

    A reason is good for one look: who looks again, or lets the browser ask again, says why anew.

    :raises NotFound: there is none that the reader may see: another's, or one with something the reader may not see.
    :raises InvalidRequest: the reason says nothing.
    :raises Conflict: the same caller has looked into it for the same reason before.
    """
    with refusals_written(store, actor, correlation_id, delivery=wanted), store.begin() as unit:
        letter, at = unit.dead_letters.one(wanted), now()
        stored = unit.plans.get(letter.plan) if letter and letter.plan else None
        if letter is None or stored is None or not _coordinates(unit, stored, reader, at):
            raise NotFound(NO_LETTER)
        would = would_leave(unit, letter, stored, authorities, at)
        if not would.elements <= _seen_whole(unit, stored, would.elements, reader, at):
            raise NotFound(NO_LETTER)
        done = Done(Deed.REVEALED, at, actor, stated(reason, _LETTERS))
        if _has_looked(unit, wanted, done, stored):
            raise Conflict("You have looked into this for the same reason before.", "Say why you must look again.")
        unit.dead_letters.write_down(wanted, done, stored.key)
        shown = sorted(map(str, would.elements))
        about = {"delivery": wanted, "recipient": letter.recipient, "elements": shown, **asked_by(reader)}
        unit.audit.record("dead-letter-revealed", actor, at, correlation_id, stored.plan.id, **about)
        return _content(letter, would, at)


def _let_go(unit: Unit, wanted: UUID, recipient: str, stored: StoredPlan, at: datetime) -> None:
    """Let it be no dead letter, as if all were said that could be; what must be taken back is remembered, and leaves.

    Were that not found out here, nobody would: the newest versions are what the sweeper passes over.
    """
    policy = unit.policies.in_force()
    try:
        owner = unit.people.get(stored.plan.person)
        view, basis = lawful_now(unit, stored, owner, reader_of(recipient, {}), policy, at)
    except UNOPENED:  # what does not open, such as a consent, the next delivery finds too, and says so
        unit.dead_letters.discard(wanted, None, at, stays_due=True)
        return
    owes = bool(owed_by(unit, wanted, view, at))
    unit.dead_letters.discard(wanted, basis, at, stays_due=owes)
    if owes:
        unit.outbox.take_back(wanted, at)


def _has_looked(unit: Unit, wanted: UUID, wants: Done, stored: StoredPlan) -> bool:
    said = wants.reason.casefold().split()
    return any(
        one.deed is Deed.REVEALED and one.by == wants.by and one.reason.casefold().split() == said
        and wants.at - one.at > _TWICE
        for one in unit.dead_letters.deeds(wanted, stored.key)
    )  # fmt: skip


def _coordinates(unit: Unit, stored: StoredPlan, reader: Reader, at: datetime) -> bool:
    is_coordinator = reader.role is Role.COORDINATOR
    return is_coordinator and may_open(unit, stored.plan.id, stored.plan.person, reader, at)


def _seen_whole(
    unit: Unit, stored: StoredPlan, wanted: frozenset[UUID], reader: Reader, at: datetime
) -> frozenset[UUID]:
    """Return what of some elements the reader sees, with no part left out, in the plan itself, or, of what is gone,
    would as it read last: by this door nobody sees more.
    """
    owner = unit.people.get(stored.plan.person)
    view, _ = lawful_now(unit, stored, owner, reader, unit.policies.in_force(), at)
    seen = seen_of(unit, stored, view, wanted, at)
    return frozenset(id for id, one in seen.items() if not one.decision.hidden)


def _content(letter: Letter, would: Would, at: datetime) -> RevealedLetter:
    document = would.document
    return {
        "id": letter.id,
        "recipient": letter.recipient,
        "as_of": at,
        "document": document.kind if document else None,
        "content": content_of(document.content) if document else None,
        "because": would.because,
    }


def _before(unit: Unit, wanted: UUID, stored: StoredPlan) -> Done:
    """Return when it was discarded before. :raises NotFound: it was not, and is no dead letter."""
    done = [one for one in unit.dead_letters.deeds(wanted, stored.key) if one.deed is Deed.DISCARDED]
    if not done:
        raise NotFound(NO_LETTER, LOOK_AGAIN)
    return done[-1]
