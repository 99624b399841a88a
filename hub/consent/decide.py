"""The decision about one element for one reader.

The order in which it is asked (docs/explanation/consent.md):
an invalid question → deny; the reader's own authority's element → permit, it is no disclosure; a statutory
prohibition → deny, nothing lifts it; a mandatory duty → permit exactly that; no consent to one plan in force → deny;
any consent in force that says no → deny; consent that says yes, or a statutory permission → permit; else deny.

The laws, each a property test: adding a no never permits; removing a permission never adds access; raising a label
never adds access; the order of consents does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from hub.consent import explain
from hub.consent.consent import Consent, ConsentsByPerson, ConsentStatus, Effect, has_one_plan
from hub.consent.decision import ConsentVersion, Decision, Obligation, Outcome, Reason, Sentence
from hub.consent.policy import Hidden, Policy, Rule, RuleEffect
from hub.consent.reader import Reader
from hub.consent.subject import Subject
from hub.plan.person import Role

_MEMBERS_ONLY = frozenset({Role.COORDINATOR, Role.CASEWORKER, Role.AUTHORITY_SYSTEM, Role.PARTNER})
_AUTHORS = frozenset({Role.CASEWORKER, Role.AUTHORITY_SYSTEM})


def decide(subject: Subject, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime) -> Decision:
    """Decide whether the reader may see the subject at the instant, and say why.

    :param consents: newest versions, in force or not, of everyone the subject concerns; see ``by_person``.
    """
    if reader.purpose not in policy.purposes:
        return _deny(policy, Reason.UNKNOWN_PURPOSE, "SYS-PURPOSE")
    if reader.role in _MEMBERS_ONLY and subject.plan not in reader.memberships:
        return _deny(policy, Reason.NOT_A_MEMBER, "SYS-MEMBER")
    if reader.role in _AUTHORS and reader.organisation == subject.authority:
        return Decision(Outcome.PERMIT, Reason.OWN, ("SYS-OWN",), policy.version, explain.OWN)
    rules = [rule for rule in policy.rules if rule.covers(subject, reader, at)]
    prohibitions = [rule for rule in rules if rule.effect is RuleEffect.PROHIBIT]
    if prohibitions:
        return _deny(policy, Reason.PROHIBITED, *_ids(prohibitions), sentence=explain.prohibited(prohibitions[0]))
    duties = [rule for rule in rules if rule.effect is RuleEffect.DUTY]
    if duties:
        return _permit(policy, Reason.DUTY, duties, (), explain.by_law(duties[0]), _shown_by(duties))
    if not has_one_plan(subject.person, consents, at):
        return _deny(policy, Reason.NO_ONE_PLAN, "SYS-ONE-PLAN")
    return _by_choice(subject, reader, policy, rules, consents, at)


def _by_choice(
    subject: Subject,
    reader: Reader,
    policy: Policy,
    rules: Sequence[Rule],
    consents: ConsentsByPerson,
    at: datetime,
) -> Decision:
    """Decide where the citizen has a say: a no wins, then a yes or a statutory permission, else withheld."""
    spoken = [
        consent
        for person in sorted(subject.concerned)
        for consent in consents.get(person, ())
        if consent.covers(subject, reader)
    ]
    in_force = [consent for consent in spoken if consent.is_in_force(at)]
    noes = [consent for consent in in_force if consent.effect is Effect.DENY]
    if noes:
        return _deny(policy, Reason.DENIED, "CONSENT-DENY", consents=noes)
    yeses = [consent for consent in in_force if consent.effect is Effect.PERMIT]
    grounds = [rule for rule in rules if rule.effect is RuleEffect.CONSENT]
    statutes = [rule for rule in rules if rule.effect is RuleEffect.PERMIT]
    everyone_agreed = {consent.person for consent in yeses} >= subject.concerned
    if grounds and everyone_agreed:
        shown = [_shown_by(grounds)] + ([_shown_by(statutes)] if statutes else [])
        hidden = frozenset.intersection(*shown)
        return _permit(policy, Reason.CONSENT, [*statutes, *grounds], yeses, explain.by_consent(yeses), hidden)
    if statutes:
        return _permit(policy, Reason.STATUTE, statutes, (), explain.by_law(statutes[0]), _shown_by(statutes))
    return _deny(policy, _why_not(subject, grounds, spoken, at), "SYS-DEFAULT", *_ids(grounds))


def _why_not(subject: Subject, grounds: Sequence[Rule], spoken: Sequence[Consent], at: datetime) -> Reason:
    if subject.category is None or not subject.is_labelled:
        return Reason.NOT_LABELLED
    if not grounds:
        return Reason.NO_GROUND
    yeses = [consent for consent in spoken if consent.effect is Effect.PERMIT and not consent.is_in_force(at)]
    if any(consent.status is ConsentStatus.WITHDRAWN for consent in yeses):
        return Reason.WITHDRAWN
    return Reason.EXPIRED if yeses else Reason.NO_CONSENT


def _shown_by(rules: Sequence[Rule]) -> frozenset[Hidden]:
    """Return what stays hidden when several rules permit: only what all of them leave out."""
    return frozenset.intersection(*(rule.without for rule in rules))


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


def _deny(
    policy: Policy, reason: Reason, *rule_ids: str, sentence: Sentence | None = None, consents: Sequence[Consent] = ()
) -> Decision:
    return Decision(
        Outcome.DENY, reason, rule_ids, policy.version, sentence or explain.withheld(reason), _versions(consents)
    )


def _permit(
    policy: Policy,
    reason: Reason,
    rules: Sequence[Rule],
    consents: Sequence[Consent],
    sentence: Sentence,
    hidden: frozenset[Hidden],
) -> Decision:
    ends = [period.end for period in (*(rule.valid for rule in rules), *(consent.period for consent in consents))]
    return Decision(
        Outcome.REDACT if hidden else Outcome.PERMIT,
        reason,
        _ids(rules),
        policy.version,
        sentence,
        _versions(consents),
        (Obligation.AUDIT, Obligation.PURPOSE_BOUND),
        hidden,
        min((end for end in ends if end is not None), default=None),
    )


def _versions(consents: Sequence[Consent]) -> tuple[ConsentVersion, ...]:
    return tuple(ConsentVersion(consent.id, consent.version) for consent in consents)


def next_change(people: Iterable[UUID], policy: Policy, consents: ConsentsByPerson, at: datetime) -> datetime | None:
    """Return the first instant after ``at`` at which a decision may turn out otherwise, with nothing else changing.

    For the hub's own reminder (the sweeper); never shown to a reader, for it may tell of a consent about to start.
    """
    periods = [rule.valid for rule in policy.rules]
    periods += [
        consent.period
        for person, own in consents.items()
        if person in set(people)
        for consent in own
        if consent.status is ConsentStatus.ACTIVE
    ]
    edges = [edge for period in periods for edge in (period.start, period.end) if edge is not None and edge > at]
    return min(edges, default=None)
