"""May this reader see it? Yes or no, by a plain walk over rules and consents, and nothing else of a decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from hub.consent.consent import Consent
from hub.consent.policy import Condition, Policy, Rule
from hub.consent.reader import Reader
from hub.consent.subject import Subject
from hub.plan.element import Sensitivity
from hub.plan.person import Role

_Row = tuple[frozenset[str], frozenset[str], Sensitivity, frozenset[Condition]]
_Word = tuple[UUID, bool, frozenset[str], frozenset[str], Sensitivity, frozenset[UUID]]


class BareDecisions:
    """Knows neither hidden parts nor exemptions nor data periods; the benchmark has none of them."""

    def __init__(self, reader: Reader, policy: Policy, consents: Sequence[Consent], at: datetime) -> None:
        self._reader = reader
        asked = [rule for rule in policy.rules if _asks(rule, reader) and rule.valid.covers(at)]
        self._rules = {
            effect: [(one.sources, one.categories, one.label, one.conditions) for one in asked if one.effect == effect]
            for effect in ("prohibit", "duty", "permit", "consent")
        }
        in_force = [one for one in consents if one.status == "active" and one.period.covers(at)]
        self._one_plan = {one.person for one in in_force if one.kind == "one-plan"}
        self._said = [
            (
                one.person,
                one.effect == "deny",
                one.scope.sources,
                one.scope.categories,
                one.scope.label,
                one.scope.elements,
            )
            for one in in_force
            if one.kind == "sharing" and {reader.organisation, "*"} & one.scope.recipients
            if {reader.purpose, "*"} & one.scope.purposes
        ]

    def permits(self, subject: Subject) -> bool:
        """Tell whether the reader may see the subject."""
        reader = self._reader
        if subject.plan not in reader.memberships and reader.role is not Role.CITIZEN:
            return False
        if reader.organisation == subject.authority:
            return True
        if any(
            subject.label >= label and _lists(sources, categories, subject) and self._hold(conditions, subject)
            for sources, categories, label, conditions in self._rules["prohibit"]
        ):
            return False
        if self._some(self._rules["duty"], subject):
            return True
        if subject.person not in self._one_plan:
            return False
        said = [word for word in self._said if word[0] in subject.concerned and _is_about(word, subject)]
        if any(is_no for _, is_no, *_ in said):
            return False
        agreed = {person for person, *_ in said}
        if agreed >= subject.concerned and self._some(self._rules["consent"], subject):
            return True
        return self._some(self._rules["permit"], subject)

    def _some(self, rows: Iterable[_Row], subject: Subject) -> bool:
        return any(
            subject.label <= label
            and subject.category is not None
            and _lists(sources, categories, subject)
            and self._hold(conditions, subject)
            for sources, categories, label, conditions in rows
        )

    def _hold(self, conditions: frozenset[Condition], subject: Subject) -> bool:
        reader = self._reader
        held = {
            Condition.OWN_PLAN: reader.person == subject.person,
            Condition.NO_THIRD_PARTY: len(subject.concerned) == 1,
            Condition.PROTECTED_ADDRESS: subject.has_protected_address,
            Condition.HELD: subject.is_held,
            Condition.IN_MEETING: subject.plan in reader.meetings,
        }
        return all(held[condition] for condition in conditions) if conditions else True


def _asks(rule: Rule, reader: Reader) -> bool:
    return (
        reader.role in rule.roles
        and reader.exchange in rule.directions
        and bool({reader.organisation, "*"} & rule.recipients)
        and bool({reader.purpose, "*"} & rule.purposes)
    )


def _is_about(word: _Word, subject: Subject) -> bool:
    _, is_no, sources, categories, label, elements = word
    if not _lists(sources, categories, subject) or (elements and subject.element not in elements):
        return False
    return subject.label >= label if is_no else subject.label <= label and subject.category is not None


def _lists(sources: frozenset[str], categories: frozenset[str], subject: Subject) -> bool:
    return ("*" in sources or subject.authority in sources) and ("*" in categories or subject.category in categories)
