"""The plain sentences that say what is worth a coordinator's look, and by which rule, in Danish and in English.

They name nobody, and they name nothing but what the finding was made of.
"""

from __future__ import annotations

from datetime import timedelta

from hub.consent.decision import Sentence
from hub.consent.explain import date_da, date_en
from hub.plan.deadlines import FollowUpDue
from hub.plan.findings import FULL_TIME, FULL_WEEK, AskedTwice, BusyDay, Finding, OppositeDemands, OverlappingDemands

_AT_ONCE = Sentence(
    "To myndigheder beder om borgerens tid på samme tid.", "Two authorities ask for the citizen's time at once."
)
_TOO_CLOSE = Sentence(
    "To aftaler hos to myndigheder ligger så tæt, at borgeren næppe når fra den ene til den anden.",
    "Two authorities' appointments are so close that the citizen can hardly get from one to the other.",
)
_BESIDE_TREATMENT = Sentence(
    "En myndighed beder om fuld tid, mens en anden giver behandling. Begge dele kan næppe lade sig gøre.",
    "One authority asks for full time while another gives treatment. Both can hardly be done.",
)
_TWICE = Sentence(
    "To myndigheder vurderer det samme inden for et halvt år. Spørg, om den ene kan bruge den andens.",
    "Two authorities assess the same within half a year. Ask whether one can use the other's.",
)

_RULE_OF_A_DAY = Sentence(
    "To eller flere myndigheder beder borgeren om at møde op på samme dag. Et møde, de holder sammen, tæller én gang.",
    "Two authorities or more ask the citizen to come on the same day. A meeting that they hold together counts once.",
)
_RULE_OF_TREATMENT = Sentence(
    f"En myndighed beder om {FULL_TIME} timer om ugen eller mere, mens en anden giver behandling i samme periode.",
    f"One authority asks for {FULL_TIME} hours a week or more while another gives treatment in the same period.",
)
_RULE_OF_HOURS = Sentence(
    f"Det, myndighederne tilsammen beder om, er mere end en fuld uge på {FULL_WEEK} timer.",
    f"What the authorities ask for together is more than a full week of {FULL_WEEK} hours.",
)
_RULE_OF_ASSESSMENTS = Sentence(
    "To myndigheder har en vurdering med samme kode eller titel, og der er højst et halvt år imellem.",
    "Two authorities have an assessment of the same code or title, at most half a year apart.",
)
_YOURS_AT_ONCE = Sentence(
    "To myndigheder har bedt om din tid på samme tid.", "Two authorities have asked for your time at once."
)
_YOURS_TOO_CLOSE = Sentence(
    "To aftaler ligger så tæt, at du måske ikke når fra den ene til den anden.",
    "Two appointments are so close that you may not get from one to the other.",
)
_YOURS_TO_DO = Sentence(
    "Myndighederne beder om mere på samme tid, end du kan nå.",
    "The authorities ask for more at one time than you can manage.",
)
_YOURS_TWICE = Sentence(
    "To myndigheder vurderer det samme inden for et halvt år.",
    "Two authorities assess the same within half a year.",
)


def finding_to_citizen(found: Finding) -> Sentence:
    """Return what is worth a look, said to the citizen whose plan it is."""
    match found:
        case OverlappingDemands():
            return _YOURS_AT_ONCE if found.is_at_once else _YOURS_TOO_CLOSE
        case BusyDay():
            da, en = date_da(found.day), date_en(found.day)
            return Sentence(
                f"Flere myndigheder beder dig om at møde op den {da}.",
                f"Several authorities ask you to come on {en}.",
            )
        case OppositeDemands():
            return _YOURS_TO_DO
        case AskedTwice():
            return _YOURS_TWICE
        case FollowUpDue():
            da, en = date_da(found.by), date_en(found.by)
            return Sentence(
                f"Der skal følges op på en indsats senest den {da}.",
                f"A measure must be followed up by {en} at the latest.",
            )


def rule_of(found: Finding, travel: timedelta) -> Sentence:
    """Return the rule by which something was found, in plain words.

    :param travel: the way between two appointments.
    """
    match found:
        case OverlappingDemands():
            return _rule_of_overlaps(int(travel.total_seconds() // 60))
        case BusyDay():
            return _RULE_OF_A_DAY
        case OppositeDemands():
            return _RULE_OF_TREATMENT if found.hours is None else _RULE_OF_HOURS
        case AskedTwice():
            return _RULE_OF_ASSESSMENTS
        case FollowUpDue():
            return _rule_of_follow_ups(found)


def _rule_of_overlaps(minutes: int) -> Sentence:
    return Sentence(
        "To myndigheders aftaler må ikke ligge oven i hinanden. Mellem to fremmøder skal der være mindst "
        f"{minutes} minutter, medmindre de er samme sted.",
        "Appointments of two authorities may not overlap. Between two that are met in person there must be at least "
        f"{minutes} minutes, unless they are at the same place.",
    )


def _rule_of_follow_ups(found: FollowUpDue) -> Sentence:
    months, cited = found.rule.months, found.rule.citation
    return Sentence(
        f"En indsats skal følges op første gang senest {months} måneder efter, at den er begyndt ({cited}).",
        f"A measure must be followed up for the first time {months} months after it began at the latest ({cited}).",
    )


def finding(found: Finding) -> Sentence:
    """Return what is worth a look."""
    match found:
        case OverlappingDemands():
            return _AT_ONCE if found.is_at_once else _TOO_CLOSE
        case BusyDay():
            return _busy_day(found)
        case OppositeDemands(hours=None):
            return _BESIDE_TREATMENT
        case OppositeDemands():
            return Sentence(
                f"Myndighederne beder tilsammen om {found.hours} timer om ugen. En fuld uge er 37 timer.",
                f"Together the authorities ask for {found.hours} hours a week. A full week is 37 hours.",
            )
        case AskedTwice():
            return _TWICE
        case FollowUpDue():
            return _follow_up(found)


def _busy_day(found: BusyDay) -> Sentence:
    da, en = date_da(found.day), date_en(found.day)
    return Sentence(
        f"Flere myndigheder beder borgeren om at møde op samme dag, den {da}.",
        f"Several authorities ask the citizen to come on the same day, {en}.",
    )


def _follow_up(found: FollowUpDue) -> Sentence:
    """Say it as far as the reader sees: a follow-up that is withheld may well have been planned."""
    da, en, cited = date_da(found.by), date_en(found.by), found.rule.citation
    if found.is_over:
        return Sentence(
            f"Indsatsen skulle følges op senest den {da} ({cited}). Du kan ikke se en opfølgning.",
            f"The measure had to be followed up by {en} at the latest ({cited}). You can see no follow-up.",
        )
    return Sentence(
        f"Indsatsen skal følges op senest den {da} ({cited}). Du kan ikke se en aftale om det.",
        f"The measure must be followed up by {en} at the latest ({cited}). You can see no appointment for it.",
    )
