"""Who may see what, one card for each recipient: what it sees, why, until when, and what somebody has said of it.

A function of permissions and words alone, as what it is made of; nothing of a plan's content is on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hub.consent.consent import EVERY, Consent, ConsentKind, ConsentStatus, Effect, names
from hub.consent.decision import Reason
from hub.consent.reader import ONE_PLAN
from hub.flow.choices import Choice
from hub.flow.offers import Offer, Offers
from hub.flow.who_can_see import ToldCell, WhoCanSee
from hub.plan.person import Role
from hub.store.consent_requests import ConsentRequest
from hub.ui.spoken import Say, spoken
from hub.ui.times import days, moment
from hub.ui.words import known_word


@dataclass(frozen=True, slots=True)
class Sight:
    """Categories that a recipient sees on the same ground.

    :ivar why: the ground in plain words.
    :ivar reasons: when it was said, until when it holds, or by which law.
    """

    what: str
    why: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """Something that was said and counts, or will once others have said it too.

    :ivar lacks: sentences on whose word is missing.
    """

    consent: str
    is_yes: bool
    may_be_cut: bool
    sentence: str
    until: str
    said: str
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What the coordinator asks."""

    id: str
    sentence: str
    purpose: str
    asked: str
    is_put_off: bool


@dataclass(frozen=True, slots=True)
class RecipientCard:
    """All that is told of one recipient.

    :ivar is_shut: a no to everything stands; it is taken back before anything else is said.
    :ivar has_something: it sees something besides its own, or something was said of it.
    """

    recipient: str
    name: str
    how: str
    sees: tuple[Sight, ...]
    words: tuple[Word, ...]
    if_no: str
    is_shut: bool
    has_something: bool


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    """All that the template shows.

    :ivar whose: the child's name; empty for the own plan.
    :ivar one_plan: words on having one plan at all.
    """

    plan: str
    whose: str
    is_parent: bool
    questions: tuple[Question, ...]
    cards: tuple[RecipientCard, ...]
    one_plan: tuple[Word, ...]
    at: str


def consents_page(
    offers: Offers,
    found: WhoCanSee | None,
    choices: Sequence[Choice],
    requests: Sequence[ConsentRequest],
    language: str,
) -> ConsentsPage:
    """Return the page in ``da`` or ``en``.

    :param found: None for a holder of custody, who is not told who sees what.
    """
    cards = _Cards(offers, found, choices, language, spoken(language, is_young=offers.is_young))
    return ConsentsPage(
        plan=str(offers.plan),
        whose=offers.child,
        is_parent=offers.is_parent,
        questions=tuple(question(one, cards.say, language) for one in requests if one.is_open),
        cards=tuple(cards.card(one) for one in sorted(offers.recipients, key=cards.order)),
        one_plan=tuple(cards.words(lambda consent: consent.kind is ConsentKind.ONE_PLAN)),
        at=cards.say("plan.at", when=moment(offers.at, language)),
    )


def question(one: ConsentRequest, say: Say, language: str) -> Question:
    """Return a question in words."""
    who, what = known_word("authority", one.recipient, language), known_word("category", one.category, language)
    organisation = known_word("authority", one.organisation, language)
    return Question(
        id=str(one.id),
        sentence=say("consents.may_they", who=who, what=what),
        purpose=one.purpose,
        asked=say("consents.asked", who=organisation, when=moment(one.asked_at, language)),
        is_put_off=one.answer is not None,
    )


@dataclass(frozen=True, slots=True)
class _Cards:
    offers: Offers
    found: WhoCanSee | None
    choices: Sequence[Choice]
    language: str
    say: Say

    def order(self, offer: Offer) -> tuple[bool, str]:
        return offer.role is Role.COORDINATOR, self._who(offer.recipient)

    def card(self, offer: Offer) -> RecipientCard:
        def is_to_it(consent: Consent) -> bool:
            return consent.kind is ConsentKind.SHARING and names(consent.scope.recipients, offer.recipient)

        said = tuple(self.words(is_to_it))
        refused = [one for one in self._standing() if is_to_it(one.consent) and one.consent.effect is Effect.DENY]
        is_shut = any(EVERY in one.consent.scope.categories for one in refused)
        sees = tuple(self._sees(offer.recipient))
        return RecipientCard(
            recipient=offer.recipient,
            name=self._who(offer.recipient),
            how="" if offer.role is Role.AUTHORITY_SYSTEM else self.say(f"role.{offer.role}"),
            sees=sees,
            words=said,
            if_no=self.say(
                "consents.if_no_child" if self.offers.is_parent else "consents.if_no", who=self._who(offer.recipient)
            ),
            is_shut=is_shut,
            has_something=bool(sees or said),
        )

    def words(self, which: Callable[[Consent], bool]) -> Iterator[Word]:
        """Yield what was said of something and stands."""
        for one in sorted(self._standing(), key=lambda one: (one.consent.given_at, one.consent.id)):
            if which(one.consent):
                yield self._word(one)

    def _standing(self) -> Iterator[Choice]:
        at = self.offers.at
        for one in self.choices:
            end = one.consent.period.end
            if one.consent.status is ConsentStatus.ACTIVE and (end is None or end > at):
                yield one

    def _word(self, one: Choice) -> Word:
        consent, language = one.consent, self.language
        is_yes = consent.effect is Effect.PERMIT
        return Word(
            consent=str(consent.id),
            is_yes=is_yes,
            may_be_cut=is_yes and consent.kind is ConsentKind.SHARING,
            sentence=word_of(consent, self.say, language),
            until=until(consent, self.say, language),
            said=moment(consent.given_at, language),
            lacks=tuple(self.say(f"lack.{lack}") for lack in sorted(one.lacking)),
        )

    def _sees(self, recipient: str) -> Iterator[Sight]:
        """Yield what a recipient sees but for its own, with what rests on the same ground together."""
        together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for told in self._cells(recipient):
            told_why = told.why.in_language(self.language)
            key = (self.say(f"ground.{told.cell.why.reason}"), (told_why,))
            what = known_word("category", told.cell.category, self.language)
            if what not in together.setdefault(key, []):
                together[key].append(what)
        for (why, reasons), listed in sorted(together.items()):
            yield Sight(", ".join(sorted(listed)), why, reasons)

    def _cells(self, recipient: str) -> Iterator[ToldCell]:
        for row in self.found.rows if self.found else ():
            seat = row.row.seat
            if seat.organisation == recipient and seat.purpose == ONE_PLAN:
                for told in row.cells:
                    if told.cell.in_part_up_to is not None and told.cell.why.reason is not Reason.OWN:
                        yield told

    def _who(self, name: str) -> str:
        return known_word("authority", name, self.language)


def word_of(consent: Consent, say: Say, language: str) -> str:
    """Return in one sentence what a consent says, and to whom."""
    scope = consent.scope
    if consent.kind is ConsentKind.ONE_PLAN:
        return say("consents.one_plan")
    key = "consents.yes_to" if consent.effect is Effect.PERMIT else "consents.no_to"
    who, what = listed("authority", scope.recipients, language), listed("category", scope.categories, language)
    return say(key, who=who, what=what)


def listed(group: str, found: Iterable[str], language: str) -> str:
    """Return names of an open list as words."""
    known = frozenset(found)
    if EVERY in known:
        return known_word("proof.every", group, language)
    return ", ".join(sorted(known_word(group, one, language) for one in known))


def until(consent: Consent, say: Say, language: str) -> str:
    """Return until which day a consent holds."""
    return days(consent.period, language) if consent.period.end else say("consents.no_end")
