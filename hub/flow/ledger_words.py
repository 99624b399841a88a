"""The words of the citizen's ledger: who did what with the plan, in one plain sentence in Danish and in English.

They name organisations and categories, and no person: neither a member of staff (Datatilsynet 2024-32-0283) nor
anybody whom the plan concerns besides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from hub.consent.decision import Sentence


class Deed(StrEnum):
    """What was done with a plan, as the citizen is told."""

    SENT = "sent"
    FETCHED = "fetched"  # by a recipient that fetches what is new
    MAY_HAVE_LEFT = "may-have-left"  # it was begun, and nobody has said that it arrived
    TAKEN_BACK = "taken-back"  # a recipient was told to give something up
    READ = "read"
    FOUND = "found"  # by number: somebody learned that there is a plan
    EXPLAINED = "explained"  # why somebody may see something
    EMERGENCY_READ = "emergency-read"
    EMERGENCY_OPENED = "emergency-opened"
    EMERGENCY_JUDGED = "emergency-judged"
    MEETING_OPENED = "meeting-opened"
    REVEALED = "revealed"  # what a delivery that failed would have brought
    EXPORTED = "exported"  # a report or proof was made
    CHOICES_READ = "choices-read"  # consents, and who can see what
    HELD = "held"
    HOLD_LIFTED = "hold-lifted"
    RESTRICTED = "restricted"
    RESTRICTION_LIFTED = "restriction-lifted"


_NAMES = {
    "children": Sentence("Børn og familie", "Children and family"),
    "social": Sentence("Socialområdet", "Social services"),
    "employment": Sentence("Beskæftigelse", "Employment"),
    "youth": Sentence("Ungeindsatsen", "Youth services"),
    "coordination": Sentence("Koordinationen", "Coordination"),
    "citizen": Sentence("Du", "You"),
    "": Sentence("Nogen, hvis myndighed ikke er skrevet ned", "Somebody whose authority was not written down"),
}
_CATEGORIES = {
    "cases": Sentence("sager", "cases"),
    "needs": Sentence("behov", "needs"),
    "goals": Sentence("mål", "goals"),
    "activities": Sentence("aktiviteter", "activities"),
    "appointments": Sentence("aftaler", "appointments"),
    "contacts": Sentence("kontaktpersoner", "contacts"),
    "assessments": Sentence("vurderinger", "assessments"),
    "health": Sentence("helbred", "health"),
    "economy": Sentence("økonomi", "economy"),
    "household": Sentence("husstand", "household"),
    "statements": Sentence("egne ord", "own words"),
    "": Sentence("noget uden emne", "something without a topic"),
}
#: With ``who`` and ``what``.
_DEEDS: Mapping[Deed, tuple[str, str]] = {
    Deed.SENT: ("{who} fik sendt oplysninger om {what}.", "{who} was sent information on {what}."),
    Deed.FETCHED: ("{who} hentede oplysninger om {what}.", "{who} fetched information on {what}."),
    Deed.MAY_HAVE_LEFT: (
        "{who} har måske fået oplysninger om {what}: de blev sendt, men ingen har kvitteret endnu.",
        "{who} may have got information on {what}: it was sent, and nobody has said yet that it arrived.",
    ),
    Deed.TAKEN_BACK: (
        "{who} fik besked på at slette oplysninger om {what}.",
        "{who} was told to delete information on {what}.",
    ),
    Deed.READ: ("{who} læste i planen om {what}.", "{who} read about {what} in the plan."),
    Deed.FOUND: ("{who} fandt planen ved CPR-nummer.", "{who} found the plan by CPR number."),
    Deed.EXPLAINED: (
        "{who} spurgte, hvorfor oplysninger om {what} kan ses.",
        "{who} asked why information on {what} can be seen.",
    ),
    Deed.EMERGENCY_READ: (
        "{who} læste i planen om {what}, mens der var nødadgang.",
        "{who} read about {what} in the plan while emergency access was open.",
    ),
    Deed.EMERGENCY_OPENED: ("{who} åbnede nødadgang til planen.", "{who} opened emergency access to the plan."),
    Deed.EMERGENCY_JUDGED: (
        "En anden person tog stilling til nødadgangen, som {who} åbnede.",
        "A second person judged the emergency access that was opened for: {who}.",
    ),
    Deed.MEETING_OPENED: ("Der blev holdt møde om planen med {who}.", "A meeting about the plan was held with: {who}."),
    Deed.REVEALED: (
        "{who} så, hvad en levering, der ikke kom frem, ville have indeholdt om {what}.",
        "{who} saw what a delivery that failed would have told of {what}.",
    ),
    Deed.EXPORTED: (
        "{who} fik lavet en udskrift om planen eller et bevis.",
        "A report on the plan, or a proof, was made for: {who}.",
    ),
    Deed.CHOICES_READ: (
        "{who} så samtykker, og hvem der kan se hvad.",
        "{who} looked at consents, and who can see what.",
    ),
    Deed.HELD: (
        "{who} holdt planen tilbage fra familien og partnere.",
        "{who} held the plan back from the family and partners.",
    ),
    Deed.HOLD_LIFTED: ("{who} åbnede planen for familien igen.", "{who} opened the plan to the family again."),
    Deed.RESTRICTED: ("Behandlingen blev begrænset af {who}.", "Processing was restricted by: {who}."),
    Deed.RESTRICTION_LIFTED: ("Begrænsningen blev ophævet af {who}.", "The restriction was lifted by: {who}."),
}
_NOTHING = Sentence("intet, der kan nævnes her", "nothing that can be named here")
OWN = Sentence("Myndighedens egne oplysninger.", "The authority's own information.")
IN_EMERGENCY = Sentence(
    "Nødadgang: det var nødvendigt for at hjælpe, og en anden person ser på det.",
    "Emergency access: it was needed to help, and a second person looks at it.",
)


def sentence_of(deed: Deed, organisations: Sequence[str], categories: Sequence[str]) -> Sentence:
    """Return what was done as one sentence."""
    da, en = _DEEDS[deed]
    who = [organisation_word(name) for name in organisations or ("",)]
    what = [category_word(name) for name in categories] or [_NOTHING]
    return Sentence(
        da.format(who=_listed([one.da for one in who], "og"), what=_listed([one.da for one in what], "og")),
        en.format(who=_listed([one.en for one in who], "and"), what=_listed([one.en for one in what], "and")),
    )


def organisation_word(name: str) -> Sentence:
    """Return what an organisation is called; its own name where it is none of the usual."""
    return _NAMES.get(name, Sentence(name, name))


def category_word(name: str) -> Sentence:
    """Return what a category is called."""
    return _CATEGORIES.get(name, Sentence(name, name))


def _listed(words: Sequence[str], last: str) -> str:
    *others, end = words
    return f"{', '.join(others)} {last} {end}" if others else end
