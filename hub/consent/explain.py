"""The one plain sentence that says why, in Danish and in English.

Sentences name no person, so that they may stand in a delivery and in an audit entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from hub.consent.consent import Consent
from hub.consent.decision import Reason, Sentence
from hub.consent.policy import Rule
from hub.plan.danish_time import LOCAL

MONTHS_DA = (
    "januar", "februar", "marts", "april", "maj", "juni",
    "juli", "august", "september", "oktober", "november", "december",
)  # fmt: skip
MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_WITHHELD = {
    Reason.UNKNOWN_PURPOSE: Sentence(
        "Ikke delt: formålet findes ikke i kommunens regler.",
        "Not shared: the municipality's rules know no such purpose.",
    ),
    Reason.NOT_A_MEMBER: Sentence(
        "Ikke delt: du er ikke med i borgerens plan.",
        "Not shared: you are not part of the citizen's plan.",
    ),
    Reason.RESTRICTED: Sentence(
        "Ikke delt: behandlingen er begrænset, mens noget undersøges.",
        "Not shared: processing is restricted while something is looked into.",
    ),
    Reason.NO_ONE_PLAN: Sentence(
        "Ikke delt: borgeren har ikke et samtykke til én plan, der gælder nu.",
        "Not shared: the citizen has no consent to one plan that is in force now.",
    ),
    Reason.DENIED: Sentence(
        "Ikke delt: borgeren har sagt nej.",
        "Not shared: the citizen said no.",
    ),
    Reason.WITHDRAWN: Sentence(
        "Ikke delt: borgeren har trukket sit samtykke tilbage.",
        "Not shared: the citizen withdrew the consent.",
    ),
    Reason.EXPIRED: Sentence(
        "Ikke delt: samtykket gælder ikke på dette tidspunkt.",
        "Not shared: the consent is not in force at this time.",
    ),
    Reason.NOT_APPLICABLE: Sentence(
        "Ikke delt: den, der har sagt ja, kan ikke længere gøre det på borgerens vegne.",
        "Not shared: whoever said yes cannot say it for the citizen any more.",
    ),
    Reason.NO_CONSENT: Sentence(
        "Ikke delt: der er ikke givet samtykke.",
        "Not shared: no consent was given.",
    ),
    Reason.NO_GROUND: Sentence(
        "Ikke delt: du har ikke brug for det til din opgave efter kommunens regler.",
        "Not shared: by the municipality's rules your task does not need it.",
    ),
    Reason.NOT_LABELLED: Sentence(
        "Ikke delt: oplysningen er ikke mærket med, hvad den handler om, eller hvor følsom den er.",
        "Not shared: its source did not say what it is about or how sensitive it is.",
    ),
}
_PARTIAL = Sentence(
    "Du kan muligvis ikke se alle oplysninger i planen.", "You may not be able to see everything in this plan."
)
# Of every category, not every element: one that names others, or a part that a rule leaves out, may be missing.
_WHOLE = Sentence("Du kan se alle slags oplysninger i planen.", "You can see every kind of information in this plan.")
EMERGENCY = Sentence(
    "Du kan se det ved nødadgang. Borgeren får det at vide, og en anden person ser på det.",
    "You can see it by emergency access. The citizen is told, and a second person looks at it.",
)
OUTSIDE_KLE = Sentence(
    "Ikke delt: det ligger uden for de emner, som dit arbejde er begrænset til.",
    "Not shared: it lies outside the subjects that your work is limited to.",
)
OWN = Sentence("Det er din egen myndigheds oplysning.", "It is your own authority's information.")


def withheld(reason: Reason) -> Sentence:
    """Return why something is withheld."""
    return _WITHHELD[reason]


def completeness(may_be_partial: bool) -> Sentence:
    """Return the marker of a view: whether its reader may see everything (``View.may_be_partial``)."""
    return _PARTIAL if may_be_partial else _WHOLE


def prohibited(rule: Rule) -> Sentence:
    """Return which prohibition keeps something back."""
    return Sentence(f"Ikke delt: {_lower(rule.da)}", f"Not shared: {_lower(rule.en)}")


def by_law(rule: Rule) -> Sentence:
    """Return which rule of law shows something."""
    return Sentence(f"Du kan se det. {rule.da}", f"You can see it. {rule.en}")


def by_consent(consents: Sequence[Consent], until: datetime | None) -> Sentence:
    """Return which yes shows something, since when and until when (the consent to one plan may end before it)."""
    said = max(consent.given_at for consent in consents)
    da = f"Du kan se det, fordi borgeren har sagt ja den {day_da(said)}."
    en = f"You can see it because the citizen agreed on {day_en(said)}."
    if until is not None:
        da += f" Det gælder til {day_da(until)}."
        en += f" It applies until {day_en(until)}."
    return Sentence(da, en)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def date_da(day: date) -> str:
    """Return a day in Danish words."""
    return f"{day.day}. {MONTHS_DA[day.month - 1]} {day.year}"


def date_en(day: date) -> str:
    """Return a day in English words."""
    return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}"


def day_da(at: datetime) -> str:
    """Return an instant in Danish words."""
    local = at.astimezone(LOCAL)
    return f"{date_da(local)} kl. {local.hour:02}.{local.minute:02}"


def day_en(at: datetime) -> str:
    """Return an instant in English words."""
    local = at.astimezone(LOCAL)
    return f"{date_en(local)} at {local.hour:02}:{local.minute:02}"
