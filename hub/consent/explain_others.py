"""Why somebody else does or does not see something: told to the citizen, or to whoever coordinates the plan.

``explain`` speaks to the reader of whom a decision is; here one speaks of that reader, and to the citizen as *du*.
Sentences name no person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from hub.consent.consent import Capacity, Consent, ConsentKind
from hub.consent.decision import Decision, Reason, Sentence
from hub.consent.explain import day_da, day_en
from hub.consent.policy import Policy, RuleEffect

_TO_CITIZEN = {
    "plan_da": "din plan", "plan_en": "your plan", "has_da": "du har", "has_en": "you have",
    "behalf_da": "på dine vegne", "behalf_en": "for you", "yes_da": "du har sagt ja", "yes_en": "you agreed",
    "no_da": "du har sagt nej", "no_en": "you said no",
}  # fmt: skip
_OF_CITIZEN = {
    "plan_da": "borgerens plan", "plan_en": "the citizen's plan", "has_da": "borgeren har", "has_en": "the citizen has",
    "behalf_da": "på borgerens vegne", "behalf_en": "for the citizen",
    "yes_da": "borgeren har sagt ja", "yes_en": "the citizen agreed",
    "no_da": "borgeren har sagt nej", "no_en": "the citizen said no",
}  # fmt: skip
#: Where it is not, or not only, the citizen's own word.
_BY_OTHERS = {
    "yes_da": "der er sagt ja", "yes_en": "everybody who was to be asked agreed",
    "no_da": "der er sagt nej", "no_en": "somebody who may say so said no",
}  # fmt: skip
_SAID: Mapping[Reason, tuple[str, str]] = {
    Reason.OWN: ("Kan ses: det er modtagerens egen oplysning.", "Can be seen: it is the recipient's own information."),
    Reason.EMERGENCY: ("Kan ses lige nu ved nødadgang.", "Can be seen just now by emergency access."),
    Reason.UNKNOWN_PURPOSE: (
        "Ikke delt: formålet findes ikke i kommunens regler.",
        "Not shared: the municipality's rules know no such purpose.",
    ),
    Reason.NOT_A_MEMBER: (
        "Ikke delt: modtageren er ikke med i {plan_da}.",
        "Not shared: the recipient is not part of {plan_en}.",
    ),
    Reason.RESTRICTED: (
        "Ikke delt: behandlingen er begrænset, mens noget undersøges.",
        "Not shared: processing is restricted while something is looked into.",
    ),
    Reason.NO_ONE_PLAN: (
        "Ikke delt: {has_da} ikke et samtykke til én plan, der gælder nu.",
        "Not shared: {has_en} no consent to one plan that is in force now.",
    ),
    Reason.DENIED: ("Ikke delt: {no_da}.", "Not shared: {no_en}."),
    Reason.WITHDRAWN: ("Ikke delt: samtykket er trukket tilbage.", "Not shared: the consent was withdrawn."),
    Reason.EXPIRED: (
        "Ikke delt: samtykket gælder ikke på dette tidspunkt.",
        "Not shared: the consent is not in force at this time.",
    ),
    Reason.NOT_APPLICABLE: (
        "Ikke delt: den, der har sagt ja, kan ikke længere gøre det {behalf_da}.",
        "Not shared: whoever said yes cannot say it {behalf_en} any more.",
    ),
    Reason.NO_CONSENT: ("Ikke delt: {has_da} ikke sagt ja.", "Not shared: {has_en} not said yes."),
    Reason.NO_GROUND: (
        "Ikke delt: modtageren har ikke brug for det efter kommunens regler.",
        "Not shared: by the municipality's rules the recipient does not need it.",
    ),
    Reason.NOT_LABELLED: (
        "Ikke delt: oplysningen er ikke mærket med, hvad den handler om, eller hvor følsom den er.",
        "Not shared: its source did not say what it is about or how sensitive it is.",
    ),
}
NOT_EVERYBODY = Sentence(
    "Ikke delt: oplysningen handler også om andre, og de har ikke alle sagt ja.",
    "Not shared: it is about others too, and not all of them have said yes.",
)


def of_another(decision: Decision, policy: Policy, consents: Iterable[Consent], *, to_citizen: bool) -> Sentence:
    """Say why a recipient sees something, or does not.

    :param policy: the one that was decided by.
    :param consents: of the plan's person.
    :param to_citizen: the person is spoken to; else whoever coordinates the plan.
    """
    words = _TO_CITIZEN if to_citizen else _OF_CITIZEN
    if decision.reason in (Reason.DUTY, Reason.STATUTE, Reason.PROHIBITED):
        return _by_law(decision, policy)
    by_id = {one.id: one for one in consents}
    rested = [by_id.get(version.id) for version in decision.consents]
    if not all(_is_own_word(one) for one in rested):
        words = words | _BY_OTHERS
    if decision.reason is Reason.CONSENT:
        said = max((one.given_at for one in rested if one and one.kind is ConsentKind.SHARING), default=None)
        return _by_consent(said, decision.valid_until, words)
    da, en = _SAID[decision.reason]
    return Sentence(da.format_map(words), en.format_map(words))


def _is_own_word(consent: Consent | None) -> bool:
    """Tell whether the plan's person alone has said it; None is a consent of somebody else's."""
    return consent is not None and all(grant.capacity is Capacity.SELF for grant in consent.grants)


def _by_consent(said: datetime | None, until: datetime | None, words: Mapping[str, str]) -> Sentence:
    da, en = f"Kan ses, fordi {words['yes_da']}", f"Can be seen because {words['yes_en']}"
    if said is not None:
        da, en = f"{da} den {day_da(said)}", f"{en} on {day_en(said)}"
    if until is None:
        return Sentence(f"{da}.", f"{en}.")
    return Sentence(f"{da}. Det gælder til {day_da(until)}.", f"{en}. It applies until {day_en(until)}.")


def _by_law(decision: Decision, policy: Policy) -> Sentence:
    wanted = {RuleEffect.PROHIBIT} if decision.reason is Reason.PROHIBITED else {RuleEffect.DUTY, RuleEffect.PERMIT}
    cited = next((rule.citation for rule in policy.rules if rule.id in decision.rule_ids and rule.effect in wanted), "")
    if decision.reason is Reason.PROHIBITED:
        return Sentence(f"Ikke delt: det må ikke deles ({cited}).", f"Not shared: it may not be shared ({cited}).")
    return Sentence(f"Kan ses efter reglerne ({cited}).", f"Can be seen by law ({cited}).")
