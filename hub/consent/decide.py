"""The decision about one element for one reader.

The order in which it is asked (docs/explanation/consent.md):
an invalid question → deny; the reader's own authority's element → permit, it is no disclosure; a statutory
prohibition → deny, nothing lifts it; a mandatory duty → permit exactly that; no consent to one plan in force → deny;
any consent in force that says no → deny; consent that says yes, or a statutory permission → permit; break-glass →
permit what is withheld for want of consent alone; else deny.

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
#: What even break-glass never lifts: who asks has no business here, or a statute forbids it.
_FOR_GOOD = frozenset({Reason.UNKNOWN_PURPOSE, Reason.NOT_A_MEMBER, Reason.PROHIBITED})


def decide(subject: Subject, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime) -> Decision:
    """Decide whether the reader may see the subject at the instant, and say why.

    :param consents: as they stand at the instant (``standing_at``), in force or not, of everyone the subject concerns.
    """
    return Decider(reader, policy, consents, at).decide(subject)


class Decider:
    """Answers one reader's questions at one instant. What does not hang on the subject is found out once."""

    def __init__(self, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime) -> None:
        """Prepare; see ``decide`` for what is meant."""
        self._reader, self._policy, self._at = reader, policy, at
        self._consents = consents
        rules = [rule for rule in policy.rules if rule.asks(reader, at)]
        self._prohibitions = [rule for rule in rules if rule.effect is RuleEffect.PROHIBIT]
        self._duties = [rule for rule in rules if rule.effect is RuleEffect.DUTY]
        self._statutes = [rule for rule in rules if rule.effect is RuleEffect.PERMIT]
        self._grounds = [rule for rule in rules if rule.effect is RuleEffect.CONSENT]
        self._spoken = {
            person: [consent for consent in said if consent.scope.asks(reader)] for person, said in consents.items()
        }
        emergency = reader.emergency
        is_open = emergency is not None and emergency.period.covers(at) and policy.opens_in_emergency_to(reader.role)
        self._emergency = emergency if is_open else None

    def decide(self, subject: Subject) -> Decision:
        """Decide about one subject."""
        reader, policy = self._reader, self._policy
        if reader.purpose not in policy.purposes:
            return self._deny(Reason.UNKNOWN_PURPOSE, "SYS-PURPOSE")
        if reader.role in _MEMBERS_ONLY and subject.plan not in reader.memberships:
            return self._deny(Reason.NOT_A_MEMBER, "SYS-MEMBER")
        if reader.role in _AUTHORS and reader.organisation == subject.authority:
            return Decision(Outcome.PERMIT, Reason.OWN, ("SYS-OWN",), policy.version, explain.OWN)
        prohibitions = self._of(self._prohibitions, subject)
        if prohibitions:
            sentence = explain.prohibited(prohibitions[0])
            return self._deny(Reason.PROHIBITED, *_ids(prohibitions), sentence=sentence)
        return self._in_emergency(subject, self._by_duty(subject, self._by_choice(subject)))

    def _of(self, rules: Sequence[Rule], subject: Subject) -> list[Rule]:
        return [rule for rule in rules if rule.describes(subject, self._reader)]

    def _by_duty(self, subject: Subject, choice: Decision) -> Decision:
        """Permit what a duty demands; the parts that it leaves out are seen where the citizen's choice shows them.

        Were they not, a reader would see more once the duty is repealed, or the element labelled above it.
        """
        duties = self._of(self._duties, subject)
        if not duties:
            return choice
        decision = self._permit(Reason.DUTY, duties, (), explain.by_law(duties[0]), _left_out(duties))
        if not choice.permits or decision.hidden <= choice.hidden:
            return decision
        hidden = decision.hidden & choice.hidden
        return replace(
            decision,
            outcome=Outcome.REDACT if hidden else Outcome.PERMIT,
            rule_ids=(*decision.rule_ids, *choice.rule_ids),
            consents=choice.consents,
            hidden=hidden,
            obligations=tuple(dict.fromkeys((*decision.obligations, *choice.obligations))),
            valid_until=_first(decision.valid_until, choice.valid_until),
        )

    def _by_choice(self, subject: Subject) -> Decision:
        """Decide where the citizen has a say: a no wins, then a yes or a statutory permission, else withheld."""
        one_plan = one_plan_of(subject.person, self._consents, self._at)
        if not one_plan:
            return self._deny(Reason.NO_ONE_PLAN, "SYS-ONE-PLAN")
        said = [(consent, says) for consent in self._about(subject) if (says := self._says(consent, subject))]
        in_force = [(consent, says) for consent, says in said if consent.is_in_force(self._at)]
        noes = [consent for consent, says in in_force if says is Effect.DENY]
        if noes:
            return self._deny(Reason.DENIED, "CONSENT-DENY", consents=noes)
        yeses = [consent for consent, says in in_force if says is Effect.PERMIT]
        statutes, grounds = self._of(self._statutes, subject), self._of(self._grounds, subject)
        silent = subject.concerned - {consent.person for consent in yeses}
        if grounds and not silent:
            shown = [_left_out(grounds)] + ([_left_out(statutes)] if statutes else [])
            hidden = frozenset.intersection(*shown)
            rests_on = [*one_plan, *yeses]
            sentence = explain.by_consent(yeses, until=_first(*(consent.period.end for consent in rests_on)))
            return self._permit(Reason.CONSENT, [*statutes, *grounds], rests_on, sentence, hidden)
        if statutes:
            sentence = explain.by_law(statutes[0])
            return self._permit(Reason.STATUTE, statutes, one_plan, sentence, _left_out(statutes))
        lapsed = [consent for consent, says in said if says is Effect.PERMIT and consent.person in silent]
        return self._deny(_why_not(subject, grounds, lapsed), *_ids(grounds), "SYS-DEFAULT")

    def _about(self, subject: Subject) -> Iterable[Consent]:
        for person in sorted(subject.concerned):
            yield from self._spoken.get(person, ())

    def _says(self, consent: Consent, subject: Subject) -> Effect | None:
        return consent.says(subject, self._reader, self._at)

    def _in_emergency(self, subject: Subject, decision: Decision) -> Decision:
        """Lift what is withheld for want of consent, in whole: were a part left out, repealing a rule would add it."""
        emergency = self._emergency
        is_whole = decision.permits and not decision.hidden
        if emergency is None or emergency.plan != subject.plan or is_whole or decision.reason in _FOR_GOOD:
            return decision
        return Decision(
            Outcome.PERMIT,
            Reason.EMERGENCY,
            (*decision.rule_ids, "SYS-EMERGENCY"),
            self._policy.version,
            explain.EMERGENCY,
            decision.consents,
            (Obligation.AUDIT, Obligation.PURPOSE_BOUND, Obligation.INFORM_CITIZEN, Obligation.REVIEW),
            valid_until=emergency.period.end,
        )

    def _deny(
        self, reason: Reason, *rule_ids: str, sentence: Sentence | None = None, consents: Sequence[Consent] = ()
    ) -> Decision:
        told, versions = sentence or explain.withheld(reason), _versions(consents)
        return Decision(Outcome.DENY, reason, rule_ids, self._policy.version, told, versions)

    def _permit(
        self,
        reason: Reason,
        rules: Sequence[Rule],
        consents: Sequence[Consent],
        sentence: Sentence,
        hidden: frozenset[Hidden],
    ) -> Decision:
        ends = [rule.valid.end for rule in rules]
        ends += [edge for consent in consents for edge in consent.edges() if edge > self._at]
        informs = (Obligation.INFORM_CITIZEN,) if any(rule.informs for rule in rules) else ()
        return Decision(
            Outcome.REDACT if hidden else Outcome.PERMIT,
            reason,
            _ids(rules),
            self._policy.version,
            sentence,
            _versions(consents),
            (Obligation.AUDIT, Obligation.PURPOSE_BOUND, *informs),
            hidden,
            _first(*ends),
        )


