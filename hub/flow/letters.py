"""The words of letters to citizens. A letter says that there is something to see, and never what.

All have one subject: it stands in lists and on the screen of a locked phone. Danish first, English beneath it.
"""

from __future__ import annotations

from hub.consent.decision import Sentence
from hub.store.notices import NoticeKind

SUBJECT = "Besked fra kommunen om din plan"
_TEXTS = {
    NoticeKind.EMERGENCY: Sentence(
        "Din plan er blevet åbnet i en nødsituation. Log ind for at se hvem, hvornår og hvorfor.",
        "Your plan was opened in an emergency. Log in to see by whom, when and why.",
    ),
    NoticeKind.APPOINTMENT: Sentence(
        "Du har snart en aftale. Log ind for at se den.",
        "You have an appointment soon. Log in to see it.",
    ),
    NoticeKind.CONSENT_ENDS: Sentence(
        "Et samtykke udløber snart. Log ind for at se det og tage stilling.",
        "A consent will end soon. Log in to see it and decide.",
    ),
    NoticeKind.SPOKEN_FOR: Sentence(
        "Nogen har givet et samtykke, eller trukket et tilbage, på dine vegne. Log ind for at se det.",
        "Somebody has given a consent, or withdrawn one, on your behalf. Log in to see it.",
    ),
    NoticeKind.RESTRICTION_ENDS: Sentence(
        "En begrænsning, du har fået, ophæves snart. Log ind for at se hvorfor.",
        "A restriction that you were granted will be lifted soon. Log in to see why.",
    ),
    NoticeKind.RECEIPT_MISSING: Sentence(
        "En modtager har ikke bekræftet en sletning i tide. Kommunen følger op. Log ind for at se mere.",
        "A recipient has not confirmed a deletion in time. The municipality is looking into it. Log in to see more.",
    ),
}
#: To a holder of custody, to whom the child's plan is not opened: who may know what, a person decides.
_OF_A_CHILD = {
    NoticeKind.EMERGENCY: Sentence(
        "Planen for et barn, som du har forældremyndighed over, er blevet åbnet i en nødsituation.",
        "The plan of a child of whom you hold custody was opened in an emergency.",
    ),
    NoticeKind.CONSENT_ENDS: Sentence(
        "Et samtykke for et barn, som du har forældremyndighed over, udløber snart.",
        "A consent for a child of whom you hold custody will end soon.",
    ),
    NoticeKind.RESTRICTION_ENDS: Sentence(
        "En begrænsning for et barn, som du har forældremyndighed over, ophæves snart.",
        "A restriction for a child of whom you hold custody will be lifted soon.",
    ),
    NoticeKind.RECEIPT_MISSING: Sentence(
        "Der er nyt om et samtykke for et barn, som du har forældremyndighed over.",
        "There is news of a consent for a child of whom you hold custody.",
    ),
}
_ASK = Sentence("Kontakt planens koordinator for at høre mere.", "Contact the plan's coordinator to hear more.")


def text_of(kind: NoticeKind, address: str, *, of_a_child: bool) -> str:
    """Return the text of a letter.

    :param address: where to log in; "" where that is not known, and the letter does not say.
    :raises LookupError: there is no letter of this kind to a holder of custody.
    """
    if of_a_child:
        said = _OF_A_CHILD[kind]
        danish, english = f"{said.da} {_ASK.da}", f"{said.en} {_ASK.en}"
    else:
        danish, english = _TEXTS[kind].da, _TEXTS[kind].en
    where = f"\n\n{address}" if address and not of_a_child else ""
    return f"{danish}{where}\n\nVenlig hilsen\nKommunen\n\n---\n{english}{where}\n"


def may_go_to_custodians(kind: NoticeKind) -> bool:
    """Tell whether there is a letter of this kind to holders of custody.

    An appointment is not among them: whoever summons a child tells its parents, and knows which.
    """
    return kind in _OF_A_CHILD
