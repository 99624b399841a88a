"""What a coordinator has asked a citizen, and how it was answered; and the form that asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.flow.offers import Offers
from hub.store.consent_requests import Answer, ConsentRequest
from hub.ui.times import moment
from hub.ui.words import known_word, word

_STATES = {
    None: "asked.waits",
    Answer.YES: "asked.yes",
    Answer.NO: "asked.no",
    Answer.NOT_NOW: "asked.not_now",
    Answer.TAKEN_BACK: "asked.taken_back",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, and how it stands."""

    id: str
    title: str
    purpose: str
    state: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class AskedToday:
    """A question of one of the coordinator's families, and how it stands."""

    plan: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class AskPage:
    """All that the template shows.

    :ivar recipients: a value, its words, and whether it is chosen; ``categories`` likewise.
    """

    plan: str
    recipients: tuple[tuple[str, str, bool], ...]
    categories: tuple[tuple[str, str, bool], ...]
    purpose: str
    asked: tuple[Asked, ...]


def ask_page(offers: Offers, asked: Sequence[ConsentRequest], form: Mapping[str, str], language: str) -> AskPage:
    """Return the page in ``da`` or ``en``. :param form: what was chosen so far."""
    recipients = {one.recipient: known_word("authority", one.recipient, language) for one in offers.recipients}
    categories = {name: known_word("category", name, language) for one in offers.recipients for name in one.categories}
    return AskPage(
        plan=str(offers.plan),
        recipients=tuple(_options(recipients, form.get("recipient", ""))),
        categories=tuple(_options(categories, form.get("category", ""))),
        purpose=form.get("purpose", ""),
        asked=tuple(asked_in_words(one, language) for one in reversed(asked)),
    )


def asked_in_words(one: ConsentRequest, language: str) -> Asked:
    """Return a question and how it stands."""
    what = known_word("category", one.category, language)
    title = word("asked.one", language, who=known_word("authority", one.recipient, language), what=what)
    state = word(_STATES[one.answer], language, when=moment(one.answered_at or one.asked_at, language))
    return Asked(str(one.id), title, one.purpose, state, one.is_open)


def asked_today(
    asked: Mapping[UUID, Sequence[ConsentRequest]], names: Mapping[UUID, str], language: str
) -> Sequence[AskedToday]:
    """Return what was asked and answered lately, each in one sentence, for the coordinator's day.

    :param names: of the plans' people, in the order of the page.
    """
    rows = []
    for plan in names:
        name = names[plan] or word("plan.no_name", language)
        for one in asked.get(plan, ()):
            told = asked_in_words(one, language)
            rows.append(AskedToday(str(plan), name, f"{told.title}. {told.state}"))
    return rows


def _options(known: Mapping[str, str], chosen: str) -> Iterator[tuple[str, str, bool]]:
    for name, said in sorted(known.items(), key=lambda item: item[1]):
        yield name, said, name == chosen
