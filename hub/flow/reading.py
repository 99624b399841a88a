"""Somebody reads: as what, with what is open to them for a while, and how the read is written down.

A read alone knows of emergencies and meetings. What is sent stays with its recipient when they end, so a delivery is
decided as if there were none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.consent.decision import Decision, Obligation, Reason
from hub.consent.reader import Emergency, Reader
from hub.consent.view import Seen, View, said_of_each
from hub.flow.belonging import as_member
from hub.plan.element import Period
from hub.store.transaction import Unit


def as_reading(unit: Unit, plan: UUID, reader: Reader, client: str, at: datetime) -> Reader:
    """Return the reader as it belongs to the plan now, with the meeting and the emergency access open to it.

    :param client: who asks; another client of the same organisation has no part in its emergency.
    """
    return with_what_is_open(unit, plan, as_member(unit, plan, reader, at), client, at)


def with_what_is_open(unit: Unit, plan: UUID, member: Reader, client: str, at: datetime) -> Reader:
    """Return a reader who is known to belong to the plan or not, with the meeting and the emergency access open."""
    if not member.memberships:
        return member
    meets = unit.meetings.is_open(plan, member.purpose, member.organisation, at)
    access = unit.emergencies.open_to(plan, client, member.organisation, member.role, at)
    return replace(
        member,
        meetings=frozenset({plan}) if meets else frozenset(),
        emergency=Emergency(access.id, plan, Period(access.opened_at, access.ended_at)) if access else None,
    )


def write_down(
    unit: Unit, action: str, view: View, seen: Sequence[Seen], at: datetime, actor: str, correlation_id: str
) -> None:
    """Write down who saw which elements and categories, by which rules and consents."""
    details: dict[str, Any] = {
        "organisation": view.reader.organisation,
        "role": view.reader.role,
        "purpose": view.reader.purpose,
        "categories": sorted({one.element.category or "" for one in seen}),
        **rested_on(seen),
    }
    told = informing(seen)
    unit.audit.record(action, actor, at, correlation_id, view.plan, **details, **told, **in_red(view, seen))


def rested_on(seen: Sequence[Seen]) -> dict[str, Any]:
    """Return what an audit row says of elements that are shown: their ids, and the rules and consents by which.

    ``by_decision`` says which of them each was for, by their places in ``elements``, so that who may know of some alone
    is told what those rested on; empty: all rested on the same.
    """
    in_order = sorted(seen, key=lambda one: one.element.id.int)
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for place, said in enumerate(said_of_each(in_order, _said)):
        groups.setdefault(said, []).append(place)
    apart = [{"of": of, "rules": rules, "consents": consents} for (rules, consents), of in groups.items()]
    return {
        "elements": [one.element.id for one in in_order],
        "rules": sorted({rule for rules, _ in groups for rule in rules}),
        "consents": sorted({consent for _, consents in groups for consent in consents}),
        "by_decision": apart if len(apart) > 1 else [],
    }


def named_in(details: Mapping[str, Any]) -> Sequence[str]:
    """Return the elements that the audit row of a read names: what was shown, or the one that was explained."""
    return details.get("elements") or ([details["element"]] if "element" in details else [])


def _said(decision: Decision) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(sorted(set(decision.rule_ids))), tuple(sorted(f"{one.id}/{one.version}" for one in decision.consents))


def asked_by(reader: Reader) -> dict[str, Any]:
    """Return for whom somebody asked, as what and what for, as the citizen is told: an organisation and no name."""
    return {"organisation": reader.organisation, "role": reader.role, "purpose": reader.purpose}


def informing(seen: Iterable[Seen]) -> dict[str, Any]:
    """Return the categories that the citizen is to be told were shown, where a rule says so; else nothing."""
    owed = {one.element.category or "" for one in seen if Obligation.INFORM_CITIZEN in one.decision.obligations}
    return {"citizen_to_inform": sorted(owed)} if owed else {}


def in_red(view: View, seen: Sequence[Seen]) -> dict[str, Any]:
    """Return what an audit row says besides of a read while emergency access is open to the reader; else nothing."""
    emergency = view.reader.emergency
    if emergency is None:
        return {}
    by_it = [one.element for one in seen if one.decision.reason is Reason.EMERGENCY]
    return {
        "is_red": True,
        "emergency": emergency.id,
        "emergency_categories": sorted({one.category or "" for one in by_it}),
        "emergency_elements": sorted(str(one.id) for one in by_it),
    }
