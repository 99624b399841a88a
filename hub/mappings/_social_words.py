"""The vocabulary of contract social/v1, word by word; README.md of the contract prints the same tables."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hub.mappings._json_words import folded
from hub.plan.element import Category, Code, Kind, Status

KLE = "https://data.gov.dk/id/classification/KLE"
FFB = "urn:oid:1.2.208.176.2.22"
PARAGRAPH = "urn:one-plan-hub:paragraph"

_PARAGRAPH = re.compile(
    r"(?P<law>[A-ZÆØÅ]{2,6}) ?§§? ?(?P<number>[0-9]{1,4}) ?(?P<letter>[a-z]?)"
    r"(?:, ?stk\. ?(?P<part>[0-9]{1,3}))?(?:, ?nr\. ?(?P<item>[0-9]{1,3}))?(?:,.*)?"
)

#: Status words of items, lower case, with and without Danish letters.
_STATUSES = {
    Status.PROPOSED: ("foreslået", "foreslaaet", "kladde", "ansøgt", "ansoegt"),
    Status.PLANNED: ("planlagt", "forventet", "booket"),
    Status.ACTIVE: ("aktiv", "bevilget", "igangsat", "i gang", "fortsættes", "fortsaettes"),
    Status.ON_HOLD: ("pause", "sat i bero", "bero"),
    Status.COMPLETED: ("afsluttet", "opfyldt", "gennemført", "gennemfoert", "afholdt"),
    Status.CANCELLED: ("aflyst", "afbrudt", "annulleret", "udeblevet"),
    Status.ENTERED_IN_ERROR: ("fejloprettet",),
    Status.UNKNOWN: ("ukendt",),
}
STATUS_OF = {word: status for status, words in _STATUSES.items() for word in words}

#: Stages before a decision (OIO Fremdrift); in any other stage an active case is active.
_EARLY = {"opstået": Status.PROPOSED, "opstaaet": Status.PROPOSED, "oplyst": Status.PLANNED}

TOPIC_OF = {
    "sag": Category.CASES,
    "behov": Category.NEEDS,
    "maal": Category.GOALS,
    "indsats": Category.ACTIVITIES,
    "aftale": Category.APPOINTMENTS,
    "kontakt": Category.CONTACTS,
    "vurdering": Category.ASSESSMENTS,
    "helbred": Category.HEALTH,
    "oekonomi": Category.ECONOMY,
    "husstand": Category.HOUSEHOLD,
    "borgerens-ord": Category.STATEMENTS,
}
WORD_OF_TOPIC = {topic: word for word, topic in TOPIC_OF.items()}

RELATION_OF = {
    "mor": "mother",
    "far": "father",
    "barn": "child",
    "søskende": "sibling",
    "soeskende": "sibling",
    "bror": "sibling",
    "søster": "sibling",
    "partner": "partner",
    "ægtefælle": "partner",
    "samlever": "partner",
}

WORD_OF_KIND: Mapping[Kind, str] = {
    Kind.CASE: "Sag",
    Kind.NEED: "Behov",
    Kind.GOAL: "Maal",
    Kind.SUB_GOAL: "Delmaal",
    Kind.ACTIVITY: "Indsats",
    Kind.APPOINTMENT: "Aftale",
    Kind.CONTACT_PERSON: "Kontaktperson",
    Kind.NOTE: "Notat",
    Kind.STATEMENT: "Borgerudsagn",
    Kind.HOUSEHOLD_MEMBER: "Husstandsmedlem",
}
WORD_OF_STATUS: Mapping[Status, str] = {
    Status.PROPOSED: "Foreslaaet",
    Status.PLANNED: "Planlagt",
    Status.ACTIVE: "Aktiv",
    Status.ON_HOLD: "Pause",
    Status.COMPLETED: "Afsluttet",
    Status.CANCELLED: "Annulleret",
    Status.ENTERED_IN_ERROR: "Fejloprettet",
    Status.UNKNOWN: "Ukendt",
}


def case_status(stage: str, state: str) -> Status | None:
    """Return where a case stands by SagsStatus.Navn and SagsStatus.SagsTilstand; None when the state is unknown."""
    match folded(state):
        case "aktiv":
            return _EARLY.get(folded(stage), Status.ACTIVE)
        case "passiv":
            return Status.ON_HOLD
        case "afsluttet":
            return Status.COMPLETED
    return None


def topic(word: str | None) -> str | None:
    """Return the category of a note's Emne; an unknown word is a category of its own, no word is none."""
    return TOPIC_OF.get(folded(word), folded(word)) if word and word.strip() else None


def kle_codes(number: str) -> tuple[Code, ...]:
    """Read KLE number and facet from a case number such as 27.24.00-G01-5-19."""
    subject, facet, *_ = number.split("-")
    return Code(KLE, subject), Code(KLE, facet)


def law_code(paragraph: str) -> Code:
    """Read ``SEL §85, stk. 2`` as SEL-85-2, as every authority names it; what is none passes through with its text."""
    found = _PARAGRAPH.fullmatch(paragraph)
    if found is None:
        return Code(PARAGRAPH, paragraph, paragraph)
    parts = (found["law"], found["number"] + found["letter"], found["part"], found["item"])
    return Code(PARAGRAPH, "-".join(filter(None, parts)), paragraph)
