"""A second opinion on who may see what: slow, obvious, and written from DESIGN's order of decision alone.

It asks about one part of an element at a time (its title, its text, …, or None for that it exists at all), reads the
raw fields of rules and consents, and shares no code with ``hub.consent.decide`` or with what that calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.consent.consent import Consent, Scope
from hub.consent.policy import Hidden, Policy, Rule
from hub.consent.reader import Reader
from hub.consent.subject import Subject
from hub.plan.element import Period

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
    # Break-glass lifts what is withheld for want of consent alone.
    glass, opened = policy.break_glass, reader.emergency
    if glass and opened and reader.role in glass.roles and opened.plan == subject.plan and _runs(opened.period, at):
        return True
    # A mandatory duty permits exactly its categories, whatever the citizen says.
    if _some_rule(part, "duty", subject, reader, policy, at):
        return True
    # The citizen has one plan only while a consent to it is in force and none says no.
    one_plan = [
        consent.effect.value
        for consent in consents
        if consent.kind.value == "one-plan" and consent.person == subject.person and _in_force(consent, at)
    ]
    # What is restricted waits: only a duty and an emergency, above, use it meanwhile.
    if subject.is_restricted or not one_plan or "deny" in one_plan:
        return False
    # Any consent in force that says no wins.
    said = [(c.person, _says(c, subject, reader, at)) for c in consents if c.kind.value == "sharing"]
    if any(word == "deny" for _, word in said):
        return False
    # A yes of everyone concerned, on a ground of the policy; or an optional statutory permission.
    yes_of_all = all((person, "permit") in said for person in subject.concerned)
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
        and reader.exchange in rule.directions
        and _listed(reader.organisation, rule.recipients)
        and _listed(reader.purpose, rule.purposes)
        and _listed(subject.authority, rule.sources)
    ):
        return False
    if any(not _holds(condition.value, subject, reader) for condition in rule.conditions):
        return False
    if rule.effect.value == "prohibit":  # from its step up; without a category only what forbids all is certain
        return subject.label >= rule.label and _listed(subject.category, rule.categories)
    return subject.label <= rule.label and subject.category is not None and _listed(subject.category, rule.categories)


def _holds(condition: str, subject: Subject, reader: Reader) -> bool:
    return {
        "own-plan": reader.person == subject.person,
        "no-third-party": not subject.concerned - {subject.person},
        "protected-address": subject.has_protected_address,
        "held": subject.is_held,
        "in-meeting": subject.plan in reader.meetings,
    }[condition]


def _says(consent: Consent, subject: Subject, reader: Reader, at: datetime) -> str | None:
    """Return what a consent in force says: its word, the opposite in a part that it exempts, or nothing."""
    if not _in_force(consent, at) or consent.person not in subject.concerned:
        return None
    word = consent.effect.value
    if not _fits(consent.scope, word, subject, reader):
        return None
    opposite = "permit" if word == "deny" else "deny"
    for exemption in consent.exemptions:
        if _runs(exemption.period, at) and _fits(exemption.scope, opposite, subject, reader):
            return opposite
    return word


def _fits(scope: Scope, word: str, subject: Subject, reader: Reader) -> bool:
    if scope.elements and subject.element not in scope.elements:
        return False
    if not (
        _listed(reader.organisation, scope.recipients)
        and _listed(reader.purpose, scope.purposes)
        and _listed(subject.authority, scope.sources)
        and _listed(subject.category, scope.categories)
    ):
        return False
    begins, ends = scope.data_period.start, scope.data_period.end
    if word == "deny":  # what may be of its time is
        starts_after = subject.valid.start is not None and ends is not None and subject.valid.start >= ends
        ends_before = subject.valid.end is not None and begins is not None and subject.valid.end <= begins
        return subject.label >= scope.label and not starts_after and not ends_before
    if begins is not None and (subject.valid.start is None or subject.valid.start < begins):
        return False
    if ends is not None and (subject.valid.end is None or subject.valid.end > ends):
        return False
    return subject.label <= scope.label and subject.category is not None


def _in_force(consent: Consent, at: datetime) -> bool:
    return consent.status.value == "active" and _runs(consent.period, at)


def _runs(period: Period, at: datetime) -> bool:
    started = period.start is None or period.start <= at
    return started and not (period.end is not None and period.end <= at)


def _listed(name: str | None, names: frozenset[str]) -> bool:
    return "*" in names or (name is not None and name in names)
