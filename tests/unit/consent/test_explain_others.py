"""Why somebody else sees something or does not, to the citizen and to who coordinates, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from hub.consent.consent import Capacity, Consent, Grant
from hub.consent.decision import ConsentVersion, Decision, Outcome, Reason, Sentence
from hub.consent.explain_others import of_another
from hub.consent.policy import RuleEffect
from hub.testing.builders import a_consent, a_consent_to_one_plan, a_policy, a_rule

PERSON, MOTHER = UUID(int=2), UUID(int=3)
SAID = datetime(2026, 3, 1, 12, tzinfo=UTC)
UNTIL = datetime(2026, 6, 30, 22, tzinfo=UTC)
OWN = a_consent(PERSON).given_by(Grant(PERSON, Capacity.SELF, SAID)).build()
BY_MOTHER = a_consent(PERSON).given_by(Grant(MOTHER, Capacity.CUSTODY, SAID)).build()
ONE_PLAN = a_consent_to_one_plan(PERSON).build()
POLICY = a_policy(
    a_rule("P", RuleEffect.PROHIBIT), a_rule("O", RuleEffect.PERMIT), a_rule("D", RuleEffect.DUTY),
    a_rule("C", RuleEffect.CONSENT),
)  # fmt: skip


def decided(
    reason: Reason, *rules: str, by: tuple[Consent, ...] = (), until: datetime | None = None, foreign: bool = False
) -> Decision:
    outcome = Outcome.PERMIT if reason in (Reason.CONSENT, Reason.STATUTE, Reason.DUTY) else Outcome.DENY
    rested = [ConsentVersion(one.id, one.version) for one in by] + [ConsentVersion(UUID(int=99), 1)] * foreign
    return Decision(outcome, reason, rules, 1, Sentence("", ""), tuple(rested), valid_until=until)


def told(decision: Decision, *, to_citizen: bool = True) -> tuple[str, str]:
    said = of_another(decision, POLICY, [OWN, BY_MOTHER, ONE_PLAN], to_citizen=to_citizen)
    return said.da, said.en


@pytest.mark.parametrize(
    ("decision", "da", "en"),
    [
        (decided(Reason.CONSENT, by=(ONE_PLAN, OWN)),
         "Kan ses, fordi du har sagt ja den 1. marts 2026 kl. 13.00.",
         "Can be seen because you agreed on 1 March 2026 at 13:00."),
        (decided(Reason.CONSENT, by=(OWN,), until=UNTIL),
         "Kan ses, fordi du har sagt ja den 1. marts 2026 kl. 13.00. Det gælder til 1. juli 2026 kl. 00.00.",
         "Can be seen because you agreed on 1 March 2026 at 13:00. It applies until 1 July 2026 at 00:00."),
        (decided(Reason.CONSENT, by=(BY_MOTHER,)),
         "Kan ses, fordi der er sagt ja den 1. marts 2026 kl. 13.00.",
         "Can be seen because everybody who was to be asked agreed on 1 March 2026 at 13:00."),
        (decided(Reason.CONSENT, by=(OWN,), foreign=True),
         "Kan ses, fordi der er sagt ja den 1. marts 2026 kl. 13.00.",
         "Can be seen because everybody who was to be asked agreed on 1 March 2026 at 13:00."),
        (decided(Reason.CONSENT, by=(ONE_PLAN,), foreign=True),
         "Kan ses, fordi der er sagt ja.",
         "Can be seen because everybody who was to be asked agreed."),
        (decided(Reason.STATUTE, "O"), "Kan ses efter reglerne (Law of O).", "Can be seen by law (Law of O)."),
        (decided(Reason.DUTY, "D", "C"), "Kan ses efter reglerne (Law of D).", "Can be seen by law (Law of D)."),
        (decided(Reason.DUTY, "X"), "Kan ses efter reglerne ().", "Can be seen by law ()."),
        (decided(Reason.PROHIBITED, "O", "P"), "Ikke delt: det må ikke deles (Law of P).",
         "Not shared: it may not be shared (Law of P)."),
        (decided(Reason.DENIED, by=(OWN,)), "Ikke delt: du har sagt nej.", "Not shared: you said no."),
        (decided(Reason.DENIED, by=(BY_MOTHER,)), "Ikke delt: der er sagt nej.",
         "Not shared: somebody who may say so said no."),
    ],
)  # fmt: skip
def test_the_citizen_is_told_why_somebody_sees_something_or_does_not(decision: Decision, da: str, en: str) -> None:
    assert told(decision) == (da, en)


@pytest.mark.parametrize(
    ("reason", "citizen", "coordinator"),
    [
        (Reason.OWN, "Can be seen: it is the recipient's own information.", ""),
        (Reason.EMERGENCY, "Can be seen just now by emergency access.", ""),
        (Reason.UNKNOWN_PURPOSE, "Not shared: the municipality's rules know no such purpose.", ""),
        (Reason.NOT_A_MEMBER, "Not shared: the recipient is not part of your plan.",
         "Not shared: the recipient is not part of the citizen's plan."),
        (Reason.NO_ONE_PLAN, "Not shared: you have no consent to one plan that is in force now.",
         "Not shared: the citizen has no consent to one plan that is in force now."),
        (Reason.DENIED, "Not shared: you said no.", "Not shared: the citizen said no."),
        (Reason.WITHDRAWN, "Not shared: the consent was withdrawn.", ""),
        (Reason.EXPIRED, "Not shared: the consent is not in force at this time.", ""),
        (Reason.NOT_APPLICABLE, "Not shared: whoever said yes cannot say it for you any more.",
         "Not shared: whoever said yes cannot say it for the citizen any more."),
        (Reason.NO_CONSENT, "Not shared: you have not said yes.", "Not shared: the citizen has not said yes."),
        (Reason.NO_GROUND, "Not shared: by the municipality's rules the recipient does not need it.", ""),
        (Reason.NOT_LABELLED, "Not shared: its source did not say what it is about or how sensitive it is.", ""),
    ],
)  # fmt: skip
def test_every_reason_is_told_to_the_citizen_as_you_and_of_the_citizen_to_others(
    reason: Reason, citizen: str, coordinator: str
) -> None:
    decision = decided(reason)
    assert told(decision)[1] == citizen
    assert told(decision, to_citizen=False)[1] == (coordinator or citizen)
