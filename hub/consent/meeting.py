"""Meetings about one citizen: who is kept out of them, and how often there may be one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from hub.consent.consent import EVERY
from hub.consent.policy import Meetings, Policy, Rule, RuleEffect
from hub.consent.reader import Reader
from hub.plan.element import Sensitivity
from hub.plan.person import Role


class Turn(StrEnum):
    """What the next meeting would be."""

    FIRST = "first"
    FOLLOW_UP = "follow-up"  # it needs a reason
    NONE_LEFT = "none-left"


def turn_after(held: int, meetings: Meetings) -> Turn:
    """Return what the next meeting would be, after so many."""
    if held < meetings.first:
        return Turn.FIRST
    return Turn.FOLLOW_UP if held < meetings.first + meetings.follow_ups else Turn.NONE_LEFT


def kept_out_by(policy: Policy, organisation: str, roles: Collection[Role], purpose: str, at: datetime) -> Rule | None:
    """Return a prohibition by which an organisation is shown nothing at all for a purpose; None where it may be.

    :param roles: as what it may ask; it is kept out where it is in each of them.
    """
    found: Rule | None = None
    for role in roles:
        reader = Reader(organisation, role, purpose)
        shutting = (rule for rule in policy.rules if _shuts_out(rule, policy) and rule.asks(reader, at))
        found = next(shutting, None)
        if found is None:
            return None
    return found


def _shuts_out(rule: Rule, policy: Policy) -> bool:
    """Tell whether a rule keeps everything from whomever it speaks of."""
    every_category = EVERY in rule.categories or policy.categories <= rule.categories
    return (
        rule.effect is RuleEffect.PROHIBIT
        and EVERY in rule.sources
        and every_category
        and rule.label is min(Sensitivity)
        and not rule.conditions
    )
