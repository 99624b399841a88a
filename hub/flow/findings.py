"""What is worth a coordinator's look in a plan, and the coordinator's word on it: accepted for a reason, or open again.

A finding is computed from the reader's view, each time; a word on it is remembered by the finding's identity alone
(``hub.plan.finding_identity``). So a word is shown where its finding is, and to nobody who does not see the finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import Conflict, NotFound
from hub.flow.belonging import NO_PLAN
from hub.flow.reading import asked_by, write_down
from hub.flow.reasons import stated
from hub.flow.refusal import refusals_written
from hub.flow.show import Shown, look
from hub.plan.finding_identity import identity
from hub.plan.findings import KINDS, Finding, findings
from hub.plan.person import Role
from hub.store.accepted_findings import AcceptedFinding
from hub.store.transaction import Store, Unit

_LETTERS = 10
_MAY_ASK = (Role.COORDINATOR, Role.CITIZEN)
_NONE = "There is no finding with this id that you may see."
_LOOK_AGAIN = "Read the plan's findings again: what it was about may have been moved."


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding, by its identity, and the word that stands on it.

    :ivar authorities: whose its elements are, in their order.
    :ivar accepted: None while it is open.
    """

    id: UUID
    finding: Finding
    authorities: tuple[str, ...]
    accepted: AcceptedFinding | None = None


@dataclass(frozen=True, slots=True)
class ShownFindings:
    """What a reader is shown of a plan, and what in it is worth a look, the most pressing kind first."""

    shown: Shown
    findings: Sequence[ShownFinding]


def identified(shown: Shown, travel: timedelta) -> Iterator[tuple[UUID, Finding]]:
    """Yield each finding of what a reader is shown, with its identity.

    :param travel: the way between two appointments.
    """
    seen = list(shown.view.in_detail())
    for found in findings(seen, shown.at, travel):
        yield identity(found, seen), found


def accepted_in(plans: Collection[UUID], store: Store) -> Mapping[UUID, datetime]:
    """Return the identities of the findings accepted of plans that the caller has just been shown, and since when."""
    with store.begin(read_only=True) as unit:
        return unit.accepted_findings.standing(plans)


def show_findings(
    plan: UUID, reader: Reader, store: Store, travel: timedelta, *, actor: str, correlation_id: str
) -> ShownFindings:
    """Show the citizen or the coordinator what is worth a look, and what of it is accepted.

    :raises NotFound: there is no plan of which the reader may ask that.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        if reader.role not in _MAY_ASK:
            raise NotFound(NO_PLAN)
        shown = look(unit, plan, reader, actor)
        found = _weighed(unit, shown, travel)
        about = {element for one in found for element in one.finding.elements}
        seen = [one for one in shown.view.seen if one.element.id in about]
        write_down(unit, "read", shown.view, seen, shown.at, actor, correlation_id)
        return ShownFindings(shown, found)


def accept_finding(
    plan: UUID,
    finding: UUID,
    reason: str,
    reader: Reader,
    store: Store,
    travel: timedelta,
    *,
    actor: str,
    correlation_id: str,
) -> ShownFinding:
    """Say for the plan's coordinator that a finding is all right as it stands, and why.

    :raises NotFound: there is none that the reader may accept; what it was about may have moved.
    :raises Conflict: it is accepted already.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        one, key = _found(unit, plan, finding, reader, travel, actor)
        if one.accepted:
            raise Conflict("This finding is accepted already.", "Look at the plan's findings: they say by whom.")
        said, at, kind = stated(reason, _LETTERS), now(), KINDS[type(one.finding)]
        word = AcceptedFinding(
            new_id(), plan, finding, kind, one.finding.elements, reader.organisation, actor, at, said
        )
        unit.accepted_findings.add(word, key)
        unit.audit.record("finding-accepted", actor, at, correlation_id, plan, **_about(word), **asked_by(reader))
        return replace(one, accepted=word)


def reopen_finding(
    plan: UUID, finding: UUID, reader: Reader, store: Store, travel: timedelta, *, actor: str, correlation_id: str
) -> ShownFinding:
    """Take back that a finding is accepted, whoever of the plan's coordinators has said it.

    :raises NotFound: there is none that the reader may reopen.
    :raises Conflict: it is open.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        one, _ = _found(unit, plan, finding, reader, travel, actor)
        if one.accepted is None:
            raise Conflict("This finding is open.", "There is nothing to take back.")
        at = now()
        unit.accepted_findings.reopen(one.accepted.id, actor, at)
        told = {**_about(one.accepted), **asked_by(reader)}
        unit.audit.record("finding-reopened", actor, at, correlation_id, plan, **told)
        return replace(one, accepted=None)


def _found(
    unit: Unit, plan: UUID, finding: UUID, reader: Reader, travel: timedelta, client: str
) -> tuple[ShownFinding, bytes]:
    """Return a finding of a plan, taken for writing, and the plan's key. :raises NotFound: the reader sees none."""
    if reader.role is not Role.COORDINATOR:
        raise NotFound(NO_PLAN)
    unit.plans.lock([plan])
    shown = look(unit, plan, reader, client)
    one = next((one for one in _weighed(unit, shown, travel) if one.id == finding), None)
    if one is None:
        raise NotFound(_NONE, _LOOK_AGAIN)
    return one, unit.plans.key_of(plan)


def _weighed(unit: Unit, shown: Shown, travel: timedelta) -> Sequence[ShownFinding]:
    words = _words(unit, shown.view.plan)
    owners = {seen.element.id: seen.element.authority for seen in shown.view.seen}
    return [
        ShownFinding(id_, finding, tuple(owners[element] for element in finding.elements), words.get(id_))
        for id_, finding in identified(shown, travel)
    ]


def _words(unit: Unit, plan: UUID) -> Mapping[UUID, AcceptedFinding]:
    """Return the words that stand, by the finding that each is on."""
    of_plan = unit.accepted_findings.of_plan(plan, unit.plans.key_of(plan))
    return {one.finding: one for one in of_plan if one.reopened_at is None}


def _about(word: AcceptedFinding) -> dict[str, Any]:
    return {"finding": word.finding, "kind": word.kind, "elements": sorted(map(str, word.elements))}
