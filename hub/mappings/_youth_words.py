"""The vocabulary of contract youth/v1, word by word; README.md of the contract prints the same tables."""

from __future__ import annotations

from collections.abc import Mapping

from hub.mappings._json_words import folded
from hub.plan.element import Category, Kind, Status

#: Systems of the codes that carry the case system's own words; the state has no public list that we know of.
ASSESSMENT = "urn:one-plan-hub:youth:vurdering"
ACTIVITY = "urn:one-plan-hub:youth:aktivitet"

#: Status words, lower case, with and without Danish letters.
_STATUSES = {
    Status.PROPOSED: ("foreslået", "foreslaaet", "oprettet", "kladde"),
    Status.PLANNED: ("planlagt", "aftalt", "ansøgt", "ansoegt", "optaget"),
    Status.ACTIVE: ("i gang", "igang", "aktiv", "påbegyndt", "paabegyndt"),
    Status.ON_HOLD: ("på pause", "paa pause", "pause", "orlov"),
    Status.COMPLETED: ("afsluttet", "gennemført", "gennemfoert", "opnået", "opnaaet", "afholdt"),
    Status.CANCELLED: ("aflyst", "afbrudt", "frafaldet", "udeblevet"),
    Status.ENTERED_IN_ERROR: ("fejloprettet",),
    Status.UNKNOWN: ("ukendt",),
}
STATUS_OF = {word: status for status, words in _STATUSES.items() for word in words}

TOPIC_OF = {
    "forløb": Category.CASES,
    "behov": Category.NEEDS,
    "mål": Category.GOALS,
    "aktivitet": Category.ACTIVITIES,
    "aftale": Category.APPOINTMENTS,
    "kontakt": Category.CONTACTS,
    "vurdering": Category.ASSESSMENTS,
    "helbred": Category.HEALTH,
    "økonomi": Category.ECONOMY,
    "husstand": Category.HOUSEHOLD,
    "borgerens ord": Category.STATEMENTS,
}
WORD_OF_TOPIC = {category: word for word, category in TOPIC_OF.items()}

RELATION_OF = {"mor": "mother", "far": "father"}

WORD_OF_KIND: Mapping[Kind, str] = {
    Kind.CASE: "forløb",
    Kind.NEED: "behov",
    Kind.GOAL: "mål",
    Kind.SUB_GOAL: "skridt",
    Kind.ACTIVITY: "aktivitet",
    Kind.APPOINTMENT: "aftale",
    Kind.CONTACT_PERSON: "kontaktperson",
    Kind.NOTE: "notat",
    Kind.STATEMENT: "borgerens ord",
    Kind.HOUSEHOLD_MEMBER: "husstandsmedlem",
}
WORD_OF_STATUS: Mapping[Status, str] = {
    Status.PROPOSED: "foreslået",
    Status.PLANNED: "planlagt",
    Status.ACTIVE: "i gang",
    Status.ON_HOLD: "på pause",
    Status.COMPLETED: "afsluttet",
    Status.CANCELLED: "aflyst",
    Status.ENTERED_IN_ERROR: "fejloprettet",
    Status.UNKNOWN: "ukendt",
}


def topic(word: str | None) -> str | None:
    """Return the category of a note's Emne; an unknown word is a category of its own, no word is none."""
    return TOPIC_OF.get(folded(word), folded(word)) if word else None
