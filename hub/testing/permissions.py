"""Builders of consents, readers and policies; import them from ``hub.testing.builders``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import Any, Self
from uuid import UUID

from hub.clock import new_id
from hub.consent.consent import (
    EVERY,
    Capacity,
    Consent,
    ConsentKind,
    ConsentStatus,
    Effect,
    Exemption,
    Grant,
    Scope,
)
from hub.consent.policy import Condition, Hidden, Policy, Rule, RuleEffect
from hub.consent.policy_document import parse_policy
from hub.consent.reader import ONE_PLAN, Reader
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.clock import THEN


@dataclass(frozen=True, slots=True)
class ConsentBuilder:
    """Builds one version of one consent. A branch keeps the id: two consents start with ``a_consent`` twice."""

    consent: Consent

    def to(self, *recipients: str) -> Self:
        """Name the recipients; none names nobody."""
        return self._scoped(recipients=frozenset(recipients))

    def from_(self, *sources: str) -> Self:
        """Name the authorities whose elements it covers."""
        return self._scoped(sources=frozenset(sources))

    def for_categories(self, *categories: str) -> Self:
        """Name the categories."""
        return self._scoped(categories=frozenset(categories))

    def for_purposes(self, *purposes: str) -> Self:
        """Name the purposes."""
        return self._scoped(purposes=frozenset(purposes))

    def for_elements(self, *elements: UUID) -> Self:
        """Let it be about single elements only."""
        return self._scoped(elements=frozenset(elements))

    def at_label(self, label: Sensitivity) -> Self:
        """Set the highest step that a yes covers, or the lowest of a no."""
        return self._scoped(label=label)

    def since(self, start: datetime) -> Self:
        """Let it start at an instant."""
        return self._with(period=replace(self.consent.period, start=start))

    def until(self, end: datetime) -> Self:
        """Let it end before an instant."""
        return self._with(period=replace(self.consent.period, end=end))

    def denying(self) -> Self:
        """Turn it into a no, from the lowest step up."""
        lowest = replace(self.consent.scope, label=Sensitivity.IKKE_FORTROLIGE_DATA)
        return self._with(effect=Effect.DENY, scope=lowest)

    def except_(self, scope: Scope, period: Period = Period()) -> Self:
        """Let the opposite hold for a part of it."""
        return self._with(exemptions=(*self.consent.exemptions, Exemption(scope, period)))

    def of_the_time(self, period: Period) -> Self:
        """Let it be about what is of a time only."""
        return self._scoped(data_period=period)

    def given_by(self, *grants: Grant) -> Self:
        """Let others give it than the person."""
        return self._with(grants=grants)

    def withdrawn(self) -> Self:
        """Withdraw it: its next version."""
        return self._with(status=ConsentStatus.WITHDRAWN, version=self.consent.version + 1)

    def build(self) -> Consent:
        """Return the consent."""
        return self.consent

    def _with(self, **facts: Any) -> Self:
        return replace(self, consent=replace(self.consent, **facts))

    def _scoped(self, **facts: Any) -> Self:
        return self._with(scope=replace(self.consent.scope, **facts))


def own_word(person: UUID, at: datetime = THEN) -> tuple[Grant, ...]:
    """Return the person's own word, as a consent has it."""
    return (Grant(person, Capacity.SELF, at),)


def a_consent(person: UUID) -> ConsentBuilder:
    """Start a yes to share everything sensitive or less with nobody yet, for one plan, from every authority."""
    return ConsentBuilder(
        Consent(
            id=new_id(),
            version=1,
            kind=ConsentKind.SHARING,
            person=person,
            grants=own_word(person),
            period=Period(),
            scope=Scope(
                sources=frozenset({EVERY}),
                purposes=frozenset({ONE_PLAN}),
                categories=frozenset({EVERY}),
                label=Sensitivity.FOELSOMME_PERSONOPLYSNINGER,
            ),
        )
    )


def a_consent_to_one_plan(person: UUID) -> ConsentBuilder:
    """Start a yes to have one plan."""
    return ConsentBuilder(Consent(new_id(), 1, ConsentKind.ONE_PLAN, person, grants=own_word(person), period=Period()))


def a_reader(
    organisation: str, *plans: Plan, role: Role = Role.AUTHORITY_SYSTEM, purpose: str = ONE_PLAN, language: str = "da"
) -> Reader:
    """Return a reader, member of the plans: an authority's system unless told otherwise."""
    return Reader(organisation, role, purpose, memberships=frozenset(plan.id for plan in plans), language=language)


def a_citizen(person: UUID, purpose: str = "citizen-access") -> Reader:
    """Return a citizen who reads as such."""
    return Reader("citizen", Role.CITIZEN, purpose, person=person)


def a_rule(
    id: str,
    effect: RuleEffect,
    *conditions: Condition,
    without: Iterable[Hidden] = (),
    label: Sensitivity | None = None,
    **facts: Any,
) -> Rule:
    """Return a rule that covers everything, for everybody; ``facts`` are fields of Rule.

    :param label: the lowest step for a prohibition, the highest for any other, unless given.
    """
    bound = Sensitivity.IKKE_FORTROLIGE_DATA if effect is RuleEffect.PROHIBIT else Sensitivity.VIP_SAGER
    given: dict[str, Any] = {
        **dict.fromkeys(("sources", "recipients", "purposes", "categories"), frozenset({EVERY})),
        "citation": f"Law of {id}",
        "da": f"Regel {id}.",
        "en": f"Rule {id}.",
        "roles": frozenset(Role),
    }
    return Rule(
        id=id,
        effect=effect,
        label=label or bound,
        conditions=frozenset(conditions),
        without=frozenset(without),
        **{**given, **facts},
    )


def a_policy(*rules: Rule, version: int = 1) -> Policy:
    """Return a policy of these rules, which otherwise is as the Danish one."""
    return replace(the_danish_policy(version), rules=rules)


def the_danish_policy(version: int = 1) -> Policy:
    """Return the policy that the hub ships."""
    document = files("hub.consent").joinpath("danish_rules.toml").read_text("utf-8")
    return parse_policy(tomllib.loads(document), version)
