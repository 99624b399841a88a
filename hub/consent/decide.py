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
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.consent import explain
from hub.consent.consent import Consent, ConsentsByPerson, ConsentStatus, Effect, one_plan_of
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
    choice = _by_choice(subject, reader, policy, rules, consents, at)
    duties = [rule for rule in rules if rule.effect is RuleEffect.DUTY]
    return _by_duty(policy, duties, choice) if duties else choice


def _by_duty(policy: Policy, duties: Sequence[Rule], choice: Decision) -> Decision:
    """Permit what a duty demands; the parts that it leaves out are seen where the citizen's own choice shows them.

    Were they not, a reader would see more once the duty is repealed, or the element labelled above it.
    """
    decision = _permit(policy, Reason.DUTY, duties, (), explain.by_law(duties[0]), _shown_by(duties))
    if not choice.permits or decision.hidden <= choice.hidden:
        return decision
    hidden = decision.hidden & choice.hidden
    return replace(
        decision,
        outcome=Outcome.REDACT if hidden else Outcome.PERMIT,
        rule_ids=(*decision.rule_ids, *choice.rule_ids),
        consents=choice.consents,
        hidden=hidden,
        valid_until=_first(decision.valid_until, choice.valid_until),
    )


def _by_choice(
    subject: Subject,
    reader: Reader,
    policy: Policy,
    rules: Sequence[Rule],
    consents: ConsentsByPerson,
    at: datetime,
) -> Decision:
    """Decide where the citizen has a say: a no wins, then a yes or a statutory permission, else withheld."""
    one_plan = one_plan_of(subject.person, consents, at)
    if not one_plan:
        return _deny(policy, Reason.NO_ONE_PLAN, "SYS-ONE-PLAN")
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
    silent = subject.concerned - {consent.person for consent in yeses}
    if grounds and not silent:
        shown = [_shown_by(grounds)] + ([_shown_by(statutes)] if statutes else [])
        hidden = frozenset.intersection(*shown)
        rests_on = [*one_plan, *yeses]
        sentence = explain.by_consent(yeses, until=_first(*(consent.period.end for consent in rests_on)))
        return _permit(policy, Reason.CONSENT, [*statutes, *grounds], rests_on, sentence, hidden)
    if statutes:
        return _permit(policy, Reason.STATUTE, statutes, one_plan, explain.by_law(statutes[0]), _shown_by(statutes))
    unspoken = [consent for consent in spoken if consent.person in silent]
    return _deny(policy, _why_not(subject, grounds, unspoken), *_ids(grounds), "SYS-DEFAULT")


def _why_not(subject: Subject, grounds: Sequence[Rule], lapsed: Sequence[Consent]) -> Reason:
    """Tell why a yes is missing. ``lapsed`` are consents, not in force, of those who have no yes in force."""
    if subject.category is None or not subject.is_labelled:
        return Reason.NOT_LABELLED
    if not grounds:
        return Reason.NO_GROUND
    yeses = [consent for consent in lapsed if consent.effect is Effect.PERMIT]
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
    periods = (*(rule.valid for rule in rules), *(consent.period for consent in consents))
    return Decision(
        Outcome.REDACT if hidden else Outcome.PERMIT,
        reason,
        _ids(rules),
        policy.version,
        sentence,
        _versions(consents),
        (Obligation.AUDIT, Obligation.PURPOSE_BOUND),
        hidden,
        _first(*(period.end for period in periods)),
    )


def _versions(consents: Sequence[Consent]) -> tuple[ConsentVersion, ...]:
    return tuple(sorted(ConsentVersion(consent.id, consent.version) for consent in consents))


def _first(*instants: datetime | None) -> datetime | None:
    """Return the earliest of some ends; None, an open end, is later than all."""
    return min((instant for instant in instants if instant is not None), default=None)


def next_change(people: Iterable[UUID], policy: Policy, consents: ConsentsByPerson, at: datetime) -> datetime | None:
    """Return the first instant after ``at`` at which a decision may turn out otherwise, with nothing else changing.

    For the hub's own reminder (the sweeper); never shown to a reader, for it may tell of a consent about to start.
    """
    periods = [rule.valid for rule in policy.rules]
    periods += [
        consent.period
        for person in people
        for consent in consents.get(person, ())
        if consent.status is ConsentStatus.ACTIVE
    ]
    edges = [edge for period in periods for edge in (period.start, period.end) if edge is not None and edge > at]
    return min(edges, default=None)
