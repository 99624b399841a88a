"""How pressing a finding is, in three steps. A finding warns whatever its step; nothing else rests on it."""

from __future__ import annotations

from enum import StrEnum

from hub.plan.deadlines import FollowUpDue
from hub.plan.findings import AskedTwice, BusyDay, Finding, OppositeDemands, OverlappingDemands


class Severity(StrEnum):
    """How pressing it is, the most pressing first."""

    SERIOUS = "serious"  # both cannot be done, or a law's day has passed
    WORTH_A_LOOK = "worth-a-look"  # it can hardly be done, or a law's day is near
    GOOD_TO_KNOW = "good-to-know"  # it can be done, and could be easier for the person


def severity_of(found: Finding) -> Severity:
    """Return how pressing a finding is."""
    match found:
        case OverlappingDemands():
            return Severity.SERIOUS if found.is_at_once else Severity.WORTH_A_LOOK
        case OppositeDemands():
            return Severity.SERIOUS
        case FollowUpDue():
            return Severity.SERIOUS if found.is_over else Severity.WORTH_A_LOOK
        case BusyDay() | AskedTwice():
            return Severity.GOOD_TO_KNOW
