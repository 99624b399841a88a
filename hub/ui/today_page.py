"""The coordinator's day: what collides, what is new and what waits, family by family; those with something to do first.

A function of what the reader sees of each plan, and so of nothing that is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hub.consent.explain_findings import finding
from hub.consent.standing import Renewal
from hub.flow.findings import identified
from hub.flow.show import Shown
from hub.flow.today import PlanToday
from hub.plan.element import Kind
from hub.ui.cards import Card, Cards
from hub.ui.plan_page import is_ahead
from hub.ui.statements_page import unanswered
from hub.ui.times import moment
from hub.ui.words import known_word, word

#: Younger than this something is new: a coordinator who was away for a week sees what came.
NEW = timedelta(days=7)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FamilyToday:
    """One plan on the page.

    :ivar collides: sentences of what is worth a look and not accepted.
    :ivar waits: sentences of what waits for the coordinator.
    :ivar unanswered: sentences of what the citizen waits for an answer to.
    :ivar new: what came in lately, the newest first, and how many more there are.
    :ivar next: the next appointment; None where none can be seen.
    """

    plan: str
    name: str
    collides: tuple[str, ...]
    waits: tuple[str, ...]
    unanswered: tuple[str, ...]
    new: tuple[Card, ...]
    more: int
    next: Card | None

    @property
    def wants_something(self) -> bool:
        """Tell whether the coordinator has something to do or to read."""
        return bool(self.collides or self.waits or self.unanswered or self.new)


@dataclass(frozen=True, slots=True)
class TodayPage:
    """All that the template shows.

    :ivar silent: sentences on systems that the hub cannot reach.
    :ivar then: where the next page begins; empty at the end.
    """

    families: tuple[FamilyToday, ...]
    quiet: tuple[FamilyToday, ...]
    silent: tuple[str, ...]
    then: str


def today_page(found: Sequence[PlanToday], then: UUID | None, travel: timedelta, language: str) -> TodayPage:
    """Return the page in ``da`` or ``en``. :param travel: the way between two appointments."""
    families = [_family(one, travel, language) for one in found]
    wanting = sorted((one for one in families if one.wants_something), key=_most_first)
    quiet = tuple(one for one in families if not one.wants_something)
    silent = found[0].shown.silent if found else {}
    told = (
        word("sources.silent_one", language, who=known_word("authority", name, language), when=moment(at, language))
        for name, at in sorted(silent.items())
    )
    return TodayPage(tuple(wanting), quiet, tuple(told), str(then) if then else "")


def _most_first(one: FamilyToday) -> tuple[int, int, str]:
    return -len(one.collides) - len(one.waits) - len(one.unanswered), -len(one.new) - one.more, one.plan


def _family(today: PlanToday, travel: timedelta, language: str) -> FamilyToday:
    shown = today.shown
    cards = Cards(shown.view, shown.at, language)
    collides = (
        finding(one).in_language(language) for id_, one in identified(shown, travel) if id_ not in today.accepted
    )
    fresh = sorted(
        (one for one in shown.view.seen if one.registered_at and shown.at - one.registered_at < NEW),
        key=lambda one: (one.registered_at, one.element.id),
        reverse=True,
    )
    return FamilyToday(
        plan=str(shown.view.plan),
        name=shown.person.name or word("plan.no_name", language),
        collides=tuple(dict.fromkeys(collides)),
        waits=tuple(_waits(today, language)),
        unanswered=unanswered(today.unanswered, shown, language),
        new=tuple(cards.card(one) for one in fresh[:_SHOWN]),
        more=max(0, len(fresh) - _SHOWN),
        next=_next(shown, cards),
    )


def _waits(today: PlanToday, language: str) -> Iterator[str]:
    for renewal in today.renewals:
        yield _ask_anew(renewal, language)
    for task in today.tasks:
        yield word(f"task.{task.kind}", language)


def _ask_anew(renewal: Renewal, language: str) -> str:
    why = word(f"renewal.{renewal.occasion}", language)
    if renewal.due is None:
        return word("renewal.not_now", language, why=why)
    return word("renewal.due", language, why=why, when=moment(renewal.due, language))


def _next(shown: Shown, cards: Cards) -> Card | None:
    ahead = [
        one
        for one in shown.view.seen
        if one.element.kind is Kind.APPOINTMENT and one.element.valid.start and is_ahead(one, shown.at)
    ]
    first = min(ahead, key=lambda one: (one.element.valid.start, one.element.id), default=None)
    return cards.card(first) if first else None
