"""What waited to be sent as a consent was withdrawn, cut or refused, and by that never is: it is told as correct.

Decided in the transaction of the change itself, as what is owed is (``hub.flow.owing``): afterwards a delivery finds
only what is lawful then, and nobody could say what it would have brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Consent, ConsentStatus, Effect
from hub.consent.policy import Policy
from hub.consent.reader import Reader
from hub.errors import NotFound, Tampered
from hub.flow.belonging import may_choose
from hub.flow.circumstances import consents_of
from hub.flow.deliver import reader_of, shown_to, view_of
from hub.flow.hold import takes_back_only
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.flow.show import look
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one recipient has not been sent yet, and would be."""

    plan: UUID
    row: UUID
    recipient: str
    elements: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class StoppedDelivery:
    """A recipient that was not sent something.

    :ivar elements: how many the reader sees of what it was not sent.
    """

    recipient: str
    at: datetime
    elements: int


def may_stop(consent: Consent) -> bool:
    """Tell whether a version may take something away: a first yes only adds."""
    is_yes = consent.effect is Effect.PERMIT and consent.status is ConsentStatus.ACTIVE
    return not is_yes or consent.version > 1


def waiting_to_be_sent(unit: Unit, plans: Iterable[UUID], at: datetime) -> Sequence[Waiting]:
    """Return what deliveries that wait would bring now. :param plans: taken for writing."""
    policy = unit.policies.in_force()
    found: list[Waiting] = []
    for plan in plans:
        with suppress(Tampered):  # as of what is owed: it holds up no revocation
            rows = unit.consent_requests.waiting(plan)
            stored = unit.plans.get(plan) if rows else None
            for row, recipient in rows if stored else ():
                held = unit.holdings.of(row).maybe_anything_of()
                lawful = _lawful(unit, stored, recipient, policy, at) - held if stored else frozenset()
                found += [Waiting(plan, row, recipient, lawful)] if lawful else []
    return found


def write_down_what_is_stopped(unit: Unit, consent: Consent, waiting: Sequence[Waiting], at: datetime) -> None:
    """Remember what of it will not be sent any more, now that the consent is written down."""
    policy = unit.policies.in_force()
    for one in waiting:
        stored = unit.plans.get(one.plan)
        if stored is not None:
            gone = one.elements - _lawful(unit, stored, one.recipient, policy, at)
            unit.consent_requests.stop(consent.id, consent.version, one.row, sorted(gone), at)


def show_stopped(
    consent: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str
) -> Sequence[StoppedDelivery]:
    """Tell which recipients were not sent something because of a consent, as far as the reader sees what it was.

    :raises NotFound: there is no such consent that the reader may see.
    """
    with refusals_written(store, actor, correlation_id, asked=consent), store.begin() as unit:
        at, said = now(), unit.consents.get(consent)
        own = unit.plans.of_person(said.person) if said else None
        if said is None or own is None or not may_choose(unit, own, said.person, reader, at):
            raise NotFound("There is no consent with this id that you may see.")
        seen = {one.element.id for one in look(unit, own, reader, actor).view.seen}
        unit.audit.record("consents-read", actor, at, correlation_id, own, consent=consent, **asked_by(reader))
        rows = [one for one in unit.consent_requests.stopped_by(consent) if one.element in seen]
        together = sorted({(one.recipient, one.at) for one in rows})
        return [
            StoppedDelivery(name, when, sum((one.recipient, one.at) == (name, when) for one in rows))
            for name, when in together
        ]


def _lawful(unit: Unit, stored: StoredPlan, recipient: str, policy: Policy, at: datetime) -> frozenset[UUID]:
    """Return the elements that a recipient would be sent; of a plan that is held a partner is sent nothing new."""
    view = view_of(unit, stored, reader_of(recipient, {}), policy, consents_of(unit, stored.plan, policy, at), at)
    if takes_back_only(stored.plan, view.reader):
        return frozenset()
    return frozenset(shown_to(stored, view))
