"""What a citizen keeps of an answer: what was written down, when, and what became of what waited to be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.consent.consent import ConsentStatus, Effect
from hub.flow.choices import Choice
from hub.flow.offers import Offers
from hub.flow.stopped import StoppedDelivery
from hub.ui.consent_cards import until, word_of
from hub.ui.spoken import Say, spoken
from hub.ui.times import moment
from hub.ui.words import known_word


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """All that the template shows.

    :ivar stopped: of what waited to be sent and was not, which is as it should be.
    :ivar has_proof: it was withdrawn, and there is a proof of that to read.
    """

    plan: str
    consent: str
    whose: str
    title: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    lacks: tuple[str, ...]
    stopped: tuple[str, ...]
    next: str
    has_proof: bool


def receipt_page(offers: Offers, choice: Choice, stopped: Sequence[StoppedDelivery], language: str) -> ReceiptPage:
    """Return the page in ``da`` or ``en``."""
    say, consent = spoken(language, is_young=offers.is_young), choice.consent
    is_over, is_yes = consent.status is ConsentStatus.WITHDRAWN, consent.effect is Effect.PERMIT
    kind = ("withdrawn" if is_over else "yes") if is_yes else ("no_withdrawn" if is_over else "no")
    return ReceiptPage(
        plan=str(offers.plan),
        consent=str(consent.id),
        whose=offers.child,
        title=say(f"receipt.{kind}"),
        sentence=word_of(consent, say, language),
        facts=tuple(_facts(choice, say, language)),
        lacks=tuple(say(f"lack.{lack}") for lack in sorted(choice.lacking)) if not is_over else (),
        stopped=tuple(stopped_sentences(stopped, kind, say, language)),
        next=say(f"receipt.{kind}.next"),
        has_proof=is_over and not offers.is_parent,
    )


def _facts(choice: Choice, say: Say, language: str) -> Iterator[tuple[str, str]]:
    consent = choice.consent
    if consent.status is not ConsentStatus.WITHDRAWN:
        yield say("consents.until"), until(consent, say, language)
        yield say("receipt.saved"), moment(consent.given_at, language)
    elif choice.revoked:
        yield say("receipt.saved"), moment(choice.revoked.revocation.at, language)
    yield say("receipt.number"), f"{consent.id}, {consent.version}"


def stopped_sentences(stopped: Sequence[StoppedDelivery], kind: str, say: Say, language: str) -> Iterator[str]:
    """Say of each recipient that it was not sent something, and that this is correct."""
    key = {"withdrawn": "stopped_delivery", "yes": "stopped_delivery.cut"}.get(kind, "stopped_delivery.no")
    for name in sorted({one.recipient for one in stopped}):
        yield say(key, who=known_word("authority", name, language))
