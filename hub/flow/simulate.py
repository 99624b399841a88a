"""What a choice or another policy would do to one plan, were it made now; nothing is written but that it was asked.

The change is made to what was read and to nothing else, and the views and deliveries are decided by the functions that
decide them in earnest (``view_for``, ``shown_to``, ``difference``).
What whoever asks is told of it: ``hub.flow.simulated``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, may_choose
from hub.flow.choosing import mark_of, parent_for, plan_of
from hub.flow.lookups import MOST_LOOKUPS, count_lookup
from hub.flow.refusal import refusals_written
from hub.flow.simulated import Choice, Simulated, ToGive, ToPublish
from hub.flow.simulation import Simulation
from hub.plan.identifier import Identifier
from hub.settings import Settings
from hub.store.transaction import Store


def simulate_choice(
    wanted: Choice,
    reader: Reader,
    store: Store,
    authorities: Authorities,
    settings: Settings,
    *,
    actor: str,
    correlation_id: str,
    most: int = MOST_LOOKUPS,
) -> Simulated:
    """Tell the citizen, or the coordinator of the citizen's plan, what a choice would do to that plan.

    A parent who may say it for a child is told what the words open by the rules, and nothing of the plan.

    :param most: people whom the client may look up in a minute: whoever is named by a number is.
    :raises NotFound: there is no such plan or consent of which the reader may know that.
    :raises Conflict: it could not be given now.
    :raises TooManyLookups: whether there is one or not.
    """
    for numbers in _looked_up(wanted):
        count_lookup(numbers, most, store, actor=actor, correlation_id=correlation_id)
    asked = wanted.plan if isinstance(wanted, ToGive) else wanted.consent
    with refusals_written(store, actor, correlation_id, asked=asked):
        with store.begin(read_only=True) as unit:
            at = now()
            stored = plan_of(unit, wanted)
            parent = parent_for(unit, stored, wanted, reader, at) if stored else None
            if stored is None or not (parent or may_choose(unit, stored.plan.id, stored.plan.person, reader, at)):
                raise NotFound(NO_PLAN)
            found = Simulation(unit, stored, reader, authorities, settings, at, parent).of(wanted)
            found = replace(found, mark=mark_of(unit, stored, wanted, reader, parent, at))
        _write_down(store, found, actor, correlation_id)
        return found


def simulate_for(
    plan: UUID, wanted: Choice | ToPublish, store: Store, authorities: Authorities, settings: Settings,
    *, actor: str,
) -> Sequence[Simulated]:  # fmt: skip
    """Tell what a change would do to a plan and, for a consent, to every plan in which something concerns the person.

    For whoever runs the hub, on the hub's own machine; never for a route, for it tells of what is withheld.

    :raises NotFound: there is no such plan or consent.
    """
    with refusals_written(store, actor, "", asked=plan):
        with store.begin(read_only=True) as unit:
            at = now()
            own = unit.plans.get(plan)
            if own is None:
                raise NotFound(NO_PLAN)
            asked = replace(wanted, plan=plan) if isinstance(wanted, ToGive) else wanted
            about = own if isinstance(asked, ToPublish) else plan_of(unit, asked)
            if about is None:
                raise NotFound("There is no consent with this id.")
            touched = [plan] if isinstance(asked, ToPublish) else unit.plans.concerning(about.plan.person)
            plans = [stored for one in touched if (stored := unit.plans.get(one))]
            found = [
                Simulation(unit, one, None, authorities, settings, at).of(asked, about.plan.person) for one in plans
            ]
        for one in found:
            _write_down(store, one, actor, "")
        return found


def _looked_up(wanted: Choice) -> Iterator[Sequence[Identifier]]:
    """Yield the numbers of each person whom a choice names by them: the answer tells of them, and nothing is done."""
    if isinstance(wanted, ToGive):
        if wanted.plan is None:
            yield wanted.numbers
        yield from (giver.facts.identifiers for giver in wanted.givers)


def _write_down(store: Store, found: Simulated, actor: str, correlation_id: str) -> None:
    consent = found.consent.id if found.consent else None
    with store.begin() as unit:
        unit.audit.record("simulated", actor, found.at, correlation_id, found.plan, consent=consent)
