"""A second opinion on who may see what: slow, obvious, and written from DESIGN's order of decision alone.

It asks about one part of an element at a time (its title, its text, …, or None for that it exists at all), reads the
raw fields of rules and consents, and shares no code with ``hub.consent.decide`` or with what that calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.consent.consent import Consent
from hub.consent.policy import Hidden, Policy, Rule
from hub.consent.reader import Reader
from hub.consent.subject import Subject

PARTS: tuple[Hidden | None, ...] = (None, *Hidden)


def visible_parts(
    subject: Subject, reader: Reader, policy: Policy, consents: Sequence[Consent], at: datetime
) -> frozenset[Hidden | None]:
    """Return which parts the reader may see; empty for withheld. ``consents`` are newest versions, in any order."""
    return frozenset(part for part in PARTS if _may_see(part, subject, reader, policy, consents, at))


def _may_see(
    part: Hidden | None,
    subject: Subject,
    reader: Reader,
    policy: Policy,
    consents: Sequence[Consent],
    at: datetime,
) -> bool:
    # An invalid request is denied.
    if reader.purpose not in policy.purposes:
        return False
    members_only = {"coordinator", "caseworker", "authority-system", "partner"}
    if reader.role.value in members_only and subject.plan not in reader.memberships:
        return False
    # What an authority wrote itself is not disclosed to it.
    if reader.role.value in {"caseworker", "authority-system"} and reader.organisation == subject.authority:
        return True
    # A statutory prohibition: nothing lifts it.
    if any(rule.effect.value == "prohibit" and _speaks_of(rule, subject, reader, at) for rule in policy.rules):
        return False
    # A mandatory duty permits exactly its categories, whatever the citizen says.
    if _some_rule(part, "duty", subject, reader, policy, at):
        return True
    # The citizen has one plan only while a consent to it is in force and none says no.
    one_plan = [
        consent.effect.value
        for consent in consents
        if consent.kind.value == "one-plan" and consent.person == subject.person and _in_force(consent, at)
    ]
    if not one_plan or "deny" in one_plan:
        return False
    # Any consent in force that says no wins.
    about = [c for c in consents if c.kind.value == "sharing" and _in_force(c, at) and _is_about(c, subject, reader)]
    if any(consent.effect.value == "deny" for consent in about):
        return False
    # A yes of everyone concerned, on a ground of the policy; or an optional statutory permission.
    yes_of_all = all(any(consent.person == person for consent in about) for person in subject.concerned)
    if yes_of_all and _some_rule(part, "consent", subject, reader, policy, at):
        return True
    return _some_rule(part, "permit", subject, reader, policy, at)


def _some_rule(
    part: Hidden | None, effect: str, subject: Subject, reader: Reader, policy: Policy, at: datetime
) -> bool:
    for rule in policy.rules:
        if rule.effect.value == effect and part not in rule.without and _speaks_of(rule, subject, reader, at):
            return True
    return False


def _speaks_of(rule: Rule, subject: Subject, reader: Reader, at: datetime) -> bool:
    if rule.valid.start is not None and at < rule.valid.start:
        return False
    if rule.valid.end is not None and at >= rule.valid.end:
        return False
    if not (
        reader.role in rule.roles
        and _listed(reader.organisation, rule.recipients)
        and _listed(reader.purpose, rule.purposes)
        and _listed(subject.authority, rule.sources)
    ):
        return False
    for condition in rule.conditions:
        if condition.value == "own-plan" and reader.person != subject.person:
            return False
        if condition.value == "no-third-party" and subject.concerned - {subject.person}:
            return False
        if condition.value == "protected-address" and not subject.has_protected_address:
            return False
    if rule.effect.value == "prohibit":  # from its step up; without a category only what forbids all is certain
        return subject.label >= rule.label and _listed(subject.category, rule.categories)
    return subject.label <= rule.label and subject.category is not None and _listed(subject.category, rule.categories)


def _is_about(consent: Consent, subject: Subject, reader: Reader) -> bool:
    if consent.person not in subject.concerned:
        return False
    if consent.elements and subject.element not in consent.elements:
        return False
    if not (
        _listed(reader.organisation, consent.recipients)
        and _listed(reader.purpose, consent.purposes)
        and _listed(subject.authority, consent.sources)
    ):
        return False
    if consent.effect.value == "deny":
        return subject.label >= consent.label and _listed(subject.category, consent.categories)
    return (
        subject.label <= consent.label
        and subject.category is not None
        and _listed(subject.category, consent.categories)
    )


def _in_force(consent: Consent, at: datetime) -> bool:
    started = consent.period.start is None or consent.period.start <= at
    ended = consent.period.end is not None and consent.period.end <= at
    return consent.status.value == "active" and started and not ended


def _listed(name: str | None, names: frozenset[str]) -> bool:
    return "*" in names or (name is not None and name in names)
