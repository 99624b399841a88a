"""The one plain sentence that says what is worth a coordinator's look, in Danish and in English. It names nobody."""

from __future__ import annotations

from hub.consent.decision import Sentence
from hub.consent.explain import date_da, date_en
from hub.plan.deadlines import FollowUpDue
from hub.plan.findings import AskedTwice, BusyDay, Finding, OppositeDemands, OverlappingDemands

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