def _why_not(subject: Subject, grounds: Sequence[Rule], lapsed: Sequence[Consent]) -> Reason:
    """Tell why a yes is missing. ``lapsed`` are yeses, not in force, of those who have none in force."""
    if subject.category is None or not subject.is_labelled:
        return Reason.NOT_LABELLED
    if not grounds:
        return Reason.NO_GROUND
    if any(consent.status is ConsentStatus.WITHDRAWN for consent in lapsed):
        return Reason.WITHDRAWN
    if any(consent.status is ConsentStatus.NOT_APPLICABLE for consent in lapsed):
        return Reason.NOT_APPLICABLE
    return Reason.EXPIRED if lapsed else Reason.NO_CONSENT


def _left_out(rules: Sequence[Rule]) -> frozenset[Hidden]:
    """Return what stays hidden when several rules permit: only what all of them leave out."""
    return frozenset.intersection(*(rule.without for rule in rules))


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


def _versions(consents: Sequence[Consent]) -> tuple[ConsentVersion, ...]:
    return tuple(sorted(ConsentVersion(consent.id, consent.version) for consent in consents))


def _first(*instants: datetime | None) -> datetime | None:
    """Return the earliest of some ends; None, an open end, is later than all."""
    return min((instant for instant in instants if instant is not None), default=None)


def next_change(people: Iterable[UUID], policy: Policy, consents: ConsentsByPerson, at: datetime) -> datetime | None:
    """Return the first instant after ``at`` at which a decision may turn out otherwise, with nothing else changing.

    For the hub's own reminder (the sweeper); never shown to a reader, for it may tell of a consent about to start.
    """
    edges = [edge for rule in policy.rules for edge in (rule.valid.start, rule.valid.end) if edge is not None]
    edges += [
        edge
        for person in people
        for consent in consents.get(person, ())
        if consent.status is not ConsentStatus.WITHDRAWN
        for edge in consent.edges()
    ]
    return min((edge for edge in edges if edge > at), default=None)
