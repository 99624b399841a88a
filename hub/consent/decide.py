"""The decision about one element for one reader.

The order in which it is asked (docs/explanation/consent.md):
an invalid question, or one outside the subjects (KLE) that the reader's work is limited to → deny; the reader's own
authority's element → permit, it is no disclosure; a statutory prohibition → deny, nothing lifts it; a mandatory duty
→ permit exactly that; its processing is restricted → deny; no consent to one plan in force → deny; any consent in
force that says no → deny; consent that says yes, or a statutory permission → permit; break-glass → permit what is
withheld for want of consent, or for a restriction; else deny.

The laws, each a property test: adding a no never permits; removing a permission never adds access; raising a label
never adds access; the order of consents does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.consent import explain
from hub.consent.consent import Consent, ConsentKind, ConsentsByPerson, ConsentStatus, Effect, one_plan_of
from hub.consent.decision import ConsentVersion, Decision, Obligation, Outcome, Reason, Sentence
from hub.consent.policy import Policy, Rule, RuleEffect
from hub.consent.reader import Emergency, Reader
from hub.consent.subject import Subject
from hub.consent.subjects import lies_within
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
    """Answers one reader's questions at one instant. What does not hang on the subject is found out once.

    A plan has many elements and few kinds of them, so a decision is made once for each kind: subjects that differ in
    their element and its time alone share it, unless a consent tells just those apart. And what rests on the same rules
    and consents is the same decision.
    """

    def __init__(self, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime) -> None:
        """Prepare; see ``decide`` for what is meant."""
        self._reader, self._policy, self._at = reader, policy, at
        rules = [rule for rule in policy.rules if rule.asks(reader, at)]
        self._prohibitions = [rule for rule in rules if rule.effect is RuleEffect.PROHIBIT]
        self._duties = [rule for rule in rules if rule.effect is RuleEffect.DUTY]
        self._statutes = [rule for rule in rules if rule.effect is RuleEffect.PERMIT]
        self._grounds = [rule for rule in rules if rule.effect is RuleEffect.CONSENT]
        self._one_plan = {person: one_plan_of(person, consents, at) for person in consents}
        self._spoken = {
            person: [consent for consent in said if consent.speaks_to(reader)] for person, said in consents.items()
        }
        self._particular = [
            consent for said in self._spoken.values() for consent in said if consent.tells_elements_apart()
        ]
        self._on_topic: dict[tuple[frozenset[UUID], str | None], Sequence[Consent]] = {}
        self._made: dict[object, Decision] = {}
        self._resting_on: dict[object, Decision] = {}
        emergency = reader.emergency
        is_open = emergency is not None and emergency.period.covers(at) and policy.opens_in_emergency_to(reader.role)
        self._emergency = emergency if is_open else None

    @property
    def tells_elements_apart(self) -> bool:
        """Tell whether a consent names single elements, or asks of which time one is: then no two need be alike."""
        return bool(self._particular)

    def decide(self, subject: Subject) -> Decision:
        """Decide about one subject."""
        told_apart = [consent.word_on(subject, self._reader, self._at) for consent in self._particular]
        about = subject.kle if self._reader.kle is not None else None
        alike = (subject.kind, about, *told_apart)
        decision = self._made.get(alike)
        if decision is None:
            decision = self._made[alike] = self._decide(subject)
        return decision

    def _decide(self, subject: Subject) -> Decision:
        reader, policy = self._reader, self._policy
        if reader.purpose not in policy.purposes:
            return self._deny(Reason.UNKNOWN_PURPOSE, "SYS-PURPOSE")
        if reader.role in _MEMBERS_ONLY and subject.plan not in reader.memberships:
            return self._deny(Reason.NOT_A_MEMBER, "SYS-MEMBER")
        if reader.kle is not None and not lies_within(subject.kle, reader.kle):
            return self._deny(Reason.NOT_A_MEMBER, "SYS-KLE", sentence=explain.OUTSIDE_KLE)
        if reader.role in _AUTHORS and reader.organisation == subject.authority:
            return Decision(Outcome.PERMIT, Reason.OWN, ("SYS-OWN",), policy.version, explain.OWN)
        prohibitions = self._of(self._prohibitions, subject)
        if prohibitions:
            sentence = explain.prohibited(prohibitions[0])
            return self._deny(Reason.PROHIBITED, *_ids(prohibitions), sentence=sentence)
        return self._in_emergency(subject, self._by_duty(subject, self._by_choice(subject)))

    def _of(self, rules: Sequence[Rule], subject: Subject) -> list[Rule]:
        return [rule for rule in rules if rule.describes(subject, self._reader)] if rules else []

    def _by_duty(self, subject: Subject, choice: Decision) -> Decision:
        """Permit what a duty demands; the parts that it leaves out are seen where the citizen's choice shows them.

        Were they not, a reader would see more once the duty is repealed, or the element labelled above it.
        """
        duties = self._of(self._duties, subject)
        if not duties:
            return choice
        decision = self._permit(Reason.DUTY, duties, ())
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
        """Decide where the citizen has a say: a no wins, then a yes or a statutory permission, else withheld.

        What is restricted waits: no yes and no permission shows it (GDPR art. 18 stk. 2).
        """
        if subject.is_restricted:
            return self._deny(Reason.RESTRICTED, "SYS-RESTRICTED")
        one_plan = self._one_plan.get(subject.person)
        if not one_plan:
            return self._deny(Reason.NO_ONE_PLAN, "SYS-ONE-PLAN")
        yeses, noes, lapsed = self._said(subject)
        if noes:
            return self._deny(Reason.DENIED, "CONSENT-DENY", consents=noes)
        statutes, grounds = self._of(self._statutes, subject), self._of(self._grounds, subject)
        silent = subject.concerned.difference([consent.person for consent in yeses])
        if grounds and not silent:
            return self._permit(Reason.CONSENT, [*statutes, *grounds], [*one_plan, *yeses])
        if statutes:
            return self._permit(Reason.STATUTE, statutes, one_plan)
        missed = [consent for consent in lapsed if consent.person in silent]
        return self._deny(_why_not(subject, grounds, missed), *_ids(grounds), "SYS-DEFAULT")

    def _said(self, subject: Subject) -> tuple[list[Consent], list[Consent], list[Consent]]:
        """Return who says yes to it, who says no, and the yeses that are not in force."""
        yeses: list[Consent] = []
        noes: list[Consent] = []
        lapsed: list[Consent] = []
        for consent in self._about(subject):
            says = consent.word_on(subject, self._reader, self._at)
            if says is not None and consent.is_in_force(self._at):
                (yeses if says is Effect.PERMIT else noes).append(consent)
            elif says is Effect.PERMIT:
                lapsed.append(consent)
        return yeses, noes, lapsed

    def _about(self, subject: Subject) -> Sequence[Consent]:
        """Return what may say something of the subject: of those concerned, and of its category."""
        topic = (subject.concerned, subject.category)
        about = self._on_topic.get(topic)
        if about is None:
            about = self._on_topic[topic] = [
                consent
                for person in sorted(subject.concerned)
                for consent in self._spoken.get(person, ())
                if consent.scope.is_about(subject.category)
            ]
        return about

    def _in_emergency(self, subject: Subject, decision: Decision) -> Decision:
        """Lift what is withheld for want of consent, in whole: were a part left out, repealing a rule would add it."""
        emergency = self._emergency
        if emergency is None or emergency.plan != subject.plan:
            return decision
        is_whole = decision.permits and not decision.hidden
        if is_whole or decision.reason in _FOR_GOOD:
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
        basis = (reason, sentence, *rule_ids, *map(id, consents))
        decision = self._resting_on.get(basis)
        if decision is None:
            told, versions = sentence or explain.withheld(reason), _versions(consents)
            decision = Decision(Outcome.DENY, reason, rule_ids, self._policy.version, told, versions)
            self._resting_on[basis] = decision
        return decision

    def _permit(self, reason: Reason, rules: Sequence[Rule], consents: Sequence[Consent]) -> Decision:
        basis = (reason, *map(id, rules), *map(id, consents))
        decision = self._resting_on.get(basis)
        if decision is None:
            decision = self._resting_on[basis] = self._permission(reason, rules, consents)
        return decision

    def _permission(self, reason: Reason, rules: Sequence[Rule], consents: Sequence[Consent]) -> Decision:
        hidden = frozenset.intersection(*(rule.without for rule in rules))  # only what all of them leave out
        ends = [rule.valid.end for rule in rules]
        ends += [edge for consent in consents for edge in consent.edges() if edge > self._at]
        informs = (Obligation.INFORM_CITIZEN,) if any(rule.informs for rule in rules) else ()
        if reason is Reason.CONSENT:
            yeses = [consent for consent in consents if consent.kind is ConsentKind.SHARING]
            sentence = explain.by_consent(yeses, until=_first(*(consent.period.end for consent in consents)))
        else:
            sentence = explain.by_law(rules[0])
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


def _ids(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


def _versions(consents: Sequence[Consent]) -> tuple[ConsentVersion, ...]:
    return tuple(sorted(ConsentVersion(consent.id, consent.version) for consent in consents))


def _first(*instants: datetime | None) -> datetime | None:
    """Return the earliest of some ends; None, an open end, is later than all."""
    return min((instant for instant in instants if instant is not None), default=None)


def next_change(
    people: Iterable[UUID],
    policy: Policy,
    consents: ConsentsByPerson,
    at: datetime,
    emergency: Emergency | None = None,
) -> datetime | None:
    """Return the first instant after ``at`` at which a decision may turn out otherwise, with nothing else changing.

    For the hub's own reminder (the sweeper); never shown to a reader, for it may tell of a consent about to start.

    :param emergency: the reader's, if any.
    """
    periods = [rule.valid for rule in policy.rules] + ([emergency.period] if emergency else [])
    edges = [edge for period in periods for edge in (period.start, period.end) if edge is not None]
    edges += [
        edge
        for person in people
        for consent in consents.get(person, ())
        if consent.status is not ConsentStatus.WITHDRAWN
        for edge in consent.edges()
    ]
    return min((edge for edge in edges if edge > at), default=None)
