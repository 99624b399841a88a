"""What a citizen's yes could open at all: by the rules alone, whatever anybody has said and whatever there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.consent.consent import names
from hub.consent.policy import Policy, RuleEffect
from hub.consent.reader import Reader
from hub.plan.element import Sensitivity


def openable(policy: Policy, reader: Reader, at: datetime) -> Mapping[str, Sensitivity]:
    """Return the categories that a yes may open to a reader, each with the highest step that it may reach.

    What opens under a further condition only, such as a meeting, is not among them: a yes alone does not open it.
    """
    asked = [rule for rule in policy.rules if rule.asks(reader, at) and not rule.conditions]
    grounds = [rule for rule in asked if rule.effect is RuleEffect.CONSENT]
    shut = [rule for rule in asked if rule.effect is RuleEffect.PROHIBIT and rule.label is min(Sensitivity)]
    found: dict[str, Sensitivity] = {}
    for category in sorted(policy.categories):
        steps = [rule.label for rule in grounds if names(rule.categories, category)]
        if steps and not any(names(rule.categories, category) for rule in shut):
            found[category] = max(steps)
    return found
